"""Pooling: sliding, adaptive, global, fractional, and unpooling."""

from __future__ import annotations

from typing import Any

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
from cnncalc.layers.sliding import pairs
from cnncalc.windows import Bins, Same, Slide, Spread, Window, adaptive, ceil_slide


def _kernel() -> Any:
    return option("axes", "kernel size", key="k", positional=True, minimum=1)


def _stride() -> Any:
    return option("axes", "stride; by default the kernel", key="s", default=None, minimum=1)


def pool_slides(layer: Any, shape: Shape) -> tuple[Slide, ...]:
    """The slide on each axis, with padding words and ceil mode resolved at this input size."""
    kernels = spread_out("kernel", layer.kernel, shape)
    strides = spread_out("stride", layer.stride or layer.kernel, shape)
    dilations = spread_out("dilation", layer.dilation, shape)
    steps = tuple(zip(shape[1:], kernels, strides, dilations, strict=True))
    if layer.padding in ("same", "same-lower"):
        lower = layer.padding == "same-lower"
        return tuple(Same(k, s, d, lower).at(n) for n, k, s, d in steps)
    pads = spread_out("padding", pairs(layer.padding), shape)
    windows = []
    for axis, ((n, k, s, d), (before, after)) in enumerate(zip(steps, pads, strict=True)):
        _check_padding(max(before, after), d * (k - 1) + 1)
        _check_room(layer, n + before + after, k, d, axis_name(axis, len(shape) - 1))
        windows.append(
            ceil_slide(n, k, s, before, after, d) if layer.ceil else Slide(k, s, before, after, d)
        )
    return tuple(windows)


def _check_padding(pad: int, extent: int) -> None:
    if pad >= extent:
        raise LayerError(
            f"padding {pad} is not smaller than the window, which spans {extent}, "
            "so a window would see nothing but padding",
            code="padding-too-large",
            help=f"padding of at most {extent - 1}, or a `pad:{pad}` layer before the pool",
        )


def _check_room(layer: Any, room: int, kernel: int, dilation: int, name: str) -> None:
    # With ceil mode PyTorch lets one window hang over the end, even a window
    # larger than all of the padded input.
    extent = dilation * (kernel - 1) + 1
    if extent > room and not (layer.ceil or layer.empty):
        raise LayerError(
            f"the window spans {extent} but {name} has only {room}, padding included",
            code="kernel-too-large",
            help=f"a window that spans at most {room}, or a larger input",
        )


class _Pool(Layer):
    """What all pools share: they work on each channel of a map."""

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_map(self, shape)
        return shape[0], *checked_lengths(self.windows(shape), shape)


class _SlidingPool(_Pool):
    """What pools with sliding windows share. Input (C, *spatial), output (C, *lengths)."""

    formula = (
        "n' = floor((n + before + after - d(k-1) - 1) / s) + 1, s = k by default; "
        "`ceil` rounds up, less a last window that would start beyond the input and left padding"
    )

    kernel: tuple[int, ...] = _kernel()
    stride: tuple[int, ...] | None = _stride()
    padding: tuple[tuple[int, int], ...] | str = option(
        "pads",
        "padding on each side; negative amounts crop",
        key="p",
        default=NO_PADS,
        words=("valid", "same", "same-lower"),
    )
    dilation: tuple[int, ...] = option(
        "axes", "dilation: distance between window taps", key="d", default=ONES, minimum=1
    )
    ceil: bool = option("flag", "round the size up instead of down", default=False, word="ceil")
    empty: bool = option(
        "flag",
        "whether an output of no places is let pass, as ONNX Runtime does",
        default=False,
        word="empty",
    )

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        return pool_slides(self, shapes[0])

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_map(self, shape)
        return shape[0], *checked_lengths(self.windows(shape), shape, 0 if self.empty else 1)


class MaxPool(_SlidingPool):
    """The maximum over each window. Input (C, *spatial), output (C, *lengths)."""

    kind = "maxpool"
    source = "torch.nn.MaxPool2d; keras.layers.MaxPooling2D; ONNX MaxPool"


class AveragePool(_SlidingPool):
    """The mean over each window. Input (C, *spatial), output (C, *lengths)."""

    kind = "avgpool"
    source = "torch.nn.AvgPool2d; keras.layers.AveragePooling2D; ONNX AveragePool"

    count_padding: bool = option(
        "flag", "whether padding counts in the mean", default=True, word="nopadcount"
    )
    divisor: int | None = option(
        "count", "what sums are divided by, instead of the window's size", default=None
    )

    def check(self) -> None:
        if self.divisor == 0:
            raise LayerError("sums can't be divided by 0", code="bad-value", help="`divisor=1`")


class LpPool(_SlidingPool):
    """The p-norm over each window. Input (C, *spatial), output (C, *lengths)."""

    kind = "lppool"
    source = "torch.nn.LPPool2d; ONNX LpPool"

    norm: float = option("number", "which norm", default=2)

    def check(self) -> None:
        if self.norm == 0:
            raise LayerError("there is no norm 0", code="bad-value", help="`norm=2`")


