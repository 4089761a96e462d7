"""Products of what flows with what flows, and attention in its single operators."""

from __future__ import annotations

from cnncalc.layers.attention import MultiHeadAttention
from cnncalc.layers.base import Shape
from cnncalc.layers.learned import Token
from cnncalc.layers.product import MatrixProduct
from cnncalc.notations.onnx.writing.builder import Builder
from cnncalc.notations.onnx.writing.table import writes, writes_several


@writes_several("matmul")
def multiplied(at: Builder, layer: MatrixProduct, x: list[str], shapes: tuple[Shape, ...]) -> str:
    """Matrices of as many axes, the last one at the end."""
    rank = max(map(len, shapes))
    names = []
    for name, shape in zip(x, shapes, strict=True):
        last = layer.order == "last"
        turned = at.permuted(name, [*range(1, len(shape)), 0]) if last else name
        sizes = (*shape[1:], shape[0]) if last else shape
        missing = (1,) * (rank - len(shape))
        names.append(at.reshaped(turned, (*missing, *sizes)) if missing else turned)
    a, b = names
    out = at.node("MatMul", a, _swapped(at, b, rank) if layer.transpose else b)
    return at.permuted(out, [rank - 1, *range(rank - 1)]) if layer.order == "last" else out


def _swapped(at: Builder, x: str, rank: int) -> str:
    return at.permuted(x, [*range(rank - 2), rank - 1, rank - 2])


@writes_several("mha")
def attention(
    at: Builder, layer: MultiHeadAttention, x: list[str], shapes: tuple[Shape, ...]
) -> str:
    """Softmax of queries times keys, over the root of a head's features, times the values."""
    queries, keys, values = layer.sides(*shapes)
    inner, inner_values = layer.inner(queries[0])
    flipped = layer.place_of(shapes[0]) == 0
    named = [at.permuted(each, [1, 0]) if flipped else each for each in x]
    named = [*named, named[-1], named[-1]][:3]
    sizes = [(inner, queries[0]), (inner, keys[0]), (inner_values, values[0])]
    layers = _layers(at, layer, sizes)
    asked, known, told = (_through(at, *each) for each in zip(named, layers, strict=True))
    if layer.bias_kv:
        bias = [at.weight(name, (1, 1, inner)) for name in ("bias_k", "bias_v")]
        known, told = (_behind(at, *each) for each in zip((known, told), bias, strict=True))
    if layer.zero:
        known, told = _behind(at, known), _behind(at, told)
    q = _headed(at, asked, layer.heads, inner)
    k = _headed(at, known, layer.heads, inner, [0, 2, 3, 1])
    v = _headed(at, told, layer.heads, inner_values)
    scores = at.scaled(at.node("MatMul", q, k), (inner // layer.heads) ** -0.5)
    mixed = at.node("MatMul", at.node("Softmax", scores, axis=-1), v)
    joined = at.node("Transpose", mixed, perm=[0, 2, 1, 3])
    joined = at.reshaped(joined, (queries[1], inner_values))
    size = layer.out or queries[0], inner_values
    out = _through(at, joined, _layer(at, layer, "out_proj", size))
    return at.permuted(out, [1, 0]) if flipped else out


def _layer(at: Builder, layer: MultiHeadAttention, name: str, sizes: Shape) -> tuple[str, str]:
    """The weight and the bias of a linear layer; empty: it has none."""
    weight = at.weight(f"{name}.weight", sizes, fan_in=sizes[1])
    return weight, at.weight(f"{name}.bias", sizes[:1]) if layer.bias else ""


def _layers(
    at: Builder, layer: MultiHeadAttention, sizes: list[tuple[int, int]]
) -> list[tuple[str, str]]:
    """Those of queries, keys and values: layers apart, or parts of one where they are alike."""
    names = [f"{name}_proj" for name in "qkv"]
    if layer.key is not None:
        return [_layer(at, layer, *each) for each in zip(names, sizes, strict=True)]
    inner, features = sizes[0]
    parts = at.ints([inner] * 3)
    if len(set(sizes)) == 1:
        whole = at.weight("in_proj_weight", (3 * inner, features), fan_in=features)
        weights = at.split("Split", whole, parts, outputs=3, axis=0)
    else:
        weights = [
            at.weight(f"{name}_weight", each, fan_in=each[1])
            for name, each in zip(names, sizes, strict=True)
        ]
    biases = ["", "", ""]
    if layer.bias:
        together = at.weight("in_proj_bias", (3 * inner,))
        biases = at.split("Split", together, parts, outputs=3, axis=0)
    return list(zip(weights, biases, strict=True))


def _through(at: Builder, x: str, layer: tuple[str, str]) -> str:
    """A linear layer, a weight and a bias, on the last axis."""
    weight, bias = layer
    out = at.node("MatMul", x, at.node("Transpose", weight, perm=[1, 0]))
    return at.node("Add", out, bias) if bias else out


def _headed(at: Builder, x: str, heads: int, inner: int, order: list[int] | None = None) -> str:
    """(N, L, features) to (N, heads, L, features of each), or in another order."""
    split = at.reshaped(x, (-1, heads, inner // heads))
    return at.node("Transpose", split, perm=order or [0, 2, 1, 3])


def _behind(at: Builder, x: str, position: str = "") -> str:
    """A position more, as it is learned or of zeros, behind those of each sample."""
    first = at.node("Slice", x, at.ints([0]), at.ints([1]), at.ints([1]))
    more = at.node("Mul", first, at.number(0.0))
    return at.node("Concat", x, at.node("Add", more, position) if position else more, axis=1)


@writes("token")
def token(at: Builder, layer: Token, x: str, shape: Shape) -> str:
    """Learned positions before those that flow, or behind, the same for each sample."""
    axis = layer.axis % len(shape)
    sizes = (*shape[:axis], layer.count, *shape[axis + 1 :])
    constant = layer.role == "constant"
    held = at.filled(sizes, 0.0) if constant else at.weight("weight", sizes)
    first = at.node("Slice", x, at.ints([0]), at.ints([1]), at.ints([axis + 1]))
    more = at.node("Add", at.node("Mul", first, at.number(0.0)), held)
    return at.node("Concat", *((x, more) if layer.behind else (more, x)), axis=axis + 1)
