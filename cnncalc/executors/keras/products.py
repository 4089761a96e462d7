"""Products of what flows with what flows, attention and tokens, of keras.ops and keras.layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import keras
from keras import ops

from cnncalc.executors.base import Array, Tensor
from cnncalc.executors.geometry import attended, heads_of
from cnncalc.executors.keras.modules import (
    Bench,
    Built,
    Held,
    channels_first,
    channels_last,
    dimension,
    inside,
)
from cnncalc.executors.shared_layers import matrix_product
from cnncalc.executors.stepping import NotBuilt
from cnncalc.layers.attention import MultiHeadAttention
from cnncalc.layers.base import Shape
from cnncalc.layers.learned import Token
from cnncalc.layers.product import MatrixProduct

__all__ = ["PRODUCTS"]


def _multiply(at: Bench, layer: MatrixProduct, *branches: Array) -> Built:
    sides = [channels_first(x) for x in branches]
    return channels_last(matrix_product(ops, layer, sides, ops.matmul)), []


def _attention(at: Bench, layer: MultiHeadAttention, *branches: Array) -> Built:
    """Keras's layer, on positions by features; inputs of positions as channels are turned."""
    if layer.bias_kv or layer.zero:
        raise NotBuilt("layers.MultiHeadAttention adds no positions of its own")
    axis = {attended(layer, inside(x)) for x in branches}.pop()
    sides = [ops.swapaxes(x, 1, 2) if axis else x for x in branches]
    query, key, value = (*sides, sides[-1], sides[-1])[:3]
    widths = [int(side.shape[-1]) for side in (query, key, value)]
    features, inner, inner_values = heads_of(layer, widths[0])
    made = at.made(
        "MultiHeadAttention",
        num_heads=layer.heads,
        key_dim=inner // layer.heads,
        value_dim=inner_values // layer.heads,
        use_bias=layer.bias,
        output_shape=(layer.out or features,),
    )
    made.build(*(tuple(side.shape) for side in (query, value, key)))
    at.settle(made)
    out = made(query, value, key=key, training=False)
    return (ops.swapaxes(out, 1, 2) if axis else out), _held(layer, made, widths)


def _held(layer: MultiHeadAttention, made: keras.Layer, widths: Sequence[int]) -> Held:
    """The tensors by PyTorch's names, where it has one for three as their sum."""
    tensors = [_flat(weight) for weight in made.weights if weight.name in ("kernel", "bias")]
    names = ("weight", "bias") if layer.bias else ("weight",)
    parts = [f"{part}_proj.{name}" for part in ("q", "k", "v", "out") for name in names]
    held = dict(zip(parts, tensors, strict=True))
    if layer.key is not None:
        return [Tensor(name, shape, prod(shape)) for name, shape in held.items()]
    found = dict[str, Shape]()
    weights = [held[f"{part}_proj.weight"] for part in "qkv"]
    if len(set(widths)) == 1:
        found["in_proj_weight"] = (sum(shape[0] for shape in weights), widths[0])
    else:
        found |= {f"{part}_proj_weight": held[f"{part}_proj.weight"] for part in "qkv"}
    if layer.bias:
        found["in_proj_bias"] = (sum(held[f"{part}_proj.bias"][0] for part in "qkv"),)
    found |= {name: shape for name, shape in held.items() if name.startswith("out")}
    return [Tensor(name, shape, prod(shape)) for name, shape in found.items()]


def _flat(weight: keras.Variable) -> Shape:
    """A tensor of heads in PyTorch's order of axes: all heads' features as one axis."""
    sizes = tuple(int(size) for size in weight.shape)
    if weight.name == "bias":
        return (prod(sizes),)
    output = "attention_output" in weight.path
    inputs = sizes[:-1] if output else sizes[:1]
    return prod(sizes[len(inputs) :]), prod(inputs)


def _token(at: Bench, layer: Token, x: Array) -> Built:
    """A variable joined to what flows."""
    shape = inside(x)
    axis = range(len(shape))[layer.axis]
    sizes = (*shape[:axis], layer.count, *shape[axis + 1 :])
    more = ops.broadcast_to(
        at.variable((*sizes[1:], *sizes[:1])), (x.shape[0], *sizes[1:], sizes[0])
    )
    joined = ops.concatenate((x, more) if layer.behind else (more, x), axis=dimension(axis))
    return joined, [] if layer.role == "constant" else [Tensor("weight", sizes, prod(sizes))]


PRODUCTS: dict[str, Callable[..., Built]] = {
    "matmul": _multiply,
    "mha": _attention,
    "token": _token,
}
