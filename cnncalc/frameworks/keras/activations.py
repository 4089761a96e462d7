"""Keras's activations: by name, and as layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.frameworks.keras.frame import Call
from cnncalc.layers import LAYERS
from cnncalc.layers.base import Layer
from cnncalc.network import Declared
from cnncalc.suggestions import suggest

__all__ = ["ACTIVATIONS", "activation_steps"]


def _named(kind: str, **options: Any) -> Callable[[Call], Layer]:
    return lambda call: LAYERS[kind](**options)


def _along_last(kind: str) -> Callable[[Call], Layer]:
    def make(call: Call) -> Layer:
        axis, order = call.frame.axis(-1)
        return LAYERS[kind](axis=axis, order=order)

    return make


# keras.activations by name; None is no step at all.
ACTIVATIONS: dict[str, Callable[[Call], Layer] | None] = {
    "linear": None,
    "relu": _named("relu"),
    "relu6": _named("relu6"),
    "leaky_relu": _named("leakyrelu", slope=0.2),
    "elu": _named("elu"),
    "selu": _named("selu"),
    "celu": _named("celu"),
    "gelu": _named("gelu"),
    "silu": _named("silu"),
    "swish": _named("silu"),
    "mish": _named("mish"),
    "sigmoid": _named("sigmoid"),
    "log_sigmoid": _named("logsigmoid"),
    "hard_sigmoid": _named("hardsigmoid"),
    "hard_silu": _named("hardswish"),
    "hard_swish": _named("hardswish"),
    "sparse_sigmoid": _named("sparsesigmoid"),
    "tanh": _named("tanh"),
    "hard_tanh": _named("hardtanh"),
    "tanh_shrink": _named("tanhshrink"),
    "softplus": _named("softplus"),
    "softsign": _named("softsign"),
    "soft_shrink": _named("softshrink"),
    "hard_shrink": _named("hardshrink"),
    "squareplus": _named("squareplus"),
    "sparse_plus": _named("sparseplus"),
    "exponential": _named("exponential"),
    "softmax": _along_last("softmax"),
    "log_softmax": _along_last("logsoftmax"),
    "sparsemax": _along_last("sparsemax"),
    "glu": _along_last("glu"),
}


def activation_steps(call: Call, value: Any) -> tuple[Declared, ...]:
    """The steps that `activation=` adds: a name, a layer that was read already, or None."""
    if value is None:
        return ()
    if isinstance(value, Layer | Declared):
        return (Declared.of(value),)
    if isinstance(value, tuple | list) and all(
        isinstance(each, Layer | Declared) for each in value
    ):
        return tuple(map(Declared.of, value))
    if not isinstance(value, str) or value not in ACTIVATIONS:
        near = suggest(value, ACTIVATIONS) if isinstance(value, str) else None
        raise call.error(
            f"has no activation {value!r:.40}",
            f'did you mean "{near}"?' if near else f"such as {', '.join(list(ACTIVATIONS)[1:6])}",
            "activation",
        )
    make = ACTIVATIONS[value]
    return () if make is None else (Declared(make(call)),)
