"""What PyTorch does where torch.nn has no class: merges, moves, functions element-wise."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch.nn import functional

from cnncalc.executors.base import Array
from cnncalc.executors.geometry import (
    axis_of,
    chosen_axes,
    flattened_axes,
    one_each,
    reshaped_sizes,
    sliced_axes,
)
from cnncalc.executors.shared_layers import aligned, matrix_product, reshape
from cnncalc.frameworks.ops import BY_KIND, forms
from cnncalc.layers import KINDS
from cnncalc.layers.activation import Rescale
from cnncalc.layers.adaptive import GlobalLp
from cnncalc.layers.arithmetic import Reduce
from cnncalc.layers.base import Layer
from cnncalc.layers.expand import Expand
from cnncalc.layers.merge import Concatenate, Elementwise, Mean
from cnncalc.layers.norm import UnitNorm
from cnncalc.layers.padding import Crop, Pad
from cnncalc.layers.product import MatrixProduct
from cnncalc.layers.reshape import Flatten, Permute, Slice, Unflatten
from cnncalc.layers.shuffle import ChannelShuffle

__all__ = ["FUNCTIONS", "MERGES"]


def _joined(function: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    def join(layer: Elementwise, *branches: Array) -> Array:
        result, *rest = aligned(torch, layer, branches)
        for branch in rest:
            result = function(result, branch)
        return result

    return join


def _mean(layer: Mean, *branches: Array) -> Array:
    return MERGES["add"](layer, *branches) / len(branches)


def _concatenate(layer: Concatenate, *branches: Array) -> Array:
    return torch.cat(branches, dim=1 + axis_of(layer, layer.axis, branches[0].ndim - 1))


def _multiply(layer: MatrixProduct, *branches: Array) -> Array:
    return matrix_product(torch, layer, branches, torch.matmul)


MERGES: dict[str, Callable[..., Array]] = {
    "add": _joined(torch.add),
    "mul": _joined(torch.mul),
    "sub": _joined(torch.sub),
    "div": _joined(torch.div),
    "maximum": _joined(torch.maximum),
    "minimum": _joined(torch.minimum),
    "mean": _mean,
    "cat": _concatenate,
    "matmul": _multiply,
}


def _flatten(layer: Flatten, x: Array) -> Array:
    first, last = (1 + axis for axis in flattened_axes(layer, x.ndim - 1))
    if layer.order == "last" and first == 1:
        x = x.movedim(1, last)
    return torch.flatten(x, first, last)


def _unflatten(layer: Unflatten, x: Array) -> Array:
    return torch.unflatten(x, range(1, x.ndim)[layer.axis], reshaped_sizes(layer))


def _permute(layer: Permute, x: Array) -> Array:
    return x.permute(0, *(axis + 1 for axis in layer.axes))


def _slice(layer: Slice, x: Array) -> Array:
    return x[(slice(None), *sliced_axes(layer, x.ndim - 1))]


def _pad(layer: Pad, x: Array) -> Array:
    """The spatial axes, and then the channels, which torch pads as an axis of an image."""
    mode = "constant" if layer.mode == "zeros" else layer.mode
    pads = [pad for pair in reversed(one_each(layer.padding, x.shape[2:])) for pad in pair]
    if mode == "constant":
        return functional.pad(x, [*pads, *layer.channels[0]], value=layer.value)
    if layer.channels == ((0, 0),):
        return functional.pad(x, pads, mode=mode)
    return functional.pad(x[:, None], [*pads, *layer.channels[0]], mode=mode)[:, 0]


def _crop(layer: Crop, x: Array) -> Array:
    cuts = [-cut for pair in reversed(one_each(layer.amount, x.shape[2:])) for cut in pair]
    return functional.pad(x, cuts)


def _expand(layer: Expand, x: Array) -> Array:
    return x.expand(x.shape[0], *layer.sizes)


def _reduce(layer: Reduce, x: Array) -> Array:
    axes = [1 + axis for axis in sorted(set(chosen_axes(layer, x.ndim - 1)))]
    if layer.by in ("var", "std"):
        spread = torch.var if layer.by == "var" else torch.std
        return spread(x, dim=axes, correction=0 if layer.biased else 1, keepdim=layer.keep)
    return REDUCTIONS[layer.by](x, axes, layer.keep)


def _product(x: Array, axes: list[int], keep: bool) -> Array:
    for axis in reversed(axes):
        x = x.prod(dim=axis, keepdim=keep)
    return x


def _norm(order: float) -> Callable[[Array, list[int], bool], Array]:
    return lambda x, axes, keep: torch.linalg.vector_norm(x, order, dim=axes, keepdim=keep)


REDUCTIONS: dict[str, Callable[[Array, list[int], bool], Array]] = {
    "mean": lambda x, axes, keep: x.mean(dim=axes, keepdim=keep),
    "max": lambda x, axes, keep: x.amax(dim=axes, keepdim=keep),
    "min": lambda x, axes, keep: x.amin(dim=axes, keepdim=keep),
    "sum": lambda x, axes, keep: x.sum(dim=axes, keepdim=keep),
    "prod": _product,
    "norm1": _norm(1),
    "norm2": _norm(2),
    "squares": lambda x, axes, keep: x.square().sum(dim=axes, keepdim=keep),
    "logsumexp": lambda x, axes, keep: x.logsumexp(dim=axes, keepdim=keep),
}


def _relu(layer: Any, x: Array) -> Array:
    """With a slope, a limit or a threshold, as Keras has it."""
    below = layer.slope * (x - layer.threshold)
    above = x if layer.limit is None else x.clamp(max=layer.limit)
    return torch.where(x >= layer.threshold, above, below)


def _rescale(layer: Rescale, x: Array) -> Array:
    def values(numbers: tuple[float, ...]) -> Array:
        return torch.tensor(numbers, dtype=x.dtype, device=x.device).reshape(
            -1, *(1,) * (x.ndim - 2)
        )

    return x * values(layer.factor) + values(layer.offset)


def _channels_shuffled(layer: ChannelShuffle, x: Array) -> Array:
    if x.ndim > 2:
        return functional.channel_shuffle(x, layer.groups)
    return functional.channel_shuffle(x[..., None], layer.groups)[..., 0]


def _lp_norm(layer: GlobalLp, x: Array) -> Array:
    axes = tuple(range(2, x.ndim))
    return torch.linalg.vector_norm(x, layer.norm, dim=axes, keepdim=layer.keep)


def _unit_norm(layer: UnitNorm, x: Array) -> Array:
    axes = [1 + axis for axis in chosen_axes(layer, x.ndim - 1)]
    squares = x.square().sum(dim=axes, keepdim=True)
    return x / squares.clamp(min=1e-12).sqrt()


def _valued(layer: Layer, x: Array) -> Array:
    """Value by value: torch's own function of these options, or the table's formula."""
    op = BY_KIND[layer.kind]
    said = forms(op.torch or op.function, op.kind)[0].said(layer) if op.function else None
    if said is not None:
        home = functional if op.torch else torch
        return getattr(home, forms(op.function)[0].name)(x, *said.values())
    assert op.formula is not None
    return op.formula(_of_kind, x, layer)


def _of_kind(kind: str, x: Array, *options: float) -> Array:
    return _valued(KINDS[kind](*options), x)


FUNCTIONS: dict[str, Callable[[Any, Array], Array]] = {
    **{op.kind: _valued for op in BY_KIND.values() if op.formula or (op.function and not op.torch)},
    "flatten": _flatten,
    "unflatten": _unflatten,
    "reshape": partial(reshape, torch),
    "permute": _permute,
    "slice": _slice,
    "pad": _pad,
    "crop": _crop,
    "chshuffle": _channels_shuffled,
    "expand": _expand,
    "reduce": _reduce,
    "relu": _relu,
    "rescale": _rescale,
    "glp": _lp_norm,
    "noise": lambda layer, x: x,
    "unitnorm": _unit_norm,
}
