"""Convolution and transposed convolution as blocked matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.executors.sliding import (
    WORKSPACE_BYTES,
    Array,
    Axis,
    Namespace,
    Pads,
    Slices,
    Workspace,
    block_bytes,
    blocks,
    gather,
    scatter,
    window_axes,
    working_type,
)


def convolve(
    xp: Namespace,
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: Sequence[int],
    pads: Pads,
    dilation: Sequence[int],
    groups: int,
    workspace: int | Workspace = WORKSPACE_BYTES,
    out: Array | None = None,
) -> Array:
    """Cross-correlate x (N, C, *spatial) with weight (out, C / groups, *kernel).

    ``workspace`` is the most scratch memory to take, or a `Workspace` to take it
    from; ``out`` is a contiguous array to write to.
    """
    axes = window_axes(x.shape[2:], weight.shape[2:], stride, pads, dilation)
    _check_channels(x.shape[1], weight.shape[1] * groups, weight.shape[0], groups)
    shape = (x.shape[0], weight.shape[0], *(axis.windows for axis in axes))
    out = _output(xp, out, shape, x.dtype)
    wide = working_type(xp, x.dtype)
    matrices = weight.reshape(groups, shape[1] // groups, -1).astype(wide, copy=False)
    grouped = x.reshape(shape[0], groups, -1, *x.shape[2:])
    result = out.reshape(shape[0], groups, -1, *shape[2:])
    offsets = None if bias is None else bias.reshape(groups, -1, 1)
    if _is_pointwise(axes) and wide == x.dtype:
        flat = result.reshape(*result.shape[:3], -1)
        xp.matmul(matrices, grouped.reshape(*grouped.shape[:3], -1), out=flat)
        if offsets is not None:
            flat += offsets
        return out
    scratch = workspace if isinstance(workspace, Workspace) else Workspace(xp, workspace)
    _convolve_blocks(xp, grouped, matrices, offsets, axes, scratch, result)
    return out


def _convolve_blocks(
    xp: Namespace,
    x: Array,
    matrices: Array,
    offsets: Array | None,
    axes: Sequence[Axis],
    scratch: Workspace,
    out: Array,
) -> None:
    """Gather the windows of a block as columns, multiply, and go on to the next.

    x is (N, groups, channels, *spatial), out likewise; matrices are
    (groups, outputs, channels * taps).
    """
    wide = matrices.dtype
    narrow = wide != out.dtype
    depth = matrices.shape[-1] + (matrices.shape[-2] if narrow else 0)
    # Every block reads all weights again, so it should not be smaller than they are.
    budget = min(scratch.limit, max(block_bytes(xp, scratch.limit), 2 * matrices.nbytes))
    points = max(1, budget // (depth * wide.itemsize))
    kernel = [axis.kernel for axis in axes]
    for block in blocks((*out.shape[:2], *out.shape[3:]), points):
        samples, groups, *rest = block
        extents = [part.stop - part.start for part in block]
        count = prod(extents[2:])
        memory = scratch.array((*extents[:2], depth, count), wide)
        columns = memory[:, :, : matrices.shape[-1]]
        gather(
            xp,
            x[samples, groups],
            axes,
            tuple(rest),
            columns.reshape(*extents[:2], x.shape[2], *kernel, *extents[2:]),
        )
        piece = out[(samples, groups, slice(None), *rest)].reshape(*extents[:2], -1, count)
        target = memory[:, :, matrices.shape[-1] :] if narrow else piece
        xp.matmul(matrices[groups], columns, out=target)
        if offsets is not None:
            target += offsets[groups]
        if narrow:
            piece[...] = target


def _is_pointwise(axes: Sequence[Axis]) -> bool:
    """Whether the windows are the input itself, so that nothing need be gathered."""
    return all(axis.kernel == axis.stride == 1 and axis.before == axis.after == 0 for axis in axes)


def _check_channels(given: int, expected: int, outputs: int, groups: int) -> None:
    if given != expected:
        raise ValueError(f"the weight wants {expected} channels, the input has {given}")
    if outputs % groups:
        raise ValueError(f"{outputs} output channels do not divide into {groups} groups")


def _output(xp: Namespace, out: Array | None, shape: Sequence[int], dtype: object) -> Array:
    if out is None:
        return xp.empty(shape, dtype=dtype)
    if out.shape != tuple(shape) or out.dtype != dtype or not out.flags.c_contiguous:
        raise ValueError(f"out must be a contiguous {dtype} array of shape {tuple(shape)}")
    return out
