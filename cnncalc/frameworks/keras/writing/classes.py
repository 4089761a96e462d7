"""A layer as a call of one class of Keras, channels last: `layers.Conv2D(16, 3)`."""

from __future__ import annotations

from cnncalc.frameworks.keras.writing import moving, pointwise, products, recurrent, windowed
from cnncalc.frameworks.keras.writing.calls import no_class
from cnncalc.layers.base import Layer, Shape

__all__ = ["WRITERS", "write"]

WRITERS = (
    windowed.WRITERS | moving.WRITERS | pointwise.WRITERS | products.WRITERS | recurrent.WRITERS
)


def write(layer: Layer, shape: Shape) -> str:
    """The call that makes this layer for a (first) input of this shape, channels first.

    `parts` gives the layers to write where Keras has no single class.

    Raises:
        LayerError: Keras has no class for it.
    """
    writer = WRITERS.get(layer.kind)
    if writer is None:
        raise no_class(layer, "there is none of its kind")
    return writer(layer, shape)
