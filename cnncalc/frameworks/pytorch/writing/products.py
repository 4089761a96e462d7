"""Products of what flows, attention and tokens as PyTorch's source."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.frameworks.calls import Form, Join, Piece, Writer
from cnncalc.frameworks.pytorch.writing.calls import call, no_class
from cnncalc.layers.attention import MultiHeadAttention
from cnncalc.layers.base import Shape
from cnncalc.layers.learned import Token
from cnncalc.layers.product import MatrixProduct

__all__ = ["CLASSES", "FORMS", "JOINS", "WRITERS"]


_ATTENTION = """\
class SizedAttention(nn.Module):
    def __init__(self, heads, features, inner, out, bias=True):
        super().__init__()
        self.heads = heads
        sizes = zip(features, inner)
        self.sides = nn.ModuleList([nn.Linear(n, m, bias=bias) for n, m in sizes])
        self.out = nn.Linear(inner[-1], out, bias=bias)

    def forward(self, *inputs):
        given = (*inputs, inputs[-1], inputs[-1])[:3]
        sides = [side(x) for side, x in zip(self.sides, given)]
        q, k, v = (x.unflatten(-1, (self.heads, -1)).transpose(1, 2) for x in sides)
        x = nn.functional.scaled_dot_product_attention(q, k, v)
        return self.out(x.transpose(1, 2).flatten(2))

"""
# Layers that torch.nn lacks, as classes of the file's own.
CLASSES = {"SizedAttention": _ATTENTION}


def _multiplied(layer: MatrixProduct, shapes: tuple[Shape, ...]) -> Sequence[Piece]:
    rank = max(map(len, shapes))
    if layer.order != "first":
        raise no_class(layer, "its last axis is the channels")
    a, b = (
        f"{{{number}}}[:, {'None, ' * (rank - len(shape))}...]" if len(shape) < rank
        else f"{{{number}}}"
        for number, shape in enumerate(shapes)
    )  # fmt: skip
    return [Piece("matmul", None, f"{a} @ {b}{'.mT' if layer.transpose else ''}")]


def _attention(layer: MultiHeadAttention, *shapes: Shape) -> str:
    """The class works on positions by features, the batch in front."""
    (features, _), (of_keys, _), (of_values, _) = layer.sides(*shapes)
    if layer.key is not None:
        raise no_class(layer, "its heads have sizes of their own")
    others = {} if of_keys == of_values == features else {"kdim": of_keys, "vdim": of_values}
    return call(
        "MultiheadAttention",
        embed_dim=features,
        num_heads=layer.heads,
        bias=layer.bias,
        add_bias_kv=layer.bias_kv,
        add_zero_attn=layer.zero,
        batch_first=True,
        **others,
    )


def _attended(layer: MultiHeadAttention, shapes: tuple[Shape, ...]) -> Sequence[Piece]:
    """A module; of features first the inputs and the output are turned."""
    if layer.key is not None:
        return _by_heads(layer, shapes)
    made = _attention(layer, *shapes)
    turned = "" if layer.place_of(shapes[0]) else ".mT"
    if turned and len(shapes) == 1:
        turn = Piece("permute", None, "{0}.mT")
        itself = "{self}({0}, {0}, {0}, need_weights=False)[0]"
        return [turn, Piece("mha", made, itself, holds=True), turn]
    asked = [f"{{{number}}}{turned}" for number in range(len(shapes))]
    inputs = ", ".join((*asked, asked[-1], asked[-1])[:3])
    form = f"{{self}}({inputs}, need_weights=False)[0]{turned}"
    return [Piece("mha", made, form, holds=True)]


def _by_heads(layer: MultiHeadAttention, shapes: tuple[Shape, ...]) -> Sequence[Piece]:
    """Heads with sizes of their own, in a class of the file's own."""
    (features, _), *others = layer.sides(*shapes)
    inner, inner_values = layer.inner(features)
    inputs = (features, *(width for width, _ in others))
    bias = "" if layer.bias else ", bias=False"
    widths = f"{inputs}, {(inner, inner, inner_values)}, {layer.out or features}"
    turned = "" if layer.place_of(shapes[0]) else ".mT"
    asked = ", ".join(f"{{{number}}}{turned}" for number in range(len(shapes)))
    made = f"SizedAttention({layer.heads}, {widths}{bias})"
    return [Piece("mha", made, f"{{self}}({asked}){turned}", holds=True)]


def _token(layer: Token, shape: Shape) -> Sequence[Piece]:
    if layer.role == "constant":
        raise no_class(layer, "its values are not known here")
    (sizes,) = (weight.shape for weight in layer.weights(shape))
    kind = "nn.Parameter" if layer.role == "parameter" else "nn.Buffer"
    made = f"{kind}(torch.zeros(1, {', '.join(map(str, sizes))}))"
    more = "{self}.expand({0}.shape[0]" + ", -1" * len(shape) + ")"
    both = f"{{0}}, {more}" if layer.behind else f"{more}, {{0}}"
    dim = layer.axis % len(shape) + 1
    return [Piece("token", made, f"torch.cat(({both}), dim={dim})", holds=True)]


FORMS: dict[str, Form] = {
    "mha": lambda layer, shape: _attended(layer, (shape,)),
    "token": _token,
}
JOINS: dict[str, Join] = {"matmul": _multiplied, "mha": _attended}
WRITERS: dict[str, Writer] = {"mha": _attention}
