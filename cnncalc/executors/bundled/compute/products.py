"""Products of what flows with what flows, and attention, which is made of them."""

from __future__ import annotations

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.compute.dense import multiply
from cnncalc.executors.bundled.compute.table import computes
from cnncalc.executors.bundled.context import Context
from cnncalc.executors.bundled.kernels.arrays import product_type
from cnncalc.executors.geometry import attended, heads_of
from cnncalc.executors.shared_layers import matrix_product
from cnncalc.layers.attention import MultiHeadAttention
from cnncalc.layers.learned import Token
from cnncalc.layers.product import MatrixProduct


@computes("matmul")
def matmul(at: Context, layer: MatrixProduct, *branches: Array) -> Array:
    return matrix_product(at.xp, layer, branches, lambda a, b: times(at, a, b))


def times(at: Context, a: Array, b: Array) -> Array:
    """The product over the last axis of a, in the type to multiply in; MACs are counted."""
    dtype = a.dtype
    if product_type(at.xp, dtype) != dtype:
        a, b = a.astype(at.wide), b.astype(at.wide)
    out = at.xp.matmul(a, b)
    at.macs += out.size * a.shape[-1]
    return out.astype(dtype, copy=False)


@computes("mha")
def attention(at: Context, layer: MultiHeadAttention, *branches: Array) -> Array:
    """Softmax of queries times keys, over the root of a head's features, times the values."""
    sides = [x.swapaxes(1, 2) if attended(layer, x.shape[1:]) == 0 else x for x in branches]
    queries, keys, values = (*sides, sides[-1], sides[-1])[:3]
    features, inner, inner_values = heads_of(layer, queries.shape[2])
    asked, known, told = _projected(at, layer, (queries, keys, values), inner, inner_values)
    if layer.bias_kv:
        known, told = (
            _behind(at, x, at.tensor(name, (1, 1, inner)))
            for x, name in ((known, "bias_k"), (told, "bias_v"))
        )
    if layer.zero:
        known, told = (_behind(at, x, at.xp.zeros_like(x[:1, :1])) for x in (known, told))
    q, k, v = (_headed(x, layer.heads) for x in (asked, known, told))
    scores = times(at, q * q.dtype.type(q.shape[-1] ** -0.5), k.swapaxes(-1, -2))
    scores -= scores.max(axis=-1, keepdims=True)
    at.xp.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    mixed = times(at, scores, v).swapaxes(1, 2).reshape(*queries.shape[:2], inner_values)
    weight = at.weight("out_proj.weight", (layer.out or features, inner_values))
    bias = at.tensor("out_proj.bias", weight.shape[:1]) if layer.bias else None
    out = _through(at, mixed, weight, bias)
    return out.swapaxes(1, 2) if attended(layer, branches[0].shape[1:]) == 0 else out


def _projected(
    at: Context, layer: MultiHeadAttention, sides: tuple[Array, ...], inner: int, inner_values: int
) -> list[Array]:
    """Queries, keys and values through their layers."""
    sizes = zip((inner, inner, inner_values), (side.shape[2] for side in sides), strict=True)
    made = _layers(at, layer, list(sizes))
    return [_through(at, x, *each) for x, each in zip(sides, made, strict=True)]


def _layers(
    at: Context, layer: MultiHeadAttention, sizes: list[tuple[int, int]]
) -> list[tuple[Array, Array | None]]:
    """The weight and bias of each: layers apart, or parts of one tensor where they are alike."""
    if layer.key is not None:
        return [
            (
                at.weight(f"{name}_proj.weight", each),
                at.tensor(f"{name}_proj.bias", each[:1]) if layer.bias else None,
            )
            for name, each in zip("qkv", sizes, strict=True)
        ]
    inner = sizes[0][0]
    parts = [slice(part * inner, (part + 1) * inner) for part in range(3)]
    if len(set(sizes)) == 1:
        whole = at.weight("in_proj_weight", (3 * inner, sizes[0][1]))
        weights = [whole[part] for part in parts]
    else:
        weights = [
            at.weight(f"{name}_proj_weight", each) for name, each in zip("qkv", sizes, strict=True)
        ]
    bias = at.tensor("in_proj_bias", (3 * inner,)) if layer.bias else None
    return [
        (weight, None if bias is None else bias[part])
        for weight, part in zip(weights, parts, strict=True)
    ]


def _through(at: Context, x: Array, weight: Array, bias: Array | None) -> Array:
    """(N, L, features) through a linear layer; MACs are counted."""
    at.macs += x.size * weight.shape[0]
    out = multiply(at, x.reshape(-1, x.shape[2]), weight)
    if bias is not None:
        out += bias
    return out.reshape(*x.shape[:2], -1)


def _behind(at: Context, x: Array, position: Array) -> Array:
    """A position more behind those of each sample."""
    more = at.xp.broadcast_to(position, (x.shape[0], 1, x.shape[2]))
    return at.xp.concatenate((x, more), axis=1)


def _headed(x: Array, heads: int) -> Array:
    """(N, L, features) to (N, heads, L, features of each)."""
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


@computes("token")
def token(at: Context, layer: Token, x: Array) -> Array:
    """Learned positions before those that flow, or behind."""
    axis = range(1, x.ndim)[layer.axis]
    sizes = (*x.shape[1:axis], layer.count, *x.shape[axis + 1 :])
    constant = layer.role == "constant"
    held = at.filled(sizes, spread=0.1) if constant else at.tensor("weight", sizes)
    more = at.xp.broadcast_to(held, (x.shape[0], *sizes))
    return at.xp.concatenate((x, more) if layer.behind else (more, x), axis=axis)
