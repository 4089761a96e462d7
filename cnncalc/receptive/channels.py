"""Receptive fields where the channels of a map don't all see the same.

After `cat` a channel sees what its branch saw, after `pixelunshuffle` one place of a block.
The field of a map is what its units see together. It stays exact until some of them are left
out: then it is that of the others where their own fields are known, and else only a bound.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from enum import Enum

from cnncalc.axis.channels import Dealt
from cnncalc.axis.field import Field
from cnncalc.axis.indices import TooManyError
from cnncalc.axis.indices import read as read_indices
from cnncalc.axis.windows import Slide, Window
from cnncalc.layers.base import OWN, Layer, Route, Shape
from cnncalc.layers.merge import Concatenate, Elementwise
from cnncalc.receptive.layer import Passage, after_layer, covers, pads_channels, reads_on
from cnncalc.receptive.maps import Along, Channels, Extent, ExtentOf, Reach, Seen, nothing
from cnncalc.receptive.merge import Offset, meet_alike
from cnncalc.receptive.runs import NONE, Runs, concatenated, side_by_side

__all__ = ["advance", "meet"]

UNKNOWN = Channels()
# Beyond these what each channel sees isn't kept.
MOST_RUNS = 8192
MOST_VIEWS = 64
MOST_LOOKS = 1024  # units of a window that are looked at one by one


def advance(
    passage: Passage, output: Shape, seen: Seen, input_shape: Shape, extent_of: ExtentOf
) -> Seen:
    """What the units see after a layer with one input; `extent_of` says what reaches that."""
    after = _advanced(passage, output, seen, input_shape, extent_of)
    if passage.route.splits and 0 in seen.places:
        return _of_parts(passage.route, seen, after)
    return after


def _advanced(
    passage: Passage, output: Shape, seen: Seen, input_shape: Shape, extent_of: ExtentOf
) -> Seen:
    route = passage.route
    blind = _blind_units(route, seen)
    if blind is Blind.ALL:
        return nothing(len(seen.axes), seen.aligned)
    after = after_layer(passage, seen, input_shape, extent_of)
    known = seen.channels
    if blind is Blind.SOME:
        told = _padded(passage, output, known)
        return _left(route, seen, after, told, extent_of) if known else _with(after, told)
    if known is None:
        return _told_apart(passage, output, seen, after, input_shape)
    if known.runs and 0 in route.mixes:
        return after
    apart = _apart(seen, route.shape)
    padded = pads_channels(route) and 0 not in seen.places
    if all(axis in route.mixes for axis in apart) and not padded:
        return _alone(after, input_shape)
    if known.runs and not _jumbles(route, seen, after) and route.across is not None:
        past = _past(passage, known, input_shape)
        return _routed(route, output, after, past) if past else _with(after, UNKNOWN)
    some_see_nothing = known.blind or padded or any(map(_sees_nothing, known.views))
    told = _unknown(some_see_nothing, _onward(route, output, known))
    if known.padded and None not in route.moves:
        told = told._replace(padded=True)
    return _left(route, seen, after, told, extent_of)


def _left(route: Route, seen: Seen, after: Seen, told: Channels, extent_of: ExtentOf) -> Seen:
    """What is left where units may have been left out, with what is told of single ones."""
    left = _less(route, seen, after, extent_of) if _drops(route, seen) else after
    return left if _sees_nothing(left) else _with(left, told)


def meet(
    layer: Layer, shapes: Sequence[Shape], output: Shape, seens: Sequence[Seen], extent_of: Reach
) -> tuple[Seen, Offset | None]:
    """What the units see where branches meet, and how the branches are out of step, if so."""
    seen, offset = meet_alike(layer, shapes, output, seens, extent_of)
    joins = isinstance(layer, Concatenate)  # along an axis of places what differs isn't kept
    if seen.whole and not any(each.whole and not _is_padded(each) for each in seens):
        seen = _bound(seen)  # units in the padding of one branch see what the others saw
    if seen.whole and isinstance(layer, Elementwise) and any(map(_sees_all, seens)):
        return seen, offset
    differ = joins and any(_key(each) != _key(seens[0]) for each in seens)
    blind = any(each.channels is not None and each.channels.blind for each in seens)
    if blind or any(along.merged for along in seen.axes):
        seen = _with(seen, _unknown(blind, _apart_along(layer, shapes, seens, seen)))
    elif differ or any(each.channels for each in seens):
        if isinstance(layer, Concatenate) and layer.place(output) == 0:
            seen = _with(seen, _joined(shapes, seens, seen))
        else:
            seen = _with(seen, _paired(layer, shapes, output, seens, seen))
    return seen, offset


def _unknown(blind: bool, along: frozenset[int] | None = None) -> Channels:
    return Channels(blind=blind, along=along)


def _padded(passage: Passage, output: Shape, known: Channels | None) -> Channels:
    """Units some of which lie in padding alone."""
    along = _moved(passage.route, output, frozenset(passage.blinding))
    if known is None:
        return Channels(padded=True, blind=True, along=along)
    before = _onward(passage.route, output, known)
    told = _unknown(True, None if before is None else before | along)
    return told._replace(padded=known.padded)


def _onward(route: Route, output: Shape, known: Channels) -> frozenset[int] | None:
    """The axes of the output along which units differ as they did in the map before."""
    return None if known.along is None or known.runs else _moved(route, output, known.along)


def _moved(route: Route, output: Shape, along: frozenset[int]) -> frozenset[int]:
    """The axes of the output along which units differ that did so along some of the map before."""
    if 0 in along and route.across is None:  # channels become places, too
        return frozenset(range(len(output)))
    moves = {route.moves[axis] for axis in along if axis not in route.mixes}
    found = {place for place in moves if place is not None}
    if route.splits or pads_channels(route):
        found.add(0)
    return frozenset(found | (_unnamed(route, output) if None in moves else set()))


def _unnamed(route: Route, output: Shape) -> set[int]:
    """The axes of the output that none of the map before became alone."""
    return set(range(len(output))) - set(route.moves)


def _alone(seen: Seen, input_shape: Shape) -> Seen:
    """Units that see what those of the map before saw together, each of them."""
    axes = tuple(along._replace(merged=False) for along in seen.axes)
    everywhere = all(along.place is None for along in axes)
    return Seen(axes, seen.whole or (everywhere and covers(axes, input_shape)), seen.aligned)


def _sees_nothing(seen: Seen) -> bool:
    return not any(along.field.size for along in seen.axes)


def _sees_all(seen: Seen) -> bool:
    """Whether each unit sees the whole input."""
    return seen.whole and seen.channels is None


def _apart_along(
    layer: Layer, shapes: Sequence[Shape], seens: Sequence[Seen], met: Seen
) -> frozenset[int] | None:
    """The axes of the output along which units of branches that met may differ."""
    if not isinstance(layer, Elementwise) or len({len(shape) for shape in shapes}) > 1:
        return None
    found: set[int] = set()
    for seen in seens:
        if seen.channels is not None:
            if seen.channels.along is None:
                return None
            found |= seen.channels.along
        pairs = zip(seen.places, met.axes, strict=False)
        found |= {place for place, after in pairs if place is not None and after.place is None}
    return frozenset(found)


class Blind(Enum):
    """Which units of a map read nothing but padding along an axis where all see alike."""

    SOME = "some"
    ALL = "all"


def _blind_units(route: Route, seen: Seen) -> Blind | None:
    """The units that read nothing, along the axes that don't descend from the input's.

    Along an axis that does, the field itself says it.
    """
    found = None
    for axis, n in enumerate(route.shape):
        window = route.window(axis)
        if not axis or axis in seen.places or axis in route.mixes or window is None:
            continue
        if reads_on(window):
            continue
        reads = [_reads(window, o, n) for o in _ends_of(window.length(n))]
        if not any(reads):
            return Blind.ALL
        if not all(reads):
            found = Blind.SOME
    return found


def _told_apart(
    passage: Passage, output: Shape, seen: Seen, after: Seen, input_shape: Shape
) -> Seen:
    """After a layer of units that see alike: whether they still do."""
    route = passage.route
    blind = _taps_in_padding(route, seen)
    if seen.whole and blind:
        return _with(after, Channels(padded=route.across is not None, blind=True))
    if seen.whole and passage.blinding:
        return _with(after, _padded(passage, output, None))
    if _jumbles(route, seen, after):
        along = None if route.across is None else frozenset(_unnamed(route, output))
        return _with(after, _unknown(blind, along))
    if not (route.splits or pads_channels(route)) or 0 in seen.places:
        return after
    past = _past(passage, _alike(route.shape[0], seen), input_shape)
    return _routed(route, output, after, past) if past else _with(after, UNKNOWN)


def _taps_in_padding(route: Route, seen: Seen) -> bool:
    """Whether a channel may be a tap of windows that lies in padding, where no field tells it."""
    if not route.splits and route.across is not None:
        return False
    return any(
        isinstance(window, Slide) and max(window.before, window.after) > 0
        for axis, window in enumerate(route.windows, start=1)
        if seen.whole or axis not in seen.places
    )


def _of_parts(route: Route, seen: Seen, after: Seen) -> Seen:
    """Channels that are places became several, each with a part of what its window reads.

    Where that lies in padding a channel sees nothing: then those at the ends do, if any does.
    """
    split = [axis for axis, window in enumerate(route.windows, start=1) if window is not OWN]
    bounds = [Field(a.field.step, a.field.phases, exact=False) for a in after.axes]
    pairs = zip(after.axes, bounds, strict=True)
    axes = [a._replace(field=bound) if a.place in split else a for a, bound in pairs]
    sides = route.sides(frozenset((0, len(route.splits) - 1)))
    known = after.channels
    if any(_blind_units(side, seen) for side in sides):
        known = _unknown(True, frozenset((0, *split)))
    return Seen(tuple(axes), after.whole, after.aligned, known)


def _alike(channels: int, seen: Seen) -> Channels:
    return Channels(Runs((0,), (channels,)), (seen,))


def _with(seen: Seen, channels: Channels | None) -> Seen:
    return Seen(seen.axes, seen.whole, seen.aligned, channels)


def _is_padded(seen: Seen) -> bool:
    return seen.channels is not None and seen.channels.padded


def _bound(seen: Seen) -> Seen:
    """The same, as more than any unit sees."""
    axes = [along._replace(place=None) for along in seen.axes] if seen.whole else seen.axes
    bounds = [
        Field(0 if along.place is None else along.field.step, along.field.phases, exact=False)
        for along in axes
    ]
    pairs = zip(axes, bounds, strict=True)
    return Seen(tuple(a._replace(field=bound) for a, bound in pairs), False, seen.aligned)


def _key(seen: Seen) -> tuple[object, ...]:
    return seen.axes, seen.whole, seen.aligned


def _apart(seen: Seen, shape: Shape) -> list[int]:
    """The axes along which units may see different things that the fields don't tell."""
    known = seen.channels
    assert known is not None, "nobody asks it of units that see alike"
    told = [] if seen.whole or known.blind else [a.place for a in seen.axes if not a.merged]
    return [
        axis
        for axis, n in enumerate(shape)
        if n > 1 and axis not in told and (known.along is None or axis in known.along)
    ]


