"""Functions of each value, and those along an axis."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from cnncalc.frameworks.ops import BY_KIND, forms, names_in
from cnncalc.layers import KINDS
from cnncalc.layers.activation import (
    Dropout,
    GatedLinearUnit,
    LogSoftmax,
    Noise,
    ParametricReLU,
    Rescale,
    Softmax,
    Softmin,
)
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.learned import Scale, Shift
from cnncalc.notations.onnx.writing.builder import Builder, unsayable
from cnncalc.notations.onnx.writing.table import writes


class Values:
    """Values that flow, as a formula's arithmetic sees them: each sign is a node."""

    def __init__(self, at: Builder, name: str) -> None:
        self.at = at
        self.name = name

    def __add__(self, other: Values | float) -> Values:
        if isinstance(other, Values):
            return self._joined("Add", other)
        return self._scaled(offset=other)

    def __sub__(self, other: Values | float) -> Values:
        if isinstance(other, Values):
            return self._joined("Sub", other)
        return self._scaled(offset=-other)

    def __mul__(self, other: Values | float) -> Values:
        if isinstance(other, Values):
            return self._joined("Mul", other)
        return self._scaled(factor=other)

    def __neg__(self) -> Values:
        return Values(self.at, self.at.node("Neg", self.name))

    def _joined(self, op: str, other: Values) -> Values:
        return Values(self.at, self.at.node(op, self.name, other.name))

    def _scaled(self, **by: float) -> Values:
        return Values(self.at, self.at.scaled(self.name, **by))


def function(at: Builder, layer: Layer, x: str) -> str:
    """A kind of the table: as a function of its own, as an operator, or by its formula."""
    if layer.kind in FUNCTIONS:
        return FUNCTIONS[layer.kind](at, layer, x)
    op = BY_KIND[layer.kind]
    for form in forms(op.onnx, op.kind):
        said = form.said(layer)
        if said is not None:
            return at.node(form.name, x, **said)
    assert op.formula is not None

    def of_kind(kind: str, values: Values, *options: float) -> Values:
        return Values(at, function(at, KINDS[kind](*options), values.name))

    made: Values = op.formula(of_kind, Values(at, x), layer)
    return made.name


def clipped(at: Builder, x: str, low: float, high: float) -> str:
    """Values cut off; an end that is infinite is left out."""
    ends = [at.number(end) if abs(end) < inf else "" for end in (low, high)]
    while ends and not ends[-1]:
        ends.pop()
    return at.node("Clip", x, *ends) if ends else at.node("Identity", x)


def relu(at: Builder, layer: Any, x: str) -> str:
    """ReLU as Keras has it: a slope below a threshold, and a limit."""
    if layer.threshold:
        if layer.slope:
            unsayable("a ReLU with both a slope and a threshold")
        if layer.threshold < 0:
            unsayable("a ReLU with a threshold below 0")
        x = at.node("ThresholdedRelu", x, alpha=layer.threshold)
    elif layer.slope:
        x = at.node("LeakyRelu", x, alpha=layer.slope)
    elif layer.limit is not None:
        return clipped(at, x, 0, layer.limit)
    else:
        return at.node("Relu", x)
    return x if layer.limit is None else clipped(at, x, -inf, layer.limit)


def threshold(at: Builder, layer: Any, x: str) -> str:
    if layer.value or layer.threshold < 0:
        above = at.node("Greater", x, at.number(layer.threshold))
        return at.node("Where", above, x, at.number(layer.value))
    return at.node("ThresholdedRelu", x, alpha=layer.threshold)


# Where ONNX has it otherwise than by attributes, or in several operators.
FUNCTIONS: dict[str, Callable[[Builder, Any, str], str]] = {
    "hardshrink": lambda at, layer, x: at.node("Shrink", x, lambd=layer.threshold, bias=0.0),
    "hardtanh": lambda at, layer, x: clipped(at, x, layer.low, layer.high),
    "power": lambda at, layer, x: at.node("Pow", x, at.number(layer.exponent)),
    "relu": relu,
    "softshrink": lambda at, layer, x: at.node(
        "Shrink", x, lambd=layer.threshold, bias=layer.threshold
    ),
    "threshold": threshold,
}
WRITTEN = [
    op.kind
    for op in BY_KIND.values()
    if not op.along and (op.onnx or op.formula or op.kind in FUNCTIONS)
]


@writes(*WRITTEN)
def valued(at: Builder, layer: Layer, x: str, shape: Shape) -> str:
    return function(at, layer, x)


@writes("noise")
def noise(at: Builder, layer: Noise, x: str, shape: Shape) -> str:
    return at.node("Identity", x)


@writes(*(op.kind for op, _ in names_in("onnx") if op.along))
def along_axis(at: Builder, layer: LogSoftmax | Softmax, x: str, shape: Shape) -> str:
    return at.node(BY_KIND[layer.kind].onnx, x, axis=layer.place(shape) + 1)


@writes("softmin")
def softmin(at: Builder, layer: Softmin, x: str, shape: Shape) -> str:
    return at.node("Softmax", at.node("Neg", x), axis=layer.place(shape) + 1)


@writes("glu")
def glu(at: Builder, layer: GatedLinearUnit, x: str, shape: Shape) -> str:
    axis = layer.place(shape)
    half = at.ints([shape[axis] // 2] * 2)
    first, second = at.split("Split", x, half, outputs=2, axis=axis + 1)
    return at.node("Mul", first, at.node("Sigmoid", second))


@writes("prelu")
def prelu(at: Builder, layer: ParametricReLU, x: str, shape: Shape) -> str:
    slopes = layer.slopes(shape)
    if layer.shared is None:
        slopes = (*slopes, *(1,) * (len(shape) - 1))
    return at.node("PRelu", x, at.weight("weight", slopes, 0.25))


@writes("dropout")
def dropout(at: Builder, layer: Dropout, x: str, shape: Shape) -> str:
    return at.node("Dropout", x, at.number(layer.rate))


@writes("scale", "shift")
def learned(at: Builder, layer: Scale | Shift, x: str, shape: Shape) -> str:
    sizes = layer.shape or (*shape[:1], *(1,) * (len(shape) - 1))
    value = 1.0 if layer.kind == "scale" else 0.0
    if layer.role == "parameter":
        tensor = at.weight("weight", sizes, value)
    else:
        tensor = at.filled(sizes, value, "weight" if layer.role == "buffer" else "")
    return at.node({"scale": "Mul", "shift": "Add"}[layer.kind], x, tensor)


@writes("rescale")
def rescale(at: Builder, layer: Rescale, x: str, shape: Shape) -> str:
    """Values times a number and plus one, or one for each channel."""
    out = x
    for op, values, idle in (("Mul", layer.factor, 1.0), ("Add", layer.offset, 0.0)):
        if len(values) == 1 and values[0] != idle:
            out = at.node(op, out, at.number(values[0]))
        elif len(values) > 1:
            sizes = (shape[0], *(1,) * (len(shape) - 1))
            out = at.node(op, out, at.constant(sizes, values))
    return out
