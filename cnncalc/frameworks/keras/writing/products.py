"""Products of what flows, attention, and tensors of a shape of their own, as Keras's source."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.frameworks.calls import Form, Join, Piece
from cnncalc.frameworks.keras.frame import CHANNELS_LAST
from cnncalc.frameworks.keras.writing.calls import Writer, call, no_class, taken
from cnncalc.frameworks.keras.writing.moving import keras_axis
from cnncalc.layers.attention import MultiHeadAttention
from cnncalc.layers.base import Shape
from cnncalc.layers.learned import Scale, Shift, Token
from cnncalc.layers.product import MatrixProduct

__all__ = ["CLASSES", "FORMS", "JOINS", "WRITERS", "of_own_shape"]


_SHAPED = """\
class {name}(layers.Layer):
    def __init__(self, shape, **options):
        super().__init__(**options)
        self.sizes = shape

    def build(self, input_shape):
        self.factor = self.add_weight(shape=self.sizes, initializer="{start}")

    def call(self, inputs):
        return inputs {sign} self.factor

"""
_TOKEN = """\
class Token(layers.Layer):
    def __init__(self, shape, axis, behind=False, **options):
        super().__init__(**options)
        self.sizes, self.axis, self.behind = shape, axis, behind

    def build(self, input_shape):
        self.token = self.add_weight(shape=(1, *self.sizes), initializer="zeros")

    def call(self, inputs):
        sizes = (keras.ops.shape(inputs)[0], *self.sizes)
        token = keras.ops.broadcast_to(self.token, sizes)
        parts = [inputs, token] if self.behind else [token, inputs]
        return keras.ops.concatenate(parts, axis=self.axis)

"""
# Layers that Keras lacks, as classes of the file's own.
CLASSES = {
    "Factors": _SHAPED.format(name="Factors", start="ones", sign="*"),
    "Offsets": _SHAPED.format(name="Offsets", start="zeros", sign="+"),
    "Token": _TOKEN,
}


def of_own_shape(layer: Scale | Shift, shape: Shape) -> Sequence[Piece]:
    """A tensor whose shape isn't that of the channels."""
    sizes = layer.shape or ()
    whole = (1,) * (len(shape) - len(sizes)) + sizes
    name = "Factors" if layer.kind == "scale" else "Offsets"
    return [Piece(layer.kind, f"{name}({CHANNELS_LAST.outside(whole)!r})", holds=True)]


def _token(layer: Token, shape: Shape) -> Sequence[Piece]:
    if layer.role != "parameter":
        raise no_class(layer, "only learned positions are written")
    axis = layer.axis % len(shape)
    sizes = (*shape[:axis], layer.count, *shape[axis + 1 :])
    behind = ", behind=True" if layer.behind else ""
    made = f"Token({CHANNELS_LAST.outside(sizes)!r}, {keras_axis(axis)}{behind})"
    return [Piece("token", made, holds=True)]


def _multiplied(layer: MatrixProduct, shapes: tuple[Shape, ...]) -> Sequence[Piece]:
    """Keras's last axis is the channels: matrices (c, w) are turned there, b a is (a b) turned."""
    rank = len(shapes[0])
    if len({*map(len, shapes)}) > 1:
        raise no_class(layer, "its branches have not the same axes")
    a, b = "{0}", "{1}"
    if layer.order == "first" and rank > 2:
        a, b = (f"keras.ops.transpose({each}, {(0, rank, *range(1, rank))})" for each in (a, b))
    if layer.transpose:
        b = f"keras.ops.swapaxes({b}, -1, -2)"
    if layer.order == "first" and rank == 2:
        a, b = b, a
    lines = [Piece("matmul", None, f"keras.ops.matmul({a}, {b})")]
    if layer.order == "first" and rank > 2:
        lines.append(Piece("permute", call("Permute", dims=(*range(2, rank + 1), 1))))
    return lines


def _attention(layer: MultiHeadAttention, shape: Shape) -> str:
    """Of as many features as come, unless the heads' sizes are told."""
    if layer.bias_kv or layer.zero:
        raise no_class(layer, "Keras puts no position behind the keys")
    features = shape[layer.place_of(shape)]
    return call(
        "MultiHeadAttention",
        num_heads=layer.heads,
        key_dim=layer.key or features // layer.heads,
        value_dim=layer.value,
        use_bias=layer.bias,
        output_shape=layer.out,
    )


def _attended(layer: MultiHeadAttention, shapes: tuple[Shape, ...]) -> Sequence[Piece]:
    """Keras takes queries, values and keys; positions in the channels' place are turned."""
    made = _attention(layer, shapes[0])
    turned = layer.place_of(shapes[0]) != 0
    inputs = [f"{{{number}}}" for number in range(len(shapes))]
    if turned:
        inputs = [f"keras.ops.transpose({each}, (0, 2, 1))" for each in inputs]
    else:
        taken(made, *shapes)
    asked = [inputs[0], inputs[-1], *inputs[1:-1]] if len(inputs) > 2 else [inputs[0], inputs[-1]]
    lines = [Piece("mha", made, f"{{self}}({', '.join(asked)})", holds=True)]
    return [*lines, Piece("permute", call("Permute", dims=(2, 1)))] if turned else lines


FORMS: dict[str, Form] = {
    "mha": lambda layer, shape: _attended(layer, (shape,)),
    "token": _token,
}
JOINS: dict[str, Join] = {"matmul": _multiplied, "mha": _attended}
WRITERS: dict[str, Writer] = {"mha": _attention}
