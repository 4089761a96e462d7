"""Embeddings: entries of a table, looked up by whole numbers."""

from __future__ import annotations

from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Route, Shape, Weight, option, order, show


class Embedding(Layer):
    """The features of each of its whole numbers.

    Input: whole numbers from 0 to V - 1, of any shape; output: the same with one axis more, of E
    features; weight (V, E). The axis is the first in the compact notation, the last in PyTorch and
    Keras.
    """

    kind = "embedding"
    scalars = True
    formula = "C' = E; params = V * E for V entries of E features; MACs = 0"
    source = "torch.nn.Embedding; keras.layers.Embedding; ONNX Gather"

    entries: int = option("count", "how many there are to look up", positional=True, minimum=1)
    features: int = option("count", "features of each", positional=True, minimum=1)
    axis: int = option("count", "the axis of the output that has the features", default=0)
    order: str = order()

    @property
    def looks_up(self) -> int:
        return self.entries

    def place(self, shape: Shape) -> int:
        """The axis of the output that has the features, counted from the front."""
        axes = len(shape) + 1
        if not -axes <= self.axis < axes:
            raise LayerError(
                f"the features of {show(shape)} can't be axis {self.axis}",
                code="wrong-axes",
                option="axis",
                help=f"axes run from 0 to {axes - 1}",
            )
        return self.axis % axes

    def moved(self, shape: Shape) -> Shape:
        """The numbers' own axes in the order in which they stand beside the features.

        Numbers of several axes with the last of them kept first are turned back, since the
        features are the last axis there.
        """
        turned = self.order == "last" and len(shape) > 1
        axes = tuple(range(len(shape)))
        return (*axes[1:], axes[0]) if turned else axes

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        at = self.place(shape)
        sizes = [shape[axis] for axis in self.moved(shape)]
        return *sizes[:at], self.features, *sizes[at:]

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        return (Weight("weight", (self.entries, self.features)),)

    def route(self, shape: Shape) -> Route | None:
        at, order = self.place(shape), self.moved(shape)
        found = {axis: place + (place >= at) for place, axis in enumerate(order)}
        return Route(shape, moves=tuple(found[axis] for axis in range(len(shape))))
