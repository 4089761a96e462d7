"""Windows taken apart and added up again: `unfold` and `fold`."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.kernels.arrays import Namespace, working_type
from cnncalc.executors.bundled.kernels.blocks import whole
from cnncalc.executors.bundled.kernels.sliding import counts_of, gather, scatter
from cnncalc.executors.geometry import Axis


def unfold(xp: Namespace, x: Array, axes: Sequence[Axis]) -> Array:
    """The windows one beside another, (N, C * taps, windows)."""
    kernel, windows = [axis.kernel for axis in axes], counts_of(axes)
    gathered = xp.empty((*x.shape[:2], *kernel, *windows), dtype=x.dtype)
    gather(xp, x, axes, whole(windows), gathered)
    return gathered.reshape(x.shape[0], x.shape[1] * prod(kernel), prod(windows))


def fold(xp: Namespace, x: Array, axes: Sequence[Axis]) -> Array:
    """Add windows (N, C * taps, windows) up to the maps that they walk along."""
    kernel, windows = [axis.kernel for axis in axes], counts_of(axes)
    sizes = tuple(axis.size for axis in axes)
    if x.shape[2] != prod(windows):
        raise ValueError(f"{x.shape[2]} columns are not the {prod(windows)} windows of {sizes}")
    if x.shape[1] % prod(kernel):
        raise ValueError(f"columns of {x.shape[1]} do not divide into windows of {prod(kernel)}")
    gathered = x.reshape(x.shape[0], -1, *kernel, *windows)
    out = xp.zeros((*gathered.shape[:2], *sizes), dtype=working_type(xp, x.dtype))
    scatter(gathered, axes, whole(windows), out)
    return out.astype(x.dtype, copy=False)
