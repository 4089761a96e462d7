"""ONNX's functions of each value, and those along an axis."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from cnncalc.errors import LayerError
from cnncalc.frameworks.onnx.named import named
from cnncalc.frameworks.onnx.node import Reader
from cnncalc.layers import LAYERS
from cnncalc.layers.base import Layer

__all__ = ["ACTIVATIONS", "ALONG_AXIS", "clip"]

SIXTH = 1 / 6


def _plain(kind: str) -> Callable[..., Layer]:
    def plain() -> Layer:
        return LAYERS[kind]()

    return plain


def _bent(kind: str, default: float) -> Callable[..., Layer]:
    def bent(alpha: float = default) -> Layer:
        return LAYERS[kind](alpha)

    return bent


def negated() -> Layer:
    """The opposite of each value."""
    return LAYERS["rescale"]((-1.0,))


def selu(alpha: float = 1.67326319217681884, gamma: float = 1.05070102214813232) -> Layer:
    """Refuses constants that aren't the function's own."""
    if abs(alpha - 1.6732632) > 1e-4 or abs(gamma - 1.0507009) > 1e-4:
        raise LayerError(
            f"Selu with alpha={alpha:g} and gamma={gamma:g} is another function",
            code="bad-value",
            help="Elu and a factor",
        )
    return LAYERS["selu"]()


def swish(alpha: float = 1.0) -> Layer:
    """The value times its sigmoid."""
    if alpha != 1:
        raise LayerError(
            f"Swish with alpha={alpha:g} has no counterpart here", code="bad-value", help="alpha=1"
        )
    return LAYERS["silu"]()


def gelu(approximate: str = "none") -> Layer:
    """GELU, by the error function or nearly so."""
    if approximate not in ("none", "tanh"):
        raise LayerError(f"Gelu has no approximation `{approximate}`", code="bad-value")
    return LAYERS["gelu"]()


def hard_sigmoid(alpha: float = 0.2, beta: float = 0.5) -> Layer:
    """max(0, min(1, alpha*x + beta)); PyTorch's has alpha 1/6."""
    slope = SIXTH if abs(alpha - SIXTH) < 1e-6 else alpha
    return LAYERS["hardsigmoid"](slope, beta)


def thresholded_relu(alpha: float = 1.0) -> Layer:
    """Values up to alpha become 0."""
    return LAYERS["threshold"](alpha, 0.0)


def shrink(bias: float = 0.0, lambd: float = 0.5) -> Layer:
    """Values near 0 become 0; the others are kept or moved towards it."""
    if bias not in (0, lambd):
        raise LayerError(
            f"Shrink with bias={bias:g} and lambd={lambd:g} has no counterpart here",
            code="bad-value",
            help="bias 0 or equal to lambd",
        )
    return LAYERS["softshrink" if bias else "hardshrink"](lambd)


def clip(min: float | None = None, max: float | None = None) -> Layer:
    """Values cut off at one end or both."""
    if min is None and max is None:
        return LAYERS["identity"]()
    if min == 0 and max in (None, 6):
        return LAYERS["relu6" if max else "relu"]()
    if min == 0:
        return LAYERS["relu"](limit=max)
    return LAYERS["hardtanh"](-inf if min is None else min, inf if max is None else max)


def dropout(ratio: float = 0.5, seed: int | None = None) -> Layer:
    """The identity, as no training is under way."""
    return LAYERS["dropout"](ratio)


def cast(to: int = 0, saturate: int = 1, round_mode: str = "up") -> Layer:
    """Numbers kept in another type: the identity."""
    return LAYERS["identity"]()


# Operators without attributes, and the kinds that they are.
PLAIN = {
    "Abs": "abs",
    "Ceil": "ceil",
    "Cos": "cos",
    "Erf": "erf",
    "Exp": "exponential",
    "Floor": "floor",
    "HardSwish": "hardswish",
    "Identity": "identity",
    "Log": "log",
    "Mish": "mish",
    "Reciprocal": "reciprocal",
    "Relu": "relu",
    "Round": "round",
    "Sigmoid": "sigmoid",
    "Sign": "sign",
    "Sin": "sin",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Sqrt": "sqrt",
    "Tanh": "tanh",
}

# Those along an axis, which depends on the operator set and on the input's rank.
ALONG_AXIS = {"Softmax": "softmax", "LogSoftmax": "logsoftmax"}

FUNCTIONS: dict[str, Callable[..., Layer]] = {
    **{name: _plain(kind) for name, kind in PLAIN.items()},
    "Cast": cast,
    "Celu": _bent("celu", 1.0),
    "Dropout": dropout,
    "Elu": _bent("elu", 1.0),
    "Gelu": gelu,
    "HardSigmoid": hard_sigmoid,
    "LeakyRelu": _bent("leakyrelu", 0.01),
    "Neg": negated,
    "Selu": selu,
    "Shrink": shrink,
    "Swish": swish,
    "ThresholdedRelu": thresholded_relu,
}

ACTIVATIONS: dict[str, Reader] = {op: named(op, read) for op, read in FUNCTIONS.items()}
