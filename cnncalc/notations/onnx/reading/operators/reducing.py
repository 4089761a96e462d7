"""Means, maxima and sums along axes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import cnncalc.notations.onnx.reading.shapes as shapes
from cnncalc.frameworks.ops import BY_KIND
from cnncalc.layers import KINDS
from cnncalc.notations.onnx.reading.call import Call
from cnncalc.notations.onnx.reading.operators.base import Either, Whole, operator
from cnncalc.notations.onnx.reading.values import Statistic
from cnncalc.tracing.arrays import reduced
from cnncalc.tracing.batch_axis import BatchAxis
from cnncalc.tracing.constants import worked_out
from cnncalc.tracing.reductions import along
from cnncalc.tracing.tensors import Static, Tensor

BY = {
    "ReduceL1": "norm1",
    "ReduceL2": "norm2",
    "ReduceLogSum": "sum",
    "ReduceLogSumExp": "logsumexp",
    "ReduceMax": "max",
    "ReduceMean": "mean",
    "ReduceMin": "min",
    "ReduceProd": "prod",
    "ReduceSum": "sum",
    "ReduceSumSquare": "squares",
}
# What each makes of numbers.
OF_NUMBERS: dict[str, Callable[[list[Any]], Any]] = {
    "max": max,
    "mean": lambda numbers: sum(numbers) / len(numbers),
    "min": min,
    "norm1": lambda numbers: sum(map(abs, numbers)),
    "norm2": lambda numbers: math.sqrt(sum(each * each for each in numbers)),
    "logsumexp": lambda numbers: math.log(sum(map(math.exp, numbers))),
    "prod": math.prod,
    "squares": lambda numbers: sum(each * each for each in numbers),
    "sum": sum,
}


@operator(*BY, batch="first or looked up")
def reduce(
    call: Call,
    data: Either,
    axes: Whole = None,
    *,
    keepdims: int = 1,
    noop_with_empty_axes: int = 0,
) -> Either | Statistic:
    """A reduction; the mean or maximum over the whole map is a global pool."""
    made = reduction(call, data, axes, keepdims, noop_with_empty_axes)
    return logarithm(call, made) if call.node.op == "ReduceLogSum" else made


def reduction(
    call: Call, data: Either, axes: Whole, keepdims: int, noop_with_empty_axes: int
) -> Either | Statistic:
    """One step, but where nothing is reduced."""
    if not axes and noop_with_empty_axes:
        return data if isinstance(data, Static) else call.placed(call.same(data), data.batch)
    rank = len(call.sizes(data))
    given, how = axes or list(range(rank)), BY[call.node.op]
    if isinstance(data, Static):
        return folded(call, data, given, bool(keepdims), how)
    if data.batch.place in shapes.places(given, rank):
        return across_batch(call, data, len(given), bool(keepdims))
    places, keep = [call.axis(axis, data, "runs along") for axis in given], bool(keepdims)
    made = call.add(along(how, data.shape, places, keep), [data])
    return call.placed(made, data.batch if keep else data.batch.without(places))


def logarithm(call: Call, made: Either | Statistic) -> Either:
    """The natural one, a step of its own, of what a reduction made."""
    if isinstance(made, Static):
        return worked_out(BY_KIND["log"].number, made)
    if isinstance(made, Statistic):
        call.refuse("it runs along the batch axis", code="batch")
    return call.placed(call.add(KINDS["log"](), [made], "/log"), made.batch)


def across_batch(call: Call, data: Tensor, axes: int, keep: bool) -> Tensor | Statistic:
    """Along the batch too: one number of a single sample, or what a norm may be made of."""
    if axes < len(data.sizes):
        return Statistic(data, call.node)
    if call.batch > 1:
        call.refuse("it makes one number of all samples", code="batch")
    made = call.add(along(BY[call.node.op], data.shape, range(len(data.shape)), keep), [data])
    return call.placed(made, BatchAxis(data.batch.place if keep else 0))


def folded(call: Call, data: Static, axes: list[int], keep: bool, how: str) -> Static:
    """The same of stored numbers."""
    places = shapes.places(axes, len(data.shape))
    sizes = shapes.reduced(data.shape, places, keep)
    whole = data.whole and how in ("max", "min", "prod", "sum")

    def compute(values: list[Any]) -> list[Any]:
        return reduced(values, data.shape, places, OF_NUMBERS[how])

    return call.made(sizes, [data], compute, whole=whole)
