"""Layers that only move values, by Keras's functions: reshapes, slices, shuffles, windows.

The order of values is that of the compact notation, channels first, unless a layer says
otherwise; what comes in and goes out has its channels last.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy
from keras import ops
from numpy.typing import NDArray

from cnncalc.executors.base import Array
from cnncalc.executors.geometry import (
    Axis,
    convolution_axes,
    flattened_axes,
    map_sizes,
    one_each,
    reshaped_sizes,
    sliced_axes,
)
from cnncalc.executors.keras.modules import (
    Bench,
    Built,
    channels_first,
    channels_last,
    inside,
)
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.expand import Expand
from cnncalc.layers.folding import Fold, Unfold
from cnncalc.layers.reshape import Flatten, Permute, Reshape, Slice, Unflatten
from cnncalc.layers.shuffle import ChannelShuffle, PixelShuffle, PixelUnshuffle

__all__ = ["MOVES"]

Move = Callable[..., Array]  # of the layer and an array with its channels first


def _shape(x: Array) -> Shape:
    return tuple(int(size) for size in x.shape)


def _flatten(layer: Flatten, x: Array) -> Array:
    sizes = _shape(x)
    first, last = (1 + axis for axis in flattened_axes(layer, len(sizes) - 1))
    if layer.order == "last" and first == 1:
        x = ops.moveaxis(x, 1, last)
    merged = prod(sizes[first : last + 1])
    return ops.reshape(x, (*sizes[:first], merged, *sizes[last + 1 :]))


def _unflatten(layer: Unflatten, x: Array) -> Array:
    sizes = _shape(x)
    axis = range(1, len(sizes))[layer.axis]
    return ops.reshape(x, (*sizes[:axis], *reshaped_sizes(layer), *sizes[axis + 1 :]))


def _reshape(layer: Reshape, x: Array) -> Array:
    sizes = reshaped_sizes(layer)
    if layer.order == "first":
        return ops.reshape(x, (x.shape[0], *sizes))
    counted = ops.reshape(channels_last(x), (x.shape[0], *sizes[1:], sizes[0]))
    return channels_first(counted)


def _permute(layer: Permute, x: Array) -> Array:
    return ops.transpose(x, (0, *(axis + 1 for axis in layer.axes)))


def _expand(layer: Expand, x: Array) -> Array:
    return ops.broadcast_to(x, (x.shape[0], *layer.sizes))


def _shuffle_channels(layer: ChannelShuffle, x: Array) -> Array:
    batch, channels, *sizes = _shape(x)
    apart = ops.reshape(x, (batch, layer.groups, channels // layer.groups, *sizes))
    return ops.reshape(ops.swapaxes(apart, 1, 2), (batch, channels, *sizes))


def _shuffle_pixels(layer: PixelShuffle, x: Array) -> Array:
    batch, channels, *sizes = _shape(x)
    rank, factor = len(sizes), layer.factor
    apart = ops.reshape(x, (batch, channels // factor**rank, *[factor] * rank, *sizes))
    order = [axis for at in range(rank) for axis in (2 + rank + at, 2 + at)]
    finer = [n * factor for n in sizes]
    return ops.reshape(ops.transpose(apart, (0, 1, *order)), (batch, apart.shape[1], *finer))


def _unshuffle_pixels(layer: PixelUnshuffle, x: Array) -> Array:
    batch, channels, *sizes = _shape(x)
    rank, factor = len(sizes), layer.factor
    split = [part for n in sizes for part in (n // factor, factor)]
    apart = ops.reshape(x, (batch, channels, *split))
    order = (*range(3, 2 + 2 * rank, 2), *range(2, 2 + 2 * rank, 2))
    coarser = [n // factor for n in sizes]
    moved = ops.transpose(apart, (0, 1, *order))
    return ops.reshape(moved, (batch, channels * factor**rank, *coarser))


def _reads(axis: Axis) -> NDArray[numpy.float64]:
    """(places, taps, windows): 1 where a tap of a window reads a place."""
    matrix = numpy.zeros((axis.size, axis.kernel, axis.windows))
    for window, start in enumerate(axis.starts):
        for tap in range(axis.kernel):
            place = start + tap * axis.dilation
            if 0 <= place < axis.size:
                matrix[place, tap, window] = 1
    return matrix


def _unfold(layer: Unfold, x: Array) -> Array:
    """Every window by itself: on each axis in turn the places become taps and windows."""
    axes = convolution_axes(layer, _shape(x)[2:])
    for number, axis in enumerate(axes):
        matrix = ops.convert_to_tensor(_reads(axis), dtype=x.dtype)
        # (N, C, *taps so far, *windows so far, place, ...): the place is always after those
        x = ops.tensordot(x, matrix, axes=[[2 + 2 * number], [0]])
        x = ops.moveaxis(x, (-2, -1), (2 + number, 3 + 2 * number))
    batch, channels = _shape(x)[:2]
    taps, windows = (prod(getattr(axis, name) for axis in axes) for name in ("kernel", "windows"))
    return ops.reshape(x, (batch, channels * taps, windows))


def _fold(layer: Fold, x: Array) -> Array:
    """The reverse: taps and windows add up to places."""
    if len(x.shape) != 3:
        raise ValueError(f"columns are needed, not {_shape(x)[1:]}")
    count = max(len(layer.kernel), len(layer.size))
    axes = convolution_axes(layer, one_each(layer.size, (0,) * count))
    kernel, windows = [axis.kernel for axis in axes], [axis.windows for axis in axes]
    x = ops.reshape(x, (x.shape[0], x.shape[1] // prod(kernel), *kernel, *windows))
    for number, axis in enumerate(axes):  # its taps and windows are the first of those left
        left = len(axes) - number
        matrix = ops.convert_to_tensor(_reads(axis), dtype=x.dtype)
        x = ops.tensordot(x, matrix, axes=[[2, 2 + left], [1, 2]])
    return x


def _moved(move: Move) -> Callable[[Bench, Layer, Array], Built]:
    return lambda at, layer, x: (channels_last(move(layer, channels_first(x))), [])


def _slice(at: Bench, layer: Slice, x: Array) -> Built:
    channels, *places = sliced_axes(layer, len(x.shape) - 1)
    return x[(slice(None), *places, channels)], []


def _of_map(move: Move) -> Move:
    def check(layer: Layer, x: Array) -> Array:
        map_sizes(inside(x))
        return move(layer, x)

    return check


CHANNELS_FIRST: dict[str, Move] = {
    "flatten": _flatten,
    "unflatten": _unflatten,
    "reshape": _reshape,
    "permute": _permute,
    "expand": _expand,
    "chshuffle": _shuffle_channels,
    "pixelshuffle": _of_map(_shuffle_pixels),
    "pixelunshuffle": _of_map(_unshuffle_pixels),
    "unfold": _of_map(_unfold),
    "fold": _fold,
}
MOVES: dict[str, Callable[..., Built]] = {
    "slice": _slice,
    **{kind: _moved(move) for kind, move in CHANNELS_FIRST.items()},
}
