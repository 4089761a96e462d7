"""Where branches meet."""

from __future__ import annotations

from collections.abc import Callable

import numpy

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.compute.table import computes
from cnncalc.executors.bundled.context import Context
from cnncalc.executors.geometry import axis_of
from cnncalc.executors.shared_layers import aligned
from cnncalc.layers.merge import Concatenate, Elementwise, Mean


@computes("add", "mul", "sub", "div", "maximum", "minimum")
def joined(at: Context, layer: Elementwise, *branches: Array) -> Array:
    """One branch after another joined element-wise; axes of size 1 are stretched."""
    names = {"mul": "multiply", "sub": "subtract", "div": "divide"}
    function = getattr(at.xp, names.get(layer.kind, layer.kind))
    if layer.kind != "sub":  # the order is free: what may be written over first
        branches = tuple(sorted(branches, key=at.is_spare, reverse=True))
    return _fold(at, function, aligned(at.xp, layer, branches))


@computes("mean")
def mean(at: Context, layer: Mean, *branches: Array) -> Array:
    """The sum of the branches over their number."""
    total = _fold(at, at.xp.add, aligned(at.xp, layer, branches))
    return at.xp.divide(total, len(branches), out=total if len(branches) > 1 else None)


def _fold(at: Context, function: Callable[..., Array], branches: list[Array]) -> Array:
    """The branches joined from the first to the last, over the first where it is spare."""
    result, *rest = branches
    shape = numpy.broadcast_shapes(*(branch.shape for branch in branches))
    spare = at.is_spare(result) and result.shape == shape
    out = result if spare else None
    for branch in rest:
        # Later branches are read once each, so only what is already joined is written over.
        result = function(result, branch, out=out)
        out = result if result.shape == shape else None
    return result


@computes("cat")
def concatenate(at: Context, layer: Concatenate, *branches: Array) -> Array:
    """The branches one after another along an axis."""
    return at.xp.concatenate(branches, axis=1 + axis_of(layer, layer.axis, branches[0].ndim - 1))
