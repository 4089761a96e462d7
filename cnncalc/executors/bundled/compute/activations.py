"""Activations: small functions that write to `out`, and those along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.compute.table import computes
from cnncalc.executors.bundled.context import Context
from cnncalc.executors.bundled.kernels.arrays import Namespace
from cnncalc.executors.geometry import axis_of, shared_axes
from cnncalc.layers.activation import (
    GatedLinearUnit,
    LogSoftmax,
    ParametricReLU,
    Rescale,
    Softmax,
    Softmin,
    Sparsemax,
)
from cnncalc.layers.base import Layer

__all__ = ["ACTIVATIONS", "sigmoid"]

# Klambauer et al. 2017, arXiv:1706.02515
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def sigmoid(xp: Namespace, x: Array, out: Array | None = None) -> Array:
    """1 / (1 + exp(-x)), by a function that never overflows."""
    half = xp.tanh(x * 0.5)
    half += 1.0
    return xp.multiply(half, 0.5, out=out)


def erf(xp: Namespace, x: Array) -> Array:
    """The error function to 1.5e-7 (Abramowitz & Stegun 1964, 7.1.26)."""
    near = 1.0 / (1.0 + 0.3275911 * xp.abs(x))
    series = xp.zeros_like(near)
    for factor in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = (series + factor) * near
    return xp.sign(x) * (1.0 - series * xp.exp(-x * x))


def _expelu(xp: Namespace, x: Array, out: Array, alpha: float, scale: float = 1.0) -> Array:
    below = xp.expm1(xp.minimum(x, 0.0)) * alpha
    return xp.multiply(xp.where(x > 0, x, below), scale, out=out)


def _softplus(xp: Namespace, x: Array) -> Array:
    return xp.logaddexp(x, xp.zeros_like(x))


def _celu(xp: Namespace, x: Array, out: Array, alpha: float) -> Array:
    below = xp.expm1(xp.minimum(x, 0.0) / xp.asarray(alpha, dtype=x.dtype)) * alpha
    return xp.add(xp.maximum(x, 0.0), xp.minimum(below, 0.0), out=out)


def _bent_softplus(xp: Namespace, x: Array, out: Array, beta: float, threshold: float) -> Array:
    soft = _softplus(xp, x * beta) / xp.asarray(beta, dtype=x.dtype)
    return xp.positive(xp.where(x * beta > threshold, x, soft), out=out)


def _leaky(xp: Namespace, x: Array, out: Array, slope: float) -> Array:
    return xp.multiply(x, xp.where(x > 0, x.dtype.type(1), x.dtype.type(slope)), out=out)


def _relu(xp: Namespace, x: Array, out: Array, layer: Any) -> Array:
    """max(x, 0), and Keras's variants: a slope below a threshold, a limit above."""
    if (layer.slope, layer.threshold) == (0, 0):
        bent = xp.maximum(x, 0, out=out)
    else:
        below = (x - layer.threshold) * layer.slope
        bent = xp.positive(xp.where(x >= layer.threshold, x, below), out=out)
    return bent if layer.limit is None else xp.minimum(bent, layer.limit, out=out)


def _sparseplus(xp: Namespace, x: Array, out: Array) -> Array:
    """0 below -1, x above 1, and a parabola between."""
    rising = xp.clip(x + 1, 0, 2)
    return xp.add(xp.maximum(x - 1, 0), rising * rising * 0.25, out=out)


def _softshrink(xp: Namespace, x: Array, out: Array, threshold: float) -> Array:
    return xp.subtract(x, xp.clip(x, -threshold, threshold), out=out)


# Each takes the array module, values, where to write, and the layer.
Function = Callable[[Namespace, Array, Array, Any], Array]

ACTIVATIONS: dict[str, Function] = {
    "relu": lambda xp, x, out, layer: _relu(xp, x, out, layer),
    "relu6": lambda xp, x, out, _: xp.clip(x, 0, 6, out=out),
    "leakyrelu": lambda xp, x, out, layer: _leaky(xp, x, out, layer.slope),
    # in evaluation mode the slope is the mean of what it is drawn from
    "rrelu": lambda xp, x, out, layer: _leaky(xp, x, out, (layer.lower + layer.upper) / 2),
    "elu": lambda xp, x, out, layer: _expelu(xp, x, out, layer.alpha),
    "selu": lambda xp, x, out, _: _expelu(xp, x, out, SELU_ALPHA, SELU_SCALE),
    "celu": lambda xp, x, out, layer: _celu(xp, x, out, layer.alpha),
    "gelu": lambda xp, x, out, _: xp.multiply(x, 0.5 + 0.5 * erf(xp, x * 0.5**0.5), out=out),
    "silu": lambda xp, x, out, _: xp.multiply(x, sigmoid(xp, x), out=out),
    "mish": lambda xp, x, out, _: xp.multiply(x, xp.tanh(_softplus(xp, x)), out=out),
    "sigmoid": lambda xp, x, out, _: sigmoid(xp, x, out),
    "logsigmoid": lambda xp, x, out, _: xp.negative(_softplus(xp, -x), out=out),
    "hardsigmoid": lambda xp, x, out, layer: xp.clip(x * layer.slope + layer.offset, 0, 1, out=out),
    "hardswish": lambda xp, x, out, _: xp.multiply(x, xp.clip(x + 3, 0, 6) * (1 / 6), out=out),
    "hardtanh": lambda xp, x, out, layer: xp.clip(x, layer.low, layer.high, out=out),
    "erf": lambda xp, x, out, _: xp.positive(erf(xp, x), out=out),
    "exponential": lambda xp, x, out, _: xp.exp(x, out=out),
    "squareplus": lambda xp, x, out, layer: xp.multiply(x + xp.sqrt(x * x + layer.b), 0.5, out=out),
    "sparseplus": lambda xp, x, out, _: _sparseplus(xp, x, out),
    "sparsesigmoid": lambda xp, x, out, _: xp.clip((x + 1) * 0.5, 0, 1, out=out),
    "tanh": lambda xp, x, out, _: xp.tanh(x, out=out),
    "tanhshrink": lambda xp, x, out, _: xp.subtract(x, xp.tanh(x), out=out),
    "softplus": lambda xp, x, out, layer: _bent_softplus(xp, x, out, layer.beta, layer.threshold),
    "softsign": lambda xp, x, out, _: xp.divide(x, 1 + xp.abs(x), out=out),
    "softshrink": lambda xp, x, out, layer: _softshrink(xp, x, out, layer.threshold),
    "hardshrink": lambda xp, x, out, layer: xp.multiply(x, xp.abs(x) > layer.threshold, out=out),
    "threshold": lambda xp, x, out, layer: xp.positive(
        xp.where(x > layer.threshold, x, x.dtype.type(layer.value)), out=out
    ),
}


