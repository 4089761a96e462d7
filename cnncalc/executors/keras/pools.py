"""How pools and resizing are built of keras.layers, or of functions where there is no class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import keras
import numpy
from keras import ops
from numpy.typing import NDArray

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.kernels.pooling import adaptive_average
from cnncalc.executors.bundled.kernels.resampling import resize
from cnncalc.executors.geometry import (
    Axis,
    adaptive_sizes,
    bins,
    even_starts,
    fractional_axes,
    given_pads,
    map_sizes,
    pads_of,
    pool_axes,
    resized_axes,
    unpool_axes,
)
from cnncalc.executors.keras.convolutions import stuffed
from cnncalc.executors.keras.modules import Bench, Built, inside, padded
from cnncalc.executors.stepping import NotBuilt
from cnncalc.layers.adaptive import AdaptivePool, FractionalMaxPool, GlobalLp
from cnncalc.layers.pool import AveragePool, LpPool, MaxPool, SlidingPool
from cnncalc.layers.resize import Upsample
from cnncalc.layers.transposed import MaxUnpool

__all__ = ["POOLS"]


def _options(axes: Sequence[Axis], padding: str = "valid") -> dict[str, object]:
    return {
        "pool_size": tuple(axis.kernel for axis in axes),
        "strides": tuple(axis.stride for axis in axes),
        "padding": padding,
    }


def _axes(layer: SlidingPool, x: Array) -> Sequence[Axis]:
    axes = pool_axes(layer, map_sizes(inside(x)))
    if min(axis.windows for axis in axes) < 1:
        raise NotBuilt("nothing is left of the map")
    return axes


def _max_pool(at: Bench, layer: MaxPool, x: Array) -> Built:
    """Keras's class; with a dilation, which that has not, the largest of shifted maps."""
    axes = _axes(layer, x)
    if max(axis.dilation for axis in axes) > 1:
        shifted = _shifted(padded(x, pads_of(axes), "constant", -float("inf")), axes)
        return ops.max(ops.stack(shifted), axis=0), []
    name = f"MaxPooling{len(axes)}D"
    if layer.padding == "same":
        return at.run(at.made(name, **_options(axes, "same")), x), []
    x = padded(x, pads_of(axes), "constant", -float("inf"))
    return at.run(at.made(name, **_options(axes)), x), []


def _shifted(x: Array, axes: Sequence[Axis]) -> list[Array]:
    """For each tap what it reads in all windows of a map that is padded already."""
    taps = []
    for tap in numpy.ndindex(*(axis.kernel for axis in axes)):
        parts = []
        for axis, place in zip(axes, tap, strict=True):
            start = place * axis.dilation
            parts.append(slice(start, start + (axis.windows - 1) * axis.stride + 1, axis.stride))
        taps.append(x[(slice(None), *parts)])
    return taps


def _average(at: Bench, axes: Sequence[Axis], x: Array) -> Array:
    """Means over whole windows, zeros around the map counted."""
    if max(axis.dilation for axis in axes) > 1:
        return ops.mean(ops.stack(_shifted(padded(x, pads_of(axes)), axes)), axis=0)
    made = at.made(f"AveragePooling{len(axes)}D", **_options(axes))
    return at.run(made, padded(x, pads_of(axes)))


def _average_pool(at: Bench, layer: AveragePool, x: Array) -> Built:
    """What hangs over with ceil mode never counts, and padding only where it is to."""
    axes = _axes(layer, x)
    if layer.divisor is not None:
        taps = prod(axis.kernel for axis in axes)
        return _average(at, axes, x) * (taps / layer.divisor), []
    if layer.padding == "same" and not layer.count_padding and max(layer.dilation) == 1:
        made = at.made(f"AveragePooling{len(axes)}D", **_options(axes, "same"))
        return at.run(made, x), []
    return _average(at, axes, x) / _shares(at, layer, axes, x, layer.count_padding), []


def _shares(
    at: Bench, layer: AveragePool | LpPool, axes: Sequence[Axis], x: Array, padding: bool
) -> Array:
    """Which part of each window counts: the data, and with `padding` that asked for."""
    sizes = map_sizes(inside(x))
    same = layer.padding in ("same", "same-lower")
    asked = pads_of(axes) if same else given_pads(layer.padding, sizes)
    counted = asked if padding else [(0, 0)] * len(axes)
    ones = ops.ones((1, *sizes, 1), dtype=x.dtype)
    ones = padded(ones, counted, "constant", 1.0)
    rest = [
        Axis(int(n), a.kernel, a.stride, a.before - before, a.after - after, a.dilation)
        for n, a, (before, after) in zip(ones.shape[1:-1], axes, counted, strict=True)
    ]
    return _average(at, rest, ones)


def _norm_pool(at: Bench, layer: LpPool, x: Array) -> Built:
    """Roots of the sums of powers; a window that hangs over is scaled up to a whole one."""
    axes = _axes(layer, x)
    means = _average(at, axes, x**layer.norm) / _shares(at, layer, axes, x, True)
    return (means * prod(axis.kernel for axis in axes)) ** (1 / layer.norm), []


def _adaptive(
    name: str, function: Callable[..., Array]
) -> Callable[[Bench, AdaptivePool, Array], Built]:
    def pool(at: Bench, layer: AdaptivePool, x: Array) -> Built:
        sizes = map_sizes(inside(x))
        wanted = adaptive_sizes(layer, sizes)
        if layer.empty and 0 in wanted:
            raise NotBuilt("nothing is left of the map")
        if keras.backend.backend() == "jax":  # on which Keras rounds the ends of some bins up
            return _binned(x, wanted, function), []
        try:
            made = at.made(f"Adaptive{name}Pooling{len(sizes)}D", output_size=tuple(wanted))
        except NotBuilt:  # a Keras before 3.13
            return _binned(x, wanted, function), []
        return at.run(made, x), []

    return pool


