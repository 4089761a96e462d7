"""A layer at every entry of some axes."""

from __future__ import annotations

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.compute.table import COMPUTATIONS, computes
from cnncalc.executors.bundled.context import Context
from cnncalc.executors.geometry import entry_axes
from cnncalc.executors.stepping import NotBuilt
from cnncalc.layers.each import Each


@computes("each")
def each(at: Context, layer: Each, x: Array) -> Array:
    """The entries are samples of one larger batch, which the layer's own computation takes."""
    inner = layer.layer
    if inner.kind not in COMPUTATIONS:
        raise NotBuilt
    axes, places = entry_axes(layer, x.ndim)
    moved = at.xp.moveaxis(x, axes, places)
    made = COMPUTATIONS[inner.kind](at, inner, moved.reshape(-1, *moved.shape[len(axes) + 1 :]))
    apart = made.reshape(*moved.shape[: len(axes) + 1], *made.shape[1:])
    return at.xp.moveaxis(apart, places, axes)
