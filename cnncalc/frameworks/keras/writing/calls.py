"""Calls as text."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any

from cnncalc.errors import LayerError
from cnncalc.frameworks.keras import READERS
from cnncalc.layers.base import Layer, Shape, show

__all__ = ["Writer", "axes_of", "call", "no_class", "one"]

Writer = Callable[[Any, Shape], str]


def no_class(layer: Layer, why: str) -> LayerError:
    return LayerError(f"Keras has no class for this `{layer.kind}`: {why}", code="no-class")


def call(name: str, **values: Any) -> str:
    """A call with what its class needs by position, and what differs from a default by name."""
    written = []
    for parameter in signature(READERS[name]).parameters.values():
        if parameter.name not in values:
            continue
        value = values[parameter.name]
        if parameter.default is Parameter.empty:
            written.append(_literal(value))
        elif value != parameter.default:
            written.append(f"{parameter.name}={_literal(value)}")
    return f"layers.{name}({', '.join(written)})"


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def one(values: tuple[Any, ...]) -> Any:
    """A per-axis value: the number itself where one stands for all axes."""
    return values[0] if len(set(values)) == 1 else values


def axes_of(layer: Layer, shape: Shape, axes: tuple[int, ...] = (1, 2, 3)) -> int:
    """The spatial axes, which Keras has a class for."""
    if len(shape) - 1 not in axes:
        listed = ", ".join(map(str, axes))
        raise no_class(layer, f"it is for maps of {listed} spatial axes, and {show(shape)} comes")
    return len(shape) - 1
