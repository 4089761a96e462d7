"""The kernels of the bundled executor: plain functions on arrays (N, C, *spatial).

Each takes the array module first, NumPy or CuPy, and works for any number of spatial
axes.  Here are those that only move values, and the names of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.executors.bundled.kernels.convolution import convolve, convolve_transposed
from cnncalc.executors.bundled.kernels.pooling import (
    adaptive_average,
    adaptive_max,
    bins,
    pool_average,
    pool_lp,
    pool_max,
)
from cnncalc.executors.bundled.kernels.resampling import resize
from cnncalc.executors.bundled.kernels.sliding import (
    WORKSPACE_BYTES,
    Array,
    Axis,
    Namespace,
    Pads,
    Workspace,
    blocks,
    gather,
    is_host,
    product_type,
    scatter,
    whole,
    window_axes,
    working_type,
)

__all__ = [
    "WORKSPACE_BYTES",
    "Array",
    "Axis",
    "Namespace",
    "Pads",
    "Workspace",
    "adaptive_average",
    "adaptive_max",
    "bins",
    "blocks",
    "channel_shuffle",
    "convolve",
    "convolve_transposed",
    "fold",
    "is_host",
    "pad",
    "pixel_shuffle",
    "pixel_unshuffle",
    "pool_average",
    "pool_lp",
    "pool_max",
    "product_type",
    "resize",
    "unfold",
    "working_type",
]


def pad(xp: Namespace, x: Array, pads: Pads, mode: str = "zeros", value: float = 0.0) -> Array:
    """Put padding around the spatial axes; negative amounts crop.

    The modes are zeros, constant (``value``), reflect, replicate and circular.
    """
    if mode in ("zeros", "constant"):
        return _pad_constant(xp, x, pads, value if mode == "constant" else 0.0)
    for axis, (before, after) in zip(range(2, x.ndim), pads, strict=True):
        if before or after:
            positions = _padded_positions(xp, x.shape[axis], before, after, mode)
            x = xp.take(x, positions, axis=axis)
    return x


def _pad_constant(xp: Namespace, x: Array, pads: Pads, value: float) -> Array:
    sizes = [n + before + after for n, (before, after) in zip(x.shape[2:], pads, strict=True)]
    if min(sizes, default=0) < 0:
        raise ValueError(f"padding by {list(pads)} crops more than there is of {x.shape[2:]}")
    out = xp.full((*x.shape[:2], *sizes), value, dtype=x.dtype)
    inside = (slice(max(0, b), n - max(0, a)) for n, (b, a) in zip(sizes, pads, strict=True))
    kept = (slice(max(0, -b), n - max(0, -a)) for n, (b, a) in zip(x.shape[2:], pads, strict=True))
    out[(..., *inside)] = x[(..., *kept)]
    return out


def _padded_positions(xp: Namespace, size: int, before: int, after: int, mode: str) -> Array:
    """The position of the data that each position of the padded axis repeats."""
    positions = xp.arange(-before, size + after)
    if mode == "replicate":
        return xp.clip(positions, 0, size - 1)
    first = 0
    if mode == "circular":  # what is cut off is gone before the rest goes round
        first = max(-before, 0)
        size -= first + max(-after, 0)
    limits = {"circular": size, "reflect": size - 1}
    if mode not in limits:
        raise ValueError(f"there is no padding mode {mode}")
    if max(before, after) > limits[mode]:
        raise ValueError(f"{mode} padding of {max(before, after)} is too much for a size of {size}")
    if mode == "circular":
        return (positions - first) % size + first
    last = size - 1
    return last - abs(last - abs(positions))


def unfold(
    xp: Namespace,
    x: Array,
    kernel: Sequence[int],
    stride: Sequence[int],
    pads: Pads,
    dilation: Sequence[int],
) -> Array:
    """The windows as columns, (N, C * taps, windows)."""
    axes = window_axes(x.shape[2:], kernel, stride, pads, dilation)
    windows = [axis.windows for axis in axes]
    columns = xp.empty((*x.shape[:2], *kernel, *windows), dtype=x.dtype)
    gather(xp, x, axes, whole(windows), columns)
    return columns.reshape(x.shape[0], x.shape[1] * prod(kernel), prod(windows))


def fold(
    xp: Namespace,
    x: Array,
    sizes: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    pads: Pads,
    dilation: Sequence[int],
) -> Array:
    """Add columns (N, C * taps, windows) up to maps of the given sizes."""
    axes = window_axes(sizes, kernel, stride, pads, dilation)
    windows = [axis.windows for axis in axes]
    if x.shape[2] != prod(windows):
        raise ValueError(f"{x.shape[2]} columns are not the {prod(windows)} windows of {sizes}")
    if x.shape[1] % prod(kernel):
        raise ValueError(f"columns of {x.shape[1]} do not divide into windows of {prod(kernel)}")
    columns = x.reshape(x.shape[0], -1, *kernel, *windows)
    out = xp.zeros((*columns.shape[:2], *sizes), dtype=working_type(xp, x.dtype))
    scatter(columns, axes, whole(windows), out)
    return out.astype(x.dtype, copy=False)


def pixel_shuffle(xp: Namespace, x: Array, factors: Sequence[int]) -> Array:
    """Lay out groups of channels as finer positions, ``factors`` for each spatial axis."""
    rank, sizes = len(factors), x.shape[2:]
    if x.shape[1] % prod(factors):
        raise ValueError(f"{x.shape[1]} channels do not divide by {prod(factors)}")
    apart = x.reshape(x.shape[0], -1, *factors, *sizes)
    order = [axis for at in range(rank) for axis in (2 + rank + at, 2 + at)]
    finer = [n * factor for n, factor in zip(sizes, factors, strict=True)]
    return xp.transpose(apart, (0, 1, *order)).reshape(x.shape[0], -1, *finer)


def pixel_unshuffle(xp: Namespace, x: Array, factors: Sequence[int]) -> Array:
    """The reverse of `pixel_shuffle`: neighbouring positions become channels."""
    sizes = x.shape[2:]
    if any(n % factor for n, factor in zip(sizes, factors, strict=True)):
        raise ValueError(f"sizes {sizes} do not divide by {tuple(factors)}")
    coarser = [n // factor for n, factor in zip(sizes, factors, strict=True)]
    split = [part for pair in zip(coarser, factors, strict=True) for part in pair]
    apart = x.reshape(*x.shape[:2], *split)
    order = (*range(3, apart.ndim, 2), *range(2, apart.ndim, 2))
    return xp.transpose(apart, (0, 1, *order)).reshape(
        x.shape[0], x.shape[1] * prod(factors), *coarser
    )


def channel_shuffle(xp: Namespace, x: Array, groups: int) -> Array:
    """Deal the channels of the groups out in turn."""
    if x.shape[1] % groups:
        raise ValueError(f"{x.shape[1]} channels do not divide into {groups} groups")
    apart = x.reshape(x.shape[0], groups, -1, *x.shape[2:])
    return xp.swapaxes(apart, 1, 2).reshape(x.shape)
