"""Convolution with fewer products: by rows of data and of weights mixed beforehand.

Four rows of outputs of a kernel with three rows take six products of rows instead of
twelve: F(4, 3) of S. Winograd, Arithmetic Complexity of Computations (1980), as A. Lavin
and S. Gray (2016, arXiv:1509.09308) use it, but along one axis only, where rounding stays
within some three times that of the plain sum.  Infinities become NaN.
"""

from __future__ import annotations

from math import prod

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.kernels.arrays import Namespace, is_host
from cnncalc.executors.bundled.kernels.blocks import Slices, blocks, extents_of, whole
from cnncalc.executors.bundled.kernels.im2col import Operands
from cnncalc.executors.bundled.kernels.sliding import gather
from cnncalc.executors.bundled.kernels.workspace import Workspace, block_bytes, shaped
from cnncalc.executors.geometry import Axis

_TILE = 4
_MIX_DATA = (
    (4.0, 0.0, -5.0, 0.0, 1.0, 0.0),
    (0.0, -4.0, -4.0, 1.0, 1.0, 0.0),
    (0.0, 4.0, -4.0, -1.0, 1.0, 0.0),
    (0.0, -2.0, -1.0, 2.0, 1.0, 0.0),
    (0.0, 2.0, -1.0, -2.0, 1.0, 0.0),
    (0.0, 4.0, 0.0, -5.0, 0.0, 1.0),
)
_MIX_WEIGHTS = (
    (1 / 4, 0.0, 0.0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0.0, 0.0, 1.0),
)
_UNMIX = (
    (1.0, 1.0, 1.0, 1.0, 1.0, 0.0),
    (0.0, 1.0, -1.0, 2.0, -2.0, 0.0),
    (0.0, 1.0, 1.0, 4.0, 4.0, 0.0),
    (0.0, 1.0, -1.0, 8.0, -8.0, 1.0),
)
_TERMS = len(_MIX_DATA)
_EVERY_ROW = 1  # the product that each of the four rows takes once
# It pays, as measured on a CPU, where products outweigh the mixing: of the data (channels
# enough) and of the weights (windows enough).
_FEWEST_CHANNELS, _FEWEST_WINDOWS = 48, 512


def pays_to_mix_rows(xp: Namespace, operands: Operands, scratch: Workspace) -> bool:
    """Whether a convolution can be done this way, and quicker than any other."""
    rows, matrices = operands.axes[0], operands.matrices
    windows = operands.out.shape[0] * prod(axis.windows for axis in operands.axes)
    return (
        is_host(xp)
        and (rows.kernel, rows.stride, rows.dilation) == (3, 1, 1)
        and rows.windows >= _TILE
        and matrices.itemsize >= 4  # half floats are too coarse to mix
        and min(matrices.shape[1], operands.x.shape[2]) >= _FEWEST_CHANNELS
        and windows >= _FEWEST_WINDOWS
        and sum(_mixing_sizes(operands)) * matrices.itemsize <= scratch.limit
    )


def _mixing_sizes(operands: Operands) -> tuple[int, int, int]:
    """Elements of the mixed weights, and of the two buffers that one tile of rows takes.

    The stages go back and forth between the two: data, mixed data; gathered, products; sums.
    """
    groups, outputs, depth = operands.matrices.shape
    data = operands.x.shape[2] * prod(operands.x.shape[4:])
    windows = prod(axis.windows for axis in operands.axes[1:])
    gathered, products = depth // 3 * windows, outputs * windows
    return (
        groups * outputs * depth // 3 * _TERMS,
        _TERMS * max(data, gathered, products),
        _TERMS * max(data, products),
    )


