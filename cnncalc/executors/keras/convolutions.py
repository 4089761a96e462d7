"""How convolutions are built of keras.layers.

Only option fields and the arrays that really come in are read: padding in numbers is settled
by walking the axes, and where the option says `same` it is Keras's own word that pads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
from keras import ops

from cnncalc.executors.base import Array, Tensor
from cnncalc.executors.geometry import (
    Axis,
    Spreading,
    convolution_axes,
    map_sizes,
    pads_of,
    spread_axes,
)
from cnncalc.executors.keras.modules import Bench, Built, Held, inside, padded
from cnncalc.executors.stepping import NotBuilt
from cnncalc.layers.conv import Conv, DepthwiseConv, PointwiseConv, SeparableConv
from cnncalc.layers.transposed import ConvTransposed

__all__ = ["CONVOLUTIONS", "stuffed"]


def _thinned(x: Array, strides: Sequence[int]) -> Array:
    """Every stride-th place."""
    return x[(slice(None), *(slice(None, None, stride) for stride in strides))]


def _laid_out(x: Array) -> Array:
    """The same, in memory that is plainly in one order.

    PyTorch 2.13 takes a map of one channel for either order, and some strided convolutions of
    several samples then come out wrong.
    """
    if keras.backend.backend() != "torch" or x.shape[-1] != 1:
        return x
    return ops.moveaxis(ops.reshape(x, (x.shape[0], 1, *x.shape[1:-1])), 1, -1)


class _Windows:
    """What Keras is told of how windows walk, what is put around the map, and what is left out.

    No class has both a stride and a dilation, and depthwise ones but one stride for all axes:
    there all windows are computed, and those between the strides left out.
    """

    def __init__(
        self, layer: Conv | DepthwiseConv | SeparableConv, axes: Sequence[Axis], even: bool = False
    ) -> None:
        strides = tuple(axis.stride for axis in axes)
        dilation = tuple(axis.dilation for axis in axes)
        self.apart = (max(strides) > 1 < max(dilation)) or (even and len(set(strides)) > 1)
        mode = getattr(layer, "mode", "zeros")
        self.same = layer.padding == "same" and mode == "zeros" and not self.apart
        self.mode = mode
        self.pads = [(0, 0)] * len(axes) if self.same else pads_of(axes)
        self.strides = strides
        self.options = {
            "kernel_size": tuple(axis.kernel for axis in axes),
            "strides": (1,) * len(axes) if self.apart else strides,
            "dilation_rate": dilation,
            "padding": "same" if self.same else "valid",
        }

    def run(self, at: Bench, made: keras.Layer, x: Array) -> Array:
        value = at.run(made, _laid_out(padded(x, self.pads, self.mode)))
        return _thinned(value, self.strides) if self.apart else value


def _conv(at: Bench, layer: Conv, x: Array) -> Built:
    axes = convolution_axes(layer, map_sizes(inside(x)))
    windows = _Windows(layer, axes)
    made = at.made(
        f"Conv{len(axes)}D",
        filters=layer.out_channels,
        groups=layer.groups,
        use_bias=layer.bias,
        **windows.options,
    )
    return windows.run(at, made, x), at.held("conv", made)


def _pointwise(at: Bench, layer: PointwiseConv, x: Array) -> Built:
    return _conv(at, layer.conv(), x)


def _depthwise(at: Bench, layer: DepthwiseConv, x: Array, prefix: str = "") -> Built:
    """With three axes it is a convolution with as many groups as channels."""
    axes = convolution_axes(layer, map_sizes(inside(x)))
    windows = _Windows(layer, axes, even=len(axes) < 3)
    channels = int(x.shape[-1])
    if len(axes) < 3:
        options = {"depth_multiplier": layer.multiplier}
        name = f"DepthwiseConv{len(axes)}D"
    else:
        options = {"filters": channels * layer.multiplier, "groups": channels}
        name = f"Conv{len(axes)}D"
    made = at.made(name, use_bias=layer.bias, **options, **windows.options)
    return windows.run(at, made, x), at.held("dwconv", made, prefix)


def _separable(at: Bench, layer: SeparableConv, x: Array) -> Built:
    axes = convolution_axes(layer, map_sizes(inside(x)))
    windows = _Windows(layer, axes, even=True)
    if len(axes) > 2 or windows.apart:
        depthwise, pointwise = layer.parts()
        between, held = _depthwise(at, depthwise, x, "depthwise.")
        value, more = _pointwise(at, pointwise, between)
        return value, held + [each._replace(name=f"pointwise.{each.name}") for each in more]
    made = at.made(
        f"SeparableConv{len(axes)}D",
        filters=layer.out_channels,
        depth_multiplier=layer.multiplier,
        use_bias=layer.bias,
        **windows.options,
    )
    return windows.run(at, made, x), at.held("sepconv", made)


def _transposed(at: Bench, layer: ConvTransposed, x: Array) -> Built:
    """Keras's own `same`; else all that it spreads, and a crop of it."""
    sizes = map_sizes(inside(x))
    axes = spread_axes(layer, sizes)
    if layer.empty and any(len(axis.places(n)) < 1 for axis, n in zip(axes, sizes, strict=True)):
        raise NotBuilt("nothing is left of the map")
    both = max(a.stride for a in axes) > 1 < max(a.dilation for a in axes)
    if layer.padding == "same" and layer.groups == 1 and not both:
        made = _spreading(at, layer, axes, "same")
        return at.run(made, x), at.held("convt", made)
    if both:  # no class has both: the strides are put between the places of the data
        x = stuffed(x, [axis.stride for axis in axes])
        axes = tuple(axis._replace(stride=1) for axis in axes)
        sizes = map_sizes(inside(x))
    return _all_spread(at, layer, x, axes, sizes)


