"""Layers at every entry of an axis: with the same weights, as for the frames of a video."""

from __future__ import annotations

from math import prod

from cnncalc.axis.windows import Window
from cnncalc.errors import LayerError
from cnncalc.layers.base import OWN, Layer, Parts, Route, Shape, Weight, option, order, show

__all__ = ["Each", "each", "sample"]


class Each(Layer):
    """A layer that runs at every entry of the leading axes by itself.

    Input (*entries, *sample), output (*entries, *output of the layer for a sample). With order
    `last` the axes lead where the channels are last: they stand behind the channels here.
    """

    kind = "each"
    scalars = False
    formula = (
        "output = entries, then the layer's output for one sample; params = the layer's; "
        "MACs = prod entries * the layer's"
    )
    source = "keras.layers.TimeDistributed; torch.flatten(x, 0, 1) before a layer, unflatten behind"

    layer: Layer = option("layer", "the layer that runs at every entry")
    axes: int = option("count", "over how many axes", positional=True, default=1, minimum=1)
    order: str = order()

    def check(self) -> None:
        inner = self.layer
        if inner.arity == "many" or inner.kind in ("input", self.kind):
            raise LayerError(
                f"`{inner.kind}` can't run at every entry by itself",
                code="each",
                help="put it outside of `each`",
            )
        if inner.mixes_samples:
            raise LayerError(
                f"`{inner.kind}` runs along the batch axis, so that `each` can't run it",
                code="each",
                help="another axis",
            )

    @classmethod
    def example(cls) -> str:
        return "`each[conv:16,k3,p1]`"

    def at_each(self, axes: int, order: str) -> Layer | None:
        return self.replaced(axes=self.axes + axes) if order == self.order else None

    @property
    def core(self) -> Layer:
        return self.layer

    @property
    def trailing(self) -> int:
        """How many axes of a sample stand before the entries: the channels, or none."""
        return int(self.order == "last")

    def outer(self, axis: int) -> int:
        """The axis of the whole that an axis of a sample is."""
        return axis if axis < self.trailing else axis + self.axes

    def entries(self, shape: Shape) -> Shape:
        """The axes that are run over."""
        return shape[self.trailing : self.trailing + self.axes]

    def sample(self, shape: Shape) -> Shape:
        """The shape of what flows into the layer at each entry."""
        return sample(shape, self.axes, self.order)

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        entries = self.entries(shape)
        made = self.layer.output(self.sample(shape))
        if not made and self.trailing:
            raise LayerError(
                f"`{self.layer.kind}` leaves one number of each entry, and no channels", code="each"
            )
        return made[: self.trailing] + entries + made[self.trailing :]

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        route = self.route(shapes[0])
        return route.windows if route else ()

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        return self.layer.weights(self.sample(shapes[0]))

    def macs(self, *shapes: Shape) -> int:
        (shape,) = shapes
        return prod(self.entries(shape)) * self.layer.macs(self.sample(shape))

    def route(self, shape: Shape) -> Route | None:
        inner = self.layer.route(self.sample(shape))
        if inner is None:
            return None
        return self._behind(shape, inner) if self.trailing else self._before(shape, inner)

    def _behind(self, shape: Shape, inner: Route) -> Route:
        """With the entries behind the channels, which stay in front."""
        own = (OWN,) * self.axes

        def side(part: int) -> tuple[Window, ...]:
            return own + tuple(inner.splits[part])

        return Route(
            shape,
            own + (inner.windows or (OWN,) * (len(inner.shape) - 1)),
            mixes=tuple(map(self.outer, inner.mixes)),
            moves=self._moves(inner.moves),
            across=inner.across,
            splits=Parts(len(inner.splits), side) if inner.splits else (),
        )

    def _before(self, shape: Shape, inner: Route) -> Route:
        """With the entries in front, so that a sample's channels are an axis like others.

        What no window along them says is a bound: their units are told apart no more.
        """
        moves = inner.moves
        if inner.splits:
            moves = (None,) * len(moves)
        elif inner.across is None:
            moves = (None, *moves[1:])
        windows = inner.windows or (OWN,) * (len(inner.shape) - 1)
        return Route(
            shape,
            (*(OWN,) * (self.axes - 1), inner.across or OWN, *windows),
            mixes=tuple(map(self.outer, inner.mixes)),
            moves=self._moves(moves),
        )

    def _moves(self, inner: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Where the axes of the whole go, of where those of a sample do."""
        moves: list[int | None] = [None if to is None else self.outer(to) for to in inner]
        entries = range(self.trailing, self.trailing + self.axes)
        return (*moves[: self.trailing], *entries, *moves[self.trailing :])


def sample(shape: Shape, axes: int, order: str = "first") -> Shape:
    """The shape of one entry, without the axes that are run over.

    Raises:
        LayerError: nothing is left besides.
    """
    if len(shape) <= axes:
        raise LayerError(
            f"`each` runs over {axes} {'axis' if axes == 1 else 'axes'} "
            f"but the input {show(shape)} has no more",
            code="wrong-axes",
            option="axes",
            help=f"an input of at least {axes + 1} axes",
        )
    front = int(order == "last")
    return shape[:front] + shape[front + axes :]


def each(layer: Layer, axes: int = 1, order: str = "first") -> Layer:
    """A layer at every entry of some axes: itself where it does the same to every value.

    Raises:
        LayerError: a layer that can't run so.
    """
    return layer.at_each(axes, order) or Each(layer, axes, order)
