"""Convolutions: plain, depthwise, pointwise, depthwise-separable and transposed."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.errors import LayerError
from cnncalc.layers.base import (
    NO_PADS,
    ONES,
    Layer,
    Shape,
    Weight,
    check_map,
    checked_lengths,
    empty,
    option,
    spread_out,
)
from cnncalc.layers.sliding import check_fits, check_groups, check_mode, pairs, slides
from cnncalc.windows import Slide, Spread, Window

PADDING_WORDS = ("valid", "same", "same-lower")
MODES = ("zeros", "reflect", "replicate", "circular")


def kernel() -> Any:
    return option("axes", "kernel size", key="k", positional=True, minimum=1)


def stride() -> Any:
    return option("axes", "stride", key="s", default=ONES, minimum=1)


def dilation() -> Any:
    return option(
        "axes", "dilation: distance between kernel taps", key="d", default=ONES, minimum=1
    )


def padding() -> Any:
    return option("pads", "padding on each side", key="p", default=NO_PADS, words=PADDING_WORDS)


def check_padding(padding: tuple[tuple[int, int], ...] | str, mode: str) -> None:
    """Negative padding crops in the modes that pad in a step of their own (torch.nn.Conv2d)."""
    if mode == "zeros" and min(min(pair) for pair in pairs(padding)) < 0:
        raise LayerError(
            "`padding` can't be negative with zeros",
            code="bad-value",
            help="padding from 0 on, or a `crop` layer before",
        )


def mode() -> Any:
    return option("choice", "what the padding is filled with", default="zeros", words=MODES)


def bias() -> Any:
    return option("flag", "whether a bias is added", default=True, word="nobias")


class Conv(Layer):
    """Convolution (cross-correlation) with learned kernels over all channels of a group.

    Input (C, *spatial), output (out_channels, *lengths); weight (out_channels, C/groups, *kernel).
    """

    kind = "conv"
    formula = (
        "n' = floor((n + before + after - d(k-1) - 1) / s) + 1; "
        "params = out * (C/g * prod k + 1); MACs = params without bias * prod n'"
    )
    source = "torch.nn.Conv2d; Dumoulin & Visin 2016, relationship 15; keras.layers.Conv2D"

    out_channels: int = option("count", "output channels", positional=True, minimum=1)
    kernel: tuple[int, ...] = kernel()
    stride: tuple[int, ...] = stride()
    padding: tuple[tuple[int, int], ...] | str = padding()
    dilation: tuple[int, ...] = dilation()
    groups: int = option("count", "groups of channels", key="g", default=1, minimum=1)
    mode: str = mode()
    bias: bool = bias()

    def check(self) -> None:
        check_groups(self.groups, self.out_channels, "output channels")
        check_padding(self.padding, self.mode)

    def windows(self, *shapes: Shape) -> tuple[Slide, ...]:
        return slides(self, shapes[0])

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_map(self, shape)
        check_groups(self.groups, shape[0], "input channels")
        windows = self.windows(shape)
        check_mode(self.mode, tuple((w.before, w.after) for w in windows), shape)
        check_fits(windows, shape)
        return self.out_channels, *checked_lengths(windows, shape)

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        (shape,) = shapes
        kernels = spread_out("kernel", self.kernel, shape)
        weight = Weight("weight", (self.out_channels, shape[0] // self.groups, *kernels))
        return (weight, Weight("bias", (self.out_channels,))) if self.bias else (weight,)

    def macs(self, *shapes: Shape) -> int:
        return self.weights(*shapes)[0].count * prod(self.output(*shapes)[1:])

    def mixes(self, *shapes: Shape) -> tuple[int, ...]:
        return (0,)


class DepthwiseConv(Layer):
    """Depthwise convolution: each channel has kernels of its own.

    Input (C, *spatial), output (C*multiplier, *lengths); weight (C*multiplier, 1, *kernel).
    """

    kind = "dwconv"
    formula = "conv with groups = C and C*m output channels; params = C*m * (prod k + 1)"
    source = "torch.nn.Conv2d with groups=in_channels; keras.layers.DepthwiseConv2D"

    kernel: tuple[int, ...] = kernel()
    multiplier: int = option(
        "count", "output channels per input channel", key="m", default=1, minimum=1
    )
    stride: tuple[int, ...] = stride()
    padding: tuple[tuple[int, int], ...] | str = padding()
    dilation: tuple[int, ...] = dilation()
    mode: str = mode()
    bias: bool = bias()

    def check(self) -> None:
        check_padding(self.padding, self.mode)

    def conv(self, channels: int) -> Conv:
        """The grouped convolution that this is for an input of so many channels."""
        return Conv(
            channels * self.multiplier,
            self.kernel,
            self.stride,
            self.padding,
            self.dilation,
            channels,
            self.mode,
            self.bias,
        )

    def windows(self, *shapes: Shape) -> tuple[Slide, ...]:
        return slides(self, shapes[0])

    def output(self, *shapes: Shape) -> Shape:
        check_map(self, shapes[0])
        return self.conv(shapes[0][0]).output(*shapes)

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        return self.conv(shapes[0][0]).weights(*shapes)

    def macs(self, *shapes: Shape) -> int:
        return self.conv(shapes[0][0]).macs(*shapes)


class PointwiseConv(Layer):
    """Pointwise convolution: a 1x1 kernel, a linear layer at every place."""

    kind = "pwconv"
    formula = "conv with kernel 1; params = out * (C/g + 1)"
    source = "torch.nn.Conv2d with kernel_size=1; Lin et al. 2013, arXiv:1312.4400"

    out_channels: int = option("count", "output channels", positional=True, minimum=1)
    stride: tuple[int, ...] = stride()
    groups: int = option("count", "groups of channels", key="g", default=1, minimum=1)
    bias: bool = bias()

    def check(self) -> None:
        check_groups(self.groups, self.out_channels, "output channels")

    def conv(self) -> Conv:
        return Conv(self.out_channels, ONES, self.stride, groups=self.groups, bias=self.bias)

    def windows(self, *shapes: Shape) -> tuple[Slide, ...]:
        return self.conv().windows(*shapes)

    def output(self, *shapes: Shape) -> Shape:
        check_map(self, shapes[0])
        return self.conv().output(*shapes)

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        return self.conv().weights(*shapes)

    def macs(self, *shapes: Shape) -> int:
        return self.conv().macs(*shapes)

    def mixes(self, *shapes: Shape) -> tuple[int, ...]:
        return (0,)


class SeparableConv(Layer):
    """Depthwise-separable convolution: depthwise without bias, then pointwise with it.

    Weights: depthwise (C*multiplier, 1, *kernel), pointwise (out_channels, C*multiplier, 1…).
    """

    kind = "sepconv"
    formula = "params = C*m*prod k + out*(C*m + 1)"
    source = "keras.layers.SeparableConv2D; Chollet 2017, arXiv:1610.02357"

    out_channels: int = option("count", "output channels", positional=True, minimum=1)
    kernel: tuple[int, ...] = kernel()
    multiplier: int = option(
        "count", "depthwise channels per input channel", key="m", default=1, minimum=1
    )
    stride: tuple[int, ...] = stride()
    padding: tuple[tuple[int, int], ...] | str = padding()
    dilation: tuple[int, ...] = dilation()
    mode: str = mode()
    bias: bool = bias()

    def check(self) -> None:
        check_padding(self.padding, self.mode)

    def parts(self) -> tuple[DepthwiseConv, PointwiseConv]:
        depthwise = DepthwiseConv(
            self.kernel,
            self.multiplier,
            self.stride,
            self.padding,
            self.dilation,
            self.mode,
            bias=False,
        )
        return depthwise, PointwiseConv(self.out_channels, bias=self.bias)

    def windows(self, *shapes: Shape) -> tuple[Slide, ...]:
        return slides(self, shapes[0])

    def output(self, *shapes: Shape) -> Shape:
        check_map(self, shapes[0])
        depthwise, pointwise = self.parts()
        return pointwise.output(depthwise.output(*shapes))

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        depthwise, pointwise = self.parts()
        first, *rest = pointwise.weights((shapes[0][0] * self.multiplier, *shapes[0][1:]))
        return (
            Weight("depthwise.weight", depthwise.weights(*shapes)[0].shape),
            Weight("pointwise.weight", first.shape),
            *(Weight(f"pointwise.{weight.name}", weight.shape) for weight in rest),
        )

    def macs(self, *shapes: Shape) -> int:
        depthwise, pointwise = self.parts()
        return depthwise.macs(*shapes) + pointwise.macs(depthwise.output(*shapes))

    def mixes(self, *shapes: Shape) -> tuple[int, ...]:
        return (0,)


class ConvTransposed(Layer):
    """Transposed convolution: the shape goes the way back of a convolution.

    Input (C, *spatial), output (out_channels, *lengths); weight (C, out_channels/groups, *kernel).
    """

    kind = "convt"
    aliases = ("deconv",)
    formula = (
        "n' = (n-1)s - before - after + d(k-1) + op + 1; `same`: n' = n s; "
        "params = out * (C/g * prod k + 1); MACs = C * out/g * prod k * prod n"
    )
    source = "torch.nn.ConvTranspose2d; Dumoulin & Visin 2016, relationship 14"

    out_channels: int = option("count", "output channels", positional=True, minimum=1)
    kernel: tuple[int, ...] = kernel()
    stride: tuple[int, ...] = stride()
    padding: tuple[tuple[int, int], ...] | str = option(
        "pads",
        "how much the output is cut on each side",
        key="p",
        default=NO_PADS,
        minimum=0,
        words=("valid", "same"),
    )
    output_padding: tuple[int, ...] = option(
        "axes", "extra size after the output", key="op", default=(0,), minimum=0
    )
    dilation: tuple[int, ...] = dilation()
    groups: int = option("count", "groups of channels", key="g", default=1, minimum=1)
    bias: bool = bias()
    empty: bool = empty()

    def check(self) -> None:
        check_groups(self.groups, self.out_channels, "output channels")
        if self.padding == "same" and self.output_padding != (0,):
            raise LayerError(
                "`same` padding fixes the output, so output_padding has no place beside it",
                code="output-padding",
                help="padding as numbers, or no output_padding",
            )

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        (shape,) = shapes
        kernels = spread_out("kernel", self.kernel, shape)
        strides = spread_out("stride", self.stride, shape)
        dilations = spread_out("dilation", self.dilation, shape)
        steps = zip(kernels, strides, dilations, strict=True)
        if self.padding == "same":
            return tuple(spread_to_same(*step) for step in steps)
        pads = spread_out("padding", pairs(self.padding), shape)
        extra = spread_out("output_padding", self.output_padding, shape)
        return tuple(
            Spread(k, s, before, after, d, op)
            for (k, s, d), (before, after), op in zip(steps, pads, extra, strict=True)
        )

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_map(self, shape)
        check_groups(self.groups, shape[0], "input channels")
        windows = self.windows(shape)
        if self.padding != "same":
            self.check_output_padding(shape)
        return self.out_channels, *checked_lengths(windows, shape, 0 if self.empty else 1)

    def check_output_padding(self, shape: Shape) -> None:
        for w in self.windows(shape):
            assert isinstance(w, Spread)
            if w.output_padding >= max(w.stride, w.dilation):
                raise LayerError(
                    f"output_padding {w.output_padding} is not smaller than the stride "
                    f"({w.stride}) or the dilation ({w.dilation})",
                    code="output-padding",
                    help=f"at most {max(w.stride, w.dilation) - 1}; more would add pixels "
                    "that nothing is spread to",
                )

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        (shape,) = shapes
        kernels = spread_out("kernel", self.kernel, shape)
        weight = Weight("weight", (shape[0], self.out_channels // self.groups, *kernels))
        return (weight, Weight("bias", (self.out_channels,))) if self.bias else (weight,)

    def macs(self, *shapes: Shape) -> int:
        return self.weights(*shapes)[0].count * prod(shapes[0][1:])

    def mixes(self, *shapes: Shape) -> tuple[int, ...]:
        return (0,)


def spread_to_same(kernel: int, stride: int, dilation: int) -> Spread:
    """The transposed convolution whose output is n*stride (keras.layers.Conv2DTranspose, `same`).

    It is the way back of a `same` convolution, which pads extent - stride in all.
    """
    extent = dilation * (kernel - 1) + 1
    cut = max(extent - stride, 0)
    return Spread(kernel, stride, cut // 2, cut - cut // 2, dilation, max(stride - extent, 0))
