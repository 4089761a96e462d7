"""Convolutions: plain, depthwise, pointwise and depthwise-separable."""

from __future__ import annotations

from math import prod

from cnncalc.axis.channels import Grouped
from cnncalc.axis.windows import Slide
from cnncalc.layers.base import (
    ONES,
    OWN,
    Layer,
    Route,
    Shape,
    Weight,
    check_map,
    checked_lengths,
    option,
    spread_out,
)
from cnncalc.layers.sliding import (
    bias,
    check_fits,
    check_groups,
    check_mode,
    check_padding,
    dilation,
    groups,
    kernel,
    mode,
    out_channels,
    over_groups,
    padding,
    slides,
    stride,
)


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

    out_channels: int = out_channels()
    kernel: tuple[int, ...] = kernel()
    stride: tuple[int, ...] = stride()
    padding: tuple[tuple[int, int], ...] | str = padding()
    dilation: tuple[int, ...] = dilation()
    groups: int = groups()
    mode: str = mode()
    bias: bool = bias()

    def check(self) -> None:
        check_groups(self.groups, self.out_channels, "output channels")
        check_padding(self.padding, self.mode)

    def windows(self, *shapes: Shape) -> tuple[Slide, ...]:
        return slides(self, shapes[0])

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        return self.out_channels, *convolved(self, shape, self.groups)

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        (shape,) = shapes
        kernels = spread_out("kernel", self.kernel, shape)
        weight = Weight("weight", (self.out_channels, shape[0] // self.groups, *kernels))
        return (weight, Weight("bias", (self.out_channels,))) if self.bias else (weight,)

    def macs(self, *shapes: Shape) -> int:
        return self.weights(*shapes)[0].count * places(self, shapes[0])

    def route(self, shape: Shape) -> Route | None:
        return over_groups(self, shape)


def convolved(layer: Conv | DepthwiseConv | SeparableConv, shape: Shape, groups: int = 1) -> Shape:
    """The lengths of the spatial axes; LayerError where a kernel or the groups don't fit."""
    check_map(layer, shape)
    check_groups(groups, shape[0], "input channels")
    windows = layer.windows(shape)
    check_mode(layer.mode, tuple((w.before, w.after) for w in windows), shape[1:])
    check_fits(windows, shape)
    return checked_lengths(windows, shape)


def places(layer: Layer, shape: Shape) -> int:
    """How many places the kernels of a layer are laid at."""
    return prod([w.length(n) for w, n in zip(layer.windows(shape), shape[1:], strict=True)])


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
        (shape,) = shapes
        return shape[0] * self.multiplier, *convolved(self, shape)

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        (shape,) = shapes
        channels = shape[0] * self.multiplier
        weight = Weight("weight", (channels, 1, *spread_out("kernel", self.kernel, shape)))
        return (weight, Weight("bias", (channels,))) if self.bias else (weight,)

    def macs(self, *shapes: Shape) -> int:
        return self.weights(*shapes)[0].count * places(self, shapes[0])

    def route(self, shape: Shape) -> Route | None:
        across = Grouped(1, self.multiplier) if self.multiplier > 1 else OWN
        return Route(shape, self.windows(shape), across=across)


class PointwiseConv(Layer):
    """Pointwise convolution: a 1x1 kernel, a linear layer at every position."""

    kind = "pwconv"
    formula = "conv with kernel 1; params = out * (C/g + 1)"
    source = "torch.nn.Conv2d with kernel_size=1; Lin et al. 2013, arXiv:1312.4400"

    out_channels: int = out_channels()
    stride: tuple[int, ...] = stride()
    groups: int = groups()
    bias: bool = bias()

    def check(self) -> None:
        check_groups(self.groups, self.out_channels, "output channels")

    def conv(self) -> Conv:
        """The convolution that this is."""
        return Conv(self.out_channels, ONES, self.stride, groups=self.groups, bias=self.bias)

    def windows(self, *shapes: Shape) -> tuple[Slide, ...]:
        return tuple(Slide(1, s) for s in spread_out("stride", self.stride, shapes[0]))

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_map(self, shape)
        check_groups(self.groups, shape[0], "input channels")
        return self.out_channels, *checked_lengths(self.windows(shape), shape)

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        (shape,) = shapes
        ones = (1,) * (len(shape) - 1)
        weight = Weight("weight", (self.out_channels, shape[0] // self.groups, *ones))
        return (weight, Weight("bias", (self.out_channels,))) if self.bias else (weight,)

    def macs(self, *shapes: Shape) -> int:
        return self.weights(*shapes)[0].count * places(self, shapes[0])

    def route(self, shape: Shape) -> Route | None:
        return over_groups(self, shape)


class SeparableConv(Layer):
    """Depthwise-separable convolution: depthwise without bias, then pointwise with it.

    Weights: depthwise (C*multiplier, 1, *kernel), pointwise (out_channels, C*multiplier, 1…).
    """

    kind = "sepconv"
    formula = "params = C*m*prod k + out*(C*m + 1)"
    source = "keras.layers.SeparableConv2D; Chollet 2017, arXiv:1610.02357"

    out_channels: int = out_channels()
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
        """The two convolutions that this is."""
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
        return self.out_channels, *convolved(self, shapes[0])

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        (shape,) = shapes
        kernels, ones = spread_out("kernel", self.kernel, shape), (1,) * (len(shape) - 1)
        channels = shape[0] * self.multiplier
        weights = (
            Weight("depthwise.weight", (channels, 1, *kernels)),
            Weight("pointwise.weight", (self.out_channels, channels, *ones)),
        )
        return (*weights, Weight("pointwise.bias", (self.out_channels,))) if self.bias else weights

    def macs(self, *shapes: Shape) -> int:
        depthwise, pointwise, *_ = self.weights(*shapes)
        return (depthwise.count + pointwise.count) * places(self, shapes[0])

    def route(self, shape: Shape) -> Route | None:
        return Route(shape, self.windows(shape), mixes=(0,))
