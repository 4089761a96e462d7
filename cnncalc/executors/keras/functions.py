"""What Keras's functions do where it has no class, or none with such options."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from keras import ops

from cnncalc.executors.base import Array, Tensor
from cnncalc.executors.geometry import axis_of, chosen_axes, learned_sizes
from cnncalc.executors.keras.modules import (
    Bench,
    Built,
    channels_first,
    channels_last,
    dimension,
    inside,
)
from cnncalc.executors.shared_layers import reduced
from cnncalc.executors.stepping import NotBuilt
from cnncalc.frameworks.ops import BY_KIND, forms
from cnncalc.layers import KINDS
from cnncalc.layers.activation import (
    GatedLinearUnit,
    LogSoftmax,
    Rescale,
    Softmax,
    Softmin,
    Sparsemax,
)
from cnncalc.layers.arithmetic import Reduce
from cnncalc.layers.base import Layer
from cnncalc.layers.learned import Scale, Shift
from cnncalc.layers.norm import LocalResponseNorm, RootMeanSquareNorm, Standardize

__all__ = ["FUNCTIONS"]


def _learned(
    function: Callable[[Array, Array], Array],
) -> Callable[[Bench, Scale | Shift, Array], Built]:
    """One variable for the whole map."""

    def learned(at: Bench, layer: Scale | Shift, x: Array) -> Built:
        sizes = learned_sizes(layer, inside(x))
        whole = (*(1,) * (len(x.shape) - 1 - len(sizes)), *sizes)
        variable = at.variable((*whole[1:], *whole[:1]))
        held = [] if layer.role == "constant" else [Tensor("weight", sizes, prod(variable.shape))]
        return function(x, variable), held

    return learned


def _reduce(at: Bench, layer: Reduce, x: Array) -> Built:
    """Axes that go are the channels too: what is left then has its first axis last."""
    return channels_last(reduced(ops, layer, channels_first(x))), []


def _along_last(
    at: Bench, layer: GatedLinearUnit | LogSoftmax | Softmax | Softmin | Sparsemax, x: Array
) -> Built:
    """An axis that Keras's activation doesn't work along is put last, and back."""
    axis = dimension(axis_of(layer, layer.axis, len(x.shape) - 1))
    moved = ops.moveaxis(x, axis, -1)
    turned = layer.kind == "softmin"  # which Keras has not: it is softmax of the negated
    (form,) = forms(BY_KIND["softmax" if turned else layer.kind].keras)
    value = at.run(at.made("Activation", activation=form.name), -moved if turned else moved)
    return ops.moveaxis(value, -1, axis), []


def _neighbours(at: Bench, layer: LocalResponseNorm, x: Array) -> Built:
    """Each value over the squares of its neighbours among the channels."""
    first, last = layer.size // 2, (layer.size - 1) // 2
    channels = int(x.shape[-1])
    around = [(0, 0)] * (len(x.shape) - 1) + [(first, last)]
    squares = ops.pad(x * x, around)
    shifted = [squares[..., place : place + channels] for place in range(layer.size)]
    sums = ops.sum(ops.stack(shifted), axis=0)
    return x / (sums * (layer.alpha / layer.size) + layer.k) ** layer.beta, []


def _root_mean_square(at: Bench, layer: RootMeanSquareNorm, x: Array) -> Built:
    """Without a scale, which Keras's class always has."""
    axes = tuple(dimension(axis) for axis in chosen_axes(layer, len(x.shape) - 1))
    return x * ops.rsqrt(ops.mean(x * x, axis=axes, keepdims=True) + 1e-7), []


def _standardize(at: Bench, layer: Standardize, x: Array) -> Built:
    """With statistics that were given: the report knows none, so any do."""
    return x * 1.0, []


def _rescale(at: Bench, layer: Rescale, x: Array) -> Built:
    """Constants for each channel."""
    factor, offset = (
        ops.convert_to_tensor(values, dtype=x.dtype) for values in (layer.factor, layer.offset)
    )
    return x * factor + offset, []


def _softplus(at: Bench, layer: Any, x: Array) -> Built:
    """With a threshold, which no function of Keras's has."""
    soft = ops.softplus(x * layer.beta) / layer.beta
    return ops.where(x * layer.beta > layer.threshold, x, soft), []


def _valued(at: Bench, layer: Layer, x: Array) -> Built:
    return _value(layer, x), []


def _value(layer: Layer, x: Array) -> Array:
    """Value by value: Keras's own function of these options, or the table's formula."""
    op = BY_KIND[layer.kind]
    for form in (*forms(op.ops, op.kind), *forms(op.keras, op.kind)):
        said, function = form.said(layer), getattr(ops, form.name, None)
        if function is not None and said is not None:
            return function(x, *said.values())
    if op.formula is None:
        raise NotBuilt(f"this Keras has no function for `{layer.kind}`")
    return op.formula(_of_kind, x, layer)


def _of_kind(kind: str, x: Array, *options: float) -> Array:
    return _value(KINDS[kind](*options), x)


FUNCTIONS: dict[str, Callable[..., Built]] = {
    **{op.kind: (_along_last if op.along else _valued) for op in BY_KIND.values()},
    "softplus": _softplus,
    "scale": _learned(ops.multiply),
    "shift": _learned(ops.add),
    "reduce": _reduce,
    "lrn": _neighbours,
    "rms": _root_mean_square,
    "standardize": _standardize,
    "rescale": _rescale,
}
