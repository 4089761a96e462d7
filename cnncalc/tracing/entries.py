"""Layers of a trace at every entry of some axes, as frames that are one axis with the batch."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.analysis import settle
from cnncalc.layers.base import Shape
from cnncalc.layers.each import each, sample
from cnncalc.network import Declared, Expects

__all__ = ["at_entries"]


def at_entries(
    declared: Declared, shapes: Sequence[Shape], axes: int, order: str = "first"
) -> Declared:
    """A layer of a source as it runs at every entry, in its framework's form for one of them.

    Args:
        declared: the layer, and what its source says of the input for one entry.
        shapes: what flows in, with the entries.
        axes: over how many axes it runs, those in front.
        order: `last` if those in front have the channels last, which are first here.

    Raises:
        LayerError: the source declared another input than what flows in, or the layer can't run
            at every entry by itself.
    """
    layer = settle(declared, tuple(sample(shape, axes, order) for shape in shapes))
    wants = declared.expects
    if wants is not None:
        ranks = tuple(rank + axes for rank in wants.ranks)
        wants = Expects(f"{wants.call} at each entry", ranks) if ranks else None
    return declared.replaced(layer=each(layer, axes, order), expects=wants)