def _jumbles(route: Route, seen: Seen, after: Seen) -> bool:
    """Whether units are put side by side that see different things."""
    merged = zip(seen.axes, after.axes, strict=True)
    moved = seen.channels is not None and route.moves[0] != 0
    return moved or any(new.merged and not old.merged for old, new in merged)


def _ends_of(length: int) -> Sequence[int]:
    """The units that are worth a look: those at the ends lie in padding, if any do."""
    if length <= MOST_LOOKS:
        return range(length)
    half = MOST_LOOKS // 2
    return [*range(half), *range(length - half, length)]


def _reads(window: Window, o: int, n: int) -> bool:
    try:
        return bool(read_indices(window, range(o, o + 1), n))
    except TooManyError:  # of so many one lies inside
        return True


def _past(passage: Passage, known: Channels, input_shape: Shape) -> tuple[Runs, list[Seen]] | None:
    """Past a layer: each channel with its view, several where it was split; None: unknown."""
    route = passage.route
    count = max(len(route.splits), 1)
    many = len(known.runs) if count == 1 else known.runs.channels * count
    if len(known.views) * count > MOST_VIEWS or many > MOST_RUNS:
        return None
    sides = [Passage(side) for side in route.sides()] if route.splits else [passage]
    if any(_blinds(side, view) for side in sides if side.blinding for view in known.views):
        return None
    views = [
        after_layer(side, view, input_shape, _unsaid) for view in known.views for side in sides
    ]
    return known.runs.split(count), views


