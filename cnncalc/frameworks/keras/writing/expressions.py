"""Layers that Keras has no class for, as expressions of keras.ops, an index, several layers.

Learned scales and shifts are classes of the file's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.frameworks.calls import Form, Piece, function_form
from cnncalc.frameworks.keras.writing.calls import no_class, taken
from cnncalc.frameworks.keras.writing.classes import write
from cnncalc.frameworks.keras.writing.moving import keras_axis
from cnncalc.frameworks.keras.writing.products import CLASSES as OF_OWN_SHAPE
from cnncalc.frameworks.keras.writing.products import FORMS as PRODUCTS
from cnncalc.frameworks.keras.writing.products import JOINS, of_own_shape
from cnncalc.frameworks.keras.writing.recurrent import JOINS as STARTED
from cnncalc.frameworks.ops import BY_KIND, forms
from cnncalc.layers.activation import GatedLinearUnit
from cnncalc.layers.adaptive import GlobalAverage
from cnncalc.layers.arithmetic import Reduce
from cnncalc.layers.attention import SqueezeExcitation
from cnncalc.layers.base import Layer
from cnncalc.layers.conv import Conv
from cnncalc.layers.learned import Scale, Shift
from cnncalc.layers.reshape import Slice
from cnncalc.layers.shapes import Shape

__all__ = ["CLASSES", "FORMS", "joined"]

_CLASS = """\
class {name}(layers.Layer):
    def build(self, input_shape):
        self.factor = self.add_weight(shape=input_shape[-1:], initializer="{start}")

    def call(self, inputs):
        return inputs {sign} self.factor

"""
# Layers that Keras lacks, as classes of the file's own.
CLASSES = {
    "Scale": _CLASS.format(name="Scale", start="ones", sign="*"),
    "Shift": _CLASS.format(name="Shift", start="zeros", sign="+"),
    **OF_OWN_SHAPE,
}


def joined(layer: Layer, shapes: tuple[Shape, ...]) -> Sequence[Piece]:
    """Keras's merge layers take a list; it gives axes of size 1 after the channels, as here."""
    inputs = [f"{{{number}}}" for number in range(len(shapes))]
    join = JOINS.get(layer.kind) or STARTED.get(layer.kind)
    if join is not None:
        return join(layer, shapes)
    if len(shapes) == 1:
        return [Piece(layer.kind, None, "{0}")]
    if layer.kind == "div":
        if len({len(shape) for shape in shapes}) > 1:
            raise no_class(layer, "its branches have not the same axes")
        return [Piece("div", None, " / ".join(inputs))]
    written = taken(write(layer, shapes[0]), *shapes)
    return [Piece(layer.kind, written, f"{{self}}([{', '.join(inputs)}])")]


def _gate(layer: GatedLinearUnit, shape: Shape) -> Sequence[Piece]:
    """A function: layers.Activation("glu") says it keeps the channels, and halves them."""
    axis = keras_axis(layer.place(shape))
    along = "" if axis == -1 else f", axis={axis}"
    return [Piece("glu", None, f"keras.ops.glu({{0}}{along})")]


REDUCTIONS = {"squares": "sum", "norm1": None, "norm2": None}


def _reduce(layer: Reduce, shape: Shape) -> Sequence[Piece]:
    name = REDUCTIONS.get(layer.by, layer.by)
    if name is None:
        raise no_class(layer, "norms are not written")
    axes = [keras_axis(axis) for axis in layer.places(shape)]
    axis = axes[0] if len(axes) == 1 else tuple(axes)
    keep = ", keepdims=True" if layer.keep else ""
    left = len(shape) - len(axes)
    turned: list[Piece] = []
    if 0 in layer.places(shape) and not layer.keep and left > 1:
        # Without the channels another axis is Keras's last: the first one left is put there.
        turned = [Piece("permute", f"layers.Permute({(*range(2, left + 1), 1)})")]
    squared = [Piece("square", None, "keras.ops.square({0})")] if layer.by == "squares" else []
    factor = _unbiased(layer, prod(shape[axis] for axis in layer.places(shape)))
    reduced = Piece("reduce", None, f"keras.ops.{name}({{0}}, axis={axis}{keep}){factor}")
    return [*squared, reduced, *turned]


def _unbiased(layer: Reduce, count: int) -> str:
    """What Keras's variance of so many values, or its root, is multiplied by."""
    if layer.by not in ("var", "std") or layer.biased:
        return ""
    if count < 2:
        raise no_class(layer, "without bias the spread of one value is no number")
    return f" * ({count} / {count - 1})" + (" ** 0.5" if layer.by == "std" else "")


def _slice(layer: Slice, shape: Shape) -> Sequence[Piece] | None:
    """Channels are the last axis. A part of a map is a crop, which has a class."""
    (start, stop), axis = layer.ends(shape), layer.axis % len(shape)
    if axis and layer.step == 1:
        return None
    step = f":{layer.step}" if layer.step != 1 else ""
    before = ":, " * axis if axis else "..., "
    return [Piece("slice", None, f"{{0}}[{before}{start}:{stop}{step}]")]


def _squeeze(layer: SqueezeExcitation, shape: Shape) -> Sequence[Piece]:
    """Written out: the mean, two convolutions, and the gate times what came in."""
    channels, squeezed = shape[0], layer.squeezed(shape[0])
    ones = (1,) * (len(shape) - 1)
    return [
        Piece("pool", write(GlobalAverage(keep=True), shape)),
        Piece("reduce", write(Conv(squeezed, (1,)), (channels, *ones)), holds=True),
        Piece("relu", "layers.ReLU()"),
        Piece("widen", write(Conv(channels, (1,)), (squeezed, *ones)), holds=True),
        Piece("gate", 'layers.Activation("sigmoid")'),
        Piece("scale", "layers.Multiply()", "{self}([{origin}, {0}])"),
    ]


def _learned(layer: Scale | Shift, shape: Shape) -> Sequence[Piece]:
    """A class of the file's own, since Keras has none."""
    if layer.role != "parameter" or not shape:
        raise no_class(layer, "only learned values are written")
    if layer.shape is not None:
        return of_own_shape(layer, shape)
    return [Piece(layer.kind, f"{layer.kind.capitalize()}()", holds=True)]


FORMS: dict[str, Form] = {
    **PRODUCTS,
    **{
        op.kind: function_form(f"keras.ops.{forms(op.ops)[0].name}")
        for op in BY_KIND.values()
        if op.ops and not op.keras
    },
    "glu": _gate,
    "reduce": _reduce,
    "scale": _learned,
    "se": _squeeze,
    "shift": _learned,
    "slice": _slice,
}
