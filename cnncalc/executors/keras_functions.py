"""What Keras does where it has no class: slices, learned factors, squeeze and excitation."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import keras
from keras import ops

from cnncalc.executors.base import Tensor
from cnncalc.executors.compute.geometry import axis_of
from cnncalc.layers.base import Shape

__all__ = ["FUNCTIONS"]

Array = Any  # a backend's tensor, (N, *spatial, C)
Held = list[Tensor]


def _slice(layer: Any, x: Array) -> tuple[Array, Held]:
    rank = len(x.shape) - 1
    place = range(rank)[layer.axis]
    index = [slice(None)] * (rank + 1)
    start, stop = layer.interval
    index[place or rank] = slice(start, stop, layer.step)
    return x[tuple(index)], []


def _learned(function: Callable[[Array, Array], Array]) -> Callable[[Any, Array], Any]:
    """One variable for the whole map."""

    def learned(layer: Any, x: Array) -> tuple[Array, Held]:
        rank = len(x.shape) - 1
        sizes: Shape = layer.shape or (int(x.shape[-1]), *(1,) * (rank - 1))
        channels, *places = (*(1,) * (rank - len(sizes)), *sizes)
        variable = keras.Variable(ops.ones((*places, channels), dtype=x.dtype))
        held = [] if layer.role == "constant" else [Tensor("weight", sizes, prod(variable.shape))]
        return function(x, variable), held

    return learned


def _squeeze(layer: Any, x: Array) -> tuple[Array, Held]:
    """Two 1x1 convolutions on the averages of the channels."""
    axes, channels = len(x.shape) - 2, int(x.shape[-1])
    squeezed = layer.channels or max(1, channels // layer.reduction)
    conv = getattr(keras.layers, f"Conv{axes}D")
    first = conv(squeezed, 1, activation="relu", dtype=x.dtype)
    second = conv(channels, 1, activation="sigmoid", dtype=x.dtype)
    means = ops.mean(x, axis=tuple(range(1, axes + 1)), keepdims=True)
    gates = second(first(means))
    held = [
        Tensor(f"{name}.{own}", _torch_order(value.shape), prod(value.shape))
        for name, each in (("fc1", first), ("fc2", second))
        for own, value in zip(("weight", "bias"), each.weights, strict=True)
    ]
    return x * gates, held


def _torch_order(shape: Any) -> Shape:
    if len(shape) == 1:
        return (int(shape[0]),)
    *kernel, inputs, outputs = (int(size) for size in shape)
    return (outputs, inputs, *kernel)


def _expand(layer: Any, x: Array) -> tuple[Array, Held]:
    return ops.broadcast_to(x, (x.shape[0], *layer.sizes[1:], layer.sizes[0])), []


def _reduce(layer: Any, x: Array) -> tuple[Array, Held]:
    """Axes that go are the channels too: what is left then has its first axis last."""
    rank = len(x.shape) - 1
    every = layer.axes == ("all",)
    chosen = range(rank) if every else {axis_of(layer, axis, rank) for axis in layer.axes}
    first = ops.moveaxis(x, -1, 1)
    axes = tuple(1 + axis for axis in sorted(chosen))
    return ops.moveaxis(REDUCTIONS[layer.by](first, axes, layer.keep), 1, -1), []


REDUCTIONS: dict[str, Callable[[Array, tuple[int, ...], bool], Array]] = {
    "mean": lambda x, axes, keep: ops.mean(x, axis=axes, keepdims=keep),
    "max": lambda x, axes, keep: ops.max(x, axis=axes, keepdims=keep),
    "min": lambda x, axes, keep: ops.min(x, axis=axes, keepdims=keep),
    "sum": lambda x, axes, keep: ops.sum(x, axis=axes, keepdims=keep),
    "prod": lambda x, axes, keep: ops.prod(x, axis=axes, keepdims=keep),
    "norm1": lambda x, axes, keep: ops.sum(ops.abs(x), axis=axes, keepdims=keep),
    "norm2": lambda x, axes, keep: ops.sqrt(ops.sum(x * x, axis=axes, keepdims=keep)),
    "squares": lambda x, axes, keep: ops.sum(x * x, axis=axes, keepdims=keep),
    "logsumexp": lambda x, axes, keep: ops.logsumexp(x, axis=axes, keepdims=keep),
    "var": lambda x, axes, keep: ops.var(x, axis=axes, keepdims=keep),
    "std": lambda x, axes, keep: ops.std(x, axis=axes, keepdims=keep),
}


def _each(function: Callable[[Array], Array]) -> Callable[[Any, Array], tuple[Array, Held]]:
    return lambda layer, x: (function(x), [])


FUNCTIONS: dict[str, Callable[[Any, Array], tuple[Array, Held]]] = {
    "slice": _slice,
    "scale": _learned(ops.multiply),
    "shift": _learned(ops.add),
    "se": _squeeze,
    "expand": _expand,
    "reduce": _reduce,
    **{
        name: _each(getattr(ops, name))
        for name in ("abs", "ceil", "cos", "erf", "floor", "log", "round", "sign", "sin", "sqrt")
    },
    "power": lambda layer, x: (ops.power(x, layer.exponent), []),
    "reciprocal": _each(ops.reciprocal),
}