@computes(*ACTIVATIONS)
def activation(at: Context, layer: Layer, x: Array) -> Array:
    """Value by value; the layer's options are the function's parameters."""
    function = ACTIVATIONS[layer.kind]
    return at.each(x, lambda values, out: function(at.xp, values, out, layer))


@computes("identity", "dropout", "noise")
def identity(at: Context, layer: Layer, x: Array) -> Array:
    """The values as they are: nothing is dropped or added in evaluation mode."""
    return x


@computes("rescale")
def rescale(at: Context, layer: Rescale, x: Array) -> Array:
    """Values times a constant plus a constant, the same for all or one for each channel."""
    shape = (-1, *(1,) * (x.ndim - 2))
    factors = at.xp.asarray(layer.factor, dtype=at.wide).reshape(shape)
    offsets = at.xp.asarray(layer.offset, dtype=at.wide).reshape(shape)
    return at.xp.add(at.xp.multiply(x, factors, dtype=x.dtype), offsets, dtype=x.dtype)


@computes("prelu")
def prelu(at: Context, layer: ParametricReLU, x: Array) -> Array:
    """A learned slope for what lies below 0: one, one for each channel, or a map of them."""
    slopes = _slopes(at, layer, x).astype(at.wide)

    def bend(values: Array, out: Array, channels: slice) -> None:
        slope = slopes if slopes.shape[0] == 1 else slopes[channels]
        at.xp.add(at.xp.maximum(values, 0), at.xp.minimum(values, 0) * slope, out=out)

    return at.by_channels(x, bend)


def _slopes(at: Context, layer: ParametricReLU, x: Array) -> Array:
    """The learned slopes, with an axis for each axis of a sample."""
    if layer.shared is not None:
        alike = shared_axes(layer, x.ndim - 1)
        sizes = [1 if axis in alike else n for axis, n in enumerate(x.shape[1:])]
        return at.tensor("weight", sizes, around=0.25)
    if layer.n not in (1, x.shape[1]):
        raise ValueError(f"{layer.n} slopes for {x.shape[1]} channels")
    return at.tensor("weight", (layer.n,), around=0.25).reshape(-1, *(1,) * (x.ndim - 2))


@computes("softmax", "softmin")
def softmax(at: Context, layer: Softmax | Softmin, x: Array) -> Array:
    """exp(x) over its sum along the axis; softmin is that of the negated values."""
    axis = 1 + axis_of(layer, layer.axis, x.ndim - 1)
    out = at.like(x)
    if layer.kind == "softmin":
        at.xp.subtract(x.min(axis=axis, keepdims=True), x, out=out)
    else:
        at.xp.subtract(x, x.max(axis=axis, keepdims=True), out=out)
    at.xp.exp(out, out=out)
    out /= out.sum(axis=axis, keepdims=True)
    return out


@computes("logsoftmax")
def logsoftmax(at: Context, layer: LogSoftmax, x: Array) -> Array:
    """Values less the logarithm of the sum of exp(x) along the axis."""
    axis = 1 + axis_of(layer, layer.axis, x.ndim - 1)
    out = at.like(x)
    at.xp.subtract(x, x.max(axis=axis, keepdims=True), out=out)
    out -= at.xp.log(at.xp.exp(out).sum(axis=axis, keepdims=True))
    return out


@computes("sparsemax")
def sparsemax(at: Context, layer: Sparsemax, x: Array) -> Array:
    """max(x - tau, 0), tau so that the sum is 1 (Martins & Astudillo 2016, arXiv:1602.02068)."""
    xp, axis = at.xp, 1 + axis_of(layer, layer.axis, x.ndim - 1)

    def cut(x: Array) -> Array:
        values = xp.moveaxis(x, axis, -1)
        ordered = xp.sort(values, axis=-1)[..., ::-1]
        counts = xp.arange(1, values.shape[-1] + 1, dtype=values.dtype)
        excess = xp.cumsum(ordered, axis=-1) - 1
        support = (ordered * counts > excess).sum(axis=-1, keepdims=True)
        tau = xp.take_along_axis(excess, support - 1, axis=-1) / support
        return xp.moveaxis(xp.maximum(values - tau, 0), -1, axis)

    return at.by_samples(x, cut)


@computes("glu")
def glu(at: Context, layer: GatedLinearUnit, x: Array) -> Array:
    """The first half of an axis times the sigmoid of the second."""
    first, second = at.xp.split(x, 2, axis=1 + axis_of(layer, layer.axis, x.ndim - 1))
    gate = at.each(at.xp.ascontiguousarray(second), lambda v, out: sigmoid(at.xp, v, out))
    gate *= first
    return gate