def _blinds(passage: Passage, seen: Seen) -> bool:
    """Whether some units may read nothing but padding where no field tells it."""
    return not _sees_nothing(seen) and not set(passage.blinding).issubset(seen.places)


def _unsaid(_: object) -> Extent | None:
    """What reaches the channels of one view, which isn't known."""
    return None


def _routed(route: Route, output: Shape, after: Seen, past: tuple[Runs, list[Seen]]) -> Seen:
    """The units after a layer whose channels read others than their own."""
    runs, views = past
    if route.splits or route.across is OWN or route.across is None:
        return _with(after, _settled(runs, dict(enumerate(views)), after))
    found = _read(route.across, runs, output[0])
    if found is None:
        return _with(after, UNKNOWN)
    chosen, sets = found

    def met(several: Collection[int]) -> Seen:
        return _together([views[each] for each in sorted(several)], output, after)

    read_on = {each for several in sets.values() for each in several}
    fewer = len(read_on) < len(views) or (not all(map(_is_exact, views)) and _leaves_out(route))
    together = met(read_on) if fewer else after
    apart = {number: met(several) for number, several in sets.items()}
    return _with(together, _settled(chosen, apart, together))


def _is_exact(view: Seen) -> bool:
    return all(along.field.exact for along in view.axes)


def _leaves_out(route: Route) -> bool:
    """Whether some channels are read by nothing."""
    try:
        return len(route.read(0)) < route.shape[0]
    except TooManyError:
        return True


