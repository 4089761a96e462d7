"""Resizing by interpolation."""

from __future__ import annotations

from math import floor

from cnncalc.axis.windows import Resize, Slide, Window, adaptive, ratio
from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Shape, check_map, option, spread_out, too_short

MODES = ("nearest", "linear", "cubic", "nearest-exact", "area", "lanczos3", "lanczos5")
TAPS = {"linear": 2, "cubic": 4, "lanczos3": 6, "lanczos5": 10}  # pixels that an output reads
SMOOTH = ("linear", "cubic")  # the modes with corners to align


class Upsample(Layer):
    """The map enlarged (or made smaller) by a factor or to a size. Input (C, *spatial)."""

    kind = "upsample"
    formula = "n' = floor(n * factor), or the size given"
    source = "torch.nn.Upsample; keras.layers.UpSampling2D; ONNX Resize"

    factor: tuple[float, ...] | None = option(
        "factors", "how many times larger, may be a fraction", positional=True, default=None
    )
    size: tuple[int, ...] | None = option(
        "axes", "output size, instead of a factor", default=None, minimum=1
    )
    mode: str = option("choice", "interpolation", default="nearest", words=MODES)
    corners: bool = option(
        "flag", "align the corner pixels (linear and cubic)", default=False, word="corners"
    )

    def check(self) -> None:
        if (self.factor is None) == (self.size is None):
            raise LayerError(
                "`upsample` takes either a factor or a size",
                code="bad-value",
                help="write `upsample:2` or `upsample:size=14x14`",
            )
        if self.corners and self.mode not in SMOOTH:
            raise LayerError(
                f"`corners` has no meaning with {self.mode}",
                code="bad-value",
                option="corners",
                help="write `mode=linear,corners` or `mode=cubic,corners`",
            )

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        (shape,) = shapes
        sizes = self.sizes(shape)
        if self.factor is None:
            scales = list(zip(sizes, shape[1:], strict=True))
        else:
            scales = [ratio(factor) for factor in spread_out("factor", self.factor, shape)]
        if self.mode == "cubic" and sizes == shape[1:]:
            return (Slide(1),) * len(sizes)
        if self.mode == "nearest" and len(sizes) == 2:
            pairs = zip(shape[1:], sizes, scales, strict=True)
            scales = [(m, n) if m in (n, 2 * n) else scale for n, m, scale in pairs]
        return tuple(
            self.window(n, size, scale)
            for n, size, scale in zip(shape[1:], sizes, scales, strict=True)
        )

    def sizes(self, shape: Shape) -> Shape:
        """The spatial axes of the output."""
        if self.factor is None:
            return spread_out("size", self.size or (), shape)
        factors = spread_out("factor", self.factor, shape)
        return tuple(floor(n * factor) for n, factor in zip(shape[1:], factors, strict=True))

    def window(self, n: int, size: int, scale: tuple[int, int]) -> Window:
        """One axis: from n to size, at the scale outputs/inputs.

        Whatever the factor was, linear copies where the size stays (cubic where all sizes do);
        on two axes nearest does too, and doubles each place where the size doubles
        (torch.nn.functional.interpolate).
        """
        if n == size and (scale[0] == scale[1] or self.mode == "linear"):
            return Slide(1)
        if self.mode == "area":
            return adaptive(n, size)
        if self.corners:
            return Resize(size - 1, n - 1, size, TAPS[self.mode]) if size != 1 else Slide(1, n)
        taps = TAPS.get(self.mode, 1)
        return Resize(*scale, size, taps, centred=self.mode != "nearest")

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_map(self, shape)
        if self.mode == "cubic" and len(shape) != 3:
            raise LayerError(
                "cubic interpolation is for maps of two axes",
                code="wrong-axes",
                option="mode",
                help="mode=linear or mode=nearest",
            )
        sizes = self.sizes(shape)
        for axis, size in enumerate(sizes):
            if size < 1:
                raise too_short(size, axis, len(sizes), "factor", " or a larger factor")
        return shape[0], *sizes
