"""What a region of one map needs of the maps before it, pulled back step by step.

A `Field` is what a unit sees by formula, before clipping. This goes the other way over sets of
indices, so it is exact at the borders too, where padding and the end of every map in between
cut away what the formula still counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush

from cnncalc.axis.indices import Indices, TooManyError, joined, read
from cnncalc.layers.base import OWN, Layer, Route, Shape
from cnncalc.layers.merge import Concatenate, Elementwise
from cnncalc.network import Step
from cnncalc.receptive.layer import Passages
from cnncalc.receptive.maps import Interval, Region
from cnncalc.rows import Row

__all__ = ["Extents", "ends", "pull_back"]

NOTHING = range(0)


def pull_back(
    steps: Sequence[Step],
    rows: Sequence[Row],
    number: int,
    region: Region,
    passages: Passages | None = None,
) -> Region:
    """What a region of a step's output needs of the network's input, empty if nothing.

    Raises:
        TooManyError: too many indices to list.
    """
    passages = passages or Passages()
    regions = {number: region}
    waiting = [-number]
    while waiting and waiting[0]:
        at = -heappop(waiting)
        needs = _needed(steps[at].layer, rows[at], regions.pop(at), passages)
        for source, needed in zip(rows[at].inputs, needs, strict=True):
            _wait(regions, waiting, source, needed)
    return regions.get(0) or tuple(NOTHING for _ in rows[0].output_shape)


def _wait(regions: dict[int, Region], waiting: list[int], number: int, region: Region) -> None:
    """Note what is needed of a step, whose turn comes after all later ones."""
    known = regions.get(number)
    if known is None:
        heappush(waiting, -number)
    regions[number] = region if known is None else _both(known, region)


def _both(one: Region, two: Region) -> Region:
    if not all(one) or not all(two):  # what is empty on one axis is empty
        return two if all(two) else one
    return tuple(map(joined, one, two))


def _needed(layer: Layer, row: Row, region: Region, passages: Passages) -> list[Region]:
    """For each input of a step, what a region of its output needs."""
    if not row.inputs:
        return []
    if len(row.inputs) == 1:
        passage = passages.of(layer, row.input_shapes[0])
        return [region if passage is None else _through(passage.route, region)]
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


def _through(route: Route, region: Region) -> Region:
    """The inputs of one layer that a region of its output needs."""
    shape = route.shape
    if not all(region):
        return tuple(NOTHING for _ in shape)
    needed: list[Indices] = [NOTHING] * len(shape)
    for side in route.sides(region[0]):
        for axis, n in enumerate(shape):
            place = side.moves[axis]
            window = (side.windows[axis - 1] if side.windows else OWN) if axis else side.across
            if axis in side.mixes or window is None or (place is None and window is OWN):
                needed[axis] = range(n)
                continue
            outputs = range(window.length(n)) if place is None else region[place]
            found = outputs if window is OWN else read(window, outputs, n)
            needed[axis] = joined(needed[axis], found)
    return tuple(needed)


def ends(indices: Indices) -> Interval:
    """The first and the last of some indices."""
    if isinstance(indices, range):
        return indices[0], indices[-1]
    return min(indices), max(indices)


Reached = tuple[Interval | None, ...]  # of each spatial axis of the input; None: nothing


class Extents:
    """What the units of maps see of the input together, clipped at every map on the way.

    Steps at which a walk back had all that it needs in one place are remembered with the answer
    from there on: heads at every depth of a network go the same way, and each goes it once.
    """

    # Steps walked back over, in all: beyond any network, and a fraction of a second.
    MOST_WORK = 200_000

    def __init__(
        self, steps: Sequence[Step], rows: Sequence[Row], places: Sequence[int], passages: Passages
    ) -> None:
        self.steps = steps
        self.rows = rows
        self.places = places
        self.passages = passages
        self.found: dict[tuple[int, Region], Reached | None] = {}
        self.left = max(self.MOST_WORK, 10 * len(rows))

    def of(
        self, inputs: Sequence[int], branch: int, region: Region | None = None
    ) -> Reached | None:
        """The first and last index of each axis of the input that reach a branch's map.

        None for an axis of which nothing does; None for all: too much work to say.

        Args:
            inputs: the steps that a step reads.
            branch: which of them.
            region: the part of its output that counts; None: all of it.
        """
        number = inputs[branch]
        return self._walked(number, region or tuple(map(range, self.rows[number].output_shape)))

    def _walked(self, number: int, region: Region) -> Reached | None:
        regions, waiting = {number: region}, [-number]
        narrows: list[tuple[tuple[int, Region], int]] = []
        parts: list[Reached | None] = []
        while waiting:
            at = -heappop(waiting)
            here = regions.pop(at)
            if not all(here):
                continue
            known = self._known(at, here)
            if known is not None:
                parts.append(known)
                continue
            if not waiting:
                narrows.append(((at, here), len(parts)))
            try:
                self._back(at, here, regions, waiting)
            except TooManyError:
                parts.append(None)
                break
        for key, count in narrows:
            self.found[key] = self._together(parts[count:])
        return self._together(parts)

    def _known(self, at: int, region: Region) -> Reached | None:
        if at:
            return self.found.get((at, region))
        return tuple(ends(region[axis]) for axis in self.places)

    def _back(
        self, at: int, region: Region, regions: dict[int, Region], waiting: list[int]
    ) -> None:
        self.left -= 1
        if self.left < 0:
            raise TooManyError
        row = self.rows[at]
        needs = _needed(self.steps[at].layer, row, region, self.passages)
        for source, needed in zip(row.inputs, needs, strict=True):
            _wait(regions, waiting, source, needed)

    def _together(self, parts: Sequence[Reached | None]) -> Reached | None:
        """The first and last of several, of which each reaches some place or isn't known."""
        if None in parts:
            return None
        several = [[each for each in axis if each] for axis in zip(*parts, strict=True)]
        if not parts or not all(several):
            return tuple(None for _ in self.places)
        return tuple(
            (min(first for first, _ in axis), max(last for _, last in axis)) for axis in several
        )
