"""Parts of a tensor along its axes: slices, crops, and places in an order of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.reshape import count_between, ends_of
from cnncalc.symbols.followed import is_open

__all__ = ["Piece", "cuts", "piece_of", "rolled", "runs"]


class Piece(NamedTuple):
    """Evenly spaced places of an axis; their numbers may be computed from sizes.

    Attributes:
        first: the first of them.
        size: how many there are.
        step: from each to the next, below 0 where they go backwards.
    """

    first: int
    size: int
    step: int = 1

    @property
    def last(self) -> int:
        return self.first + (self.size - 1) * self.step

    @property
    def in_a_row(self) -> bool:
        """Whether they stand in a row; what depends on the size does if it always does."""
        return self.step == 1 or (not is_open(self.size) and self.size == 1)

    @property
    def is_plain(self) -> bool:
        """Whether they are the same at each size."""
        return not any(map(is_open, self))

    def places(self) -> range:
        """Them one by one, where they are plain numbers."""
        return range(self.first, self.first + self.size * self.step, self.step)


def piece_of(part: slice, size: int) -> Piece:
    """What a slice of Python's with a step above 0 leaves of an axis; perhaps nothing."""
    step = 1 if part.step is None else part.step
    first, stop = ends_of((part.start, part.stop), size)
    return Piece(first, count_between(first, stop, step), step)


def rolled(size: int, steps: int) -> list[Piece]:
    """The places of an axis moved on so many steps, the last ones to the front."""
    first = size - steps % size  # the first that stays in front of those which come around
    return [Piece(first, size - first), Piece(0, first)] if first < size else [Piece(0, size)]


def cuts(shape: Shape, kept: Mapping[int, Piece]) -> list[Layer]:
    """The layers, one after another, that leave some places of each axis.

    Several axes of the map that each keep one piece are a single `crop`; else each axis is a
    `slice`. An axis that is kept whole needs no layer.

    Args:
        shape: sizes without the batch.
        kept: the places that stay, by axis; none of them empty or backwards.
    """
    cut = {axis: piece for axis, piece in sorted(kept.items()) if piece.size < shape[axis]}
    if len(cut) > 1 and 0 not in cut and all(piece.in_a_row for piece in cut.values()):
        around = [
            (cut[axis].first, size - 1 - cut[axis].last) if axis in cut else (0, 0)
            for axis, size in enumerate(shape)
        ]
        return [KINDS["crop"](tuple(around[1:]))]
    return [slice_of(axis, piece) for axis, piece in cut.items()]


def slice_of(axis: int, piece: Piece) -> Layer:
    """The layer that leaves evenly spaced places of an axis."""
    step = 1 if piece.in_a_row else piece.step
    return KINDS["slice"]((piece.first, piece.last + 1), axis, step)


def runs(places: Sequence[int]) -> list[Piece]:
    """Places in an order of their own as pieces that a slice can take.

    Evenly spaced places are one piece with a step; else those in a row are one.
    """
    apart = [after - before for before, after in pairwise(places)]
    step = apart[0] if apart else 1
    if step > 0 and all(each == step for each in apart):
        return [Piece(places[0], len(places), step)]
    found: list[Piece] = []
    for place in places:
        if found and place == found[-1].last + 1:
            found[-1] = found[-1]._replace(size=found[-1].size + 1)
        else:
            found.append(Piece(place, 1))
    return found
