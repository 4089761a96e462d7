"""Normalisations, as in evaluation mode: with the running statistics where they are held."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.compute.table import computes
from cnncalc.executors.bundled.context import Context
from cnncalc.executors.bundled.kernels.blocks import blocks
from cnncalc.executors.geometry import axis_of, chosen_axes
from cnncalc.layers.norm import (
    AxesNorm,
    BatchNorm,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    LocalResponseNorm,
    RootMeanSquareNorm,
    Standardize,
    UnitNorm,
)

EPSILON = 1e-5  # torch.nn's default for batch, group, instance and layer norm


@computes("bn")
def batch_norm(at: Context, layer: BatchNorm, x: Array) -> Array:
    """Each channel shifted and scaled by its running mean and variance."""
    axis = 1 + axis_of(layer, layer.axis, x.ndim - 1)
    values = _channels_first(at, x, axis)
    scale, shift = _affine(at, layer, values.shape[1:2])
    if layer.stats:
        mean, variance = _running(at, values.shape[1], layer.renorm)
    else:
        mean, variance = _of_batch(at, values)
    normalised = _by_channel(at, values, mean, variance, scale, shift)
    return at.xp.moveaxis(normalised, 1, axis)


@computes("in")
def instance_norm(at: Context, layer: InstanceNorm, x: Array) -> Array:
    """Each channel of each sample over its map, or by running statistics as batch norm."""
    scale = at.tensor("weight", x.shape[1:2], around=1.0) if layer.affine else None
    shift = at.tensor("bias", x.shape[1:2]) if layer.affine and layer.shift else None
    if layer.stats:
        return _by_channel(at, x, *_running(at, x.shape[1]), scale, shift)
    return _by_groups(at, x, x.shape[1], scale, shift)


@computes("gn")
def group_norm(at: Context, layer: GroupNorm, x: Array) -> Array:
    """Each group of channels of each sample."""
    axis = 1 + axis_of(layer, layer.axis, x.ndim - 1)
    values = _channels_first(at, x, axis)
    groups = layer.groups if isinstance(layer.groups, int) else values.shape[1]
    if values.shape[1] % groups:
        raise ValueError(f"{groups} groups don't divide {values.shape[1]} channels")
    normalised = _by_groups(at, values, groups, *_affine(at, layer, values.shape[1:2]))
    return at.xp.moveaxis(normalised, 1, axis)


def _channels_first(at: Context, x: Array, axis: int) -> Array:
    """The array with this axis for its channels."""
    return x if axis == 1 else at.xp.ascontiguousarray(at.xp.moveaxis(x, axis, 1))


@computes("ln")
def layer_norm(at: Context, layer: LayerNorm, x: Array) -> Array:
    """Each sample over the chosen axes."""
    axes = _chosen_axes(layer, x)
    scale, shift = _affine(at, layer, [x.shape[axis] for axis in axes])
    return _by_samples(at, x, axes, scale, shift)


@computes("rms")
def root_mean_square_norm(at: Context, layer: RootMeanSquareNorm, x: Array) -> Array:
    """Each sample over the chosen axes, without its mean taken off."""
    axes = _chosen_axes(layer, x)
    sizes = [x.shape[axis] for axis in axes]
    scale = at.tensor("weight", sizes, around=1.0) if layer.affine else None
    epsilon = float(at.xp.finfo(x.dtype).eps)  # as torch.nn.RMSNorm has it by default
    return _by_samples(at, x, axes, scale, None, centred=False, epsilon=epsilon)


@computes("unitnorm")
def unit_norm(at: Context, layer: UnitNorm, x: Array) -> Array:
    """Each vector along the axes over its Euclidean length."""
    axes = _chosen_axes(layer, x)
    out = at.like(x)
    for part in [slice(None)] if layer.mixes_samples else at.samples(x):
        values = x[part].astype(at.wide)
        squares = at.xp.square(values).sum(axis=axes, keepdims=True)
        out[part] = values / at.xp.sqrt(at.xp.maximum(squares, 1e-12))
    return out


@computes("standardize")
def standardize(at: Context, layer: Standardize, x: Array) -> Array:
    """Values less a mean over the root of a variance, for each place on the axes; or back."""
    axes = _chosen_axes(layer, x)
    sizes = [x.shape[axis] for axis in axes]
    if layer.given:  # the report knows no constants: any do
        mean, variance = at.filled(sizes), at.filled(sizes, around=1.0, spread=0.5)
    else:
        mean = at.tensor("mean", sizes)
        variance = at.tensor("variance", sizes, around=1.0, spread=0.5)
        at.counter("count")
    deviation = at.xp.sqrt(variance)

    def scaled(values: Array) -> Array:
        if layer.invert:
            return _scaled(values, axes, deviation, mean)
        return _scaled(_scaled(values, axes, None, -mean), axes, 1 / deviation, None)

    return at.by_samples(x, scaled)


@computes("lrn")
def local_response_norm(at: Context, layer: LocalResponseNorm, x: Array) -> Array:
    """Each value over the squares of its neighbours among the channels."""
    flat = x.reshape(*x.shape[:2], -1)
    out = at.xp.empty_like(x)
    results = out.reshape(flat.shape)
    points = max(1, at.block_points() // x.shape[1])
    for samples, places in blocks((flat.shape[0], flat.shape[2]), points):
        part = (samples, slice(None), places)
        values = flat[part].astype(at.wide, copy=False)
        sums = _neighbours(at, values * values, layer.size)
        sums *= layer.alpha / layer.size
        sums += layer.k
        at.xp.divide(values, sums**layer.beta, out=results[part])
    return out


def _neighbours(at: Context, squares: Array, size: int) -> Array:
    """The sum over `size` channels around each, of which the larger half lies before it."""
    channels = squares.shape[1]
    sums = at.xp.zeros_like(squares)
    first, last = -(size // 2), (size - 1) // 2
    for offset in range(max(first, 1 - channels), min(last, channels - 1) + 1):
        here, there = max(0, -offset), max(0, offset)
        count = channels - abs(offset)
        place = sums[:, here : here + count]
        place += squares[:, there : there + count]
    return sums


def _affine(
    at: Context, layer: BatchNorm | GroupNorm | LayerNorm, sizes: Sequence[int]
) -> tuple[Array | None, Array | None]:
    scale = at.tensor("weight", sizes, around=1.0) if layer.affine and layer.scale else None
    shift = at.tensor("bias", sizes) if layer.affine and layer.shift else None
    return scale, shift


def _running(at: Context, channels: int, renorm: bool = False) -> tuple[Array, Array]:
    mean = at.tensor("running_mean", (channels,))
    variance = at.tensor("running_var", (channels,), around=1.0, spread=0.5)
    if renorm:  # statistics for training alone (Ioffe 2017, arXiv:1702.03275)
        at.tensor("running_std", (channels,), around=1.0)
        at.tensor("renorm_mean", (channels,))
        at.tensor("renorm_std", (channels,), around=1.0)
    at.counter("num_batches_tracked")
    return mean, variance


def _of_batch(at: Context, x: Array) -> tuple[Array, Array]:
    """Mean and variance of each channel over the batch and the map, a few channels at a time."""
    others = (0, *range(2, x.ndim))
    step = max(1, at.block_points() * x.shape[1] // max(1, x.size))
    means, variances = at.xp.empty((2, x.shape[1]), dtype=at.wide)
    for start in range(0, x.shape[1], step):
        part = slice(start, start + step)
        values = x[:, part].astype(at.wide, copy=False)
        means[part], variances[part] = values.mean(axis=others), values.var(axis=others)
    return means, variances


def _by_channel(
    at: Context, x: Array, mean: Array, variance: Array, scale: Array | None, shift: Array | None
) -> Array:
    """(x - mean) / sqrt(variance + epsilon) * scale + shift, as one factor and one offset."""
    factors = (1.0 if scale is None else scale) / at.xp.sqrt(variance.astype(at.wide) + EPSILON)
    offsets = -mean * factors if shift is None else shift - mean * factors
    shape = (-1, *(1,) * (x.ndim - 2))
    factors, offsets = factors.reshape(shape), offsets.reshape(shape)

    def scaled(values: Array, out: Array, channels: slice) -> None:
        at.xp.multiply(values, factors[channels], out=out)
        out += offsets[channels]

    return at.by_channels(x, scaled)


def _by_groups(
    at: Context, x: Array, groups: int, scale: Array | None, shift: Array | None
) -> Array:
    """Each group of channels of each sample over its own mean and variance, some at a time."""
    out = at.like(x)
    shape = (x.shape[0], groups, x.shape[1] // groups, prod(x.shape[2:]))
    rows, results = x.reshape(shape), out.reshape(shape)
    count = shape[2] * shape[3]
    scale, shift = (held if held is None else held.reshape(shape[1:3]) for held in (scale, shift))
    for block in blocks(shape[:2], max(1, at.block_points() // max(1, count))):
        values = rows[block].astype(at.wide)
        values -= values.mean(axis=(2, 3), keepdims=True)
        flat = values.reshape(*values.shape[:2], count)
        squares = at.xp.matmul(flat[:, :, None], flat[..., None])  # without an array of them
        values /= at.xp.sqrt(squares / count + EPSILON)
        if scale is not None:
            values *= scale[block[1], :, None]
        if shift is not None:
            values += shift[block[1], :, None]
        results[block] = values
    return out


def _by_samples(
    at: Context,
    x: Array,
    axes: tuple[int, ...],
    scale: Array | None,
    shift: Array | None,
    centred: bool = True,
    epsilon: float = EPSILON,
) -> Array:
    """Each sample over the root of its mean square along axes, less its mean if it is centred."""

    def normalised(values: Array) -> Array:
        if centred:
            values -= values.mean(axis=axes, keepdims=True)
        square = at.xp.square(values).mean(axis=axes, keepdims=True)
        values /= at.xp.sqrt(square + epsilon)
        return _scaled(values, axes, scale, shift)

    return at.by_samples(x, normalised)


def _chosen_axes(layer: AxesNorm, x: Array) -> tuple[int, ...]:
    """The axes of a batch that are meant: 1 is the channels."""
    return tuple(1 + axis for axis in chosen_axes(layer, x.ndim - 1))


def _scaled(
    values: Array, axes: tuple[int, ...], scale: Array | None, shift: Array | None
) -> Array:
    """Values times scale plus shift, which have one size for each of the axes, in their order."""
    order = sorted(range(len(axes)), key=axes.__getitem__)
    shape = [size if axis in axes else 1 for axis, size in enumerate(values.shape)]
    if scale is not None:
        values *= scale.transpose(order).reshape(shape)
    if shift is not None:
        values += shift.transpose(order).reshape(shape)
    return values
