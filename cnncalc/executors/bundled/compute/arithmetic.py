"""Functions of each value, learned factors and offsets, reductions along axes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.compute.table import computes
from cnncalc.executors.bundled.context import Context
from cnncalc.executors.bundled.kernels.arrays import Namespace
from cnncalc.executors.geometry import chosen_axes, learned_sizes, unbiased
from cnncalc.layers.arithmetic import Reduce
from cnncalc.layers.base import Layer
from cnncalc.layers.expand import Expand
from cnncalc.layers.learned import Scale, Shift

# Each takes the array module, values, where to write, and the layer.
FUNCTIONS: dict[str, Callable[[Namespace, Array, Array, Any], Array]] = {
    "abs": lambda xp, x, out, _: xp.abs(x, out=out),
    "ceil": lambda xp, x, out, _: xp.ceil(x, out=out),
    "cos": lambda xp, x, out, _: xp.cos(x, out=out),
    "floor": lambda xp, x, out, _: xp.floor(x, out=out),
    "log": lambda xp, x, out, _: xp.log(x, out=out),
    "log1p": lambda xp, x, out, _: xp.log1p(x, out=out),
    "power": lambda xp, x, out, layer: xp.power(x, x.dtype.type(layer.exponent), out=out),
    "reciprocal": lambda xp, x, out, _: xp.divide(x.dtype.type(1), x, out=out),
    "round": lambda xp, x, out, _: xp.rint(x, out=out),
    "sign": lambda xp, x, out, _: xp.sign(x, out=out),
    "sin": lambda xp, x, out, _: xp.sin(x, out=out),
    "sqrt": lambda xp, x, out, _: xp.sqrt(x, out=out),
}


@computes(*FUNCTIONS)
def function(at: Context, layer: Layer, x: Array) -> Array:
    """Value by value; the layer's options are the function's parameters."""
    return at.each(x, lambda values, out: FUNCTIONS[layer.kind](at.xp, values, out, layer))


@computes("scale")
def scale(at: Context, layer: Scale, x: Array) -> Array:
    """The map times learned factors, stretched to it."""
    return at.xp.multiply(x, _learned(at, layer, x, 1.0), out=at.like(x))


@computes("shift")
def shift(at: Context, layer: Shift, x: Array) -> Array:
    """The map plus learned offsets, stretched to it."""
    return at.xp.add(x, _learned(at, layer, x, 0.0), out=at.like(x))


def _learned(at: Context, layer: Scale | Shift, x: Array, around: float) -> Array:
    shape = learned_sizes(layer, x.shape[1:])
    if layer.role == "constant":
        return at.filled(shape, around, spread=0.1)
    return at.tensor("weight", shape, around=around)


# What reductions do with the axes that they run along.
REDUCTIONS: dict[str, Callable[[Namespace, Array, tuple[int, ...]], Array]] = {
    "mean": lambda xp, x, axes: x.mean(axis=axes, keepdims=True),
    "max": lambda xp, x, axes: x.max(axis=axes, keepdims=True),
    "min": lambda xp, x, axes: x.min(axis=axes, keepdims=True),
    "sum": lambda xp, x, axes: x.sum(axis=axes, keepdims=True),
    "prod": lambda xp, x, axes: x.prod(axis=axes, keepdims=True),
    "norm1": lambda xp, x, axes: xp.abs(x).sum(axis=axes, keepdims=True),
    "norm2": lambda xp, x, axes: xp.sqrt(xp.square(x).sum(axis=axes, keepdims=True)),
    "squares": lambda xp, x, axes: xp.square(x).sum(axis=axes, keepdims=True),
    "logsumexp": lambda xp, x, axes: _logsumexp(xp, x, axes),
    "var": lambda xp, x, axes: x.var(axis=axes, keepdims=True),
    "std": lambda xp, x, axes: x.std(axis=axes, keepdims=True),
}


def _logsumexp(xp: Namespace, x: Array, axes: tuple[int, ...]) -> Array:
    most = x.max(axis=axes, keepdims=True)
    return most + xp.log(xp.exp(x - most).sum(axis=axes, keepdims=True))


@computes("expand")
def expand(at: Context, layer: Expand, x: Array) -> Array:
    """Axes of size 1 repeated, in memory that a later step may write over."""
    if x.shape[1:] == layer.sizes:
        return x
    return at.xp.ascontiguousarray(at.xp.broadcast_to(x, (x.shape[0], *layer.sizes)))


@computes("reduce")
def reduce(at: Context, layer: Reduce, x: Array) -> Array:
    """The mean, maximum, sum … along axes, which stay with size 1 or go."""
    axes = tuple(1 + axis for axis in sorted(set(chosen_axes(layer, x.ndim - 1))))
    out = REDUCTIONS[layer.by](at.xp, x, axes)
    if (factor := unbiased(layer, math.prod(x.shape[axis] for axis in axes))) != 1:
        out *= factor
    return out if layer.keep else at.xp.squeeze(out, axis=axes)
