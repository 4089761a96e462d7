"""What one layer makes of what its input's units see, for each kind that moves or gathers them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy

from cnncalc.executors.bundled.kernels.pooling import adaptive_max
from cnncalc.executors.bundled.kernels.resampling import resize
from cnncalc.executors.geometry import (
    Axis,
    Spreading,
    axis_of,
    convolution_axes,
    keeps_axes,
    one_each,
    pointwise_axes,
    pool_axes,
    resized_axes,
    spread_axes,
    unpool_axes,
)
from cnncalc.executors.probing.reach import Reach, slid, spread
from cnncalc.layers.base import Shape

__all__ = ["RULES"]

Rule = Callable[[Any, Shape, Reach], Reach]


def _along(axes_of: Callable[[Any, Shape], Sequence[Axis]]) -> Rule:
    """A layer that slides over the spatial axes and treats each channel by itself."""

    def rule(layer: Any, shape: Shape, reach: Reach) -> Reach:
        if not reach.place:
            return reach
        return replace(reach, rows=slid(reach.rows, axes_of(layer, shape[1:])[reach.place - 1]))

    return rule


def _convolved(axes_of: Callable[[Any, Shape], Sequence[Axis]]) -> Rule:
    """The same over all channels, or those of a group."""
    along = _along(axes_of)

    def rule(layer: Any, shape: Shape, reach: Reach) -> Reach:
        if reach.place == 0:
            return reach.gathered(merged=getattr(layer, "groups", 1) > 1)
        return along(layer, shape, reach)

    return rule


def _depthwise(layer: Any, shape: Shape, reach: Reach) -> Reach:
    if reach.place == 0:
        return reach.gathered(merged=True) if layer.multiplier > 1 else reach
    return _along(convolution_axes)(layer, shape, reach)


def _transposed(layer: Any, shape: Shape, reach: Reach) -> Reach:
    if reach.place is None:
        return reach
    if reach.place == 0:
        return reach.gathered(merged=layer.groups > 1)
    how = spread_axes(layer, shape[1:])[reach.place - 1]
    return replace(reach, rows=spread(reach.rows, how))


def _unpooled(layer: Any, shape: Shape, reach: Reach) -> Reach:
    if not reach.place:
        return reach
    how = unpool_axes(layer, shape[1:])[reach.place - 1]
    return replace(reach, rows=spread(reach.rows, how))


def _binned(layer: Any, shape: Shape, reach: Reach) -> Reach:
    size = one_each(layer.size, shape[1:])[reach.place - 1] if reach.place else "keep"
    if not isinstance(size, int):
        return reach
    return replace(reach, rows=adaptive_max(numpy, reach.rows[None], [size])[0])


def _pooled(layer: Any, shape: Shape, reach: Reach) -> Reach:
    if not reach.place:
        return reach
    return replace(reach.gathered(), place=reach.place if layer.keep else None)


def _gathered(layer: Any, shape: Shape, reach: Reach) -> Reach:
    return reach.gathered()


def _along_axis(layer: Any, shape: Shape, reach: Reach) -> Reach:
    """Every unit reads all of one axis."""
    axis = axis_of(layer, layer.axis or 0, len(shape))
    if reach.place == axis:
        return reach.gathered()
    if len(shape) == 1:  # all that lay side by side in a vector is read together
        return replace(reach, merged=False)
    return reach


def _halved(layer: Any, shape: Shape, reach: Reach) -> Reach:
    """Every unit reads two places of one axis, half of it apart."""
    if reach.place != axis_of(layer, layer.axis, len(shape)):
        return reach
    return replace(reach, rows=numpy.maximum(*numpy.split(reach.rows, 2, axis=1)))


def _reduced(layer: Any, shape: Shape, reach: Reach) -> Reach:
    """Every unit reads all of some axes, which stay with size 1 or go."""
    axes = range(len(shape))
    every = layer.axes == ("all",)
    gone = axes if every else {axis_of(layer, axis, len(shape)) for axis in layer.axes}
    if reach.place in gone:
        return replace(reach.gathered(), place=reach.place if layer.keep else None)
    left = [axis for axis in axes if layer.keep or axis not in gone]
    return reach if reach.place is None else replace(reach, place=left.index(reach.place))


def _expanded(layer: Any, shape: Shape, reach: Reach) -> Reach:
    if reach.place is None:
        return reach
    repeats = layer.sizes[reach.place] // shape[reach.place]
    return replace(reach, rows=reach.rows.repeat(repeats, axis=1))


def _flattened(layer: Any, shape: Shape, reach: Reach) -> Reach:
    axes = range(len(shape))
    first, last = axes[layer.start], axes[layer.end]
    if reach.place is None or reach.place < first or first == last:
        return reach
    if reach.place > last:
        return replace(reach, place=reach.place - (last - first))
    if shape[reach.place] == prod(shape[first : last + 1]):  # alone, it goes on as it was
        return replace(reach, place=first)
    return reach.gathered(merged=True)


def _unflattened(layer: Any, shape: Shape, reach: Reach) -> Reach:
    axis = range(len(shape))[layer.axis]
    if reach.place is None or reach.place < axis or len(layer.sizes) == 1:
        return reach
    if reach.place > axis:
        return replace(reach, place=reach.place + len(layer.sizes) - 1)
    long = [at for at, size in enumerate(layer.sizes) if size != 1]
    return replace(reach, place=axis + long[0]) if len(long) == 1 else reach.gathered(merged=True)


def _reshaped(layer: Any, shape: Shape, reach: Reach) -> Reach:
    return reach if keeps_axes(layer, shape) else reach.gathered(merged=True)


def _permuted(layer: Any, shape: Shape, reach: Reach) -> Reach:
    return reach if reach.place is None else replace(reach, place=layer.axes.index(reach.place))


def _taken(layer: Any, shape: Shape, reach: Reach) -> Reach:
    axis = range(len(shape))[layer.axis]
    if reach.place != axis:
        return _fewer(reach) if axis else reach
    start, stop = layer.interval
    return replace(reach, rows=reach.rows[:, start : stop : layer.step])


def _fewer(reach: Reach) -> Reach:
    """Units left out where all see alike, but those in padding: it may be these that are left."""
    return replace(reach, merged=True) if reach.place is None else reach


def _padded(layer: Any, shape: Shape, reach: Reach) -> Reach:
    if reach.place is None:
        return reach
    before, after = (*layer.channels, *one_each(layer.padding, shape[1:]))[reach.place]
    return replace(reach, rows=slid(reach.rows, Axis(shape[reach.place], 1, 1, before, after)))


def _cropped(layer: Any, shape: Shape, reach: Reach) -> Reach:
    if not reach.place:
        return _fewer(reach)
    before, after = one_each(layer.amount, shape[1:])[reach.place - 1]
    return replace(reach, rows=slid(reach.rows, Axis(shape[reach.place], 1, 1, -before, -after)))


def _shuffled(layer: Any, shape: Shape, reach: Reach) -> Reach:
    if not reach.place:
        return reach.gathered(merged=True)
    return replace(reach, rows=reach.rows.repeat(layer.factor, axis=1))


def _unshuffled(layer: Any, shape: Shape, reach: Reach) -> Reach:
    if not reach.place:
        return reach.gathered(merged=True)
    axis = Axis(shape[reach.place], layer.factor, layer.factor)
    return replace(reach, rows=slid(reach.rows, axis))


def _dealt(layer: Any, shape: Shape, reach: Reach) -> Reach:
    return reach.gathered(merged=True) if reach.place == 0 else reach


def _unfolded(layer: Any, shape: Shape, reach: Reach) -> Reach:
    found = _along(convolution_axes)(layer, shape, reach)
    return found.gathered(merged=True) if len(shape) > 2 or reach.place == 0 else found


def _folded(layer: Any, shape: Shape, reach: Reach) -> Reach:
    if not reach.place or max(len(layer.kernel), len(layer.size)) > 1:
        return reach.gathered(merged=True)
    (axis,) = convolution_axes(layer, layer.size)
    how = Spreading(axis.kernel, axis.stride, axis.before, axis.after, axis.dilation, 0)
    return replace(reach, rows=spread(reach.rows, how))


def _resized(layer: Any, shape: Shape, reach: Reach) -> Reach:
    sizes = resized_axes(layer, shape[1:])
    if not reach.place:
        return reach
    n = shape[reach.place]
    m, factor = sizes[reach.place - 1]
    if layer.mode == "area":
        return replace(reach, rows=adaptive_max(numpy, reach.rows[None], [m])[0])
    if layer.mode.startswith("nearest"):
        return replace(reach, rows=_nearest(reach.rows, layer.mode, n, m, factor))
    return replace(reach, rows=_interpolated(reach.rows, layer, n, m, factor))


def _nearest(rows: Any, mode: str, n: int, m: int, factor: float | None) -> Any:
    """What a ramp of places becomes says which place is read."""
    scales = None if factor is None else [factor]
    reads = resize(numpy, numpy.arange(n, dtype=float)[None, None], [m], mode, scales=scales)[0, 0]
    found = rows[:, reads.astype(int)]
    step = n / m if factor is None else 1 / factor
    half = 0.5 if mode == "nearest-exact" else 0.0
    places = numpy.arange(m) + half
    # Nothing is said where single precision (PyTorch's way) reads a neighbour, nor where
    # PyTorch's own paths differ: some copy or double and pass over the factor.
    unsaid = reads != numpy.floor(places * step + ROUNDING)
    if m in (n, 2 * n):
        unsaid |= reads != numpy.floor(places * (n / m))
    found[:2, unsaid], found[2:, unsaid] = -numpy.inf, 1
    return found


def _interpolated(rows: Any, layer: Any, n: int, m: int, factor: float | None) -> Any:
    """What a ramp becomes is the coordinate; half of the taps lie on each side of it."""
    ramp = numpy.arange(n, dtype=float)[None, None]
    scales = None if factor is None else [factor]
    at = resize(numpy, ramp, [m], "linear", layer.corners, scales)[0, 0]
    # PyTorch's forward passes over the factor here for linear, its backward for cubic too:
    # there nothing is said.
    copied = n == m and layer.mode != "linear" and not layer.corners and factor not in (None, 1)
    low = numpy.floor(at + ROUNDING).astype(int)
    high = numpy.ceil(at - ROUNDING).astype(int)
    more = (high - low) * (HALF_TAPS[layer.mode] - 1)
    first, last = low - more, high + more
    taps = [
        numpy.clip(numpy.minimum(first + tap, last), 0, n - 1)
        for tap in range(2 * HALF_TAPS[layer.mode])
    ]
    found = numpy.max([rows[:, tap] for tap in taps], axis=0)
    # A coordinate on the border may have been moved there, and its taps with it.
    moved = (at <= 0) | (at >= n - 1) | copied
    found[2] = numpy.maximum(found[2], moved | (first < 0))
    found[3] = numpy.maximum(found[3], moved | (last > n - 1))
    return found


ROUNDING = 1e-6
HALF_TAPS = {"linear": 1, "cubic": 2, "lanczos3": 3, "lanczos5": 5}

RULES: dict[str, Rule] = {
    "conv": _convolved(convolution_axes),
    "dwconv": _depthwise,
    "pwconv": _convolved(pointwise_axes),
    "sepconv": _convolved(convolution_axes),
    "convt": _transposed,
    "maxpool": _along(pool_axes),
    "avgpool": _along(pool_axes),
    "lppool": _along(pool_axes),
    "adaptiveavg": _binned,
    "adaptivemax": _binned,
    "gap": _pooled,
    "gmp": _pooled,
    "glp": _pooled,
    "maxunpool": _unpooled,
    "se": _gathered,
    "linear": _along_axis,
    "softmax": _along_axis,
    "softmin": _along_axis,
    "sparsemax": _along_axis,
    "logsoftmax": _along_axis,
    "glu": _halved,
    "reduce": _reduced,
    "expand": _expanded,
    "flatten": _flattened,
    "unflatten": _unflattened,
    "reshape": _reshaped,
    "permute": _permuted,
    "slice": _taken,
    "pad": _padded,
    "crop": _cropped,
    "pixelshuffle": _shuffled,
    "pixelunshuffle": _unshuffled,
    "chshuffle": _dealt,
    "unfold": _unfolded,
    "fold": _folded,
    "upsample": _resized,
}
