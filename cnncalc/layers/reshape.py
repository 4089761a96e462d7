"""Layers that only move values: flatten, reshape, permute, slice, pad, crop, shuffles, fold."""

from __future__ import annotations

from math import prod

from cnncalc.errors import LayerError
from cnncalc.layers.base import (
    NO_PADS,
    ONES,
    Layer,
    Shape,
    axis_name,
    check_map,
    checked_lengths,
    empty,
    option,
    show,
    spread_out,
)
from cnncalc.layers.sliding import check_fits, check_groups, check_mode, slides
from cnncalc.windows import Resize, Slide, Spread, Window


class Flatten(Layer):
    """All axes (or those from `start` to `end`) become one, in row-major order."""

    kind = "flatten"
    formula = "output = C * prod n"
    source = "torch.nn.Flatten; keras.layers.Flatten"

    start: int = option("count", "first axis that is merged, 0 for channels", default=0, minimum=-8)
    end: int = option("count", "last axis that is merged", default=-1, minimum=-8)
    order: str = option(
        "choice",
        "which axis runs fastest: `first` as channels first flattens, `last` as channels last does",
        default="first",
        words=("first", "last"),
    )

    def merged(self, shape: Shape) -> range:
        """The axes that become one."""
        ends = []
        for name, axis in (("start", self.start), ("end", self.end)):
            if not -len(shape) <= axis < len(shape):
                raise LayerError(
                    f"`{name}` is axis {axis} but the input {show(shape)} has axes "
                    f"0 to {len(shape) - 1}",
                    code="wrong-axes",
                )
            ends.append(axis % len(shape))
        if ends[0] > ends[1]:
            raise LayerError(f"`start` ({ends[0]}) lies after `end` ({ends[1]})", code="wrong-axes")
        return range(ends[0], ends[1] + 1)

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        axes = self.merged(shape)
        return *shape[: axes.start], prod(shape[axes.start : axes.stop]), *shape[axes.stop :]

    def moves(self, *shapes: Shape) -> tuple[int | None, ...]:
        axes = self.merged(shapes[0])
        if len(axes) == 1:
            return tuple(range(len(shapes[0])))
        rest = range(axes.start + 1, len(shapes[0]) - len(axes) + 1)
        return *range(axes.start), *([None] * len(axes)), *rest


class Unflatten(Layer):
    """One axis becomes several: `unflatten:64x7x7` makes a map from 3136 features."""

    kind = "unflatten"
    formula = "C becomes the sizes given, whose product is C"
    source = "torch.nn.Unflatten; keras.layers.Reshape"

    sizes: tuple[int | str, ...] = option(
        "sizes", "the sizes that the axis becomes", positional=True, minimum=1, words=("infer",)
    )
    axis: int = option("count", "the axis that is split, 0 for channels", default=0, minimum=-8)

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        if not -len(shape) <= self.axis < len(shape):
            raise LayerError(f"the input {show(shape)} has no axis {self.axis}", code="wrong-axes")
        axis = self.axis % len(shape)
        sizes = inferred(self.sizes, shape[axis], f"{shape[axis]} features")
        return *shape[:axis], *sizes, *shape[axis + 1 :]

    def moves(self, *shapes: Shape) -> tuple[int | None, ...]:
        axis, count = self.axis % len(shapes[0]), len(shapes[0])
        if len(self.sizes) == 1:
            return tuple(range(count))
        return (*range(axis), None, *range(axis + len(self.sizes), count + len(self.sizes) - 1))


class Reshape(Layer):
    """Any other shape of the same number of values, in row-major order."""

    kind = "reshape"
    formula = "output = the sizes given, of the same product; `infer` once"
    source = "torch.reshape; keras.layers.Reshape"

    sizes: tuple[int | str, ...] = option(
        "sizes", "the new shape, channels first", positional=True, minimum=1, words=("infer",)
    )
    order: str = option(
        "choice",
        "which order values run in: `first` as channels first has them, `last` as channels last",
        default="first",
        words=("first", "last"),
    )

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        return inferred(self.sizes, prod(shape), f"the {prod(shape)} values of {show(shape)}")

    def moves(self, *shapes: Shape) -> tuple[int | None, ...]:
        if self.output(*shapes) == shapes[0]:
            return tuple(range(len(shapes[0])))
        return (None,) * len(shapes[0])


