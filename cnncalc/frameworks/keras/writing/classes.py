"""A layer as a call of one class of Keras, channels last: `layers.Conv2D(16, 3)`."""

from __future__ import annotations

from cnncalc.frameworks.keras.writing import moving, pointwise, products, recurrent, windowed
from cnncalc.frameworks.keras.writing.calls import CALLS

__all__ = ["WRITERS", "write"]

WRITERS = (
    windowed.WRITERS | moving.WRITERS | pointwise.WRITERS | products.WRITERS | recurrent.WRITERS
)
# The call that makes a layer for a (first) input of this shape, channels first; LayerError
# where there is no class for it. `parts` gives the layers to write where one is not enough.
write = CALLS.writer(WRITERS)
