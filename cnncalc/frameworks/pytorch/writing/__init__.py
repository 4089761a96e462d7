"""How a layer is written in PyTorch: its classes and arguments, functions, methods, operators.

This is the one place that decides it: `write` gives the one class that a layer is, `parts` the
layers that it takes where there is none, `pieces` the lines that it is in a program.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.frameworks.calls import Piece, pieces_of
from cnncalc.frameworks.pytorch.writing.calls import taken
from cnncalc.frameworks.pytorch.writing.classes import write
from cnncalc.frameworks.pytorch.writing.expressions import FORMS, joined
from cnncalc.frameworks.pytorch.writing.parts import parts
from cnncalc.frameworks.pytorch.writing.products import CLASSES as OF_PRODUCTS
from cnncalc.frameworks.pytorch.writing.recurrent import CLASSES as OF_RECURRENT
from cnncalc.frameworks.pytorch.writing.recurrent import handed
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.each import Each
from cnncalc.layers.recurrent import State

__all__ = ["CLASSES", "parts", "pieces", "write"]

CLASSES = OF_PRODUCTS | OF_RECURRENT


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
        LayerError: PyTorch can't say it.
    """
    if isinstance(layer, State) and maker is not None:
        return handed(layer, maker)
    if layer.arity == "many" or len(shapes) > 1:
        return joined(layer, shapes)
    if isinstance(layer, Each):
        return _at_each(layer, shapes[0])
    return pieces_of(layer, shapes[0], FORMS, parts, _checked)


def _at_each(layer: Each, shape: Shape) -> Sequence[Piece]:
    """The entries are samples of one larger batch, and are taken apart again."""
    there, back, axes = "", "", layer.axes
    if layer.trailing:
        rank, after = len(shape) + 1, len(layer.output(shape)) + 1
        there = f".permute{(0, *range(2, 2 + axes), 1, *range(2 + axes, rank))}"
        back = f".permute{(0, 1 + axes, *range(1, 1 + axes), *range(2 + axes, after))}"
    sizes = ", ".join(map(str, (-1, *layer.entries(shape))))
    return [
        Piece("merge", None, f"{{0}}{there}.flatten(0, {axes})"),
        *pieces(layer.layer, (layer.sample(shape),)),
        Piece("split", None, f"{{0}}.unflatten(0, ({sizes})){back}"),
    ]


def _checked(layer: Layer, shape: Shape) -> str:
    """The call of a layer's class, which takes such an input."""
    return taken(write(layer, shape), shape)