class _AdaptivePool(_Pool):
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
            raise LayerError("`size` can't be 0", code="bad-value", help="sizes of at least 1")

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_map(self, shape)
        return shape[0], *checked_lengths(self.windows(shape), shape, 0 if self.empty else 1)

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        """Slides where the bins are equal (the identity where sizes are), else bins."""
        (shape,) = shapes
        windows: list[Window] = []
        for n, size in zip(shape[1:], spread_out("size", self.size, shape), strict=True):
            m = n if size == "keep" else size
            windows.append(adaptive(n, m))
        return tuple(windows)


class AdaptiveAverage(_AdaptivePool):
    """Average pooling to a given size, whatever the input's."""

    kind = "adaptiveavg"
    formula = "n' = m as given; bin i averages floor(i n/m) .. ceil((i+1) n/m)"
    source = "torch.nn.AdaptiveAvgPool2d"


class AdaptiveMax(_AdaptivePool):
    """Max pooling to a given size, whatever the input's."""

    kind = "adaptivemax"
    formula = "n' = m as given; bin i takes the maximum over floor(i n/m) .. ceil((i+1) n/m)"
    source = "torch.nn.AdaptiveMaxPool2d"


class _GlobalPool(_Pool):
    """What global pools share: one value for each channel."""

    formula = "C from C x any map; with `keep`, C x 1 x 1"

    keep: bool = option("flag", "leave axes of size 1", default=False, word="keep")

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        return tuple(Slide(n, n) for n in shapes[0][1:])

    def output(self, *shapes: Shape) -> Shape:
        pooled = super().output(*shapes)
        return pooled if self.keep else pooled[:1]

    def moves(self, *shapes: Shape) -> tuple[int | None, ...]:
        spatial = range(1, len(shapes[0]))
        return 0, *(axis if self.keep else None for axis in spatial)


class GlobalAverage(_GlobalPool):
    """The mean of each channel over the whole map. Input (C, *spatial), output (C,)."""

    kind = "gap"
    source = "keras.layers.GlobalAveragePooling2D; ONNX GlobalAveragePool; Lin et al. 2013"


class GlobalMax(_GlobalPool):
    """The maximum of each channel over the whole map. Input (C, *spatial), output (C,)."""

    kind = "gmp"
    source = "keras.layers.GlobalMaxPooling2D; ONNX GlobalMaxPool"


class GlobalLp(_GlobalPool):
    """The p-norm of each channel over the whole map. Input (C, *spatial), output (C,)."""

    kind = "glp"
    source = "ONNX GlobalLpPool"

    norm: float = option("number", "which norm", default=2, minimum=1)


class FractionalMaxPool(_Pool):
    """Max pooling over windows at pseudo-random places, to a size or by a ratio."""

    kind = "fracmaxpool"
    formula = "n' = size as given, or floor(n * ratio); n' + k - 1 <= n"
    source = "torch.nn.FractionalMaxPool2d; Graham 2014, arXiv:1412.6071"

    kernel: tuple[int, ...] = _kernel()
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
        return tuple(int(n * r) for n, r in zip(shape[1:], ratios, strict=True))

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_map(self, shape)
        sizes, kernels = self._sizes(shape), spread_out("kernel", self.kernel, shape)
        for axis, (n, m, k) in enumerate(zip(shape[1:], sizes, kernels, strict=True)):
            if m < 1 or m + k - 1 > n:
                raise LayerError(
                    f"{m} windows of {k} don't fit on {axis_name(axis, len(sizes))} of {n}",
                    code="kernel-too-large",
                    help=f"output size + kernel - 1 is at most {n}",
                )
        return shape[0], *sizes


class MaxUnpool(_Pool):
    """The way back of a max pool: each value goes to where its maximum was, the rest is 0."""

    kind = "maxunpool"
    formula = "n' = (n-1)s - before - after + k, or `size` as given, less than s away from that"
    source = "torch.nn.MaxUnpool2d"

    kernel: tuple[int, ...] = _kernel()
    stride: tuple[int, ...] | None = _stride()
    padding: tuple[tuple[int, int], ...] = option(
        "pads", "the pool's padding", key="p", default=NO_PADS
    )
    size: tuple[int, ...] | None = option("axes", "output size", default=None, minimum=1)

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        (shape,) = shapes
        steps = zip(
            spread_out("kernel", self.kernel, shape),
            spread_out("stride", self.stride or self.kernel, shape),
            spread_out("padding", self.padding, shape),
            strict=True,
        )
        spreads = [Spread(k, s, *pad) for k, s, pad in steps]
        if self.size is None:
            return tuple(spreads)
        sizes = spread_out("size", self.size, shape)
        return tuple(
            Spread(w.kernel, w.stride, w.before, w.after, 1, size - w.length(n))
            for w, size, n in zip(spreads, sizes, shape[1:], strict=True)
        )

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_map(self, shape)
        windows = self.windows(shape)
        for w in windows:
            if isinstance(w, Spread) and abs(w.output_padding) >= w.stride:
                raise LayerError(
                    f"the given size {show(self.size or ())} is {abs(w.output_padding)} away from "
                    "what the pool could have had",
                    code="output-size",
                    help=f"a size less than {w.stride} away",
                )
        return shape[0], *checked_lengths(windows, shape)
