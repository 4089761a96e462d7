"""Pooling over sliding windows, over bins, over the whole map; and unpooling."""

from __future__ import annotations

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.compute.table import computes
from cnncalc.executors.bundled.context import Context
from cnncalc.executors.bundled.kernels.pooling import (
    adaptive_average,
    adaptive_max,
    pool_average,
    pool_lp,
    pool_max,
)
from cnncalc.executors.geometry import (
    Pads,
    adaptive_sizes,
    even_starts,
    fractional_axes,
    given_pads,
    map_sizes,
    pool_axes,
    unpool_axes,
)
from cnncalc.layers.adaptive import (
    AdaptiveAverage,
    AdaptiveMax,
    FractionalMaxPool,
    GlobalAverage,
    GlobalLp,
    GlobalMax,
)
from cnncalc.layers.pool import AveragePool, LpPool, MaxPool
from cnncalc.layers.transposed import MaxUnpool


@computes("maxpool")
def max_pool(at: Context, layer: MaxPool, x: Array) -> Array:
    """The largest value of each window."""
    return pool_max(at.xp, x, pool_axes(layer, map_sizes(x.shape[1:])))


@computes("avgpool")
def average_pool(at: Context, layer: AveragePool, x: Array) -> Array:
    """The mean of each window; what hangs over with ceil mode never counts."""
    return pool_average(
        at.xp,
        x,
        pool_axes(layer, map_sizes(x.shape[1:])),
        count_include_pad=layer.count_padding,
        divisor=layer.divisor,
        counted_pads=_counted_pads(layer, x),
    )


def _counted_pads(layer: AveragePool | LpPool, x: Array) -> Pads | None:
    """The padding asked for, where ceil mode may have added to it; it alone counts."""
    if not layer.ceil or layer.padding in ("same", "same-lower"):
        return None
    return given_pads(layer.padding, x.shape[2:])


@computes("lppool")
def lp_pool(at: Context, layer: LpPool, x: Array) -> Array:
    """The norm of each window."""
    axes = pool_axes(layer, map_sizes(x.shape[1:]))
    return pool_lp(at.xp, x, axes, layer.norm, _counted_pads(layer, x))


@computes("adaptiveavg", "adaptivemax")
def adaptive_pool(at: Context, layer: AdaptiveAverage | AdaptiveMax, x: Array) -> Array:
    """The mean or largest value of each of as many bins as asked for."""
    sizes = adaptive_sizes(layer, map_sizes(x.shape[1:]))
    if layer.empty and 0 in sizes:
        return at.xp.empty((*x.shape[:2], *sizes), dtype=x.dtype)
    pool = adaptive_average if layer.kind == "adaptiveavg" else adaptive_max
    return pool(at.xp, x, sizes)


@computes("gap", "gmp")
def global_pool(at: Context, layer: GlobalAverage | GlobalMax, x: Array) -> Array:
    """The mean or largest value of each channel."""
    pool = adaptive_average if layer.kind == "gap" else adaptive_max
    pooled = pool(at.xp, x, [1] * len(map_sizes(x.shape[1:])))
    return pooled if layer.keep else pooled.reshape(x.shape[:2])


@computes("glp")
def global_lp_pool(at: Context, layer: GlobalLp, x: Array) -> Array:
    """The p-norm of each channel (ONNX GlobalLpPool)."""
    axes = tuple(range(2, 2 + len(map_sizes(x.shape[1:]))))
    pooled = at.xp.empty((*x.shape[:2], *(1,) * len(axes)), dtype=x.dtype)
    for part in at.samples(x):
        powers = at.xp.abs(x[part].astype(at.wide, copy=False)) ** layer.norm
        pooled[part] = powers.sum(axis=axes, keepdims=True) ** (1 / layer.norm)
    return pooled if layer.keep else pooled.reshape(x.shape[:2])


@computes("fracmaxpool")
def fractional_max_pool(at: Context, layer: FractionalMaxPool, x: Array) -> Array:
    """The largest value of windows that lie evenly, as near as whole places allow.

    PyTorch draws the places (Graham 2014, arXiv:1412.6071); their number is the same.
    """
    for axis, (n, k, count) in enumerate(fractional_axes(layer, map_sizes(x.shape[1:])), start=2):
        starts = at.xp.asarray(even_starts(n, k, count))
        values = at.xp.take(x, starts, axis=axis)
        for tap in range(1, k):
            values = at.xp.maximum(values, at.xp.take(x, starts + tap, axis=axis))
        x = values
    return x


@computes("maxunpool")
def max_unpool(at: Context, layer: MaxUnpool, x: Array) -> Array:
    """Each value at the first place of its window, 0 elsewhere: no step hands on indices."""
    sizes = map_sizes(x.shape[1:])
    spread = unpool_axes(layer, sizes)
    kept = [each.places(n) for each, n in zip(spread, sizes, strict=True)]
    out = at.xp.zeros((*x.shape[:2], *map(len, kept)), dtype=x.dtype)
    places = [
        at.xp.clip(at.xp.arange(n) * each.stride - inside[0], 0, len(inside) - 1)
        for each, n, inside in zip(spread, sizes, kept, strict=True)
    ]
    out[(slice(None), slice(None), *at.xp.ix_(*places))] = x
    return out
