"""Arithmetic between data, stored tensors and numbers; comparisons and choices."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from math import inf, prod

import cnncalc.notations.onnx.reading.shapes as shapes
from cnncalc.layers import KINDS
from cnncalc.layers.base import Shape
from cnncalc.layers.conv import Conv
from cnncalc.layers.linear import Linear
from cnncalc.layers.merge import listed
from cnncalc.layers.transposed import ConvTransposed
from cnncalc.notations.onnx.reading.call import Call, plain
from cnncalc.notations.onnx.reading.model import stored_in
from cnncalc.notations.onnx.reading.operators.base import Either, Value, operator
from cnncalc.notations.onnx.reading.operators.patterns import affine, decomposed
from cnncalc.tracing.arithmetic import with_kept, with_number
from cnncalc.tracing.arrays import Numbers, stretched
from cnncalc.tracing.constants import BINARY, fraction_of, worked_out
from cnncalc.tracing.tensors import Static, Tensor

__all__ = [
    "elementwise",
    "in_line",
    "is_weight",
    "merged",
    "single_number",
    "tensors_among",
    "with_fixed",
]

MERGES = {"Add": "add", "Div": "div", "Max": "maximum", "Mean": "mean", "Min": "minimum",
          "Mul": "mul", "Sub": "sub", "Sum": "add"}  # fmt: skip


@operator("Add", "Div", "Mul", "Sub", batch="any")
def binary(call: Call, a: Value, b: Value, *, axis: int = -1) -> Either:
    """Of data and data, of data and something stored, or of two numbers.

    Before operator set 7 a tensor was lined up with the data at an axis that is given.
    """
    if isinstance(a, Static) and isinstance(b, Static):
        divides = call.node.op == "Div" and a.whole and b.whole
        return elementwise(call, [a, b], quotient if divides else BINARY[MERGES[call.node.op]])
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return decomposed(call, merged(call, MERGES[call.node.op], [a, b]))
    reverse = isinstance(b, Tensor)
    data, kept = (call.flow(1), call.stored(0)) if reverse else (call.flow(0), call.stored(1))
    if call.opset < 7 and axis >= 0:
        ones = len(data.sizes) - axis - len(kept.shape)
        kept = call.view(kept, (*kept.shape, *(1,) * max(ones, 0)))
    if single_number(kept) is None:
        return learned(call, data, kept, reverse)
    return decomposed(call, with_fixed(call, MERGES[call.node.op], data, kept, reverse))


def with_fixed(
    call: Call, op: str, data: Tensor, fixed: Static, reverse: bool = False, suffix: str = ""
) -> Tensor:
    """`data op fixed`, or in reverse, with a number or a tensor of the file."""
    data = call.lined_up(data, len(fixed.shape) if fixed.count > 1 else 0)
    number, stored = single_number(fixed), is_weight(fixed)
    if number is not None:
        parts = with_number(op, number, reverse)
    else:
        fixed = of_each_sample(call, data, fixed)
        sizes = call.of_sample(fixed.shape, data)
        shapes.broadcast([data.shape, sizes])  # which refuses those that don't meet
        role = "parameter" if stored else "constant"
        parts = with_kept(op, data.shape, sizes, role, reverse)
    return call.add_all(data, parts, fixed if stored else None, suffix)


def of_each_sample(call: Call, data: Tensor, fixed: Static) -> Static:
    """A tensor beside data as it is for one sample, if it has the same for all of a batch."""
    sizes = call.of_sample(fixed.shape, data)
    if prod(sizes) == fixed.count:
        return fixed
    return Static(sizes, fixed.sources, computed=fixed.computed)


def quotient(a: int, b: int) -> int:
    """Whole numbers are divided toward zero."""
    found = abs(a) // abs(b or 1)
    return -found if (a < 0) != (b < 0) else found


def elementwise(
    call: Call, inputs: Sequence[Static], function: Callable[..., float], whole: bool | None = None
) -> Static:
    """A function of the numbers of tensors that are lined up at their last axes."""
    shape = shapes.broadcast([each.shape for each in inputs])
    weights = tensors_among(inputs)

    def compute(*lists: Numbers) -> Numbers:
        sides = zip(lists, inputs, strict=True)
        rows = zip(*(stretched(x, each.shape, shape) for x, each in sides), strict=True)
        return [fraction_of(function(*row), row) for row in rows]

    return call.made(shape, inputs, compute, weights, whole)


def tensors_among(inputs: Sequence[Static]) -> Sequence[Static]:
    """Those of which something is made as of weights: not numbers of the program beside them."""
    weights = [each for each in inputs if is_tensor(each)]
    numbers_alone = not weights and not any(each.computed for each in inputs)
    return inputs if numbers_alone else weights


def is_tensor(constant: Static) -> bool:
    """Whether it is no number of the program, as the ε beside a weight that is standardised."""
    return bool(constant.shape) and not all(each.literal for each in stored_in(constant))


def single_number(constant: Static) -> float | None:
    """The number that a constant is, if it is a single one and no weight."""
    literal = all(each.literal for each in stored_in(constant))
    if constant.count != 1 or constant.values is None or (constant.shape and not literal):
        return None
    return plain(constant.values[0])


def merged(call: Call, op: str, tensors: Sequence[Tensor], suffix: str = "") -> Tensor:
    """Data joined element-wise; the batch axes must meet."""
    if len(tensors) == 1:
        return call.same(tensors[0])
    return call.add(KINDS[op](), in_line(call, tensors), suffix)


def in_line(call: Call, tensors: Sequence[Tensor]) -> list[Tensor]:
    """Data with as many axes as the others have; the batch of all is on the same one."""
    longest = max(tensors, key=lambda each: len(each.sizes))
    rank = len(longest.sizes)
    if call.batch == 1:  # one number of the only sample meets any axis
        tensors = [
            each if each.shape or not longest.shape
            else call.seen(each, (1,) * len(longest.shape), longest.batch, "/axes")
            for each in tensors
        ]  # fmt: skip
    flows = tensors
    places = {each.batch.place + rank - len(each.sizes) for each in flows}
    if len(places) > 1:
        sizes = listed([each.shape for each in flows])
        call.refuse(
            f"it joins {sizes} at their last axes, so the batch of one would meet another axis "
            "of the other",
            code="batch",
        )
    flows = [call.lined_up(each, rank) for each in flows]
    if len({each.batch for each in flows}) > 1:
        call.refuse("it joins data that is in one axis with the batch and other data", code="batch")
    return flows


def learned(call: Call, data: Tensor, kept: Static, reverse: bool) -> Tensor:
    """Data and a stored tensor: a step that holds it, or the bias of the step before."""
    if len(kept.shape) > len(data.sizes):
        return with_fixed(call, MERGES[call.node.op], data, kept, reverse)
    kept = of_each_sample(call, data, kept)
    sizes = call.of_sample(kept.shape, data)
    fused = with_bias(call, data, kept, sizes) if call.node.op == "Add" else None
    fused = fused or affine(call, data, kept, sizes)
    return fused or with_fixed(call, MERGES[call.node.op], data, kept, reverse)


def is_weight(constant: Static) -> bool:
    """Whether the file stores it as it stores weights, and not as a number of the program."""
    return any(each.learned and not each.literal for each in stored_in(constant))


def with_bias(call: Call, data: Tensor, constant: Static, sizes: Shape) -> Tensor | None:
    """A tensor added to what a convolution or linear layer without bias gave is its bias."""
    record = call.record(data)
    layer = record.layer
    if not isinstance(layer, Conv | ConvTransposed | Linear):
        return None
    if layer.bias or not call.only_reader(data):
        return None
    channel = layer.place(data.shape) if isinstance(layer, Linear) else 0
    full = (1,) * (len(data.shape) - len(sizes)) + sizes
    if full[channel] != constant.count or constant.count != data.shape[channel]:
        return None
    record.become(layer.replaced(bias=True), call.node.name, bias=constant)
    return data


@operator("Max", "Mean", "Min", "Sum", batch="any")
def variadic(call: Call, *inputs: Either) -> Either:
    """Any number of data or of numbers; Max and Min also of data and one number."""
    op = call.node.op
    tensors = [each for each in inputs if isinstance(each, Tensor)]
    stored = [each for each in inputs if isinstance(each, Static)]
    if not stored:
        return merged(call, MERGES[op], tensors)
    if not tensors:
        return elementwise(call, stored, TOGETHER[op], False if op == "Mean" else None)
    number = single_number(stored[0])
    if len(tensors) != 1 or len(stored) != 1 or number is None or op not in BOUNDS:
        call.refuse("data and stored tensors can't be joined like this")
    low, high = BOUNDS[op](number)
    layer = KINDS["relu"]() if (low, high) == (0, inf) else KINDS["hardtanh"](low, high)
    return call.add(layer, tensors)


BOUNDS: dict[str, Callable[[float], tuple[float, float]]] = {
    "Max": lambda number: (number, inf),
    "Min": lambda number: (-inf, number),
}
TOGETHER: dict[str, Callable[..., float]] = {
    "Max": lambda *numbers: max(numbers),
    "Mean": lambda *numbers: sum(numbers) / len(numbers),
    "Min": lambda *numbers: min(numbers),
    "Sum": lambda *numbers: sum(numbers),
}


@operator("Pow", batch="any")
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


# Functions that aren't read on data, as there is no layer for them.
TRIGONOMETRY: dict[str, Callable[[float], float]] = {
    "Acos": math.acos, "Acosh": math.acosh, "Asin": math.asin, "Asinh": math.asinh,
    "Atan": math.atan, "Atanh": math.atanh, "Cosh": math.cosh, "Sinh": math.sinh, "Tan": math.tan,
}  # fmt: skip


@operator(*TRIGONOMETRY, data=False)
def trigonometry(call: Call, x: Static) -> Static:
    call.spend(x.count)
    return worked_out(TRIGONOMETRY[call.node.op], x)
