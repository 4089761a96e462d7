"""A layer as a call of one class of torch.nn: `nn.Conv2d(3, 16, 3, padding=1)`."""

from __future__ import annotations

from cnncalc.frameworks.pytorch.writing import moving, pointwise, products, recurrent, windowed
from cnncalc.frameworks.pytorch.writing.calls import no_class
from cnncalc.layers.base import Layer, Shape

__all__ = ["write"]

WRITERS = (
    windowed.WRITERS | moving.WRITERS | pointwise.WRITERS | products.WRITERS | recurrent.WRITERS
)


def write(layer: Layer, shape: Shape) -> str:
    """The call that makes this layer for an input of this shape.

    `parts` gives the layers to write where torch.nn has no single class.

    Raises:
        LayerError: torch.nn has no class for it.
    """
    writer = WRITERS.get(layer.kind)
    if writer is None:
        raise no_class(layer, "there is none of its kind")
    return writer(layer, shape)
