"""Convolution as one product of matrices, of weights and of windows gathered side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.kernels.arrays import Namespace
from cnncalc.executors.bundled.kernels.blocks import Slices, blocks, extents_of
from cnncalc.executors.bundled.kernels.sliding import gather
from cnncalc.executors.bundled.kernels.workspace import Workspace, block_bytes, shaped
from cnncalc.executors.geometry import Axis


@dataclass(frozen=True)
class Operands:
    """What is multiplied, with the channels split into groups."""

    x: Array  # (N, groups, inputs, *spatial)
    matrices: Array  # (groups, outputs, inputs * taps), in the type to compute in
    offsets: Array | None  # (groups, outputs, 1)
    out: Array  # (N, groups, outputs, *windows)
    axes: Sequence[Axis]

    @property
    def narrows(self) -> bool:
        """Whether results are rounded to a narrower type than they are computed in."""
        return bool(self.matrices.dtype != self.out.dtype)


def is_pointwise(operands: Operands) -> bool:
    """Whether the windows are the data itself, so that nothing need be gathered."""
    return not operands.narrows and all(axis == Axis(axis.size) for axis in operands.axes)


def multiply_pointwise(xp: Namespace, operands: Operands) -> None:
    """One matrix product for each sample and group, from the data to the output."""
    x, out = operands.x, operands.out
    flat = out.reshape(*out.shape[:3], -1)
    xp.matmul(operands.matrices, x.reshape(*x.shape[:3], -1), out=flat)
    if operands.offsets is not None:
        flat += operands.offsets


def convolve_gathered(xp: Namespace, operands: Operands, scratch: Workspace) -> None:
    """Gather the windows of a block, multiply, and go on to the next block."""
    matrices, out = operands.matrices, operands.out
    outputs, depth = matrices.shape[1:]
    outputs = outputs if operands.narrows else 0
    # Each block reads all weights again, so it should not be small beside them.
    budget = min(scratch.limit, max(block_bytes(xp, scratch.limit), 2 * matrices.nbytes))
    points = max(1, budget // ((depth + outputs) * matrices.itemsize))
    tiles = list(blocks((*out.shape[:2], *out.shape[3:]), points))
    most = prod(extents_of(tiles[0]))
    memory, sums = scratch.arrays((most * depth, most * outputs), matrices.dtype)
    for tile in tiles:
        _convolve_block(xp, operands, tile, memory, sums)


def _convolve_block(
    xp: Namespace, operands: Operands, tile: Slices, memory: Array, sums: Array
) -> None:
    samples, groups, *windows = tile
    count, group_count, *extents = extents_of(tile)
    x = operands.x[samples, groups]
    lead = (count, group_count)
    kernel = [axis.kernel for axis in operands.axes]
    gathered = shaped(memory, (*lead, x.shape[2], *kernel, *extents))
    gather(xp, x, operands.axes, tuple(windows), gathered)
    piece = operands.out[(samples, groups, slice(None), *windows)]
    piece = piece.reshape(*lead, piece.shape[2], prod(extents))
    target = shaped(sums, piece.shape) if operands.narrows else piece
    matrices = operands.matrices[groups]
    xp.matmul(matrices, gathered.reshape(*lead, matrices.shape[2], -1), out=target)
    if operands.offsets is not None:
        target += operands.offsets[groups]
    if operands.narrows:
        piece[...] = target
