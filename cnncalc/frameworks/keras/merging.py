"""Keras's merges, and the input itself."""

from __future__ import annotations

from cnncalc.frameworks.keras.arguments import finish, integer
from cnncalc.frameworks.keras.frame import Call, Vocabulary
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.merge import (
    Add,
    Concatenate,
    Elementwise,
    Input,
    Maximum,
    Mean,
    Minimum,
    Multiply,
    Subtract,
)
from cnncalc.network import Declared, Expects

__all__ = ["ELEMENTWISE", "MERGES", "declared_shape"]

ELEMENTWISE: dict[str, type[Elementwise]] = {
    "Add": Add,
    "Average": Mean,
    "Maximum": Maximum,
    "Minimum": Minimum,
    "Multiply": Multiply,
    "Subtract": Subtract,
}


def elementwise(call: Call, **keywords: object) -> tuple[Declared, ...]:
    """Add, Average, Maximum, Minimum, Multiply and Subtract.

    Inputs of fewer axes get axes of size 1 behind the batch: Keras's first axes.
    """
    align = "second" if call.frame.order == "last" else "first"
    layer = ELEMENTWISE[call.name](align=align)
    return finish(call, keywords, Declared(layer, Expects(call.words, rule=_aligned)))


def _aligned(layer: Layer, *shapes: Shape) -> Layer:
    """Inputs of equally many axes need no others."""
    return layer.replaced(align="equal") if len(set(map(len, shapes))) == 1 else layer


def concatenate(call: Call, axis: object = -1, **keywords: object) -> tuple[Declared, ...]:
    """Concatenate along one axis."""
    place, order = call.frame.axis(integer(call, "axis", axis, -8))
    return finish(call, keywords, call.ordered(Concatenate(place, order)))


def input_layer(
    call: Call,
    shape: object = None,
    batch_size: object = None,
    dtype: object = None,
    sparse: object = None,
    ragged: object = None,
    batch_shape: object = None,
    input_tensor: object = None,
    optional: object = False,
    name: object = None,
    **keywords: object,
) -> tuple[Declared, ...]:
    """InputLayer: a step of kind `input`, with its shape if all of it is known."""
    shape = keywords.pop("input_shape", shape)
    batch_shape = keywords.pop("batch_input_shape", batch_shape)
    if (shape is None) == (batch_shape is None):
        raise call.error("takes a shape", "shape=(224, 224, 3), without the batch")
    if batch_shape is not None and not isinstance(batch_shape, tuple | list):
        raise call.error(f"can't take batch_shape={batch_shape!r:.40}", "sizes behind a None")
    sizes = shape if batch_shape is None else batch_shape[1:]
    return finish(call, keywords, Input(declared_shape(call, sizes)))


def input_function(
    call: Call,
    shape: object = None,
    batch_size: object = None,
    dtype: object = None,
    sparse: object = None,
    ragged: object = None,
    batch_shape: object = None,
    name: object = None,
    tensor: object = None,
    optional: object = False,
) -> tuple[Declared, ...]:
    """The function `keras.Input`, which is `keras.layers.Input` too."""
    return input_layer(call, shape, batch_size, batch_shape=batch_shape)


def declared_shape(call: Call, sizes: object) -> Shape | None:
    """A shape that a source gives (without batch) channels first; None if a size is open."""
    if isinstance(sizes, int):
        sizes = (sizes,)
    if not isinstance(sizes, tuple | list):
        raise call.error(f"can't take the shape {sizes!r:.40}", "sizes such as (224, 224, 3)")
    if None in sizes:
        return None
    return call.frame.sizes([integer(call, "a size", size) for size in sizes])


MERGES: Vocabulary = {
    **dict.fromkeys(ELEMENTWISE, (elementwise, 0)),
    "Concatenate": (concatenate, 0),
    "Input": (input_function, 0),
    "InputLayer": (input_layer, 0),
}
