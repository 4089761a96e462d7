"""Layers that only move values: reshapes, slices, padding, shuffles, windows and back."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.compute.table import computes
from cnncalc.executors.bundled.context import Context
from cnncalc.executors.bundled.kernels.padding import pad
from cnncalc.executors.bundled.kernels.pooling import adaptive_average
from cnncalc.executors.bundled.kernels.resampling import resize
from cnncalc.executors.bundled.kernels.shuffling import (
    channel_shuffle,
    pixel_shuffle,
    pixel_unshuffle,
)
from cnncalc.executors.bundled.kernels.unfolding import fold, unfold
from cnncalc.executors.geometry import (
    convolution_axes,
    map_sizes,
    one_each,
    resized_axes,
    sliced_axes,
)
from cnncalc.executors.shared_layers import flatten, permute, reshape, unflatten
from cnncalc.layers.base import Layer
from cnncalc.layers.folding import Fold, Unfold
from cnncalc.layers.padding import Crop, Pad
from cnncalc.layers.reshape import Slice
from cnncalc.layers.resize import Upsample
from cnncalc.layers.shuffle import ChannelShuffle, PixelShuffle, PixelUnshuffle

MOVES: dict[str, Callable[[ModuleType, Any, Array], Array]] = {
    "flatten": flatten,
    "permute": permute,
    "reshape": reshape,
    "unflatten": unflatten,
}


@computes(*MOVES)
def moved(at: Context, layer: Layer, x: Array) -> Array:
    """The same values with other axes."""
    return MOVES[layer.kind](at.xp, layer, x)


@computes("slice")
def take(at: Context, layer: Slice, x: Array) -> Array:
    """A part of one axis, as an array of its own: what is cut off can be freed."""
    return x[(slice(None), *sliced_axes(layer, x.ndim - 1))].copy()


@computes("pad")
def padded(at: Context, layer: Pad, x: Array) -> Array:
    """Values around the map, and channels; negative amounts crop."""
    mode = "constant" if layer.mode == "zeros" else layer.mode
    amounts = (*layer.channels, *one_each(layer.padding, x.shape[2:]))
    return pad(at.xp, x[:, None], amounts, mode, layer.value)[:, 0]


@computes("crop")
def crop(at: Context, layer: Crop, x: Array) -> Array:
    """Places cut off around the map."""
    amounts = one_each(layer.amount, map_sizes(x.shape[1:]))
    kept = [
        slice(before, size - after)
        for size, (before, after) in zip(x.shape[2:], amounts, strict=True)
    ]
    return x[(..., *kept)].copy()


@computes("pixelshuffle")
def shuffle_pixels(at: Context, layer: PixelShuffle, x: Array) -> Array:
    """Channels laid out as finer places."""
    return pixel_shuffle(at.xp, x, (layer.factor,) * len(map_sizes(x.shape[1:])))


@computes("pixelunshuffle")
def unshuffle_pixels(at: Context, layer: PixelUnshuffle, x: Array) -> Array:
    """Neighbouring places as channels."""
    return pixel_unshuffle(at.xp, x, (layer.factor,) * len(map_sizes(x.shape[1:])))


@computes("chshuffle")
def shuffle_channels(at: Context, layer: ChannelShuffle, x: Array) -> Array:
    """The channels of the groups dealt out in turn."""
    return channel_shuffle(at.xp, x, layer.groups)


@computes("unfold")
def unfold_windows(at: Context, layer: Unfold, x: Array) -> Array:
    """Every window by itself, one beside another."""
    return unfold(at.xp, x, convolution_axes(layer, map_sizes(x.shape[1:])))


@computes("fold")
def fold_windows(at: Context, layer: Fold, x: Array) -> Array:
    """Windows added up into a map of the size given."""
    if x.ndim != 3:
        raise ValueError(f"columns are needed, not {x.shape[1:]}")
    axes = max(len(layer.kernel), len(layer.size))
    sizes = one_each(layer.size, (0,) * axes)
    return fold(at.xp, x, convolution_axes(layer, sizes))


@computes("upsample")
def upsample(at: Context, layer: Upsample, x: Array) -> Array:
    """The map at another size, interpolated."""
    sizes = map_sizes(x.shape[1:])
    wanted, factors = zip(*resized_axes(layer, sizes), strict=True)
    if layer.mode == "area":  # PyTorch's name for adaptive averages
        return adaptive_average(at.xp, x, wanted)
    given = None if layer.factor is None else factors
    return resize(at.xp, x, wanted, layer.mode, layer.corners, given)
