"""Windows as columns, and back."""

from __future__ import annotations

from itertools import product
from math import prod

from cnncalc.axis.channels import Grouped
from cnncalc.axis.windows import Picked, Slide, Spread, Window
from cnncalc.errors import LayerError
from cnncalc.layers.base import (
    NO_PADS,
    Layer,
    Parts,
    Route,
    Shape,
    check_map,
    checked_lengths,
    option,
    show,
)
from cnncalc.layers.sliding import check_fits, dilation, kernel, slides, stride

MOST_COLUMNS = 10_000  # that are looked at one by one


def _padding() -> tuple[tuple[int, int], ...]:
    return option("pads", "padding on each side", key="p", default=NO_PADS, minimum=0)


def _size() -> tuple[int, ...]:
    return option("axes", "the map's size", minimum=1)


class Unfold(Layer):
    """Every window as a column: (C, *spatial) becomes (C*prod k, number of windows)."""

    kind = "unfold"
    formula = "C' = C * prod k; L = prod floor((n + 2p - d(k-1) - 1)/s + 1)"
    source = "torch.nn.Unfold"

    kernel: tuple[int, ...] = kernel()
    stride: tuple[int, ...] = stride()
    padding: tuple[tuple[int, int], ...] = _padding()
    dilation: tuple[int, ...] = dilation()

    def windows(self, *shapes: Shape) -> tuple[Slide, ...]:
        return slides(self, shapes[0])

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_map(self, shape)
        windows = self.windows(shape)
        check_fits(windows, shape)
        columns = prod(checked_lengths(windows, shape))
        return shape[0] * prod(w.kernel for w in windows), columns

    def route(self, shape: Shape) -> Route | None:
        """Of one axis, a channel becomes its taps; of more axes the places are jumbled."""
        windows = self.windows(shape)
        if len(windows) > 1:
            return Route(shape, windows, moves=(None,) * len(shape), across=None)
        (w,) = slides(self, shape)
        taps = range(0, w.dilation * w.kernel, w.dilation)

        def tap(part: int) -> tuple[Window, ...]:
            i = taps[part]
            return (Slide(1, w.stride, w.before - i, w.after + i - taps[-1]),)

        return Route(shape, windows, across=Grouped(1, w.kernel), splits=Parts(w.kernel, tap))


class Fold(Layer):
    """The way back of unfold: columns are added up into a map of the given size."""

    kind = "fold"
    formula = "(C*prod k, L) becomes C x size; L must be the number of windows of that size"
    source = "torch.nn.Fold"

    kernel: tuple[int, ...] = kernel()
    size: tuple[int, ...] = _size()
    stride: tuple[int, ...] = stride()
    padding: tuple[tuple[int, int], ...] = _padding()
    dilation: tuple[int, ...] = dilation()

    @property
    def sizes(self) -> Shape:
        """The map's size on each of its axes."""
        axes = max(len(self.kernel), len(self.size))
        return self.size if len(self.size) == axes else self.size * axes

    def blocks(self, shape: Shape) -> tuple[Slide, ...]:
        """The windows that would unfold the map back."""
        return slides(self, shape[:1] + self.sizes)

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        if len(shape) != 2:
            raise LayerError(
                f"`fold` takes columns (C*k, L) but receives {show(shape)}",
                code="fold",
                help="what `unfold` gives",
            )
        windows, size = self.blocks(shape), self.sizes
        taps = prod(w.kernel for w in windows)
        if shape[0] % taps:
            raise LayerError(
                f"{shape[0]} rows are no multiple of the {taps} taps of the kernel",
                code="fold",
                option="kernel",
                help=f"rows = channels * {taps}",
            )
        lengths = checked_lengths(windows, shape[:1] + size)
        if prod(lengths) != shape[1]:
            raise LayerError(
                f"a map of {show(size)} has {prod(lengths)} windows but {shape[1]} columns came in",
                code="fold",
                option="size",
                help=f"{prod(lengths)} columns, or another `size`"
                + (
                    f", as `size={size[0]}x{size[0]}` of a map of two axes"
                    if len(size) == 1
                    else ""
                ),
            )
        return shape[0] // taps, *size

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        (shape,) = shapes
        blocks = self.blocks(shape)
        if len(blocks) != 1:
            return self._in_the_map(blocks)
        (w,) = blocks
        room = self.size[0] + w.before + w.after - w.dilation * (w.kernel - 1) - 1
        left = room % w.stride  # places that no window reached
        return (Spread(w.kernel, w.stride, w.before, w.after, w.dilation, left),)

    def _in_the_map(self, blocks: tuple[Slide, ...]) -> tuple[Window, ...]:
        """The columns that are no window of padding alone; empty: none is, or they are too many."""
        sizes = self.sizes
        lengths = [w.length(n) for w, n in zip(blocks, sizes, strict=True)]
        padded = any(w.before or w.after for w in blocks)
        if not padded or prod(lengths) > MOST_COLUMNS:
            return ()
        inside = [
            [any(0 <= i < n for i in w.reads(o)) for o in range(length)]
            for w, n, length in zip(blocks, sizes, lengths, strict=True)
        ]
        columns = [column for column, each in enumerate(product(*inside)) if all(each)]
        if not columns:
            return (Slide(1, before=1, after=-prod(lengths)),)  # one unit, of padding
        return (Picked(columns),) if len(columns) < prod(lengths) else ()

    def route(self, shape: Shape) -> Route | None:
        windows, alone = self.windows(shape), len(self.sizes) == 1
        return Route(shape, windows, moves=(0, 1) if alone else (None, None), across=None)
