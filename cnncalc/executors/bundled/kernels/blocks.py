"""Boxes of places cut into blocks, to be worked at one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import prod
from typing import TypeAlias

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.kernels.arrays import Namespace, working_type
from cnncalc.executors.bundled.kernels.workspace import block_bytes

Slices: TypeAlias = tuple[slice, ...]
Stage: TypeAlias = Callable[[Array], Array]


def whole(extents: Sequence[int]) -> Slices:
    """The slices that take everything."""
    return tuple(slice(0, extent) for extent in extents)


def extents_of(block: Slices) -> list[int]:
    return [part.stop - part.start for part in block]


def blocks(extents: Sequence[int], points: int) -> Iterator[Slices]:
    """Tile a box with blocks of about equal size, of at most ``points`` points or of one.

    The first is the largest.  Leading axes are split first: each block is one
    run over the trailing axes, so that it flattens without a copy.
    """
    piece = list(extents)
    for axis, extent in enumerate(extents):
        inner = prod(extents[axis + 1 :])
        if extent * inner <= points:
            break
        pieces = -(-extent // max(1, points // inner))
        piece[axis] = -(-extent // pieces)
    starts = [range(0, extent, max(1, step)) for extent, step in zip(extents, piece, strict=True)]
    for corner in product(*starts):
        yield tuple(
            slice(start, min(start + step, extent))
            for start, step, extent in zip(corner, piece, extents, strict=True)
        )


def by_channels(xp: Namespace, x: Array, sizes: Sequence[int], stages: Sequence[Stage]) -> Array:
    """Apply stages that work on each channel by itself to a few channels at a time.

    What lies between two stages then stays small, and in the caches.
    """
    out = xp.empty((*x.shape[:2], *sizes), dtype=x.dtype)
    wide = working_type(xp, x.dtype)
    channel = max(1, prod(x.shape[2:]), prod(sizes)) * wide.itemsize
    for block in blocks(x.shape[:2], max(1, block_bytes(xp) // channel)):
        values = x[block].astype(wide, copy=False)
        for stage in stages:
            values = stage(values)
        out[block] = values
    return out
