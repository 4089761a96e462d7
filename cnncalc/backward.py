"""What a region of one map needs of the maps before it, pulled back step by step.

A `Field` is what a unit sees by formula, before clipping. This goes the other way over sets of
indices, so it is exact at the borders too, where padding and the end of every map in between
cut away what the formula still counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cnncalc.indices import MOST, Indices, TooManyError, joined, read
from cnncalc.layers.base import OWN, Layer, Shape
from cnncalc.layers.merge import Concatenate, Elementwise
from cnncalc.network import Step
from cnncalc.report import Row
from cnncalc.seen import Interval, Region
from cnncalc.windows import Window

__all__ = ["Extents", "Region", "ends", "pull_back"]

NOTHING = range(0)
ROUTES = ("windows", "mixes", "moves", "across")  # what says where a unit's inputs are


def pull_back(steps: Sequence[Step], rows: Sequence[Row], number: int, region: Region) -> Region:
    """What a region of a step's output needs of the network's input, empty if nothing.

    Raises:
        TooManyError: too many indices to list.
    """
    regions = {number: region}
    for at in range(number, 0, -1):
        here = regions.pop(at, None)
        if here is None or not steps[at].inputs:
            continue
        needs = _needed(steps[at].layer, rows[at], here)
        for source, needed in zip(steps[at].inputs, needs, strict=True):
            known = regions.get(source)
            regions[source] = needed if known is None else _both(known, needed)
    return regions.get(0) or tuple(NOTHING for _ in rows[0].output_shape)


def _both(one: Region, two: Region) -> Region:
    if not all(one) or not all(two):  # what is empty on one axis is empty
        return two if all(two) else one
    return tuple(map(joined, one, two))


def _needed(layer: Layer, row: Row, region: Region) -> list[Region]:
    """For each input of a step, what a region of its output needs."""
    if len(row.inputs) == 1:
        return [_through(layer, row.input_shapes[0], region)]
    if isinstance(layer, Concatenate):
        return _parted(layer, row.input_shapes, region)
    assert isinstance(layer, Elementwise)
    return [_unstretched(layer, shape, row.output_shape, region) for shape in row.input_shapes]


def _unstretched(layer: Elementwise, shape: Shape, output: Shape, region: Region) -> Region:
    """What a region of an elementwise merge needs of a branch, of which axes of 1 are stretched."""
    ranks = len(shape), len(output)
    places = layer.places(*ranks) if ranks[0] < ranks[1] else range(ranks[1])
    return tuple(
        region[place] if n == output[place] else range(1 if region[place] else 0)
        for n, place in zip(shape, places, strict=True)
    )


def _parted(layer: Concatenate, shapes: Sequence[Shape], region: Region) -> list[Region]:
    """A concatenation's region dealt out to its branches."""
    axis = layer.place(shapes[0])
    parts: list[Region] = []
    offset = 0
    for shape in shapes:
        own = _moved(region[axis], offset, shape[axis])
        parts.append((*region[:axis], own, *region[axis + 1 :]))
        offset += shape[axis]
    return parts


def _moved(indices: Indices, offset: int, n: int) -> Indices:
    """The indices from `offset` to before `offset + n`, counted from there."""
    if isinstance(indices, range) and indices.step == 1:
        return range(max(indices.start - offset, 0), min(indices.stop - offset, n))
    return frozenset(i - offset for i in indices if offset <= i < offset + n)


def _through(layer: Layer, shape: Shape, region: Region) -> Region:
    """The inputs of one layer that a region of its output needs."""
    kind = type(layer)
    if all(getattr(kind, name) is getattr(Layer, name) for name in ROUTES):
        return region
    if not all(region):
        return tuple(NOTHING for _ in shape)
    mixes, moves, across = layer.mixes(shape), layer.moves(shape), layer.across(shape)
    needed: list[Indices] = [NOTHING] * len(shape)
    for windows in _sides(layer, shape, region[0]):
        for axis, n in enumerate(shape):
            place = moves[axis]
            window = (windows[axis - 1] if windows else OWN) if axis else across
            if axis in mixes or window is None or (place is None and window is OWN):
                needed[axis] = range(n)
                continue
            outputs = range(window.length(n)) if place is None else region[place]
            found = outputs if window is OWN else read(window, outputs, n)
            needed[axis] = joined(needed[axis], found)
    return tuple(needed)


def _sides(layer: Layer, shape: Shape, channels: Indices) -> Iterable[tuple[Window, ...]]:
    """The windows along the places by which some channels read."""
    parts = layer.splits(shape)
    if not parts:
        return [layer.windows(shape)]
    # Of evenly spaced channels the first few say it all: the remainders begin anew after them.
    told = channels[: len(parts)] if isinstance(channels, range) else channels
    if len(told) > MOST:
        raise TooManyError
    return [parts[i] for i in {c % len(parts) for c in told}]


def ends(indices: Indices) -> Interval:
    """The first and the last of some indices."""
    if isinstance(indices, range):
        return indices[0], indices[-1]
    return min(indices), max(indices)


class Extents:
    """What the units of whole maps see of the input together, clipped at every map on the way."""

    __slots__ = ("found", "work")

    # Steps walked back over, in all: beyond any network, and a fraction of a second.
    MOST_WORK = 200_000

    def __init__(self) -> None:
        self.found: dict[int, tuple[Interval | None, ...] | None] = {}
        self.work = 0

    def of(
        self,
        steps: Sequence[Step],
        rows: Sequence[Row],
        number: int,
        region: Region | None = None,
    ) -> tuple[Interval | None, ...] | None:
        """For each axis of the input the first and last index that reaches the step's output.

        None for an axis of which nothing does; None for all: too much work to say.
        `region`: the part of the output that counts; None: all of it.
        """
        if region is not None:
            return self._walked(steps, rows, number, region)
        if number not in self.found:
            whole = tuple(map(range, rows[number].output_shape))
            self.found[number] = self._walked(steps, rows, number, whole)
        return self.found[number]

    def _walked(
        self, steps: Sequence[Step], rows: Sequence[Row], number: int, region: Region
    ) -> tuple[Interval | None, ...] | None:
        self.work += number
        if self.work > self.MOST_WORK:
            return None
        try:
            reached = pull_back(steps, rows, number, region)
        except TooManyError:
            return None
        if not all(reached):
            return tuple(None for _ in reached)
        return tuple(map(ends, reached))
