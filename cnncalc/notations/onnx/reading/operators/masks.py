"""Comparisons, truths, and choices by them: ones and zeros among the data."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from math import inf

import cnncalc.notations.onnx.reading.shapes as shapes
from cnncalc.layers import KINDS
from cnncalc.notations.onnx.reading.call import Call, describe
from cnncalc.notations.onnx.reading.operators.arithmetic import (
    elementwise,
    merged,
    single_number,
    with_fixed,
)
from cnncalc.notations.onnx.reading.operators.base import Either, Value, operator
from cnncalc.notations.onnx.reading.operators.patterns import softplus
from cnncalc.notations.onnx.reading.operators.reshaping import stretched
from cnncalc.notations.onnx.reading.values import Mask
from cnncalc.tracing.tensors import Static, Tensor

__all__ = ["as_numbers"]

LARGEST = 1e9  # what is beyond it stands for an infinite number, which times 0 would be none

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "Equal": lambda a, b: a == b,
    "Greater": lambda a, b: a > b,
    "GreaterOrEqual": lambda a, b: a >= b,
    "Less": lambda a, b: a < b,
    "LessOrEqual": lambda a, b: a <= b,
}


@operator(*COMPARISONS, batch="any")
def comparison(call: Call, a: Either, b: Either) -> Mask | Static:
    """A mask; what is done with it decides which steps it is."""
    if isinstance(a, Static) and isinstance(b, Static):
        return elementwise(call, [a, b], COMPARISONS[call.node.op], True)
    data = a if isinstance(a, Tensor) else call.flow(1)
    above = {"Greater": b, "Less": a}.get(call.node.op)
    number = single_number(above) if isinstance(above, Static) else None
    return Mask(data, call.node, (a, b), number)


def as_numbers(call: Call, value: Value) -> Value:
    """A mask as data of ones and zeros: the steps of the node that compares, made once."""
    if not isinstance(value, Mask):
        return value
    known = call.steps.truths
    if id(value) not in known:
        own = Call(call.steps, value.node, value.sides, {})
        known[id(value)] = value, compared(own, *value.sides)
    return known[id(value)][1]


def compared(call: Call, *sides: Either) -> Tensor:
    """Ones where a comparison holds: the sign of the difference, without what is below 0."""
    op = call.node.op
    if op == "IsNaN":
        call.refuse("which values are no numbers can't be followed", code="unknown-operator")
    a, b = reversed(sides) if op in ("Less", "GreaterOrEqual") else sides
    sign = call.add(KINDS["sign"](), [difference(call, a, b)], "/sign")
    if op == "Equal":
        return inverse(call, call.add(KINDS["abs"](), [sign], "/abs"))
    if op.endswith("OrEqual"):
        return inverse(call, call.add(KINDS["relu"](), [sign], "/relu"))
    return call.add(KINDS["relu"](), [sign])


def difference(call: Call, a: Either, b: Either) -> Tensor:
    """`a - b`, of which one is data at least."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return merged(call, "sub", [a, b], "/sub")
    if isinstance(a, Tensor) and isinstance(b, Static):
        return a if single_number(b) == 0 else with_fixed(call, "sub", a, b, suffix="/sub")
    assert isinstance(a, Static)
    assert isinstance(b, Tensor)
    return with_fixed(call, "sub", b, a, reverse=True, suffix="/sub")


def inverse(call: Call, mask: Tensor, suffix: str = "") -> Tensor:
    """Ones for zeros, and zeros for ones."""
    return call.add(KINDS["rescale"]((-1.0,), (1.0,)), [mask], suffix)


LOGIC: dict[str, Callable[[float, float], bool]] = {
    "And": lambda a, b: bool(a and b),
    "Or": lambda a, b: bool(a or b),
    "Xor": lambda a, b: bool(a) != bool(b),
}
JOINED = {"And": "mul", "Or": "maximum", "Xor": "sub"}


