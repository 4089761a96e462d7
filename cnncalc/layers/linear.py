"""Fully connected layers."""

from __future__ import annotations

from math import prod

from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Route, Shape, Weight, option, place, show


class Linear(Layer):
    """A fully connected layer: every output reads every feature.

    Input (C,), output (out_features,); weight (out_features, C). With `axis` it works on one
    axis of a map, at every place: -1 is the last (PyTorch), 0 the channels (Keras's Dense).
    """

    kind = "linear"
    aliases = ("fc", "dense")
    formula = "params = out * (in + 1); MACs = out * in"
    source = "torch.nn.Linear; keras.layers.Dense"

    out_features: int = option("count", "output features", positional=True, minimum=1)
    bias: bool = option("flag", "whether a bias is added", default=True, word="nobias")
    axis: int | None = option("count", "the axis of a map to work on", default=None, minimum=-8)

    def place(self, shape: Shape) -> int:
        """The axis it works on, counted from the front."""
        if self.axis is None:
            if len(shape) > 1:
                raise LayerError(
                    f"`linear` works on a vector but receives the map {show(shape)}",
                    code="linear-on-a-map",
                    help=f"put `flatten` ({prod(shape)} features) or `gap` ({shape[0]} features) "
                    "before it",
                )
            return 0
        return place(self.axis, shape)

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        axis = self.place(shape)
        return *shape[:axis], self.out_features, *shape[axis + 1 :]

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        features = shapes[0][self.place(shapes[0])]
        weight = Weight("weight", (self.out_features, features))
        return (weight, Weight("bias", (self.out_features,))) if self.bias else (weight,)

    def macs(self, *shapes: Shape) -> int:
        return self.out_features * prod(shapes[0])

    def route(self, shape: Shape) -> Route | None:
        return Route(shape, mixes=(self.place(shape),))
