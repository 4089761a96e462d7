"""Arithmetic between data, stored tensors and numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, prod
from typing import Any

from cnncalc.layers import KINDS
from cnncalc.layers.base import Shape, show
from cnncalc.layers.conv import Conv
from cnncalc.layers.linear import Linear
from cnncalc.layers.merge import listed
from cnncalc.layers.transposed import ConvTransposed
from cnncalc.notations.onnx_file.call import Call, plain
from cnncalc.notations.onnx_file.model import Constant
from cnncalc.notations.onnx_file.operators.patterns import (
    affine,
    decomposed,
    softplus,
)
from cnncalc.notations.onnx_file.records import Flow, Mask, Value
from cnncalc.tracing.arithmetic import Part, with_kept, with_number

__all__ = ["ELEMENTWISE", "is_weight"]

MERGES = {"Add": "add", "Div": "div", "Max": "maximum", "Mean": "mean", "Min": "minimum",
          "Mul": "mul", "Sub": "sub", "Sum": "add"}  # fmt: skip


WORDS = {"Add": "add", "Div": "div", "Mul": "mul", "Sub": "sub"}


def binary(call: Call) -> Flow:
    """Add, Sub, Mul, Div of data and data, or of data and something stored."""
    left, right = (call.inputs[place] if call.has(place) else None for place in (0, 1))
    if isinstance(left, Flow) and isinstance(right, Flow):
        return decomposed(call, merged(call, [left, right]))
    reverse = isinstance(right, Flow)
    flow = call.flow(1 if reverse else 0)
    constant = _old_broadcast(call, flow, call.stored(0 if reverse else 1))
    number = _number(constant)
    if number is not None:
        return decomposed(call, scaled(call, flow, number, reverse))
    return learned(call, flow, constant, reverse)


def _old_broadcast(call: Call, flow: Flow, constant: Constant) -> Constant:
    """Before operator set 7 a tensor was lined up with the data at an axis that is given."""
    axis = call.attributes.get("axis")
    if call.opset >= 7 or not isinstance(axis, int) or axis < 0:
        return constant
    ones = len(flow.shape) + 1 - axis - len(constant.shape)
    return Constant((*constant.shape, *(1,) * max(ones, 0)), constant.values, constant.sources)


def _number(constant: Constant) -> float | None:
    """The number that a constant is, if it is a single one and no weight."""
    literal = all(each.literal for each in constant.sources)
    if constant.count != 1 or constant.values is None or (constant.shape and not literal):
        return None
    return plain(constant.values.reshape(-1)[0])


def merged(call: Call, flows: Sequence[Flow]) -> Flow:
    """Data joined value by value; the batch axes must meet."""
    if len(flows) == 1:
        return call.add(KINDS["identity"](), flows)
    ranks = {len(flow.shape) for flow in flows}
    if len(ranks) > 1:
        sizes = listed([flow.shape for flow in flows])
        call.refuse(
            f"it joins {sizes} at their last axes, so the batch of one would meet another axis "
            "of the other",
            code="batch",
        )
    return call.add(KINDS[MERGES[call.node.op]](), flows)


def scaled(call: Call, flow: Flow, number: float, reverse: bool) -> Flow:
    """Data and one number."""
    return chain(call, flow, with_number(WORDS[call.node.op], number, reverse))


def chain(call: Call, flow: Flow, parts: list[Part], kept: Constant | None = None) -> Flow:
    """The steps of an operation, the last of which has the node's name."""
    for place, part in enumerate(parts, 1):
        suffix = "" if place == len(parts) else f"/{part.word}"
        flow = call.add(part.layer, [flow], suffix, weight=kept if part.holds else None)
    return flow


def learned(call: Call, flow: Flow, constant: Constant, reverse: bool) -> Flow:
    """Data and a stored tensor: a step that holds it, or the bias of the step before."""
    sizes = without_batch(call, flow, constant)
    if prod(sizes) != constant.count:  # the same for each sample
        constant = Constant(sizes, None, constant.sources, constant.computed)
    fused = with_bias(call, flow, constant, sizes) if call.node.op == "Add" else None
    fused = fused or affine(call, flow, constant, sizes)
    if fused is not None:
        return fused
    stored = is_weight(constant)
    role = "parameter" if stored else "constant"
    parts = with_kept(WORDS[call.node.op], flow.shape, sizes, role, reverse)
    return chain(call, flow, parts, constant if stored else None)