@operator(*LOGIC, batch="any")
def logic(call: Call, a: Either, b: Either) -> Either:
    """Of ones and zeros; what is fixed moves nothing, and is no step."""
    op = call.node.op
    if isinstance(a, Static) and isinstance(b, Static):
        return elementwise(call, [a, b], LOGIC[op], True)
    if isinstance(a, Static) or isinstance(b, Static):
        data, fixed = (call.flow(1), a) if isinstance(a, Static) else (a, b)
        return beside(call, data, [fixed])
    if op == "Xor":
        return call.add(KINDS["abs"](), [merged(call, JOINED[op], [a, b], "/sub")])
    return merged(call, JOINED[op], [a, b])


def beside(call: Call, data: Tensor, fixed: Sequence[Value]) -> Tensor:
    """Data some of whose values are others, as large as it is together with what is fixed."""
    wanted = [each.shape for each in fixed if isinstance(each, Static)]
    whole = shapes.broadcast([call.sizes(data), *wanted])
    return stretched(call, data, whole)


@operator("Not", batch="any")
def negation(call: Call, x: Either) -> Either:
    if isinstance(x, Tensor):
        return inverse(call, x)
    return elementwise(call, [x], lambda v: not v, True)


@operator("IsNaN", batch="any")
def not_a_number(call: Call, x: Either) -> Mask | Static:
    """A mask, which `Where` reads."""
    if isinstance(x, Tensor):
        return Mask(x, call.node, (x,), missing=True)
    return elementwise(call, [x], math.isnan, True)


@operator("IsInf", data=False)
def infinite(
    call: Call, x: Static, *, detect_negative: int = 1, detect_positive: int = 1
) -> Static:
    signs = [-inf] * bool(detect_negative) + [inf] * bool(detect_positive)
    return elementwise(call, [x], lambda v: v in signs, True)


@operator("Where", batch="any")
def where(call: Call, condition: Value, x: Either, y: Either) -> Either:
    """A choice by a mask: a threshold, PyTorch's way to write Softplus, or NaN made a number."""
    sides = [x, y]
    if isinstance(condition, Static):
        if isinstance(x, Static) and isinstance(y, Static):
            return elementwise(call, [condition, x, y], lambda c, a, b: a if c else b, x.whole)
        return by_fixed(call, condition, sides)
    found = (
        softplus(call, condition, x, y)
        or threshold(call, condition, x, y)
        or without_nan(condition, x, y)
    )
    return found or chosen(call, as_numbers(call, condition), sides)


def by_fixed(call: Call, condition: Static, sides: Sequence[Either]) -> Tensor:
    """A choice by a mask that doesn't depend on the data, between that and something fixed."""
    flows = [each for each in sides if isinstance(each, Tensor)]
    if len(flows) > 1:
        call.refuse("a choice between two data can't be followed", code="unknown-operator")
    return beside(call, flows[0], [condition, *sides])


def chosen(call: Call, mask: Value, sides: Sequence[Either]) -> Tensor:
    """Data where a mask of ones and zeros is 1, and other data or numbers where it is 0."""
    if not isinstance(mask, Tensor):
        call.refuse(f"its condition is {describe(mask)}", code="unknown-operator")
    numbers = [bounded(single_number(each)) if isinstance(each, Static) else None for each in sides]
    if numbers[0] is not None and numbers[1] is not None:
        rescale = KINDS["rescale"]((numbers[0] - numbers[1],), (numbers[1],))
        return call.add(rescale, [mask])
    kept = [place for place, number in enumerate(numbers) if number != 0]
    parts = []
    for place in kept:
        suffix = f"/{'xy'[place]}" if len(kept) > 1 else ""
        where = inverse(call, mask, "/not") if place else mask
        parts.append(taken(call, where, numbers[place], sides[place], suffix))
    return merged(call, "add", parts) if len(parts) > 1 else parts[0]


def taken(call: Call, mask: Tensor, number: float | None, side: Either, suffix: str) -> Tensor:
    """One side of a choice where its mask is 1, and zeros elsewhere."""
    if isinstance(side, Tensor):
        return merged(call, "mul", [side, mask], suffix)
    if number is not None:
        return call.add(KINDS["rescale"]((number,)), [mask], suffix)
    return with_fixed(call, "mul", mask, side, suffix=suffix)


def bounded(number: float | None) -> float | None:
    """A number that stays one if it is multiplied."""
    return None if number is None else max(-LARGEST, min(number, LARGEST))


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