def _binned(x: Array, sizes: Sequence[int], function: Callable[..., Array]) -> Array:
    """Each bin of each axis in turn."""
    for axis, count in enumerate(sizes, start=1):
        before = (slice(None),) * axis
        parts = [
            function(x[(*before, part)], axis=axis, keepdims=True)
            for part in bins(int(x.shape[axis]), count)
        ]
        x = ops.concatenate(parts, axis=axis)
    return x


def _global_norm(at: Bench, layer: GlobalLp, x: Array) -> Built:
    axes = tuple(range(1, 1 + len(map_sizes(inside(x)))))
    sums = ops.sum(ops.abs(x) ** layer.norm, axis=axes, keepdims=layer.keep)
    return sums ** (1 / layer.norm), []


def _unpool(at: Bench, layer: MaxUnpool, x: Array) -> Built:
    """Each value at the first place of its window, 0 elsewhere: no step hands on indices."""
    sizes = map_sizes(inside(x))
    axes = unpool_axes(layer, sizes)
    apart = stuffed(x, [axis.stride for axis in axes])
    pads = []
    for axis, n in zip(axes, sizes, strict=True):
        kept = axis.places(n)
        pads.append((-kept.start, kept.stop - (n - 1) * axis.stride - 1))
    return padded(apart, pads), []


def _fractional(at: Bench, layer: FractionalMaxPool, x: Array) -> Built:
    """Windows that lie evenly, as near as whole places allow; PyTorch draws the places."""
    for axis, (n, k, count) in enumerate(fractional_axes(layer, map_sizes(inside(x))), start=1):
        starts = numpy.array(even_starts(n, k, count), dtype="int32")
        taps = [
            ops.take(x, ops.convert_to_tensor(starts + numpy.int32(tap)), axis=axis)
            for tap in range(k)
        ]
        x = ops.max(ops.stack(taps), axis=0)
    return x, []


# Keras's words for ways to interpolate maps of two axes.
WORDS = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic"}
if keras.backend.backend() != "torch":  # which has nothing to build these of
    WORDS |= {"lanczos3": "lanczos3", "lanczos5": "lanczos5"}


def _upsample(at: Bench, layer: Upsample, x: Array) -> Built:
    """Keras's classes for whole factors and for maps of two axes; else a matrix for each axis."""
    sizes = map_sizes(inside(x))
    wanted, factors = zip(*resized_axes(layer, sizes), strict=True)
    exact = all(f in (None, m / n) for n, m, f in zip(sizes, wanted, factors, strict=True))
    made = _resizing(at, layer, sizes, wanted) if exact and not layer.corners else None
    if made is not None:
        return at.run(made, x), []
    return _by_matrices(layer, x, wanted, None if layer.factor is None else factors), []


def _resizing(
    at: Bench, layer: Upsample, sizes: Sequence[int], wanted: Sequence[int]
) -> keras.Layer | None:
    """The class that Keras has, if it has one: two axes are interpolated, others repeated."""
    flat = len(sizes) == 2
    if layer.mode not in WORDS or not (flat or layer.mode == "nearest"):
        return None
    words = {"interpolation": WORDS[layer.mode]} if flat else {}
    times = tuple(m // n for n, m in zip(sizes, wanted, strict=True))
    if all(n * by == m for n, m, by in zip(sizes, wanted, times, strict=True)):
        size = times if len(times) > 1 else times[0]
        return at.made(f"UpSampling{len(sizes)}D", size=size, **words)
    if layer.mode == "nearest":
        return None
    return at.made("Resizing", height=wanted[0], width=wanted[1], **words)


def _by_matrices(
    layer: Upsample, x: Array, wanted: Sequence[int], factors: Sequence[float] | None
) -> Array:
    """Along each axis, what each place adds to each of the result."""
    for axis, m in enumerate(wanted, start=1):
        n, others = int(x.shape[axis]), (1,) * (len(wanted) - 1)  # as many axes as the map has
        basis = numpy.eye(n, dtype=_exact(x)).reshape(1, n, n, *others)
        if layer.mode == "area":  # PyTorch's name for adaptive averages
            matrix = adaptive_average(numpy, basis, [m, *others])
        else:
            scales = None if factors is None else [factors[axis - 1], *others]
            matrix = resize(numpy, basis, [m, *others], layer.mode, layer.corners, scales)
        x = _along(x, matrix.reshape(n, m), axis)
    return x


def _exact(x: Array) -> str:
    """What places are worked out in, as the bundled executor does."""
    return "float64" if keras.backend.standardize_dtype(x.dtype) == "float64" else "float32"


def _along(x: Array, matrix: NDArray[numpy.floating], axis: int) -> Array:
    """The places of an axis times a matrix (places, results)."""
    matrix = ops.convert_to_tensor(matrix, dtype=x.dtype)
    return ops.moveaxis(ops.matmul(ops.moveaxis(x, axis, -1), matrix), -1, axis)


POOLS: dict[str, Callable[..., Built]] = {
    "maxpool": _max_pool,
    "avgpool": _average_pool,
    "lppool": _norm_pool,
    "adaptiveavg": _adaptive("Average", ops.mean),
    "adaptivemax": _adaptive("Max", ops.max),
    "glp": _global_norm,
    "maxunpool": _unpool,
    "fracmaxpool": _fractional,
    "upsample": _upsample,
}