def _all_spread(
    at: Bench, layer: ConvTransposed, x: Array, axes: Sequence[Spreading], sizes: Sequence[int]
) -> Built:
    """The channels of each group by themselves, with zeros after the data where more is asked."""
    ends = [axis.places(n).stop for axis, n in zip(axes, sizes, strict=True)]
    more = [
        max(0, -(-(end - (n - 1) * a.stride - max(a.reach, a.stride)) // a.stride))
        for end, a, n in zip(ends, axes, sizes, strict=True)
    ]
    x = padded(x, [(0, extra) for extra in more])
    made = [_spreading(at, layer, axes, "valid") for _ in range(layer.groups)]
    parts = ops.split(x, layer.groups, axis=-1)
    spread = [at.run(each, part) for each, part in zip(made, parts, strict=True)]
    whole = spread[0] if len(spread) == 1 else ops.concatenate(spread, axis=-1)
    kept = [slice(axis.before, end) for axis, end in zip(axes, ends, strict=True)]
    return whole[(slice(None), *kept)], _of_all([at.held("convt", each) for each in made])


def _spreading(
    at: Bench, layer: ConvTransposed, axes: Sequence[Spreading], padding: str
) -> keras.Layer:
    return at.made(
        f"Conv{len(axes)}DTranspose",
        filters=layer.out_channels // layer.groups,
        kernel_size=tuple(axis.kernel for axis in axes),
        strides=tuple(axis.stride for axis in axes),
        dilation_rate=tuple(axis.dilation for axis in axes),
        padding=padding,
        use_bias=layer.bias,
    )


def _of_all(groups: Sequence[Held]) -> Held:
    """The tensors of the groups of a transposed convolution as one each."""
    held = []
    for parts in zip(*groups, strict=True):
        first = parts[0]
        # a kernel has its inputs first: (C, outputs of a group, *kernel)
        shape = (first.shape[0] * len(parts), *first.shape[1:])
        held.append(Tensor(first.name, shape, sum(part.elements for part in parts)))
    return held


def stuffed(x: Array, strides: Sequence[int]) -> Array:
    """Zeros between the places, so that they lie a stride apart."""
    for axis, stride in enumerate(strides, start=1):
        if stride == 1:
            continue
        n, rank = int(x.shape[axis]), len(x.shape)
        apart = ops.expand_dims(x, axis + 1)
        between = [(0, 0)] * (rank + 1)
        between[axis + 1] = (0, stride - 1)
        sizes = [int(size) for size in x.shape]
        sizes[axis] = n * stride
        x = ops.reshape(ops.pad(apart, between), sizes)
        x = x[(slice(None),) * axis + (slice(0, (n - 1) * stride + 1),)]
    return x


CONVOLUTIONS: dict[str, Callable[..., Built]] = {
    "conv": _conv,
    "pwconv": _pointwise,
    "dwconv": _depthwise,
    "sepconv": _separable,
    "convt": _transposed,
}