def convolve_mixed_rows(xp: Namespace, operands: Operands, scratch: Workspace) -> None:
    """Convolve some tiles of rows at a time, by products of mixed rows."""
    matrices = operands.matrices
    weights, *buffers = _mixing_sizes(operands)
    budget = max(block_bytes(xp, scratch.limit), 2 * matrices.nbytes)
    budget = min(budget, scratch.limit - weights * matrices.itemsize)
    points = max(1, budget // (sum(buffers) * matrices.itemsize))
    rows = -(-operands.axes[0].windows // _TILE)
    tiles = list(blocks((*operands.out.shape[:2], rows), points))
    most = prod(extents_of(tiles[0]))
    memory, first, second = scratch.arrays(
        [weights, *(most * size for size in buffers)], matrices.dtype
    )
    mixed = _mixed_weights(xp, operands, memory)
    for tile in tiles:
        _mix_data(xp, operands, tile, first, second)
        _multiply_mixed(xp, operands, mixed, tile, first, second)
        _unmix(xp, operands, tile, first, second)


def _mixed_weights(xp: Namespace, operands: Operands, memory: Array) -> Array:
    """(terms, 1, groups, outputs, taps across * inputs)."""
    groups, outputs, depth = operands.matrices.shape
    inputs = operands.x.shape[2]
    across = depth // inputs // 3
    mix = xp.kron(xp.asarray(_MIX_WEIGHTS), xp.eye(across)).astype(operands.matrices.dtype)
    kernels = operands.matrices.reshape(groups, outputs, inputs, -1).swapaxes(2, 3)
    mixed = shaped(memory, (groups, outputs, _TERMS * across, inputs))
    xp.matmul(mix, kernels, out=mixed)
    return xp.moveaxis(mixed.reshape(groups, outputs, _TERMS, -1), 2, 0)[:, None]


def _mix_data(xp: Namespace, operands: Operands, tile: Slices, first: Array, second: Array) -> None:
    """Leave in ``second`` the combinations of rows that the products take."""
    samples, groups, tiles = tile
    x, rows = operands.x[samples, groups], operands.axes[0]
    across = x.shape[4:]
    axes = (
        Axis(rows.size, kernel=_TERMS, stride=_TILE, before=rows.before),
        *(Axis(size) for size in across),
    )
    data = shaped(first, (_TERMS, *x.shape[:3], tiles.stop - tiles.start, *across))
    taps_of_one = (None,) * len(across)
    windows = xp.moveaxis(data, 0, 3)[(slice(None),) * 4 + taps_of_one]
    gather(xp, x, axes, (tiles, *whole(across)), windows)
    mix = xp.asarray(_MIX_DATA, dtype=data.dtype)
    mixed = shaped(second, (_TERMS, data.size // _TERMS))
    xp.matmul(mix, data.reshape(_TERMS, -1), out=mixed)


def _multiply_mixed(
    xp: Namespace,
    operands: Operands,
    weights: Array,
    tile: Slices,
    first: Array,
    second: Array,
) -> None:
    """Leave in ``second`` the products of weights and the data mixed there."""
    samples, groups, rows = extents_of(tile)
    inputs, sizes, across = operands.x.shape[2], operands.x.shape[4:], operands.axes[1:]
    lead = (_TERMS, samples, groups)
    extents = [axis.windows for axis in across]
    kernel = [axis.kernel for axis in across]
    gathered = shaped(first, (*lead, *kernel, inputs, rows, *extents))
    taps_at = range(3, 3 + len(across))
    windows = xp.moveaxis(gathered, tuple(taps_at), tuple(at + 2 for at in taps_at))
    mixed = shaped(second, (*lead, inputs, rows, *sizes))
    gather(xp, mixed, across, whole(extents), windows)
    products = shaped(second, (*lead, weights.shape[3], rows * prod(extents)))
    xp.matmul(weights[:, :, tile[1]], gathered.reshape(*lead, weights.shape[4], -1), out=products)
    if operands.offsets is not None:
        products[_EVERY_ROW] += operands.offsets[tile[1]]


def _unmix(xp: Namespace, operands: Operands, tile: Slices, first: Array, second: Array) -> None:
    """Add up the products in ``second`` to rows of the output."""
    samples, groups, rows = tile
    out = operands.out[samples, groups, :, _TILE * rows.start : _TILE * rows.stop]
    shape = (*out.shape[:3], rows.stop - rows.start, *out.shape[4:])
    sums = shaped(first, (_TILE, *shape))
    mix = xp.asarray(_UNMIX, dtype=sums.dtype)
    products = shaped(second, (_TERMS, prod(shape)))
    xp.matmul(mix, products, out=sums.reshape(_TILE, -1))
    for at in range(_TILE):
        piece = out[:, :, :, at::_TILE]
        piece[...] = sums[at][:, :, :, : piece.shape[3]]  # the last tile may stand out
