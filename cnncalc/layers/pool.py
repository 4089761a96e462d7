"""Pooling by windows: maximum, mean, p-norm."""

from __future__ import annotations

from cnncalc.axis.windows import Slide, ceil_slide
from cnncalc.errors import LayerError
from cnncalc.layers.base import Shape, axis_name, empty, option
from cnncalc.layers.sliding import EachChannel, dilation, kernel, padding, pool_stride, slides


def pool_slides(layer: SlidingPool, shape: Shape) -> tuple[Slide, ...]:
    """The slide on each axis, with padding words and ceil mode resolved at this input size."""
    windows = slides(layer, shape)
    if layer.padding in ("same", "same-lower"):
        return windows
    for axis, (w, n) in enumerate(zip(windows, shape[1:], strict=True)):
        extent, room = w.dilation * (w.kernel - 1) + 1, n + w.before + w.after
        _check_padding(max(w.before, w.after), extent)
        # With ceil mode PyTorch lets one window hang over the end, even a window
        # larger than all of the padded input.
        if not (layer.ceil or layer.empty) and extent > room:
            raise _no_room(extent, room, axis_name(axis, len(shape) - 1))
    if not layer.ceil:
        return windows
    sizes = zip(windows, shape[1:], strict=True)
    return tuple(ceil_slide(n, w.kernel, w.stride, w.before, w.after, w.dilation) for w, n in sizes)


def _check_padding(pad: int, extent: int) -> None:
    if pad >= extent:
        raise LayerError(
            f"padding {pad} is not smaller than the window, which spans {extent}, "
            "so a window would see nothing but padding",
            code="padding-too-large",
            option="padding",
            help=f"padding of at most {extent - 1}, or a `pad:{pad}` layer before the pool",
        )


def _no_room(extent: int, room: int, name: str) -> LayerError:
    return LayerError(
        f"the window spans {extent} but {name} has only {room}, padding included",
        code="kernel-too-large",
        option="kernel",
        help=f"a window that spans at most {room}, or a larger input",
    )


class SlidingPool(EachChannel):
    """What pools with sliding windows share. Input (C, *spatial), output (C, *lengths)."""

    formula = (
        "n' = floor((n + before + after - d(k-1) - 1) / s) + 1, s = k by default; "
        "`ceil` rounds up, less a last window that would start beyond the input and left padding"
    )

    kernel: tuple[int, ...] = kernel()
    stride: tuple[int, ...] | None = pool_stride()
    padding: tuple[tuple[int, int], ...] | str = padding(
        "padding on each side; negative amounts crop"
    )
    dilation: tuple[int, ...] = dilation()
    ceil: bool = option("flag", "round the size up instead of down", default=False, word="ceil")
    empty: bool = empty()

    def windows(self, *shapes: Shape) -> tuple[Slide, ...]:
        return pool_slides(self, shapes[0])


class MaxPool(SlidingPool):
    """The maximum over each window. Input (C, *spatial), output (C, *lengths)."""

    kind = "maxpool"
    source = "torch.nn.MaxPool2d; keras.layers.MaxPooling2D; ONNX MaxPool"


class AveragePool(SlidingPool):
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
            raise LayerError(
                "sums can't be divided by 0",
                code="bad-value",
                option="divisor",
                help="`divisor=1`",
            )


class LpPool(SlidingPool):
    """The p-norm over each window. Input (C, *spatial), output (C, *lengths)."""

    kind = "lppool"
    source = "torch.nn.LPPool2d; ONNX LpPool"

    norm: float = option("number", "which norm", default=2)

    def check(self) -> None:
        if self.norm == 0:
            raise LayerError("there is no norm 0", code="bad-value", option="norm", help="`norm=2`")
