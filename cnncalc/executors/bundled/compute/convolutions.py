"""Convolutions: weights from the channels that flow in, windows from the axes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.compute.table import computes
from cnncalc.executors.bundled.context import Context
from cnncalc.executors.bundled.kernels.convolution import convolve, convolve_transposed
from cnncalc.executors.bundled.kernels.padding import pad
from cnncalc.executors.geometry import (
    Axis,
    convolution_axes,
    map_sizes,
    pads_of,
    spread_axes,
)
from cnncalc.layers.conv import Conv, DepthwiseConv, PointwiseConv, SeparableConv
from cnncalc.layers.transposed import ConvTransposed


@computes("conv")
def convolution(at: Context, layer: Conv, x: Array) -> Array:
    """Windows over all channels of a group."""
    axes = convolution_axes(layer, map_sizes(x.shape[1:]))
    weight, bias = _weights(at, layer, x.shape[1] // layer.groups, layer.out_channels, axes)
    return _convolve(at, x, weight, bias, axes, layer.groups, layer.mode)


@computes("dwconv")
def depthwise(at: Context, layer: DepthwiseConv, x: Array) -> Array:
    """Windows over each channel by itself."""
    axes = convolution_axes(layer, map_sizes(x.shape[1:]))
    weight, bias = _weights(at, layer, 1, x.shape[1] * layer.multiplier, axes)
    return _convolve(at, x, weight, bias, axes, x.shape[1], layer.mode)


@computes("pwconv")
def pointwise(at: Context, layer: PointwiseConv, x: Array) -> Array:
    """Every stride-th place by itself, over all channels of a group."""
    return convolution(at, layer.conv(), x)


@computes("sepconv")
def separable(at: Context, layer: SeparableConv, x: Array) -> Array:
    """Depthwise without bias, then pointwise with it."""
    axes = convolution_axes(layer, map_sizes(x.shape[1:]))
    channels = x.shape[1] * layer.multiplier
    taps = at.weight("depthwise.weight", (channels, 1, *(axis.kernel for axis in axes)))
    ones = (1,) * len(axes)
    across = at.weight("pointwise.weight", (layer.out_channels, channels, *ones))
    bias = at.tensor("pointwise.bias", (layer.out_channels,)) if layer.bias else None
    between = _convolve(at, x, taps, None, axes, x.shape[1], layer.mode)
    return _convolve(at, between, across, bias, [Axis(n) for n in between.shape[2:]], 1)


@computes("convt")
def transposed(at: Context, layer: ConvTransposed, x: Array) -> Array:
    """Each value spread over a kernel of outputs, which add up."""
    spread = spread_axes(layer, map_sizes(x.shape[1:]))
    outputs = layer.out_channels // layer.groups
    weight = at.weight("weight", (x.shape[1], outputs, *(each.kernel for each in spread)))
    bias = at.tensor("bias", (layer.out_channels,)) if layer.bias else None
    at.macs += weight.size * prod(x.shape[2:]) * x.shape[0]
    extents = [len(each.places(n)) for each, n in zip(spread, x.shape[2:], strict=True)]
    if layer.empty and 0 in extents:
        return at.xp.empty((x.shape[0], layer.out_channels, *extents), dtype=x.dtype)
    return convolve_transposed(at.xp, x, weight, bias, spread, layer.groups, at.scratch)


def _weights(
    at: Context,
    layer: Conv | DepthwiseConv,
    inputs: int,
    outputs: int,
    axes: Sequence[Axis],
) -> tuple[Array, Array | None]:
    weight = at.weight("weight", (outputs, inputs, *(axis.kernel for axis in axes)))
    return weight, at.tensor("bias", (outputs,)) if layer.bias else None


def _convolve(
    at: Context,
    x: Array,
    weight: Array,
    bias: Array | None,
    axes: Sequence[Axis],
    groups: int,
    mode: str = "zeros",
) -> Array:
    """The windows of x times the weights; padding of other modes is put around x first."""
    if mode != "zeros":
        x = pad(at.xp, x, pads_of(axes), mode)
        axes = [
            Axis(n, axis.kernel, axis.stride, 0, 0, axis.dilation)
            for n, axis in zip(x.shape[2:], axes, strict=True)
        ]
    out = convolve(at.xp, x, weight, bias, axes, groups, at.scratch)
    at.macs += weight.size * prod(out.shape[2:]) * out.shape[0]
    return out
