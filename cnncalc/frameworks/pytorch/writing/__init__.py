"""How a layer is written in PyTorch: its classes and arguments, functions, methods, operators.

This is the one place that decides it: `write` gives the one class that a layer is, `parts` the
layers that it takes where there is none, `pieces` the lines that it is in a program.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.frameworks.calls import Piece
from cnncalc.frameworks.pytorch.writing.calls import no_class, taken
from cnncalc.frameworks.pytorch.writing.classes import write
from cnncalc.frameworks.pytorch.writing.expressions import FORMS, MERGES
from cnncalc.frameworks.pytorch.writing.parts import parts
from cnncalc.layers.base import Layer, Shape

__all__ = ["parts", "pieces", "write"]


def pieces(layer: Layer, shapes: tuple[Shape, ...]) -> Sequence[Piece]:
    """The lines of a layer that receives these shapes, channels first and without the batch.

    Raises:
        LayerError: PyTorch can't say it.
    """
    if layer.arity == "many":
        joined = MERGES.get(layer.kind)
        if joined is None:
            raise no_class(layer, "no function of torch joins like that")
        return joined(layer, shapes)
    return _of_one(layer, shapes[0])


def _of_one(layer: Layer, shape: Shape) -> Sequence[Piece]:
    """An expression, a module, or the lines of the layers that make it up."""
    form = FORMS.get(layer.kind)
    written = form(layer, shape) if form else None
    if written is not None:
        return written
    made = parts(layer, shape)
    if len(made) > 1 or made[0].kind != layer.kind:
        return _in_turn(made, shape)
    holds = bool(made[0].weights(shape))
    return [Piece(layer.kind, taken(write(made[0], shape), shape), holds=holds)]


def _in_turn(layers: Sequence[Layer], shape: Shape) -> list[Piece]:
    written: list[Piece] = []
    for layer in layers:
        written += _of_one(layer, shape)
        shape = layer.output(shape)
    return written