def inferred(sizes: tuple[int | str, ...], total: int, what: str) -> Shape:
    """The sizes with `infer` worked out; LayerError where they don't hold the total."""
    known = prod(size for size in sizes if isinstance(size, int))
    unknown = sum(not isinstance(size, int) for size in sizes)
    if unknown > 1:
        raise LayerError("`infer` can stand once only", code="reshape")
    if total % known if unknown else known != total:
        raise LayerError(
            f"{'×'.join(map(str, sizes))} can't hold {what}",
            code="reshape",
            help=f"sizes whose product is {total}"
            if not unknown
            else f"sizes whose product divides {total}",
        )
    return tuple(total // known if isinstance(size, str) else size for size in sizes)


class Permute(Layer):
    """The axes in another order: `permute:1x2x0` takes channels first to channels last."""

    kind = "permute"
    formula = "output[i] = input[axes[i]]; axis 0 is the channels"
    source = "torch.permute; keras.layers.Permute"

    axes: tuple[int, ...] = option(
        "integers",
        "the input axis for each output axis, 0 for channels",
        positional=True,
        minimum=0,
    )

    def check(self) -> None:
        if sorted(self.axes) != list(range(len(self.axes))):
            raise LayerError(
                f"{show(self.axes)} is no order of the axes 0 to {len(self.axes) - 1}",
                code="bad-value",
                help="each axis once, such as `permute:0x2x1`",
            )

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        if len(shape) != len(self.axes):
            raise LayerError(
                f"`permute` orders {len(self.axes)} axes but the input {show(shape)} "
                f"has {len(shape)}",
                code="wrong-axes",
                help="channels count as one",
            )
        return tuple(shape[axis] for axis in self.axes)

    def moves(self, *shapes: Shape) -> tuple[int | None, ...]:
        return tuple(self.axes.index(axis) for axis in range(len(self.axes)))


class Slice(Layer):
    """A part of one axis, channels by default: `slice:0..32` keeps the first 32."""

    kind = "slice"
    formula = "output = ceil((stop - start) / step) of the axis"
    source = "Python slicing; torch.chunk, torch.split"

    interval: tuple[int | None, int | None] = option(
        "interval", "from the first to before the last, negative from the end", positional=True
    )
    axis: int = option("count", "the axis, 0 for channels", default=0, minimum=-8)
    step: int = option("count", "every how many", default=1, minimum=1)

    def taken(self, shape: Shape) -> range:
        """The indices that stay."""
        if not -len(shape) <= self.axis < len(shape):
            raise LayerError(f"the input {show(shape)} has no axis {self.axis}", code="wrong-axes")
        n = shape[self.axis]
        return range(*slice(*self.interval, self.step).indices(n))

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        taken, (start, stop) = self.taken(shape), self.interval
        n = shape[self.axis]
        if not taken or (stop or 0) > n or (start or 0) >= n:
            raise LayerError(
                f"`{'' if start is None else start}..{'' if stop is None else stop}` is not a part "
                f"of the {n} {'channels' if self.axis % len(shape) == 0 else 'places'}",
                code="slice",
                help=f"an interval within 0..{n}",
            )
        sizes = list(shape)
        sizes[self.axis] = len(taken)
        return tuple(sizes)

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        (shape,) = shapes
        axis, taken = self.axis % len(shape), self.taken(shape)
        if axis == 0:
            return ()
        return tuple(
            Slide(1, self.step, -taken.start, taken[-1] + 1 - n) if place == axis else Slide(1)
            for place, n in enumerate(shape[1:], 1)
        )


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
                help="write `channels=8:8`",
            )

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        pads = spread_out("padding", self.padding, shapes[0])
        return tuple(Slide(1, 1, before, after) for before, after in pads)

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        if self.channels == NO_PADS and not self.empty:
            check_map(self, shape)
        pads = spread_out("padding", self.padding, shape)
        for sizes, amounts in ((shape[1:], pads), (shape[:1], self.channels)):
            check_mode(self.mode, amounts, (0, *sizes))
            for n, (before, after) in zip(sizes, amounts, strict=True):
                self.check_crop(n, before, after)
        channels = shape[0] + sum(self.channels[0])
        least = 0 if self.empty else 1
        if channels < least:
            raise LayerError(f"{channels} channels would be left", code="empty-output")
        return channels, *checked_lengths(self.windows(shape), shape, least)

    def check_crop(self, n: int, before: int, after: int) -> None:
        """More than there is can't be cut, though padding makes up for it (torch.nn.ZeroPad2d)."""
        cut = max(-before, 0) + max(-after, 0)
        if cut > n and self.mode in ("zeros", "circular"):
            raise LayerError(
                f"{cut} can't be cut from {n}", code="over-cropped", help=f"at most {n - 1}"
            )


class Crop(Layer):
    """Places cut off around the map."""

    kind = "crop"
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
        return shape[0], *checked_lengths(self.windows(shape), shape)