def _read(
    across: Window, runs: Runs, outputs: int
) -> tuple[Runs, dict[int, Collection[int]]] | None:
    """The views that output channels read, by numbers of their own; None: too many to keep."""
    if isinstance(across, Dealt) and outputs > MOST_RUNS:
        return None
    chosen = runs.moved(across, outputs)
    if chosen is not None:
        apart = dict.fromkeys(chosen.views)
        few = len(chosen) <= MOST_RUNS and len(apart) <= MOST_VIEWS
        return (chosen, {view: (view,) * (view != NONE) for view in apart}) if few else None
    numbers: dict[frozenset[int], int] = {}
    found: list[tuple[int, int]] = []
    for several, count in runs.read(across, outputs):
        found.append((numbers.setdefault(several, len(numbers)), count))
        if len(numbers) > MOST_VIEWS or len(found) > MOST_RUNS:
            return None
    return Runs.of(found).compact(), {number: several for several, number in numbers.items()}


def _together(views: Sequence[Seen], shape: Shape, after: Seen) -> Seen:
    """What channels of several views see together."""
    if len(views) == 1:
        return views[0]
    if not views:
        return nothing(len(after.axes), after.aligned)
    seen, _ = meet_alike(Concatenate(), [shape] * len(views), shape, views, _unsaid)
    return Seen(seen.axes, seen.whole, after.aligned)


def _settled(runs: Runs, views: Mapping[int, Seen], together: Seen) -> Channels | None:
    """Views that are equal made one; None: each is that of the map, what they see together."""
    numbers: dict[tuple[object, ...], int] = {}
    after = {each: numbers.setdefault(_key(seen), len(numbers)) for each, seen in views.items()}
    if len(numbers) == 1 and _is_like(views[next(iter(views))], together):
        return None
    if len(numbers) > MOST_VIEWS:
        return UNKNOWN
    kept = {number: views[each] for each, number in reversed(after.items())}
    return Channels(runs.renumbered(after), tuple(kept[each] for each in range(len(kept))))


def _is_like(view: Seen, together: Seen) -> bool:
    return view.whole if together.whole else _key(view) == _key(together)


def _joined(shapes: Sequence[Shape], seens: Sequence[Seen], together: Seen) -> Channels | None:
    """The channels of branches, one branch after another."""
    runs, views = list[tuple[Runs, int]](), list[Seen]()
    count = 0
    for shape, seen in zip(shapes, seens, strict=True):
        known = seen.channels or _alike(shape[0], seen)
        count += len(known.runs)
        if not known.runs or 0 in seen.places or count > MOST_RUNS:
            return UNKNOWN
        runs.append((known.runs, len(views)))
        views += known.views
    return _settled(concatenated(runs), dict(enumerate(views)), together)


def _paired(
    layer: Layer, shapes: Sequence[Shape], output: Shape, seens: Sequence[Seen], together: Seen
) -> Channels | None:
    """The channels of branches, element-wise."""
    if isinstance(layer, Concatenate):
        return UNKNOWN
    known = [seen.channels or _alike(output[0], seen) for seen in seens]
    alike = {(len(shape), each.runs.channels) for shape, each in zip(shapes, known, strict=True)}
    if alike != {(len(output), output[0])}:
        return UNKNOWN
    sets: dict[tuple[int, ...], int] = {}
    pairs = side_by_side([each.runs for each in known])
    runs = [(sets.setdefault(each, len(sets)), count) for each, count in pairs]
    if len(sets) > MOST_VIEWS or len(runs) > MOST_RUNS:
        return UNKNOWN
    views = [meet_alike(layer, shapes, output, _chosen(known, each), _unsaid)[0] for each in sets]
    return _settled(Runs.of(runs), dict(enumerate(views)), together)


def _chosen(known: Sequence[Channels], numbers: Sequence[int]) -> list[Seen]:
    return [each.views[number] for each, number in zip(known, numbers, strict=True)]


def _drops(route: Route, seen: Seen) -> bool:
    """Whether units are left out that may see what the others don't."""
    apart = _apart(seen, route.shape)
    if 0 in apart and route.across is None:
        return True
    try:
        return any(len(route.read(axis)) < route.shape[axis] for axis in apart)
    except TooManyError:
        return True


def _less(route: Route, seen: Seen, after: Seen, extent_of: ExtentOf) -> Seen:
    """The units that are left where others were left out, and nobody knows what each sees."""
    reached = None
    if seen.whole:
        with suppress(TooManyError):
            reached = extent_of(tuple(map(route.read, range(len(route.shape)))))
    if reached is None:
        return _bound(after)
    if None in reached:
        return nothing(len(reached), after.aligned)
    if _is_padded(seen):
        return after  # a unit that is no padding sees all
    pairs = [each for each in reached if each]
    bounds = [Field(0, ((first, last - first + 1),), exact=False) for first, last in pairs]
    return Seen(tuple(Along(field, None) for field in bounds), False, after.aligned)
