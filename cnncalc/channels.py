"""Receptive fields where the channels of a map don't all see the same.

After `cat` a channel sees what its branch saw, after `pixelunshuffle` one place of a block.
The field of a map is what its units see together. It stays exact until some of them are left
out: then it is that of the others where their own fields are known, and else only a bound.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc import meeting, receptive
from cnncalc.fields import Field
from cnncalc.indices import TooManyError
from cnncalc.layers.base import OWN, Layer, Shape
from cnncalc.layers.merge import Concatenate
from cnncalc.meeting import Offset
from cnncalc.receptive import Route
from cnncalc.seen import Along, Channels, Ends, Interval, Region, Seen, nothing
from cnncalc.windows import Bins, Resize, Slide, Window

__all__ = ["advance", "meet"]

UNKNOWN = Channels()
PADDED = Channels(padded=True)
MOST_CHANNELS, MOST_KINDS = 8192, 64  # beyond these what each channel sees isn't kept


def advance(layer: Layer, shape: Shape, seen: Seen, input_shape: Shape, ends: Ends) -> Seen:
    """What the units see after a layer with one input of this shape, which `ends` reach."""
    route = receptive.route(layer, shape) if seen.axes else None
    if route is None:
        return seen
    after = receptive.after(route, seen, input_shape, ends)
    known = seen.channels
    if known is None:
        return _told_apart(layer, route, seen, after, input_shape)
    if all(axis in route.mixes for axis in _apart(seen, shape)) or (known.of and 0 in route.mixes):
        return after
    if known.of and not _jumbles(route, seen, after) and route.across is not None:
        past = _past(route, known, input_shape)
        return _routed(layer, route, after, past) if past else _with(after, UNKNOWN)
    known = PADDED if known.padded and None not in route.moves else UNKNOWN
    return _with(_less(route, seen, after, ends) if _drops(route, seen) else after, known)


def meet(
    layer: Layer, shapes: Sequence[Shape], output: Shape, seens: Sequence[Seen], ends: Ends
) -> tuple[Seen, Offset | None]:
    """What the units see where branches meet, and how the branches are out of step, if so."""
    seen, offset = meeting.meet(layer, shapes, output, seens, ends)
    joins = isinstance(layer, Concatenate) and layer.place(output) == 0
    if seen.whole and not any(each.whole and not _is_padded(each) for each in seens):
        seen = _bound(seen)  # units in the padding of one branch see what the others saw
    differ = joins and any(_key(each) != _key(seens[0]) for each in seens)
    if any(along.merged for along in seen.axes):
        seen = _with(seen, UNKNOWN)
    elif differ or any(each.channels for each in seens):
        known = _joined(shapes, seens) if joins else _paired(layer, shapes, output, seens)
        seen = _with(seen, known)
    return seen, offset


def _told_apart(layer: Layer, route: Route, seen: Seen, after: Seen, input_shape: Shape) -> Seen:
    """After a layer of units that see alike: whether they still do."""
    if seen.whole:
        return after if all(map(_reads_on, route.windows)) else _with(after, PADDED)
    across = route.across
    if across is OWN and None not in route.moves:
        return after
    if _jumbles(route, seen, after):
        return _with(after, UNKNOWN)
    padded = isinstance(across, Slide) and max(across.before, across.after) > 0
    if not (route.splits or padded) or any(along.place == 0 for along in seen.axes):
        return after
    past = _past(route, _alike(route.shape[0], seen), input_shape)
    return _routed(layer, route, after, past) if past else _with(after, UNKNOWN)


def _alike(count: int, seen: Seen) -> Channels:
    """So many channels that see the same, if they aren't too many to be kept apart."""
    return Channels(bytes(count), (seen,)) if count <= MOST_CHANNELS else UNKNOWN


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
    places = () if seen.whole else [along.place for along in seen.axes]
    return [axis for axis, n in enumerate(shape) if n > 1 and axis not in places]


def _jumbles(route: Route, seen: Seen, after: Seen) -> bool:
    """Whether units are put side by side that see different things."""
    merged = zip(seen.axes, after.axes, strict=True)
    moved = seen.channels is not None and route.moves[0] != 0
    return moved or any(new.merged and not old.merged for old, new in merged)


def _reads_on(window: Window) -> bool:
    """Whether each unit of a window reads at least one place that isn't padding."""
    if not isinstance(window, Slide):
        return isinstance(window, Resize | Bins)
    reach = window.dilation * (window.kernel - 1)
    if window.dilation == 1:
        return max(window.before, window.after) <= reach
    return window.before % window.dilation == 0 and window.before + window.after <= reach


def _past(route: Route, known: Channels, input_shape: Shape) -> tuple[bytes, list[Seen]] | None:
    """Past a layer: each channel's kind, channels apart that were one; None: that isn't known."""
    count = max(len(route.splits), 1)
    if not known.of:
        return None
    if len(known.kinds) * count > MOST_KINDS or len(known.of) * count > MOST_CHANNELS:
        return None
    if any(kind.whole for kind in known.kinds) and not all(map(_reads_on, route.windows)):
        return None
    sides = [route._replace(windows=windows) for windows in route.splits] or [route]
    kinds = [
        receptive.after(side, kind, input_shape, _unsaid) for kind in known.kinds for side in sides
    ]
    return bytes(kind * count + side for kind in known.of for side in range(count)), kinds


