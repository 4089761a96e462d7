"""Attention as PyTorch has it: torch.nn.MultiheadAttention, or its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import nn
from torch.nn import functional

from cnncalc.errors import LayerError
from cnncalc.executors.base import Array
from cnncalc.executors.geometry import attended, heads_of
from cnncalc.executors.stepping import NotBuilt
from cnncalc.executors.torch.modules import Bench, Built, call
from cnncalc.frameworks.pytorch.writing import pieces
from cnncalc.layers.attention import MultiHeadAttention
from cnncalc.layers.base import Shape

__all__ = ["attention"]

Attend = Callable[[Array, Array, Array], Array]  # of queries, keys and values


def attention(layer: MultiHeadAttention, shapes: Sequence[Shape], bench: Bench) -> Built:
    """The module, called on positions by features; inputs of features first are turned."""
    axes = {attended(layer, shape) for shape in shapes}
    turned = axes == {0}
    if layer.key is None:
        modules = {"": _whole(layer, shapes, bench)}
        run = _called(modules[""])
    else:
        modules = _parts(layer, [shape[min(axes)] for shape in shapes], bench)
        run = _by_parts(layer, modules)

    def turn(*inputs: Array) -> Array:
        sides = [x.mT for x in inputs] if turned else [*inputs]
        out = run(*(*sides, sides[-1], sides[-1])[:3])
        return out.mT if turned else out

    return Built(modules, turn)


def _whole(layer: MultiHeadAttention, shapes: Sequence[Shape], bench: Bench) -> nn.Module:
    try:
        (made,) = (piece.call for piece in pieces(layer, tuple(shapes)) if piece.call)
    except LayerError as error:
        raise NotBuilt(error.message) from None
    return bench.ready(call(made))


def _called(module: nn.Module) -> Attend:
    return lambda q, k, v: module(q, k, v, need_weights=False)[0]


def _parts(layer: MultiHeadAttention, widths: Sequence[int], bench: Bench) -> dict[str, nn.Module]:
    """The four layers of heads that have sizes of their own."""
    queries, keys, values = (*widths, widths[-1], widths[-1])[:3]
    features, inner, inner_values = heads_of(layer, queries)
    sizes = {
        "q_proj": (queries, inner),
        "k_proj": (keys, inner),
        "v_proj": (values, inner_values),
        "out_proj": (inner_values, layer.out or features),
    }
    return {
        name: bench.ready(call(f"nn.Linear({before}, {after}, bias={layer.bias})"))
        for name, (before, after) in sizes.items()
    }


def _by_parts(layer: MultiHeadAttention, modules: dict[str, nn.Module]) -> Attend:
    def headed(name: str, x: Array) -> Array:
        return modules[f"{name}_proj"](x).unflatten(-1, (layer.heads, -1)).transpose(1, 2)

    def run(*sides: Array) -> Array:
        q, k, v = map(headed, "qkv", sides)
        mixed = functional.scaled_dot_product_attention(q, k, v)
        return modules["out_proj"](mixed.transpose(1, 2).flatten(2))

    return run
