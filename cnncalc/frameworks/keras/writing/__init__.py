"""How a layer is written in Keras: its classes and arguments, functions, operators.

This is the one place that decides it: `write` gives the one class that a layer is, `parts` the
layers that it takes where there is none, `pieces` the lines that it is in a program.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.frameworks.calls import CALL, Piece, pieces_of
from cnncalc.frameworks.keras.writing.calls import no_class, taken
from cnncalc.frameworks.keras.writing.classes import write
from cnncalc.frameworks.keras.writing.expressions import CLASSES, FORMS, joined
from cnncalc.frameworks.keras.writing.parts import parts
from cnncalc.frameworks.keras.writing.recurrent import handed, handing
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.each import Each
from cnncalc.layers.recurrent import GRU, LSTM, RNN, Recurrent, State

__all__ = ["CLASSES", "parts", "pieces", "write"]


def pieces(
    layer: Layer, shapes: tuple[Shape, ...], maker: Layer | None = None, hands_out: bool = False
) -> Sequence[Piece]:
    """The lines of a layer that receives these shapes, channels first and without the batch.

    Args:
        layer: the layer.
        shapes: what it receives.
        maker: the layer before it, of which it is what that hands out beside its output.
        hands_out: whether what it hands out beside its output is read.

    Raises:
        LayerError: Keras can't say it.
    """
    if isinstance(layer, State) and isinstance(maker, Recurrent):
        return handed(layer, maker)
    if hands_out and isinstance(layer, LSTM | GRU | RNN):
        return handing(layer, shapes)
    if layer.arity == "many" or len(shapes) > 1:
        return joined(layer, shapes)
    if isinstance(layer, Each):
        return _at_each(layer, shapes[0])
    return pieces_of(layer, shapes[0], FORMS, parts, _checked)


def _at_each(layer: Each, shape: Shape) -> list[Piece]:
    """The lines of a layer at every entry, with its axes put where Keras has them, and back."""
    lines: list[Piece] = []
    for part in parts(layer, shape):
        if isinstance(part, Each):
            lines += _time_distributed(part, shape)
        else:
            lines += pieces(part, (shape,))
        shape = part.output(shape)
    return lines


def _time_distributed(layer: Each, shape: Shape) -> Sequence[Piece]:
    """Each class of the layer in layers.TimeDistributed, once for each axis that is run over."""
    inner = pieces(layer.layer, (layer.sample(shape),))
    if any(piece.call is None or piece.form != CALL for piece in inner):
        raise no_class(
            layer, f"layers.TimeDistributed takes layers, and `{layer.layer.kind}` is none"
        )
    opened, closed = "layers.TimeDistributed(" * layer.axes, ")" * layer.axes
    own = {f"{name}()" for name in CLASSES}  # which work along the channels alone
    return [
        piece if piece.call in own else piece._replace(call=f"{opened}{piece.call}{closed}")
        for piece in inner
    ]


def _checked(layer: Layer, shape: Shape) -> str:
    """The call of a layer's class, which takes such an input."""
    return taken(write(layer, shape), shape)