def _unsaid(branch: int, region: Region | None = None) -> tuple[Interval | None, ...] | None:
    """What reaches the channels of one kind, which nobody has asked."""
    return None


def _routed(layer: Layer, route: Route, after: Seen, past: tuple[bytes, list[Seen]]) -> Seen:
    """The units after a layer whose channels read others than their own."""
    of, kinds = past
    if route.splits or route.across is OWN or route.across is None:
        return _with(after, _settled(of, kinds))
    output = layer.output(route.shape)
    if output[0] > MOST_CHANNELS:
        return _with(after, UNKNOWN)
    sets: dict[frozenset[int], int] = {}
    places: dict[Sequence[int], int] = {}
    chosen = bytearray()
    for o in range(output[0]):
        reads = route.across.reads(o)
        if reads not in places:
            sources = frozenset(of[i] for i in reads if 0 <= i < len(of))
            places[reads] = sets.setdefault(sources, len(sets))
            if len(sets) > MOST_KINDS:
                return _with(after, UNKNOWN)
        chosen.append(places[reads])
    several = [[kinds[each] for each in sorted(sources)] for sources in sets]
    joined = [_together(each, output, after) for each in several]
    read_on = frozenset().union(*sets)
    if len(read_on) < len(set(of)):  # the others are left out
        after = _together([kinds[each] for each in sorted(read_on)], output, after)
    return _with(after, _settled(bytes(chosen), joined))


def _together(kinds: Sequence[Seen], shape: Shape, after: Seen) -> Seen:
    """What channels of several kinds see together."""
    if len(kinds) == 1:
        return kinds[0]
    if not kinds:
        return nothing(len(after.axes))
    seen, _ = meeting.meet(Concatenate(), [shape] * len(kinds), shape, kinds, _unsaid)
    return Seen(seen.axes, seen.whole, after.aligned)


def _settled(of: bytes, kinds: Sequence[Seen]) -> Channels | None:
    """Kinds that are equal made one; None: there is but one."""
    numbers: dict[tuple[object, ...], int] = {}
    kept: list[Seen] = []
    table = bytearray(256)
    for each in sorted(set(of)):
        number = numbers.setdefault(_key(kinds[each]), len(numbers))
        kept += [kinds[each]] * (number == len(kept))
        table[each] = number
    if len(kept) == 1:
        return None
    return Channels(of.translate(bytes(table)), tuple(kept)) if len(kept) <= MOST_KINDS else UNKNOWN


def _joined(shapes: Sequence[Shape], seens: Sequence[Seen]) -> Channels | None:
    """The channels of branches, one branch after another."""
    of, kinds = b"", list[Seen]()
    for shape, seen in zip(shapes, seens, strict=True):
        known = seen.channels or _alike(shape[0], seen)
        on_places = any(along.place == 0 for along in seen.axes)
        count = len(kinds) + len(known.kinds)
        if not known.of or on_places or count > 256 or len(of) + len(known.of) > MOST_CHANNELS:
            return UNKNOWN
        of += bytes(each + len(kinds) for each in known.of)
        kinds += known.kinds
    return _settled(of, kinds)


def _paired(
    layer: Layer, shapes: Sequence[Shape], output: Shape, seens: Sequence[Seen]
) -> Channels | None:
    """The channels of branches, value by value."""
    if isinstance(layer, Concatenate) or output[0] > MOST_CHANNELS:
        return UNKNOWN
    known = [seen.channels or _alike(output[0], seen) for seen in seens]
    alike = {(len(shape), len(each.of)) for shape, each in zip(shapes, known, strict=True)}
    if alike != {(len(output), output[0])}:
        return UNKNOWN
    sets: dict[tuple[int, ...], int] = {}
    numbers = [
        sets.setdefault(each, len(sets)) for each in zip(*(k.of for k in known), strict=True)
    ]
    if len(sets) > MOST_KINDS:
        return UNKNOWN
    kinds = [meeting.meet(layer, shapes, output, _chosen(known, each), _unsaid)[0] for each in sets]
    return _settled(bytes(numbers), kinds)


def _chosen(known: Sequence[Channels], numbers: Sequence[int]) -> list[Seen]:
    return [each.kinds[number] for each, number in zip(known, numbers, strict=True)]


def _drops(route: Route, seen: Seen) -> bool:
    """Whether units are left out that may see what the others don't."""
    apart = _apart(seen, route.shape)
    if 0 in apart and route.across is None:
        return True
    try:
        return any(len(route.read(axis)) < route.shape[axis] for axis in apart)
    except TooManyError:
        return True


def _less(route: Route, seen: Seen, after: Seen, ends: Ends) -> Seen:
    """The units that are left where others were left out, and nobody knows what each sees."""
    reached = None
    if seen.whole:
        reached = ends(0, tuple(map(route.read, range(len(route.shape)))))
    if reached is None:
        return _bound(after)
    if None in reached:
        return nothing(len(reached))
    if _is_padded(seen):
        return after  # a unit that is no padding sees all
    pairs = [each for each in reached if each]
    bounds = [Field(0, ((first, last - first + 1),), exact=False) for first, last in pairs]
    return Seen(tuple(Along(field, None) for field in bounds), False, after.aligned)
