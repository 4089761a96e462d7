"""Shuffles: layers that trade channels for positions, or mix their order."""

from __future__ import annotations

from cnncalc.axis.channels import Dealt, Grouped
from cnncalc.axis.windows import Resize, Slide, Window
from cnncalc.errors import LayerError
from cnncalc.layers.base import (
    Layer,
    Parts,
    Route,
    Shape,
    axis_name,
    check_map,
    option,
)
from cnncalc.layers.sliding import check_groups


class PixelShuffle(Layer):
    """Channels become positions: (C*r*r, H, W) becomes (C, H*r, W*r)."""

    kind = "pixelshuffle"
    formula = "C' = C / r^axes, n' = n r"
    source = "torch.nn.PixelShuffle; Shi et al. 2016, arXiv:1609.05158"

    factor: int = option("count", "how many times larger", key="r", positional=True, minimum=1)

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        return tuple(Resize(self.factor, 1, n * self.factor) for n in shapes[0][1:])

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_map(self, shape)
        block = self.factor ** (len(shape) - 1)
        if shape[0] % block:
            raise LayerError(
                f"{shape[0]} channels can't be dealt out to blocks of {block} positions",
                code="groups",
                option="factor",
                help=f"channels that {block} divides",
            )
        return shape[0] // block, *(n * self.factor for n in shape[1:])

    def route(self, shape: Shape) -> Route | None:
        return Route(shape, self.windows(shape), across=None)


class PixelUnshuffle(Layer):
    """Places become channels: (C, H*r, W*r) becomes (C*r*r, H, W)."""

    kind = "pixelunshuffle"
    formula = "C' = C r^axes, n' = n / r"
    source = "torch.nn.PixelUnshuffle"

    factor: int = option("count", "how many times smaller", key="r", positional=True, minimum=1)

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        return tuple(Slide(self.factor, self.factor) for _ in shapes[0][1:])

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_map(self, shape)
        for axis, n in enumerate(shape[1:]):
            if n % self.factor:
                raise LayerError(
                    f"{axis_name(axis, len(shape) - 1)} of {n} is no multiple of {self.factor}",
                    code="groups",
                    option="factor",
                    help="pad or crop it first",
                )
        channels = shape[0] * self.factor ** (len(shape) - 1)
        return channels, *(n // self.factor for n in shape[1:])

    def route(self, shape: Shape) -> Route | None:
        """A channel becomes the places of a block, row by row."""
        r, axes = self.factor, len(shape) - 1

        def place_of(part: int) -> tuple[Window, ...]:
            places = [part // r**axis % r for axis in reversed(range(axes))]
            return tuple(Slide(1, r, -i, i + 1 - r) for i in places)

        splits = Parts(r**axes, place_of)
        return Route(shape, self.windows(shape), across=Grouped(1, r**axes), splits=splits)


class ChannelShuffle(Layer):
    """The channels of all groups interleaved."""

    kind = "chshuffle"
    carries = True
    formula = "output = input, channels dealt out over the groups"
    source = "torch.nn.ChannelShuffle; Zhang et al. 2017, arXiv:1707.01083"

    groups: int = option("count", "groups of channels", key="g", positional=True, minimum=1)

    def output(self, *shapes: Shape) -> Shape:
        check_groups(self.groups, shapes[0][0], "channels")
        return shapes[0]

    def route(self, shape: Shape) -> Route | None:
        return Route(shape, across=Dealt(self.groups, shape[0] // self.groups))
