"""Functions of each value, and those along an axis."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from cnncalc.layers.base import Shape
from cnncalc.notations.onnx_write.builder import Builder, unsayable
from cnncalc.notations.onnx_write.table import writes

# Kinds that are one operator.
PLAIN = {
    "abs": "Abs",
    "ceil": "Ceil",
    "cos": "Cos",
    "erf": "Erf",
    "exponential": "Exp",
    "floor": "Floor",
    "gelu": "Gelu",
    "hardswish": "HardSwish",
    "identity": "Identity",
    "log": "Log",
    "mish": "Mish",
    "noise": "Identity",
    "reciprocal": "Reciprocal",
    "round": "Round",
    "selu": "Selu",
    "sigmoid": "Sigmoid",
    "sign": "Sign",
    "sin": "Sin",
    "softsign": "Softsign",
    "sqrt": "Sqrt",
    "tanh": "Tanh",
}


@writes(*PLAIN)
def plain(at: Builder, layer: Any, x: list[str], shapes: tuple[Shape, ...]) -> str:
    return at.node(PLAIN[layer.kind], x[0])


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


def softplus(at: Builder, layer: Any, x: str) -> str:
    out = at.node("Softplus", at.scaled(x, layer.beta))
    return at.scaled(out, 1 / layer.beta)


def threshold(at: Builder, layer: Any, x: str) -> str:
    if layer.value or layer.threshold < 0:
        above = at.node("Greater", x, at.number(layer.threshold))
        return at.node("Where", above, x, at.number(layer.value))
    return at.node("ThresholdedRelu", x, alpha=layer.threshold)


def logsigmoid(at: Builder, layer: Any, x: str) -> str:
    return at.node("Neg", at.node("Softplus", at.node("Neg", x)))


def squareplus(at: Builder, layer: Any, x: str) -> str:
    """(x + √(x² + b)) / 2."""
    root = at.node("Sqrt", at.scaled(at.node("Mul", x, x), offset=layer.b))
    return at.scaled(at.node("Add", x, root), 0.5)


def sparseplus(at: Builder, layer: Any, x: str) -> str:
    """(x + 1)² / 4 between -1 and 1, 0 below, x above."""
    middle = at.scaled(clipped(at, x, -1, 1), offset=1)
    parabola = at.scaled(at.node("Mul", middle, middle), 0.25)
    return at.node("Add", parabola, at.node("Relu", at.scaled(x, offset=-1)))


FUNCTIONS: dict[str, Callable[[Builder, Any, str], str]] = {
    "celu": lambda at, layer, x: at.node("Celu", x, alpha=layer.alpha),
    "elu": lambda at, layer, x: at.node("Elu", x, alpha=layer.alpha),
    "hardshrink": lambda at, layer, x: at.node("Shrink", x, lambd=layer.threshold, bias=0.0),
    "hardsigmoid": lambda at, layer, x: at.node(
        "HardSigmoid", x, alpha=layer.slope, beta=layer.offset
    ),
    "hardtanh": lambda at, layer, x: clipped(at, x, layer.low, layer.high),
    "leakyrelu": lambda at, layer, x: at.node("LeakyRelu", x, alpha=layer.slope),
    "logsigmoid": logsigmoid,
    "power": lambda at, layer, x: at.node("Pow", x, at.number(layer.exponent)),
    "relu": relu,
    "relu6": lambda at, layer, x: clipped(at, x, 0, 6),
    "rrelu": lambda at, layer, x: at.node("LeakyRelu", x, alpha=(layer.lower + layer.upper) / 2),
    "silu": lambda at, layer, x: at.node("Mul", x, at.node("Sigmoid", x)),
    "softplus": softplus,
    "softshrink": lambda at, layer, x: at.node(
        "Shrink", x, lambd=layer.threshold, bias=layer.threshold
    ),
    "sparseplus": sparseplus,
    "sparsesigmoid": lambda at, layer, x: at.node("HardSigmoid", x, alpha=0.5, beta=0.5),
    "squareplus": squareplus,
    "tanhshrink": lambda at, layer, x: at.node("Sub", x, at.node("Tanh", x)),
    "threshold": threshold,
}


@writes(*FUNCTIONS)
def function(at: Builder, layer: Any, x: list[str], shapes: tuple[Shape, ...]) -> str:
    return FUNCTIONS[layer.kind](at, layer, x[0])


@writes("softmax", "logsoftmax")
def softmax(at: Builder, layer: Any, x: list[str], shapes: tuple[Shape, ...]) -> str:
    op = {"softmax": "Softmax", "logsoftmax": "LogSoftmax"}[layer.kind]
    return at.node(op, x[0], axis=layer.place(shapes[0]) + 1)


@writes("softmin")
def softmin(at: Builder, layer: Any, x: list[str], shapes: tuple[Shape, ...]) -> str:
    return at.node("Softmax", at.node("Neg", x[0]), axis=layer.place(shapes[0]) + 1)


@writes("glu")
def glu(at: Builder, layer: Any, x: list[str], shapes: tuple[Shape, ...]) -> str:
    axis = layer.place(shapes[0])
    half = at.ints([shapes[0][axis] // 2] * 2)
    first, second = at.split("Split", x[0], half, outputs=2, axis=axis + 1)
    return at.node("Mul", first, at.node("Sigmoid", second))


@writes("prelu")
def prelu(at: Builder, layer: Any, x: list[str], shapes: tuple[Shape, ...]) -> str:
    (shape,) = shapes
    slopes = layer.slopes(shape)
    if layer.shared is None:
        slopes = (*slopes, *(1,) * (len(shape) - 1))
    return at.node("PRelu", x[0], at.weight("weight", slopes, 0.25))


@writes("dropout")
def dropout(at: Builder, layer: Any, x: list[str], shapes: tuple[Shape, ...]) -> str:
    return at.node("Dropout", x[0], at.number(layer.rate))


@writes("scale", "shift")
def learned(at: Builder, layer: Any, x: list[str], shapes: tuple[Shape, ...]) -> str:
    (shape,) = shapes
    sizes = layer.shape or (*shape[:1], *(1,) * (len(shape) - 1))
    value = 1.0 if layer.kind == "scale" else 0.0
    if layer.role == "parameter":
        tensor = at.weight("weight", sizes, value)
    else:
        tensor = at.filled(sizes, value, "weight" if layer.role == "buffer" else "")
    return at.node({"scale": "Mul", "shift": "Add"}[layer.kind], x[0], tensor)


@writes("rescale")
def rescale(at: Builder, layer: Any, x: list[str], shapes: tuple[Shape, ...]) -> str:
    """Values times a number and plus one, or one for each channel."""
    (shape,) = shapes
    out = x[0]
    for op, values, idle in (("Mul", layer.factor, 1.0), ("Add", layer.offset, 0.0)):
        if len(values) == 1 and values[0] != idle:
            out = at.node(op, out, at.number(values[0]))
        elif len(values) > 1:
            sizes = (shape[0], *(1,) * (len(shape) - 1))
            out = at.node(op, out, at.constant(sizes, values))
    return out