def is_weight(constant: Constant) -> bool:
    """Whether the file stores it as it stores weights, and not as a number of the program."""
    return any(each.learned and not each.literal for each in constant.sources)


def without_batch(call: Call, flow: Flow, constant: Constant) -> Shape:
    """The sizes of a stored tensor beside data, without what stands on the batch axis."""
    rank = len(flow.shape)
    sizes = constant.shape
    if len(sizes) == rank + 1 and sizes[0] not in (1, call.batch):
        call.refuse(f"a tensor of {show(sizes)} has another batch than the data", code="batch")
    sizes = sizes[1:] if len(sizes) == rank + 1 else sizes
    if len(sizes) > rank:
        call.refuse(f"a tensor of {show(sizes)} doesn't fit {show(flow.shape)}", code="branches")
    return sizes


BIASED: dict[type, Callable[..., int]] = {
    Conv: lambda layer, shape: 0,
    ConvTransposed: lambda layer, shape: 0,
    Linear: lambda layer, shape: layer.place(shape),
}


def with_bias(call: Call, flow: Flow, constant: Constant, sizes: Shape) -> Flow | None:
    """A tensor added to what a convolution or linear layer without bias gave is its bias."""
    record = call.record(flow)
    layer: Any = record.layer
    if type(layer) not in BIASED or layer.bias or not call.only_reader(flow):
        return None
    channel = BIASED[type(layer)](layer, flow.shape)
    full = (1,) * (len(flow.shape) - len(sizes)) + sizes
    if full[channel] != constant.count or constant.count != flow.shape[channel]:
        return None
    record.layer, record.name = layer.replaced(bias=True), call.node.name
    record.constants = record.constants | {"bias": constant}
    return flow


def variadic(call: Call) -> Flow:
    """Max, Min, Mean, Sum of any number of data; Max and Min also with one number."""
    flows = [each for each in call.inputs if isinstance(each, Flow)]
    stored = [each for each in call.inputs if isinstance(each, Constant)]
    if not stored:
        return merged(call, [call.flow(place) for place in range(len(call.inputs))])
    number = _number(stored[0])
    if len(flows) != 1 or len(stored) != 1 or number is None or call.node.op not in BOUNDS:
        call.refuse("data and stored tensors can't be joined like this")
    low, high = BOUNDS[call.node.op](number)
    if (low, high) == (0, inf):
        return call.add(KINDS["relu"](), flows)
    return call.add(KINDS["hardtanh"](low, high), flows)


BOUNDS: dict[str, Callable[[float], tuple[float, float]]] = {
    "Max": lambda number: (number, inf),
    "Min": lambda number: (-inf, number),
}


def power(call: Call) -> Flow:
    """Data to the power of a number."""
    exponent = call.stored(1)
    if exponent.count != 1 or exponent.values is None:
        call.refuse("powers with one exponent for all values are read")
    return call.add(KINDS["power"](plain(exponent.values.reshape(-1)[0])), [call.flow()])


def comparison(call: Call) -> Mask:
    """A mask; what is done with it decides whether it can be followed."""
    flow = next((each for each in call.inputs if isinstance(each, Flow)), None) or call.flow()
    over = {"Greater": 1, "Less": 0}.get(call.node.op)
    other = call.inputs[over] if over is not None else None
    return Mask(flow, _number(other) if isinstance(other, Constant) else None)


def where(call: Call) -> Flow:
    """A choice by a mask: a threshold, or PyTorch's way to write Softplus."""
    found = softplus(call) or threshold(call)
    if found is None:
        call.refuse(
            "a choice between values by a comparison can't be followed", code="unknown-operator"
        )
    return found


def threshold(call: Call) -> Flow | None:
    """Where(x > t, x, v): another value for all up to t."""
    mask, kept, other = call.inputs[:3]
    if not (isinstance(mask, Mask) and isinstance(kept, Flow) and isinstance(other, Constant)):
        return None
    value = _number(other)
    if mask.of != kept or mask.above is None or value is None:
        return None
    return call.add(KINDS["threshold"](mask.above, value), [kept])


COMPARISONS = ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")

ELEMENTWISE: dict[str, Callable[[Call], Value | list[Value]]] = {
    **dict.fromkeys(("Add", "Div", "Mul", "Sub"), binary),
    **dict.fromkeys(("Max", "Mean", "Min", "Sum"), variadic),
    **dict.fromkeys(COMPARISONS, comparison),
    "Pow": power,
    "Where": where,
}
