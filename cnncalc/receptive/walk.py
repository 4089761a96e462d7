"""Many units pulled back together: one walk over the steps, the latest first.

At each step the units that need the same part of its map are one: what a layer reads is asked
once for all of them, and a network costs by its steps, not by their square.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from functools import partial
from typing import NamedTuple

from cnncalc.axis.indices import Indices, TooManyError, joined
from cnncalc.axis.windows import Slide, Window
from cnncalc.layers.base import OWN, Layer, Route
from cnncalc.layers.merge import Concatenate, Elementwise
from cnncalc.layers.product import Product
from cnncalc.network import Step
from cnncalc.receptive.layer import Passage, Passages, merges
from cnncalc.receptive.maps import Extent, Region
from cnncalc.receptive.pull_back import Part, all_of, ends, needed
from cnncalc.rows import Row

__all__ = ["BEFORE", "BEHIND", "Reached", "walk_back"]

BEFORE, BEHIND = 1, 2  # the sides of an axis
BOTH = BEFORE | BEHIND
MOST_LOOKS = 8  # units at each end of a region that may read beyond a border


class Reached(NamedTuple):
    """What reaches a unit of the network's input.

    Attributes:
        ends: for each spatial axis the first and the last index; None: nothing does.
        cut: for each, the sides on which a border of some map on the way cut it; where nothing
            is read, those on which nothing but padding was.
        exact: both ends are really read; else they are a bound.
    """

    ends: Extent
    cut: tuple[int, ...]
    exact: bool


class Sure(IntEnum):
    """Whether what is needed of a map is known: of its places and channels, or a bound."""

    ALL = 0
    PLACES = 1
    NOTHING = 2


class Need(NamedTuple):
    """What some units need of a map.

    Attributes:
        cut: for each axis of the map, the sides on which borders of later maps cut it.
    """

    part: Part
    cut: tuple[int, ...]
    sure: Sure


def walk_back(
    steps: Sequence[Step],
    rows: Sequence[Row],
    places: Sequence[int],
    units: Sequence[tuple[int, Region]],
) -> list[Reached | None]:
    """What reaches each of many units, or regions, of steps; None: too much work to say.

    Args:
        steps: the network's.
        rows: theirs.
        places: the axes of the network's input that are places.
        units: each one's step and region.
    """
    walk = _Walk(steps, rows)
    for number, (step, region) in enumerate(units):
        shape = rows[step].output_shape
        part = None if region == all_of(shape) else region
        walk.wait(step, Need(part, (0,) * len(shape), Sure.ALL), 1 << number)
    for step in range(len(steps) - 1, 0, -1):
        walk.back(step)
    return walk.reached(places, len(units))


class _Walk:
    """What waits at each step, with the units that need it: a bit for each.

    Attributes:
        unknown: the units of which too much would have to be listed.
    """

    def __init__(self, steps: Sequence[Step], rows: Sequence[Row]) -> None:
        self.steps = steps
        self.rows = rows
        self.passages = Passages()
        self.waiting: list[dict[Need, int]] = [{} for _ in rows]
        self.present = [0] * len(rows)  # the units that wait at each step
        self.found: dict[tuple[Passage, Need], Need] = {}  # equal layers ask the same
        self.unknown = 0

    def wait(self, step: int, need: Need, units: int) -> None:
        """Note what units need of a step, whose turn comes after all later ones."""
        here = self.waiting[step]
        if units & self.present[step]:  # by another branch too
            for known, others in list(here.items()):
                both = others & units
                if both and (union := self._union(known, need, both)) != known:
                    here[known] = others & ~both
                    if not here[known]:
                        del here[known]
                    here[union] = here.get(union, 0) | both
                units &= ~both
        if units:
            self.present[step] |= units
            here[need] = here.get(need, 0) | units

    def _union(self, one: Need, two: Need, units: int) -> Need:
        try:
            return _union(one, two)
        except TooManyError:
            self.unknown |= units
            return one

    def back(self, number: int) -> None:
        """Go back over one step."""
        layer, row = self.steps[number].layer, self.rows[number]
        here, self.waiting[number] = self.waiting[number], {}
        if not row.inputs:  # a further input is nothing of the first
            return
        for need, units in here.items():
            try:
                found = self._before(layer, row, need)
            except TooManyError:
                self.unknown |= units
                continue
            for source, each in zip(row.inputs, found, strict=True):
                if each:
                    self.wait(source, each, units)

    def _before(self, layer: Layer, row: Row, need: Need) -> Iterator[Need | None]:
        """What is needed of each of a step's inputs; None: that isn't needed at all."""
        if len(row.inputs) > 1:
            return _of_branches(layer, row, need, needed(layer, row, need.part, self.passages))
        passage = self.passages.of(layer, *row.input_shapes)
        if passage is None:
            return iter([need])
        key = passage, need
        if key not in self.found:
            self.found[key] = self._read(layer, row, need, passage.route)
        return iter([self.found[key]])

    def _read(self, layer: Layer, row: Row, need: Need, route: Route) -> Need:
        """What is needed of the one input of a step."""
        (part,) = needed(layer, row, need.part, self.passages)
        beyond = _beyond(route, all_of(row.output_shape) if need.part is None else need.part)
        cut = tuple(_inherited(route, axis, need.cut) | sides for axis, sides in enumerate(beyond))
        if _is_empty(part) and not _is_empty(need.part):
            cut = tuple(BOTH * (not each) for each in part or ())
        return Need(part, cut, _sure(route, row, need))

    def reached(self, places: Sequence[int], count: int) -> list[Reached | None]:
        """What has come to the input, unit by unit."""
        nothing = Reached((None,) * len(places), (BOTH,) * len(places), exact=True)
        found: list[Reached | None] = [nothing] * count
        shape = self.rows[0].output_shape
        for (part, cut, sure), units in self.waiting[0].items():
            region = all_of(shape) if part is None else part
            blind = _is_empty(part)
            reached = Reached(
                tuple(None if blind else ends(region[axis]) for axis in places),
                tuple(cut[axis] for axis in places),
                sure is Sure.ALL or (sure is Sure.PLACES and 0 not in places),
            )
            for number in _bits(units):
                found[number] = reached
        for number in _bits(self.unknown):
            found[number] = None
        return found


def _is_empty(part: Part) -> bool:
    """Whether nothing is read but padding: what is empty along one axis is empty."""
    return part is not None and not all(part)


def _bits(units: int) -> Iterator[int]:
    return (number for number, bit in enumerate(reversed(f"{units:b}")) if bit == "1")


def _union(one: Need, two: Need) -> Need:
    """What is in either; of parts that differ along several axes it is a bound."""
    cut = tuple(map(int.__or__, one.cut, two.cut))
    sure = max(one.sure, two.sure)
    if one.part is None or two.part is None:
        return Need(None, cut, sure)
    if _is_empty(one.part) or _is_empty(two.part):
        if any(cut):  # one branch reads padding alone along one axis, and nothing of the others
            cut = (BOTH,) * len(cut)
        return Need(two.part if _is_empty(one.part) else one.part, cut, sure)
    part = tuple(map(joined, one.part, two.part))
    differ = sum(a != b for a, b in zip(one.part, two.part, strict=True))
    if differ > 1 and part not in (one.part, two.part):
        sure = Sure.NOTHING
    return Need(part, cut, sure)


def _of_branches(
    layer: Layer, row: Row, need: Need, parts: Sequence[Part]
) -> Iterator[Need | None]:
    """What is needed of the branches that a step joins; of a concatenation some may be left out."""
    ranks = [len(shape) for shape in row.input_shapes]
    routes = layer.routes(*row.input_shapes) if isinstance(layer, Product) else ()
    for number, (part, rank) in enumerate(zip(parts, ranks, strict=True)):
        if _is_empty(part) and not _is_empty(need.part):
            yield None
            continue
        cut, sure = need.cut, need.sure
        if isinstance(layer, Elementwise):
            cut = tuple(cut[place] for place in layer.places(rank, len(cut)))
        if routes:
            route = routes[number]
            cut, sure = tuple(_inherited(route, axis, cut) for axis in range(rank)), Sure.NOTHING
        if isinstance(layer, Concatenate) and sure and layer.place(row.output_shape) == 0:
            sure = Sure.NOTHING
        yield Need(part, cut, sure)


def _sure(route: Route, row: Row, need: Need) -> Sure:
    """Whether what is read is known: not which places, where axes were merged and part counts."""
    if need.part is not None and any(map(partial(merges, route), range(len(route.shape)))):
        return Sure.NOTHING
    if 0 in route.mixes:
        return Sure.ALL if need.sure is Sure.PLACES else need.sure
    if route.across is None and route.shape[0] > 1 and need.part is not None:
        return max(need.sure, Sure.PLACES)
    if need.sure is Sure.PLACES and (route.across is not OWN or route.moves[0] != 0):
        return Sure.NOTHING
    if need.part is not None and len(need.part[0]) < row.output_shape[0]:
        return need.sure if len(route.sides(need.part[0])) == 1 else Sure.NOTHING
    return need.sure


def _inherited(route: Route, axis: int, cut: tuple[int, ...]) -> int:
    """The sides of an axis that later borders cut; none where all of it is read anyway."""
    place = route.moves[axis]
    return 0 if place is None or axis in route.mixes else cut[place]


def _beyond(route: Route, region: Region) -> tuple[int, ...]:
    """For each axis of a layer's input, the sides on which some units read beyond its border."""
    found = [0] * len(route.shape)
    for side in route.sides(*region[:1]):
        for axis, n in enumerate(route.shape):
            window, place = side.window(axis), side.moves[axis]
            if window is None or axis in side.mixes:
                continue
            units = range(window.length(n)) if place is None else region[place]
            found[axis] |= _sides(window, units, n)
    return tuple(found)


def _sides(window: Window, units: Indices, n: int) -> int:
    """The sides of an axis of `n` on which some units of a window read beyond the border."""
    if not units:
        return 0
    first, last = ends(units)
    if isinstance(window, Slide):
        before = window.reads(first)[0] < 0
        return BEFORE * before | BEHIND * (window.reads(last)[-1] >= n)
    listed = units if isinstance(units, range) else sorted(units)
    heads = (window.reads(o) for o in listed[:MOST_LOOKS])
    tails = (window.reads(o) for o in listed[-MOST_LOOKS:])
    before = any(reads and reads[0] < 0 for reads in heads)
    return BEFORE * before | BEHIND * any(reads and reads[-1] >= n for reads in tails)
