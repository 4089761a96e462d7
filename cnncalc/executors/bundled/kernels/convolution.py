"""Convolution and transposed convolution, as matrix products over gathered windows."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.kernels.arrays import Namespace, product_type, working_type
from cnncalc.executors.bundled.kernels.blocks import blocks, extents_of
from cnncalc.executors.bundled.kernels.im2col import (
    Operands,
    convolve_gathered,
    is_pointwise,
    multiply_pointwise,
)
from cnncalc.executors.bundled.kernels.mixed_rows import convolve_mixed_rows, pays_to_mix_rows
from cnncalc.executors.bundled.kernels.sliding import counts_of, scatter
from cnncalc.executors.bundled.kernels.workspace import (
    WORKSPACE_BYTES,
    Workspace,
    block_bytes,
    shaped,
)
from cnncalc.executors.geometry import Axis, Spreading

if TYPE_CHECKING:
    pass


def convolve(
    xp: Namespace,
    x: Array,
    weight: Array,
    bias: Array | None,
    axes: Sequence[Axis],
    groups: int,
    workspace: int | Workspace = WORKSPACE_BYTES,
) -> Array:
    """Cross-correlate x (N, C, *spatial) with weight (outputs, C / groups, *kernel).

    ``axes`` say how its windows walk; ``workspace`` is how many bytes of scratch memory
    to take at most, or where to take them from.
    """
    shape = (x.shape[0], weight.shape[0], *counts_of(axes))
    _check_channels(x.shape[1], weight.shape[1] * groups, weight.shape[0], groups)
    out = xp.empty(shape, dtype=x.dtype)
    if out.size == 0:
        return out
    matrices = weight.reshape(groups, shape[1] // groups, -1)
    operands = Operands(
        x.reshape(shape[0], groups, weight.shape[1], *x.shape[2:]),
        matrices.astype(product_type(xp, x.dtype), copy=False),
        None if bias is None else bias.reshape(groups, -1, 1),
        out.reshape(shape[0], groups, -1, *shape[2:]),
        axes,
    )
    _convolve_somehow(xp, operands, _scratch(xp, workspace))
    return out


def _convolve_somehow(xp: Namespace, operands: Operands, scratch: Workspace) -> None:
    """Fill in the output, in the way that is quickest for its shape."""
    if is_pointwise(operands):
        multiply_pointwise(xp, operands)
    elif pays_to_mix_rows(xp, operands, scratch):
        convolve_mixed_rows(xp, operands, scratch)
    else:
        convolve_gathered(xp, operands, scratch)


def _scratch(xp: Namespace, workspace: int | Workspace) -> Workspace:
    return workspace if isinstance(workspace, Workspace) else Workspace(xp, workspace)


def _check_channels(given: int, wanted: int, outputs: int, groups: int) -> None:
    if given != wanted:
        raise ValueError(f"the weight wants {wanted} input channels, not {given}")
    if outputs % groups:
        raise ValueError(f"{outputs} output channels do not divide into {groups} groups")


def convolve_transposed(
    xp: Namespace,
    x: Array,
    weight: Array,
    bias: Array | None,
    spread: Sequence[Spreading],
    groups: int,
    workspace: int | Workspace = WORKSPACE_BYTES,
) -> Array:
    """Spread x (N, C, *spatial) by weight (C, outputs / groups, *kernel): `convolve` in reverse."""
    _check_channels(x.shape[1], weight.shape[0], weight.shape[0], groups)
    axes = [_reversed(each, n) for each, n in zip(spread, x.shape[2:], strict=True)]
    outputs = weight.shape[1]
    wide = working_type(xp, x.dtype)
    out = xp.zeros((x.shape[0], groups * outputs, *(axis.size for axis in axes)), dtype=wide)
    if bias is not None:
        out[...] = bias.reshape(-1, *(1,) * len(axes))
    matrices = weight.reshape(groups, -1, outputs * prod(weight.shape[2:])).swapaxes(1, 2)
    operands = Operands(
        x.reshape(x.shape[0], groups, -1, *x.shape[2:]),
        matrices.astype(product_type(xp, x.dtype), copy=False),
        None,  # already in the output, which only grows from there
        out.reshape(x.shape[0], groups, outputs, *out.shape[2:]),
        axes,
    )
    _spread_blocks(xp, operands, _scratch(xp, workspace))
    return out.astype(x.dtype, copy=False)


def _reversed(spread: Spreading, n: int) -> Axis:
    """An axis of the result, whose windows are the positions of the data spread over it."""
    places = spread.places(n)
    size = places.stop - places.start
    if size < 1:
        raise ValueError(f"a transposed convolution from {n} leaves a size of {size}")
    return Axis(size, spread.kernel, spread.stride, spread.before, spread.after, spread.dilation)


def _spread_blocks(xp: Namespace, operands: Operands, scratch: Workspace) -> None:
    """Multiply a block of positions by all taps, and add each product where it belongs."""
    x, matrices, axes = operands.x, operands.matrices, operands.axes
    depth = matrices.shape[1]
    budget = min(scratch.limit, max(block_bytes(xp, scratch.limit), 2 * matrices.nbytes))
    points = max(1, budget // (depth * matrices.itemsize))
    for tile in blocks((*x.shape[:2], *x.shape[3:]), points):
        samples, groups, *windows = tile
        data = x[(samples, groups, slice(None), *windows)].astype(matrices.dtype, copy=False)
        target = operands.out[samples, groups]
        (memory,) = scratch.arrays([prod(extents_of(tile)) * depth], matrices.dtype)
        spread = shaped(memory, (*data.shape[:2], depth, prod(data.shape[3:])))
        xp.matmul(matrices[groups], data.reshape(*data.shape[:3], -1), out=spread)
        kernel = [axis.kernel for axis in axes]
        spread = spread.reshape(*target.shape[:3], *kernel, *data.shape[3:])
        scatter(spread, axes, tuple(windows), target)
