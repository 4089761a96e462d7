"""Pooling: windows reduced one axis after another, a few channels at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.kernels.arrays import Namespace, working_type
from cnncalc.executors.bundled.kernels.blocks import Stage, by_channels
from cnncalc.executors.bundled.kernels.sliding import counts_of
from cnncalc.executors.geometry import Axis, Pads, bins, pads_of


@dataclass(frozen=True)
class Reduction:
    """A reduction of two arrays, the same of one along an axis, and what changes neither."""

    pair: Callable[..., Array]
    along: Callable[..., Array]
    neutral: float


def _maximum(xp: Namespace) -> Reduction:
    return Reduction(xp.maximum, xp.max, float("-inf"))


def _total(xp: Namespace) -> Reduction:
    return Reduction(xp.add, xp.sum, 0.0)


def pool_max(xp: Namespace, x: Array, axes: Sequence[Axis]) -> Array:
    """The largest value of each window; padding counts as minus infinity."""
    return by_channels(xp, x, counts_of(axes), _sliding_stages(xp, axes, _maximum(xp)))


def pool_average(
    xp: Namespace,
    x: Array,
    axes: Sequence[Axis],
    count_include_pad: bool = True,
    divisor: float | None = None,
    counted_pads: Pads | None = None,
) -> Array:
    """The mean of each window, counted as PyTorch counts.

    Padding may reach further after the data than was asked for, to complete a
    last window (ceil mode).  That overhang never counts: ``counted_pads`` is
    the padding asked for, by default all of it.
    """
    windows = counts_of(axes)
    if divisor is not None:
        counts = xp.asarray(divisor)
    else:
        asked = pads_of(axes) if counted_pads is None else counted_pads
        counts = _counts(xp, axes, asked if count_include_pad else [(0, 0)] * len(axes))
    counts = counts.astype(working_type(xp, x.dtype))
    stages = _sliding_stages(xp, axes, _total(xp))
    return by_channels(xp, x, windows, [*stages, lambda sums: sums / counts])


def pool_lp(
    xp: Namespace,
    x: Array,
    axes: Sequence[Axis],
    norm: float,
    counted_pads: Pads | None = None,
) -> Array:
    """The root of the sum of powers of each window, signs kept, as in PyTorch.

    There a window that hangs over (see `pool_average`) is scaled up to a whole one.
    """
    windows = counts_of(axes)
    counts = _counts(xp, axes, pads_of(axes) if counted_pads is None else counted_pads)
    scale = (prod(axis.kernel for axis in axes) / counts).astype(working_type(xp, x.dtype))
    stages = _sliding_stages(xp, axes, _total(xp))
    root = 1.0 / norm
    return by_channels(
        xp, x, windows, [lambda block: block**norm, *stages, lambda s: (s * scale) ** root]
    )


def adaptive_max(xp: Namespace, x: Array, sizes: Sequence[int]) -> Array:
    """The largest value of each of ``sizes`` nearly equal bins of each axis."""
    return by_channels(xp, x, sizes, _bin_stages(xp, x.shape[2:], sizes, _maximum(xp)))


def adaptive_average(xp: Namespace, x: Array, sizes: Sequence[int]) -> Array:
    """The mean of each of ``sizes`` nearly equal bins of each axis."""
    wide = working_type(xp, x.dtype)
    lengths = [
        [part.stop - part.start for part in bins(n, m)]
        for n, m in zip(x.shape[2:], sizes, strict=True)
    ]
    counts = _outer(xp, lengths).astype(wide)
    stages = _bin_stages(xp, x.shape[2:], sizes, _total(xp))
    return by_channels(xp, x, sizes, [*stages, lambda sums: sums / counts])


def _counts(xp: Namespace, axes: Sequence[Axis], pads: Pads) -> Array:
    """How many taps of each window lie on the data or on the padding given."""
    lengths = []
    for axis, (before, after) in zip(axes, pads, strict=True):
        counted = replace(axis, size=before + axis.size + after, before=axis.before - before)
        lengths.append([0] * axis.windows)
        for tap in range(axis.kernel):
            hit, _ = counted.hits(tap, slice(0, axis.windows))
            for window in range(hit.start, hit.stop):
                lengths[-1][window] += 1
    return _outer(xp, lengths)


def _outer(xp: Namespace, lengths: Sequence[Sequence[int]]) -> Array:
    """The product of one number for each axis, at each position."""
    result = xp.asarray(1)
    for along in lengths:
        result = result[..., None] * xp.asarray(along)
    return result


def _sliding_stages(xp: Namespace, axes: Sequence[Axis], how: Reduction) -> list[Stage]:
    return [_sliding_stage(xp, at, axis, how) for at, axis in enumerate(axes, start=-len(axes))]


def _bin_stages(
    xp: Namespace, extents: Sequence[int], sizes: Sequence[int], how: Reduction
) -> list[Stage]:
    stages = []
    for at, (n, m) in enumerate(zip(extents, sizes, strict=True), start=-len(sizes)):
        if n % m == 0:  # equal bins are windows side by side
            axis = Axis(size=n, kernel=n // m, stride=n // m, before=0, after=0, dilation=1)
            stages.append(_sliding_stage(xp, at, axis, how))
        else:
            stages.append(_binning(xp, at, bins(n, m), how))
    return stages


def _sliding_stage(xp: Namespace, at: int, axis: Axis, how: Reduction) -> Stage:
    """Loop over whichever are fewer, the taps or the windows."""
    if axis.kernel <= axis.windows:
        return _shifting(xp, at, axis, how)
    starts = range(-axis.before, axis.windows * axis.stride - axis.before, axis.stride)
    reads = [
        [p for p in range(start, start + axis.reach, axis.dilation) if 0 <= p < axis.size]
        for start in starts
    ]
    parts = [slice(r[0], r[-1] + 1, axis.dilation) if r else slice(0, 0) for r in reads]
    return _binning(xp, at, parts, how)


def _shifting(xp: Namespace, at: int, axis: Axis, how: Reduction) -> Stage:
    """Reduce over one strided slice for each tap."""
    every = slice(0, axis.windows)
    hits = [axis.hits(tap, every) for tap in range(axis.kernel)]

    def stage(values: Array) -> Array:
        shape = list(values.shape)
        shape[at] = axis.windows
        result = xp.full(shape, how.neutral, dtype=values.dtype)
        for windows, positions in hits:
            part = result[_along(at, windows)]
            how.pair(part, values[_along(at, positions)], out=part)
        return result

    return stage


def _binning(xp: Namespace, at: int, parts: Sequence[slice], how: Reduction) -> Stage:
    """Reduce each bin at once."""

    def stage(values: Array) -> Array:
        shape = list(values.shape)
        shape[at] = len(parts)
        result = xp.full(shape, how.neutral, dtype=values.dtype)
        for index, part in enumerate(parts):
            if part.stop > part.start:
                result[_along(at, slice(index, index + 1))] = how.along(
                    values[_along(at, part)], axis=at, keepdims=True
                )
        return result

    return stage


def _along(at: int, part: slice) -> tuple[object, ...]:
    """The index that takes a part of one axis, counted from the last."""
    return (..., part, *(slice(None),) * (-at - 1))
