"""ONNX's functions of each value, and those along an axis."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import FormReader
from cnncalc.frameworks.ops import Form, Op, names_in
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer

__all__ = ["ACTIVATIONS", "ALONG_AXIS", "clip"]

NEAR = 1e-6  # attributes are single floats: 1/6 is 0.16666667 there


def of_row(op: Op, form: Form, values: dict[str, object]) -> Layer:
    """The layer of an operator whose attributes are the kind's options."""
    found = [
        own.default if isinstance(value, float) and abs(value - own.default) < NEAR else value
        for value, own in zip(form.values(values), KINDS[op.kind].options.values(), strict=False)
    ]
    return op.made(found)


def selu(alpha: float = 1.67326319217681884, gamma: float = 1.05070102214813232) -> Layer:
    """Refuses constants that aren't the function's own."""
    if abs(alpha - 1.6732632) > 1e-4 or abs(gamma - 1.0507009) > 1e-4:
        raise LayerError(
            f"Selu with alpha={alpha:g} and gamma={gamma:g} is another function",
            code="bad-value",
            help="Elu and a factor",
        )
    return KINDS["selu"]()


def swish(alpha: float = 1.0) -> Layer:
    """The value times its sigmoid."""
    if alpha != 1:
        raise LayerError(
            f"Swish with alpha={alpha:g} has no counterpart here", code="bad-value", help="alpha=1"
        )
    return KINDS["silu"]()


def gelu(approximate: str = "none") -> Layer:
    """GELU, by the error function or nearly so."""
    if approximate not in ("none", "tanh"):
        raise LayerError(f"Gelu has no approximation `{approximate}`", code="bad-value")
    return KINDS["gelu"]()


def thresholded_relu(alpha: float = 1.0) -> Layer:
    """Values up to alpha become 0."""
    return KINDS["threshold"](alpha, 0.0)


def shrink(bias: float = 0.0, lambd: float = 0.5) -> Layer:
    """Values near 0 become 0; the others are kept or moved towards it."""
    if bias not in (0, lambd):
        raise LayerError(
            f"Shrink with bias={bias:g} and lambd={lambd:g} has no counterpart here",
            code="bad-value",
            help="bias 0 or equal to lambd",
        )
    return KINDS["softshrink" if bias else "hardshrink"](lambd)


def clip(min: float | None = None, max: float | None = None) -> Layer:
    """Values cut off at one end or both."""
    if min is None and max is None:
        return KINDS["identity"]()
    if min == 0 and max in (None, 6):
        return KINDS["relu6" if max else "relu"]()
    if min == 0:
        return KINDS["relu"](limit=max)
    return KINDS["hardtanh"](-inf if min is None else min, inf if max is None else max)


def dropout(ratio: float = 0.5, seed: int | None = None) -> Layer:
    """The identity, as no training is under way."""
    return KINDS["dropout"](ratio)


def cast(to: int = 0, saturate: int = 1, round_mode: str = "up") -> Layer:
    """Numbers kept in another type: the identity."""
    return KINDS["identity"]()


# Those along an axis, which depends on the operator set and on the input's rank.
ALONG_AXIS = {form.name: op.kind for op, form in names_in("onnx") if op.along}

ACTIVATIONS: dict[str, Callable[..., Layer]] = {
    **{
        form.name: FormReader(form, partial(of_row, op))
        for op, form in names_in("onnx")
        if not op.along
    },
    "Cast": cast,
    "Dropout": dropout,
    "Gelu": gelu,
    "Selu": selu,
    "Shrink": shrink,
    "Swish": swish,
    "ThresholdedRelu": thresholded_relu,
}
