"""Padding and cropping: positions around a map, added or cut off."""

from __future__ import annotations

from cnncalc.axis.windows import Slide, Window
from cnncalc.errors import LayerError
from cnncalc.layers.base import (
    NO_PADS,
    OWN,
    Layer,
    Route,
    Shape,
    axis_name,
    check_map,
    checked_lengths,
    empty,
    option,
    spread_out,
)
from cnncalc.layers.sliding import check_mode


class Pad(Layer):
    """Values added around the map; negative amounts crop."""

    kind = "pad"
    formula = "n' = n + before + after"
    source = "torch.nn.ZeroPad2d, ReflectionPad2d …; keras.layers.ZeroPadding2D"

    padding: tuple[tuple[int, int], ...] = option(
        "pads", "how much on each side", key="p", positional=True
    )
    mode: str = option(
        "choice",
        "what it is filled with",
        default="zeros",
        words=("zeros", "reflect", "replicate", "circular"),
    )
    value: float = option("number", "the value, for mode zeros", default=0)
    channels: tuple[tuple[int, int], ...] = option(
        "pads", "how many channels are added before and after", key="c", default=NO_PADS
    )
    empty: bool = empty()

    def check(self) -> None:
        if len(self.channels) != 1:
            raise LayerError(
                "`channels` has one amount before and one after",
                code="bad-value",
                option="channels",
                help="write `channels=8:8`",
            )

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        pads = spread_out("padding", self.padding, shapes[0])
        return tuple(Slide(1, 1, before, after) for before, after in pads)

    def route(self, shape: Shape) -> Route | None:
        across = OWN if self.channels == NO_PADS else Slide(1, 1, *self.channels[0])
        return Route(shape, self.windows(shape), across=across)

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        if self.channels == NO_PADS and not self.empty:
            check_map(self, shape)
        pads = spread_out("padding", self.padding, shape)
        sides = ("padding", shape[1:], pads), ("channels", shape[:1], self.channels)
        for name, sizes, amounts in sides:
            check_mode(self.mode, amounts, sizes, name)
            for n, (before, after) in zip(sizes, amounts, strict=True):
                self.check_crop(n, before, after, name)
        channels = shape[0] + sum(self.channels[0])
        least = 0 if self.empty else 1
        if channels < least:
            raise LayerError(
                f"{channels} channels would be left", code="empty-output", option="channels"
            )
        return channels, *checked_lengths(self.windows(shape), shape, least)

    def check_crop(self, n: int, before: int, after: int, option: str) -> None:
        """More than there is can't be cut, though padding makes up for it (torch.nn.ZeroPad2d)."""
        cut = max(-before, 0) + max(-after, 0)
        if cut > n and self.mode in ("zeros", "circular"):
            raise LayerError(
                f"{cut} can't be cut from {n}",
                code="over-cropped",
                option=option,
                help=f"at most {n - 1}",
            )


def pad_along(axis: int, rank: int, amounts: tuple[int, int], value: float = 0) -> Pad:
    """One axis alone made longer, the channels counted as axis 0."""
    pads = [(0, 0)] * max(rank - 1, 1)
    if axis:
        pads[axis - 1] = amounts
    return Pad(tuple(pads), "zeros", value, ((0, 0) if axis else amounts,))


class Crop(Layer):
    """Places cut off around the map."""

    kind = "crop"
    carries = True
    formula = "n' = n - before - after"
    source = "keras.layers.Cropping2D"

    amount: tuple[tuple[int, int], ...] = option(
        "pads", "how much on each side", key="p", positional=True, minimum=0
    )

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        amounts = spread_out("amount", self.amount, shapes[0])
        return tuple(Slide(1, 1, -before, -after) for before, after in amounts)

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_map(self, shape)
        self.check_leaves_something(shape)
        return shape[0], *checked_lengths(self.windows(shape), shape)

    def check_leaves_something(self, shape: Shape) -> None:
        """LayerError where as much is cut off as there is."""
        amounts = spread_out("amount", self.amount, shape)
        for axis, ((before, after), n) in enumerate(zip(amounts, shape[1:], strict=True)):
            if before + after >= n:
                raise LayerError(
                    f"cropping {before}+{after} leaves nothing of {axis_name(axis, len(amounts))} "
                    f"of {n}",
                    code="empty-output",
                    option="amount",
                    help=f"at most {n - 1} in all",
                )
