"""A window's options as Conv and the pools take them, read from the layer's own fields.

Nothing here asks a layer for its windows or its output: what the runtime makes of the model is
evidence for those.
"""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.layers.base import Shape, spread_out
from cnncalc.layers.conv import Conv, DepthwiseConv, SeparableConv
from cnncalc.layers.folding import Fold, Unfold
from cnncalc.layers.pool import SlidingPool
from cnncalc.layers.sliding import pairs
from cnncalc.layers.transposed import ConvTransposed
from cnncalc.notations.onnx.writing.builder import Attribute

__all__ = ["Sliding", "sliding"]


class Sliding(NamedTuple):
    """A value for each spatial axis."""

    kernels: list[int]
    strides: list[int]
    pads: list[tuple[int, int]]
    dilations: list[int]

    @property
    def extents(self) -> list[int]:
        return [d * (k - 1) + 1 for k, d in zip(self.kernels, self.dilations, strict=True)]

    def attributes(self) -> dict[str, Attribute]:
        """The attributes of Conv and of the pools; dilations only where there are any."""
        return {
            "kernel_shape": self.kernels,
            "strides": self.strides,
            "pads": [each for side in zip(*self.pads, strict=True) for each in side],
            "dilations": self.dilations if max(self.dilations) > 1 else None,
        }


def sliding(
    layer: Conv | DepthwiseConv | SeparableConv | ConvTransposed | SlidingPool | Fold | Unfold,
    shape: Shape,
) -> Sliding:
    """The window of a convolution or pool, with padding words as numbers."""
    kernels = spread_out("kernel", layer.kernel, shape)
    strides = spread_out("stride", layer.stride or layer.kernel, shape)
    dilations = spread_out("dilation", layer.dilation, shape)
    around = spread_out("padding", pairs(layer.padding), shape)
    if layer.padding in ("same", "same-lower"):
        lower = layer.padding == "same-lower"
        steps = zip(shape[1:], kernels, strides, dilations, strict=True)
        around = tuple(_same(*step, lower) for step in steps)
    return Sliding(list(kernels), list(strides), list(around), list(dilations))


def _same(n: int, kernel: int, stride: int, dilation: int, lower: bool) -> tuple[int, int]:
    """What makes ceil(n/stride) windows fit; the odd pixel goes after, or before."""
    total = max((-(-n // stride) - 1) * stride + dilation * (kernel - 1) + 1 - n, 0)
    return (total - total // 2, total // 2) if lower else (total // 2, total - total // 2)
