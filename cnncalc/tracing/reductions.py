"""Means, maxima, sums … along axes."""

from __future__ import annotations

from collections.abc import Iterable

from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shape

__all__ = ["along"]

GLOBAL = {"mean": "gap", "max": "gmp"}


def along(how: str, shape: Shape, axes: Iterable[int], keep: bool, biased: bool = False) -> Layer:
    """A reduction; the mean or the maximum over the whole map is a global pool.

    Args:
        how: a word of the layer `reduce`.
        shape: sizes without the batch.
        axes: the axes that it runs along, 0 the channels.
        keep: leave axes of size 1.
        biased: for `std` and `var`: divide by the number of values, not by one less.
    """
    places = tuple(sorted(set(axes)))
    if how in GLOBAL and places and places == tuple(range(1, len(shape))):
        return KINDS[GLOBAL[how]](keep)
    return KINDS["reduce"](how, places, keep, biased)
