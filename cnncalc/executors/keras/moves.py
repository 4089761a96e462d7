"""Layers that only move values, by Keras's functions: reshapes, slices, shuffles, windows.

The order of values is that of the compact notation, channels first, unless a layer says
otherwise; what comes in and goes out has its channels last.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod

import numpy
from keras import ops
from numpy.typing import NDArray

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.kernels.shuffling import (
    channel_shuffle,
    pixel_shuffle,
    pixel_unshuffle,
)
from cnncalc.executors.geometry import (
    Axis,
    convolution_axes,
    map_sizes,
    one_each,
    sliced_axes,
)
from cnncalc.executors.keras.modules import (
    Bench,
    Built,
    channels_first,
    channels_last,
    inside,
)
from cnncalc.executors.shared_layers import flatten, permute, reshape, unflatten
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.expand import Expand
from cnncalc.layers.folding import Fold, Unfold
from cnncalc.layers.reshape import Slice
from cnncalc.layers.shuffle import ChannelShuffle, PixelShuffle, PixelUnshuffle

__all__ = ["MOVES"]

Move = Callable[..., Array]  # of the layer and an array with its channels first


def _shape(x: Array) -> Shape:
    return tuple(int(size) for size in x.shape)


def _expand(layer: Expand, x: Array) -> Array:
    return ops.broadcast_to(x, (x.shape[0], *layer.sizes))


def _shuffle_channels(layer: ChannelShuffle, x: Array) -> Array:
    return channel_shuffle(ops, x, layer.groups)


def _shuffle_pixels(layer: PixelShuffle, x: Array) -> Array:
    return pixel_shuffle(ops, x, (layer.factor,) * (len(x.shape) - 2))


def _unshuffle_pixels(layer: PixelUnshuffle, x: Array) -> Array:
    return pixel_unshuffle(ops, x, (layer.factor,) * (len(x.shape) - 2))


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
    "flatten": partial(flatten, ops),
    "unflatten": partial(unflatten, ops),
    "reshape": partial(reshape, ops),
    "permute": partial(permute, ops),
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
