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
from cnncalc.layers.merge import Add, Concatenate, Elementwise
from cnncalc.layers.product import Product
from cnncalc.network import Step
from cnncalc.receptive.layer import Passages
from cnncalc.receptive.maps import Extent, Interval, Region
from cnncalc.rows import Row

__all__ = ["Extents", "Part", "all_of", "ends", "needed", "pull_back"]

NOTHING = range(0)

Part = Region | None  # of a map; None: all of it


def pull_back(steps: Sequence[Step], rows: Sequence[Row], number: int, region: Region) -> Region:
    """What a region of a step's output needs of the network's input, empty if nothing.

    Raises:
        TooManyError: too many indices to list.
    """
    passages = Passages()
    parts: dict[int, Part] = {number: region}
    waiting = [-number]
    while any(waiting):
        at = -heappop(waiting)
        needs = needed(steps[at].layer, rows[at], parts.pop(at), passages)
        for source, part in zip(rows[at].inputs, needs, strict=True):
            _wait(parts, waiting, source, part)
    shape = rows[0].output_shape
    return parts.get(0, tuple(NOTHING for _ in shape)) or all_of(shape)


def all_of(shape: Shape) -> Region:
    return tuple(map(range, shape))


def _wait(parts: dict[int, Part], waiting: list[int], number: int, part: Part) -> None:
    """Note what is needed of a step, whose turn comes after all later ones."""
    if number in parts:
        known = parts[number]
        parts[number] = known and part and _both(known, part)
    else:
        heappush(waiting, -number)
        parts[number] = part


def _both(one: Region, two: Region) -> Region:
    if not all(one) or not all(two):  # what is empty on one axis is empty
        return two if all(two) else one
    return tuple(map(joined, one, two))


def needed(layer: Layer, row: Row, part: Part, passages: Passages) -> list[Part]:
    """For each input of a step, what a part of its output needs."""
    if len(row.inputs) == 1:
        return [_through(layer, row, part, passages)]
    if part is None or not row.inputs:
        return [None] * len(row.inputs)
    if isinstance(layer, Concatenate):
        return _parted(layer, row.input_shapes, part)
    if isinstance(layer, Product):
        return _multiplied(layer, row, part)
    assert isinstance(layer, Elementwise)
    return [_unstretched(layer, shape, row.output_shape, part) for shape in row.input_shapes]


def _unstretched(layer: Elementwise, shape: Shape, output: Shape, region: Region) -> Region:
    """What a region of an elementwise merge needs of a branch, of which axes of 1 are stretched."""
    if not all(region):  # along an axis that the branch has not, perhaps
        return (NOTHING,) * max(len(shape), 1)
    places = layer.places(len(shape), len(output))
    return tuple(
        region[place] if n == output[place] else range(bool(region[place]))
        for n, place in zip(shape, places, strict=True)
    )


def _multiplied(layer: Product, row: Row, region: Region) -> list[Part]:
    """What a region of a product needs of each map: whole along what is summed over."""
    met, routes = layer.summed(*row.input_shapes), layer.routes(*row.input_shapes)
    parts = [_unstretched(Add(), shape, row.output_shape, region) for shape in met]
    return [_read(route, part) for route, part in zip(routes, parts, strict=True)]


def _parted(layer: Concatenate, shapes: Sequence[Shape], region: Region) -> list[Part]:
    """A concatenation's region dealt out to its branches."""
    axis = layer.place(shapes[0])
    parts: list[Part] = []
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


def _through(layer: Layer, row: Row, part: Part, passages: Passages) -> Part:
    """The inputs of a step with one that a part of its output needs."""
    passage = passages.of(layer, *row.input_shapes)
    if passage is None:
        return part
    if part is not None:
        return _read(passage.route, part)
    if passage.needed == ():  # nobody has asked yet
        passage.needed = _read(passage.route, all_of(row.output_shape))
    return passage.needed


def _read(route: Route, region: Region) -> Part:
    """The part of its input that some units of a layer read."""
    shape = route.shape
    if not all(region):
        return tuple(NOTHING for _ in shape)
    first, *others = route.sides(*region[:1])
    found = _read_by(first, region)
    for side in others:
        found = list(map(joined, found, _read_by(side, region)))
    return None if all(map(_is_all, found, shape)) else tuple(found)


