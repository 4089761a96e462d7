"""Parts of a tensor along its axes: slices, crops, and places in an order of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shape

__all__ = ["cuts", "runs"]


def cuts(shape: Shape, kept: Mapping[int, range]) -> list[Layer]:
    """The layers, one after another, that leave some places of each axis.

    Several axes of the map that each keep one piece are a single `crop`; else each axis is a
    `slice`. An axis that is kept whole needs no layer.

    Args:
        shape: sizes without the batch.
        kept: the places that stay, by axis; none of them empty or backwards.
    """
    cut = {axis: taken for axis, taken in sorted(kept.items()) if len(taken) < shape[axis]}
    if len(cut) > 1 and 0 not in cut and all(map(is_piece, cut.values())):
        around = [
            (cut[axis][0], size - 1 - cut[axis][-1]) if axis in cut else (0, 0)
            for axis, size in enumerate(shape)
        ]
        return [KINDS["crop"](tuple(around[1:]))]
    return [slice_of(axis, taken) for axis, taken in cut.items()]


def slice_of(axis: int, taken: range) -> Layer:
    """The layer that leaves evenly spaced places of an axis."""
    return KINDS["slice"]((taken[0], taken[-1] + 1), axis, 1 if is_piece(taken) else taken.step)


def is_piece(taken: range) -> bool:
    """Whether places stand in a row."""
    return taken.step == 1 or len(taken) == 1


def runs(places: Sequence[int]) -> list[range]:
    """Places in an order of their own as pieces that a slice can take.

    Evenly spaced places are one piece with a step; else those in a row are one.
    """
    step = places[1] - places[0] if len(places) > 1 else 1
    if step > 0 and list(places) == list(range(places[0], places[-1] + 1, step)):
        return [range(places[0], places[-1] + 1, step)]
    found: list[range] = []
    for place in places:
        if found and place == found[-1].stop:
            found[-1] = range(found[-1].start, place + 1)
        else:
            found.append(range(place, place + 1))
    return found
