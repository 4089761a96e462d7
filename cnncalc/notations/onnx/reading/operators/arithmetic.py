"""Arithmetic between data, stored tensors and numbers; comparisons and choices."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from math import inf, prod
from typing import Any

import cnncalc.notations.onnx.reading.shapes as shapes
from cnncalc.layers import KINDS
from cnncalc.layers.base import Shape, show
from cnncalc.layers.conv import Conv
from cnncalc.layers.linear import Linear
from cnncalc.layers.merge import listed
from cnncalc.layers.transposed import ConvTransposed
from cnncalc.notations.onnx.reading.call import Call, plain
from cnncalc.notations.onnx.reading.model import stored_in
from cnncalc.notations.onnx.reading.operators.base import Either, Value, operator
from cnncalc.notations.onnx.reading.operators.patterns import affine, decomposed, softplus
from cnncalc.notations.onnx.reading.values import Mask
from cnncalc.tracing.arithmetic import with_kept, with_number
from cnncalc.tracing.arrays import stretched
from cnncalc.tracing.constants import BINARY, fraction_of, worked_out
from cnncalc.tracing.tensors import Static, Tensor

__all__ = ["is_weight"]

MERGES = {"Add": "add", "Div": "div", "Max": "maximum", "Mean": "mean", "Min": "minimum",
          "Mul": "mul", "Sub": "sub", "Sum": "add"}  # fmt: skip


@operator("Add", "Div", "Mul", "Sub", batch="not last", by_rows=True)
def binary(call: Call, a: Value, b: Value, *, axis: int = -1) -> Either:
    """Of data and data, of data and something stored, or of two numbers.

    Before operator set 7 a tensor was lined up with the data at an axis that is given.
    """
    if isinstance(a, Static) and isinstance(b, Static):
        divides = call.node.op == "Div" and a.whole and b.whole
        return elementwise(call, [a, b], quotient if divides else BINARY[MERGES[call.node.op]])
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return decomposed(call, merged(call, [a, b]))
    reverse = isinstance(b, Tensor)
    data, kept = (call.flow(1), call.stored(0)) if reverse else (call.flow(0), call.stored(1))
    if call.opset < 7 and axis >= 0:
        ones = len(data.shape) + 1 - axis - len(kept.shape)
        kept = call.view(kept, (*kept.shape, *(1,) * max(ones, 0)))
    number = single_number(kept)
    if number is None:
        return learned(call, data, kept, reverse)
    return decomposed(call, call.add_all(data, with_number(MERGES[call.node.op], number, reverse)))


def quotient(a: int, b: int) -> int:
    """Whole numbers are divided toward zero."""
    found = abs(a) // abs(b or 1)
    return -found if (a < 0) != (b < 0) else found


def elementwise(
    call: Call, inputs: Sequence[Static], function: Callable[..., Any], whole: bool | None = None
) -> Static:
    """A function of the numbers of tensors that are lined up at their last axes."""
    shape = shapes.broadcast([each.shape for each in inputs])
    weights: Sequence[Static] = [each for each in inputs if is_tensor(each)]
    if not weights and not any(each.computed for each in inputs):
        weights = inputs  # numbers alone

    def compute(*lists: list[Any]) -> list[Any]:
        sides = zip(lists, inputs, strict=True)
        rows = zip(*(stretched(x, each.shape, shape) for x, each in sides), strict=True)
        return [fraction_of(function(*row), row) for row in rows]

    return call.made(shape, inputs, compute, weights, whole)


def is_tensor(constant: Static) -> bool:
    """Whether it is no number of the program, as the ε beside a weight that is standardised."""
    return bool(constant.shape) and not all(each.literal for each in stored_in(constant))


def single_number(constant: Static) -> float | None:
    """The number that a constant is, if it is a single one and no weight."""
    literal = all(each.literal for each in stored_in(constant))
    if constant.count != 1 or constant.values is None or (constant.shape and not literal):
        return None
    return plain(constant.values[0])


def merged(call: Call, tensors: Sequence[Tensor]) -> Tensor:
    """Data joined element-wise; the batch axes must meet."""
    if len(tensors) == 1:
        return call.same(tensors[0])
    if len({len(each.shape) for each in tensors}) > 1:
        sizes = listed([each.shape for each in tensors])
        call.refuse(
            f"it joins {sizes} at their last axes, so the batch of one would meet another axis "
            "of the other",
            code="batch",
        )
    return call.add(KINDS[MERGES[call.node.op]](), tensors)


def learned(call: Call, data: Tensor, kept: Static, reverse: bool) -> Tensor:
    """Data and a stored tensor: a step that holds it, or the bias of the step before."""
    sizes = without_batch(call, data, kept)
    if prod(sizes) != kept.count:  # the same for each sample
        kept = Static(sizes, kept.sources, computed=kept.computed)
    shapes.broadcast([data.shape, sizes])  # which refuses those that don't meet
    op = call.node.op
    fused = with_bias(call, data, kept, sizes) if op == "Add" else None
    fused = fused or affine(call, data, kept, sizes)
    if fused is not None:
        return fused
    stored = is_weight(kept)
    role = "parameter" if stored else "constant"
    parts = with_kept(MERGES[op], data.shape, sizes, role, reverse)
    return call.add_all(data, parts, kept if stored else None)


def is_weight(constant: Static) -> bool:
    """Whether the file stores it as it stores weights, and not as a number of the program."""
    return any(each.learned and not each.literal for each in stored_in(constant))


def without_batch(call: Call, data: Tensor, constant: Static) -> Shape:
    """The sizes of a stored tensor beside data, without what stands on the batch axis."""
    rank = len(data.shape)
    sizes: Shape = constant.shape
    if len(sizes) == rank + 1 and sizes[0] not in (1, call.batch):
        call.refuse(f"a tensor of {show(sizes)} has another batch than the data", code="batch")
    sizes = sizes[1:] if len(sizes) == rank + 1 else sizes
    if len(sizes) > rank:
        call.refuse(f"a tensor of {show(sizes)} doesn't fit {show(data.shape)}", code="branches")
    return sizes


BIASED: dict[type, Callable[..., int]] = {
    Conv: lambda layer, shape: 0,
    ConvTransposed: lambda layer, shape: 0,
    Linear: lambda layer, shape: layer.place(shape),
}


def with_bias(call: Call, data: Tensor, constant: Static, sizes: Shape) -> Tensor | None:
    """A tensor added to what a convolution or linear layer without bias gave is its bias."""
    record = call.record(data)
    layer: Any = record.layer
    if type(layer) not in BIASED or layer.bias or not call.only_reader(data):
        return None
    channel = BIASED[type(layer)](layer, data.shape)
    full = (1,) * (len(data.shape) - len(sizes)) + sizes
    if full[channel] != constant.count or constant.count != data.shape[channel]:
        return None
    record.become(layer.replaced(bias=True), call.node.name, bias=constant)
    return data


@operator("Max", "Mean", "Min", "Sum")
def variadic(call: Call, *inputs: Either) -> Either:
    """Any number of data or of numbers; Max and Min also of data and one number."""
    op = call.node.op
    tensors = [each for each in inputs if isinstance(each, Tensor)]
    stored = [each for each in inputs if isinstance(each, Static)]
    if not stored:
        return merged(call, tensors)
    if not tensors:
        return elementwise(call, stored, TOGETHER[op], False if op == "Mean" else None)
    number = single_number(stored[0])
    if len(tensors) != 1 or len(stored) != 1 or number is None or op not in BOUNDS:
        call.refuse("data and stored tensors can't be joined like this")
    low, high = BOUNDS[op](number)
    if (low, high) == (0, inf):
        return call.add(KINDS["relu"](), tensors)
    return call.add(KINDS["hardtanh"](low, high), tensors)


BOUNDS: dict[str, Callable[[float], tuple[float, float]]] = {
    "Max": lambda number: (number, inf),
    "Min": lambda number: (-inf, number),
}
TOGETHER: dict[str, Callable[..., Any]] = {
    "Max": lambda *numbers: max(numbers),
    "Mean": lambda *numbers: sum(numbers) / len(numbers),
    "Min": lambda *numbers: min(numbers),
    "Sum": lambda *numbers: sum(numbers),
}


@operator("Pow")
def power(call: Call, data: Either, exponent: Static) -> Either:
    """To the power of a number."""
    if isinstance(data, Static):
        return elementwise(call, [data, exponent], lambda a, b: BINARY["pow"](a, b), data.whole)
    if exponent.count != 1 or exponent.values is None:
        call.refuse("powers with one exponent for all values are read")
    return call.add(KINDS["power"](plain(exponent.values[0])), [data])


@operator("Mod", data=False)
def remainder(call: Call, a: Static, b: Static, *, fmod: int = 0) -> Static:
    """With the divisor's sign, or with `fmod` the dividend's."""
    if fmod:
        whole = a.whole and b.whole
        return elementwise(call, [a, b], lambda x, y: math.fmod(x, y or 1), whole)
    return elementwise(call, [a, b], lambda x, y: x % (y or 1))


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equal": lambda a, b: a == b,
    "Greater": lambda a, b: a > b,
    "GreaterOrEqual": lambda a, b: a >= b,
    "Less": lambda a, b: a < b,
    "LessOrEqual": lambda a, b: a <= b,
}


@operator(*COMPARISONS)
def comparison(call: Call, a: Value, b: Value) -> Mask | Static:
    """A mask; what is done with it decides whether it can be followed."""
    if isinstance(a, Static) and isinstance(b, Static):
        return elementwise(call, [a, b], COMPARISONS[call.node.op], True)
    data = a if isinstance(a, Tensor) else b if isinstance(b, Tensor) else call.flow()
    above = {"Greater": b, "Less": a}.get(call.node.op)
    return Mask(data, single_number(above) if isinstance(above, Static) else None)


LOGIC: dict[str, Callable[[Any, Any], bool]] = {
    "And": lambda a, b: bool(a and b),
    "Or": lambda a, b: bool(a or b),
    "Xor": lambda a, b: bool(a) != bool(b),
}


@operator(*LOGIC, data=False)
def logic(call: Call, a: Static, b: Static) -> Static:
    return elementwise(call, [a, b], LOGIC[call.node.op], True)


@operator("Not", data=False)
def negation(call: Call, x: Static) -> Static:
    return elementwise(call, [x], lambda v: not v, True)


@operator("IsNaN", batch="any")
def not_a_number(call: Call, x: Either) -> Mask | Static:
    """A mask, which `Where` reads."""
    if isinstance(x, Tensor):
        return Mask(x, missing=True)
    return elementwise(call, [x], math.isnan, True)


@operator("IsInf", data=False)
def infinite(
    call: Call, x: Static, *, detect_negative: int = 1, detect_positive: int = 1
) -> Static:
    signs = [-inf] * bool(detect_negative) + [inf] * bool(detect_positive)
    return elementwise(call, [x], lambda v: v in signs, True)


# Functions that aren't read on data, as there is no layer for them.
TRIGONOMETRY: dict[str, Callable[[float], float]] = {
    "Acos": math.acos, "Acosh": math.acosh, "Asin": math.asin, "Asinh": math.asinh,
    "Atan": math.atan, "Atanh": math.atanh, "Cosh": math.cosh, "Sinh": math.sinh, "Tan": math.tan,
}  # fmt: skip


@operator(*TRIGONOMETRY, data=False)
def trigonometry(call: Call, x: Static) -> Static:
    call.spend(x.count)
    return worked_out(TRIGONOMETRY[call.node.op], x)


@operator("Where", batch="any")
def where(call: Call, condition: Value, x: Value, y: Value) -> Either:
    """A choice by a mask: a threshold, PyTorch's way to write Softplus, or NaN made a number."""
    if isinstance(condition, Static) and isinstance(x, Static) and isinstance(y, Static):
        return elementwise(call, [condition, x, y], lambda c, a, b: a if c else b, x.whole)
    found = (
        softplus(call, condition, x, y)
        or threshold(call, condition, x, y)
        or without_nan(condition, x, y)
    )
    if found is None:
        call.refuse(
            "a choice between values by a comparison can't be followed", code="unknown-operator"
        )
    return found


def threshold(call: Call, mask: Value, kept: Value, other: Value) -> Tensor | None:
    """Where(x > t, x, v): another value for all up to t."""
    if not (isinstance(mask, Mask) and isinstance(kept, Tensor) and isinstance(other, Static)):
        return None
    value = single_number(other)
    if not mask.is_of(kept) or mask.above is None or value is None:
        return None
    return call.add(KINDS["threshold"](mask.above, value), [kept])


def without_nan(mask: Value, number: Value, data: Value) -> Tensor | None:
    """Where(IsNaN(x), 0, x): x, as PyTorch writes what follows the softmax of a masked row."""
    if not (isinstance(mask, Mask) and isinstance(number, Static) and isinstance(data, Tensor)):
        return None
    fits = mask.missing and mask.is_of(data) and single_number(number) is not None
    return data if fits else None
