"""What to write when maps don't fit that are multiplied with one another, or that attend."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Shape, show
from cnncalc.layers.product import MatrixProduct

__all__ = ["not_multiplied"]

Told = tuple[str, str | None]


def not_multiplied(
    error: LayerError, layer: Layer, call: str | None, shapes: Sequence[Shape], keras: bool
) -> Told:
    """The message and the help in the words of the source.

    Args:
        error: what the layer said.
        layer: it.
        call: the class, where there is one.
        shapes: what flows in, as the source has it.
        keras: whether that is Keras's.
    """
    if layer.kind == "mha" and error.code == "wrong-axes":
        return _no_positions(call or "attention", shapes, keras)
    if layer.kind == "mha" and error.code == "branches" and len(shapes) == 3:
        return _unequal(call or "attention", shapes, keras)
    if isinstance(layer, MatrixProduct) and len(shapes) == 2 and min(map(len, shapes)) > 1:
        return _differ(error, layer, shapes, keras)
    return error.message, error.help


def _no_positions(call: str, shapes: Sequence[Shape], keras: bool) -> Told:
    shape = next(each for each in shapes if len(each) != 2)
    message = f"`{call}` takes positions × features but receives {show(shape)}"
    if len(shape) < 2:
        return message, "an axis of positions in front of the features"
    if keras:
        places = prod(shape[:-1])
        return message, f"`layers.Reshape(({places}, {shape[-1]}))` makes {places} positions of it"
    return message, f"`x.flatten(2).transpose(1, 2)` makes {prod(shape[1:])} positions of it"


def _unequal(call: str, shapes: Sequence[Shape], keras: bool) -> Told:
    _, keys, values = shapes
    message = f"`{call}` receives {keys[0]} keys ({show(keys)}) and {values[0]} values"
    message += f" ({show(values)})"
    if keras:
        return message, "a value for each key: `(query, value, key)`, or `(x, memory)` for both"
    return message, "a value for each key, such as `attn(x, memory, memory)`"


def _differ(error: LayerError, layer: MatrixProduct, shapes: Sequence[Shape], keras: bool) -> Told:
    a, b = shapes
    sizes = a[-1], b[-1 if layer.transpose else -2]
    if sizes[0] == sizes[1]:
        return error.message, error.help
    message = f"this product sums over the {sizes[0]} of {show(a)} and the {sizes[1]} of {show(b)}"
    if a[-1] == b[-1] and not layer.transpose:
        return message, f"`{'ops.swapaxes(y, -1, -2)' if keras else 'x @ y.mT'}` turns the second"
    return message, f"sizes of …×m×{sizes[0]} and …×{sizes[0]}×n"
