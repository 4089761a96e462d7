"""Keras's activations: by name, and as layers."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.frameworks.keras.frame import Call
from cnncalc.frameworks.ops import Form, Op, names_in
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer
from cnncalc.network import Declared
from cnncalc.suggestions import suggest

__all__ = ["ACTIVATIONS", "activation_steps", "rectified"]


def _word(op: Op, form: Form) -> Callable[[Call], Layer]:
    """What a word makes: the kind with Keras's defaults, along its last axis if along one."""

    def make(call: Call) -> Layer:
        if op.along:
            axis, order = call.frame.axis(-1)
            return KINDS[op.kind](axis=axis, order=order)
        return op.made(form.values())

    return make


# keras.activations by name; None is no step at all.
ACTIVATIONS: dict[str, Callable[[Call], Layer] | None] = {
    "linear": None,
    **{form.name: _word(op, form) for op, form in names_in("keras") if not form.needs},
}


def rectified(slope: float, limit: float | None, threshold: float) -> Layer:
    """A ReLU that may be leaky, bounded or late, as the plainest kind that it is."""
    if (limit, slope, threshold) == (6, 0, 0):
        return KINDS["relu6"]()
    if slope and limit is None and not threshold:
        return KINDS["leakyrelu"](slope)
    return KINDS["relu"](slope, limit, threshold)


def activation_steps(call: Call, value: object) -> tuple[Declared, ...]:
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