def _read_by(route: Route, region: Region) -> list[Indices]:
    """The same of a route that isn't split, whole or not."""
    found: list[Indices] = []
    before = None
    for axis, n in enumerate(route.shape):
        place = route.moves[axis]
        window = (route.windows[axis - 1] if route.windows else OWN) if axis else route.across
        if axis in route.mixes or window is None:
            found.append(range(n))
            continue
        outputs = range(window.length(n)) if place is None else region[place]
        if window is OWN:
            found.append(outputs)
            continue
        asked = window, outputs, n
        found.append(found[-1] if asked == before else read(*asked))
        before = asked
    return found


def _is_all(indices: Indices, n: int) -> bool:
    return isinstance(indices, range) and indices == range(n)


def ends(indices: Indices) -> Interval:
    """The first and the last of some indices."""
    if isinstance(indices, range):
        return indices[0], indices[-1]
    return min(indices), max(indices)


class Extents:
    """What the units of maps see of the input together, clipped at every map on the way.

    Steps at which a walk back had all that it needs in one place are remembered with the answer
    from there on: heads at every depth of a network go the same way, and each goes it once. Where
    nothing but a whole map is needed, the walk goes on from its top (see `_top`).
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
        self.found: dict[tuple[int, Part], Extent | None] = {}
        self.tops: list[int] = []
        self.left = max(self.MOST_WORK, 10 * len(rows))

    def _top(self, number: int) -> int:
        """The earliest step of whose map all is needed by all of a step's, and nothing else."""
        for at in range(len(self.tops), number + 1):
            self.tops.append(self._top_of(at))
        return self.tops[number]

    def _top_of(self, at: int) -> int:
        row, tops = self.rows[at], self.tops
        above = [tops[source] for source in row.inputs]
        if not above or above.count(above[0]) < len(above) or not all(row.output_shape):
            return at
        try:
            parts = needed(self.steps[at].layer, row, None, self.passages)
        except TooManyError:
            return at
        return above[0] if parts.count(None) == len(parts) else at

    def of(self, number: int, part: Part = None) -> Extent | None:
        """The first and last index of each axis of the input that reach a step's map.

        None for an axis of which nothing does; None for all: too much work to say.

        Args:
            number: the step.
            part: what counts of its output.
        """
        parts, waiting = {number: part}, [-number]
        narrows: list[tuple[tuple[int, Part], int]] = []
        found: list[Extent | None] = []
        while waiting:
            at = -heappop(waiting)
            here = parts.pop(at)
            if here is None and not waiting:
                at = self._top(at)
            if not all(self.rows[at].output_shape if here is None else here):
                continue
            if at == 0:
                region = here or all_of(self.rows[0].output_shape)
                found.append(tuple(ends(region[axis]) for axis in self.places))
                break
            if (at, here) in self.found:
                found.append(self.found[at, here])
                continue
            if not waiting:
                narrows.append(((at, here), len(found)))
            try:
                self._back(at, here, parts, waiting)
            except TooManyError:
                found.append(None)
                break
        together = {count: self._together(found[count:]) for count in {0, *dict(narrows).values()}}
        for key, count in narrows:
            self.found[key] = together[count]
        return together[0]

    def _back(self, at: int, part: Part, parts: dict[int, Part], waiting: list[int]) -> None:
        self.left -= 1
        if self.left < 0:
            raise TooManyError
        row = self.rows[at]
        needs = needed(self.steps[at].layer, row, part, self.passages)
        for source, each in zip(row.inputs, needs, strict=True):
            _wait(parts, waiting, source, each)

    def _together(self, found: Sequence[Extent | None]) -> Extent | None:
        """The first and last of several, of which each reaches some place or isn't known."""
        if None in found:
            return None
        several = [[each for each in axis if each] for axis in zip(*found, strict=True)]
        if not found or not all(several):
            return tuple(None for _ in self.places)
        return tuple(
            (min(first for first, _ in axis), max(last for _, last in axis)) for axis in several
        )
