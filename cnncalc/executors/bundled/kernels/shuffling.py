"""Channels dealt out anew: among one another, and among the places of the map."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.kernels.arrays import Namespace


def pixel_shuffle(xp: Namespace, x: Array, factors: Sequence[int]) -> Array:
    """Lay out groups of channels as finer positions, ``factors`` for each spatial axis."""
    count, channels, *sizes = x.shape
    rank, coarse = len(factors), channels // prod(factors)
    if channels % prod(factors):
        raise ValueError(f"{channels} channels do not divide by {prod(factors)}")
    apart = xp.reshape(x, (count, coarse, *factors, *sizes))
    order = [axis for at in range(rank) for axis in (2 + rank + at, 2 + at)]
    finer = [n * factor for n, factor in zip(sizes, factors, strict=True)]
    return xp.reshape(xp.transpose(apart, (0, 1, *order)), (count, coarse, *finer))


def pixel_unshuffle(xp: Namespace, x: Array, factors: Sequence[int]) -> Array:
    """The reverse of `pixel_shuffle`: neighbouring positions become channels."""
    count, channels, *sizes = x.shape
    if any(n % factor for n, factor in zip(sizes, factors, strict=True)):
        raise ValueError(f"sizes {tuple(sizes)} do not divide by {tuple(factors)}")
    coarser = [n // factor for n, factor in zip(sizes, factors, strict=True)]
    split = [part for pair in zip(coarser, factors, strict=True) for part in pair]
    apart = xp.reshape(x, (count, channels, *split))
    last = 2 + len(split)
    moved = xp.transpose(apart, (0, 1, *range(3, last, 2), *range(2, last, 2)))
    return xp.reshape(moved, (count, channels * prod(factors), *coarser))


def channel_shuffle(xp: Namespace, x: Array, groups: int) -> Array:
    """Deal the channels of the groups out in turn."""
    count, channels, *sizes = x.shape
    if channels % groups:
        raise ValueError(f"{channels} channels do not divide into {groups} groups")
    apart = xp.reshape(x, (count, groups, channels // groups, *sizes))
    return xp.reshape(xp.swapaxes(apart, 1, 2), x.shape)
