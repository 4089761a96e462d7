"""A layer at every entry of some axes."""

from __future__ import annotations

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.compute.table import COMPUTATIONS, computes
from cnncalc.executors.bundled.context import Context
from cnncalc.executors.shared_layers import at_entries
from cnncalc.executors.stepping import NotBuilt
from cnncalc.layers.each import Each


@computes("each")
def each(at: Context, layer: Each, x: Array) -> Array:
    """The layer's own computation, of all entries together."""
    inner = layer.layer
    if inner.kind not in COMPUTATIONS:
        raise NotBuilt
    return at_entries(at.xp, layer, x, lambda x: COMPUTATIONS[inner.kind](at, inner, x))
