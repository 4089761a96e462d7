"""Channels dealt out anew: among one another, and among the places of the map."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.kernels.arrays import Namespace


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