class PixelShuffle(Layer):
    """Channels become places: (C*r*r, H, W) becomes (C, H*r, W*r)."""

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
                f"{shape[0]} channels can't be dealt out to blocks of {block} places",
                code="groups",
                help=f"channels that {block} divides",
            )
        return shape[0] // block, *(n * self.factor for n in shape[1:])


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
                    help="pad or crop it first",
                )
        channels = shape[0] * self.factor ** (len(shape) - 1)
        return channels, *(n // self.factor for n in shape[1:])


class ChannelShuffle(Layer):
    """The channels of all groups interleaved."""

    kind = "chshuffle"
    formula = "output = input, channels dealt out over the groups"
    source = "torch.nn.ChannelShuffle; Zhang et al. 2017, arXiv:1707.01083"

    groups: int = option("count", "groups of channels", key="g", positional=True, minimum=1)

    def output(self, *shapes: Shape) -> Shape:
        check_groups(self.groups, shapes[0][0], "channels")
        return shapes[0]


class Unfold(Layer):
    """Every window as a column: (C, *spatial) becomes (C*prod k, number of windows)."""

    kind = "unfold"
    formula = "C' = C * prod k; L = prod floor((n + 2p - d(k-1) - 1)/s + 1)"
    source = "torch.nn.Unfold"

    kernel: tuple[int, ...] = option("axes", "kernel size", key="k", positional=True, minimum=1)
    stride: tuple[int, ...] = option("axes", "stride", key="s", default=ONES, minimum=1)
    padding: tuple[tuple[int, int], ...] = option(
        "pads", "padding on each side", key="p", default=NO_PADS, minimum=0
    )
    dilation: tuple[int, ...] = option(
        "axes", "distance between taps", key="d", default=ONES, minimum=1
    )

    def windows(self, *shapes: Shape) -> tuple[Slide, ...]:
        return slides(self, shapes[0])

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_map(self, shape)
        windows = self.windows(shape)
        check_fits(windows, shape)
        columns = prod(checked_lengths(windows, shape))
        return shape[0] * prod(w.kernel for w in windows), columns

    def moves(self, *shapes: Shape) -> tuple[int | None, ...]:
        (shape,) = shapes
        return (0, 1) if len(shape) == 2 else (None,) * len(shape)


class Fold(Layer):
    """The way back of unfold: columns are added up into a map of the given size."""

    kind = "fold"
    formula = "(C*prod k, L) becomes C x size; L must be the number of windows of that size"
    source = "torch.nn.Fold"

    kernel: tuple[int, ...] = option("axes", "kernel size", key="k", positional=True, minimum=1)
    size: tuple[int, ...] = option("axes", "the map's size", minimum=1)
    stride: tuple[int, ...] = option("axes", "stride", key="s", default=ONES, minimum=1)
    padding: tuple[tuple[int, int], ...] = option(
        "pads", "padding on each side", key="p", default=NO_PADS, minimum=0
    )
    dilation: tuple[int, ...] = option(
        "axes", "distance between taps", key="d", default=ONES, minimum=1
    )

    def blocks(self, channels: int) -> tuple[Slide, ...]:
        """The windows that would unfold the map back."""
        axes = max(len(self.kernel), len(self.size))
        shape = (channels, *(self.size if len(self.size) == axes else self.size * axes))
        return slides(self, shape)

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        if len(shape) != 2:
            raise LayerError(
                f"`fold` takes columns (C*k, L) but receives {show(shape)}",
                code="fold",
                help="what `unfold` gives",
            )
        windows = self.blocks(shape[0])
        size = self.size if len(self.size) == len(windows) else self.size * len(windows)
        taps = prod(w.kernel for w in windows)
        if shape[0] % taps:
            raise LayerError(
                f"{shape[0]} rows are no multiple of the {taps} taps of the kernel",
                code="fold",
                help=f"rows = channels * {taps}",
            )
        lengths = checked_lengths(windows, (shape[0], *size))
        if prod(lengths) != shape[1]:
            raise LayerError(
                f"a map of {show(size)} has {prod(lengths)} windows but {shape[1]} columns came in",
                code="fold",
                help=f"{prod(lengths)} columns, or another `size`",
            )
        return shape[0] // taps, *size

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        blocks = self.blocks(shapes[0][0])
        if len(blocks) != 1:
            return ()
        (w,) = blocks
        return (Spread(w.kernel, w.stride, w.before, w.after, w.dilation),)

    def moves(self, *shapes: Shape) -> tuple[int | None, ...]:
        return (0, 1) if len(self.blocks(shapes[0][0])) == 1 else (None, None)
