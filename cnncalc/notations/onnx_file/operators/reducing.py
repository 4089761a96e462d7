"""Means, maxima and sums along axes."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.layers import KINDS
from cnncalc.notations.onnx_file.call import Call
from cnncalc.notations.onnx_file.records import Flow, Statistic, Value
from cnncalc.tracing.reductions import along

__all__ = ["REDUCING"]

BY = {
    "ReduceL1": "norm1",
    "ReduceL2": "norm2",
    "ReduceLogSumExp": "logsumexp",
    "ReduceMax": "max",
    "ReduceMean": "mean",
    "ReduceMin": "min",
    "ReduceProd": "prod",
    "ReduceSum": "sum",
    "ReduceSumSquare": "squares",
}


def reduce(call: Call) -> Flow | Statistic:
    """A reduction; the mean or maximum over the whole map is a global pool."""
    flow, given = call.flow(), call.whole("axes", 1)
    if not given:
        if call.integer("noop_with_empty_axes", 0):
            return call.add(KINDS["identity"](), [flow])
        given = list(range(len(flow.shape) + 1))
    if any(axis % (len(flow.shape) + 1) == 0 for axis in given):
        return Statistic(flow, call.node)
    axes = [call.axis(axis, flow, "runs along") for axis in given]
    keep = bool(call.integer("keepdims", 1))
    return call.add(along(BY[call.node.op], flow.shape, axes, keep), [flow])


REDUCING: dict[str, Callable[[Call], Value | list[Value]]] = dict.fromkeys(BY, reduce)
