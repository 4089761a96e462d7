"""Pooling to a size: adaptive, of the whole map, fractional."""

from __future__ import annotations

from math import floor

from cnncalc.axis.windows import Bins, Slide, Window, adaptive
from cnncalc.errors import LayerError
from cnncalc.layers.base import Route, Shape, axis_name, check_map, empty, option, spread_out
from cnncalc.layers.sliding import EachChannel, kernel


class AdaptivePool(EachChannel):
    """What adaptive pools share: the size is given, the bins follow."""

    size: tuple[int | str, ...] = option(
        "sizes",
        "output size, `keep` for an axis left as it is",
        positional=True,
        minimum=0,
        words=("keep",),
    )
    empty: bool = empty()

    def check(self) -> None:
        if 0 in self.size and not self.empty:
            raise LayerError(
                "`size` can't be 0", code="bad-value", option="size", help="sizes of at least 1"
            )

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        """Slides where the bins are equal (the identity where sizes are), else bins."""
        return tuple(map(adaptive, shapes[0][1:], self.sizes(shapes[0])))

    def sizes(self, shape: Shape) -> Shape:
        """The spatial axes of the output."""
        sizes = spread_out("size", self.size, shape)
        return tuple(n if isinstance(m, str) else m for n, m in zip(shape[1:], sizes, strict=True))

    def output(self, *shapes: Shape) -> Shape:
        check_map(self, shapes[0])
        return shapes[0][0], *self.sizes(shapes[0])


class AdaptiveAverage(AdaptivePool):
    """Average pooling to a given size, whatever the input's."""

    kind = "adaptiveavg"
    formula = "n' = m as given; bin i averages floor(i n/m) .. ceil((i+1) n/m)"
    source = "torch.nn.AdaptiveAvgPool2d"


class AdaptiveMax(AdaptivePool):
    """Max pooling to a given size, whatever the input's."""

    kind = "adaptivemax"
    formula = "n' = m as given; bin i takes the maximum over floor(i n/m) .. ceil((i+1) n/m)"
    source = "torch.nn.AdaptiveMaxPool2d"


class GlobalPool(EachChannel):
    """What global pools share: one value for each channel."""

    formula = "C from C x any map; with `keep`, C x 1 x 1"

    keep: bool = option("flag", "leave axes of size 1", default=False, word="keep")

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        return tuple(Slide(n, n) for n in shapes[0][1:])

    def output(self, *shapes: Shape) -> Shape:
        pooled = super().output(*shapes)
        return pooled if self.keep else pooled[:1]

    def route(self, shape: Shape) -> Route | None:
        moves = [axis if self.keep else None for axis in range(1, len(shape))]
        return Route(shape, self.windows(shape), moves=(0, *moves))


class GlobalAverage(GlobalPool):
    """The mean of each channel over the whole map. Input (C, *spatial), output (C,)."""

    kind = "gap"
    source = "keras.layers.GlobalAveragePooling2D; ONNX GlobalAveragePool; Lin et al. 2013"


class GlobalMax(GlobalPool):
    """The maximum of each channel over the whole map. Input (C, *spatial), output (C,)."""

    kind = "gmp"
    source = "keras.layers.GlobalMaxPooling2D; ONNX GlobalMaxPool"


class GlobalLp(GlobalPool):
    """The p-norm of each channel over the whole map. Input (C, *spatial), output (C,)."""

    kind = "glp"
    source = "ONNX GlobalLpPool"

    norm: float = option("number", "which norm", default=2, minimum=1)


class FractionalMaxPool(EachChannel):
    """Max pooling over windows at pseudo-random positions, to a size or by a ratio."""

    kind = "fracmaxpool"
    formula = "n' = size as given, or floor(n * ratio); n' + k - 1 <= n"
    source = "torch.nn.FractionalMaxPool2d; Graham 2014, arXiv:1412.6071"

    kernel: tuple[int, ...] = kernel()
    size: tuple[int, ...] | None = option("axes", "output size", default=None, minimum=1)
    ratio: tuple[float, ...] | None = option(
        "factors", "output size as a ratio of the input's", default=None
    )

    def check(self) -> None:
        if (self.size is None) == (self.ratio is None):
            raise LayerError(
                "`fracmaxpool` takes either a size or a ratio",
                code="bad-value",
                help="write `fracmaxpool:2,size=7` or `fracmaxpool:2,ratio=0.5`",
            )
        if self.ratio and max(self.ratio) >= 1:
            raise LayerError(
                "the ratio of `fracmaxpool` lies between 0 and 1",
                code="bad-value",
                option="ratio",
                help="write `ratio=0.5` to halve the size",
            )

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        # Where the windows lie is drawn at random: bins widened by the kernel hold them all.
        return tuple(Bins(n, m) for n, m in zip(shapes[0][1:], self._sizes(shapes[0]), strict=True))

    def _sizes(self, shape: Shape) -> tuple[int, ...]:
        if self.size is not None:
            return spread_out("size", self.size, shape)
        assert self.ratio is not None
        ratios = spread_out("ratio", self.ratio, shape)
        return tuple(floor(n * r) for n, r in zip(shape[1:], ratios, strict=True))

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_map(self, shape)
        sizes, kernels = self._sizes(shape), spread_out("kernel", self.kernel, shape)
        for axis, (n, m, k) in enumerate(zip(shape[1:], sizes, kernels, strict=True)):
            if m < 1 or m + k - 1 > n:
                raise LayerError(
                    f"{m} windows of {k} don't fit on {axis_name(axis, len(sizes))} of {n}",
                    code="kernel-too-large",
                    option="kernel",
                    help=f"output size + kernel - 1 is at most {n}",
                )
        return shape[0], *sizes
