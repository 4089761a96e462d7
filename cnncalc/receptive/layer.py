"""Receptive fields of whole networks, carried forward one step at a time.

For each spatial axis of the input a `Seen` holds the field of the units along the axis of
the current map that descends from it. Where there is no such axis any more (flatten, a
global pool, squeeze and excitation) every unit sees what the map's positions saw together,
which the borders of the maps before it cut.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.axis.field import IDENTITY
from cnncalc.axis.indices import TooManyError
from cnncalc.axis.windows import Bins, Resize, Slide, Window
from cnncalc.layers.base import OWN, Layer, Route, Shape
from cnncalc.receptive.maps import Along, Extent, ExtentOf, Region, Seen, empty, gathered, inside

__all__ = [
    "Passage",
    "Passages",
    "after_layer",
    "covers",
    "gathers",
    "merges",
    "onward",
    "pads_channels",
    "reads_on",
]


class Passage:
    """A layer's route, and the axes along which fields just slide on.

    Attributes:
        route: where the units read, and where the axes go.
        sliding: for each axis its window, if the field of a unit is what its window makes of the
            field before; None: there is more to it. Empty: along no axis.
        blinding: the axes along which some units may read nothing but padding.
        needed: the part of the input that all units together need, once somebody asked.
    """

    __slots__ = ("blinding", "needed", "route", "sliding")

    def __init__(self, route: Route) -> None:
        self.route = route
        self.sliding = _sliding(route)
        windows = enumerate(route.windows, start=1)
        self.blinding = [axis for axis, window in windows if not reads_on(window)]
        self.needed: Region | None = ()


class Passages:
    """The passages of the layers of one network, each worked out but once for equal inputs."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, Shape], Passage | None] = {}

    def of(self, layer: Layer, shape: Shape) -> Passage | None:
        """The passage of a layer with an input of this shape; None: each unit its own place."""
        key = id(layer), shape
        try:
            return self.known[key]
        except KeyError:
            route = layer.route(shape)
            passage = self.known[key] = None if route is None else Passage(route)
            return passage


def _sliding(route: Route) -> tuple[Window | None, ...]:
    across, shape = route.across, route.shape
    windows = route.windows or (OWN,) * (len(shape) - 1)
    if pads_channels(route) or route.splits or any(map(_takes_all, windows, shape[1:])):
        return ()
    found: list[Window | None] = []
    before = None
    for axis, n in enumerate(shape):
        window = windows[axis - 1] if axis else across or OWN
        if axis in route.mixes or route.moves[axis] is None or _clamps(window, n):
            found.append(None)
            continue
        if before is None or not _alike(window, before):
            before = window
        found.append(before)
    return tuple(found)


def reads_on(window: Window) -> bool:
    """Whether each unit of a window reads at least one place that isn't padding."""
    if not isinstance(window, Slide):
        return isinstance(window, Bins | Resize)
    reach = window.dilation * (window.kernel - 1)
    if window.dilation == 1:
        return max(window.before, window.after) <= reach
    return window.before % window.dilation == 0 and window.before + window.after <= reach


def pads_channels(route: Route) -> bool:
    """Whether some channels are padding, which see nothing."""
    across = route.across
    return across is not OWN and isinstance(across, Slide) and not reads_on(across)


def merges(route: Route, axis: int) -> bool:
    """Whether units that read different places of an axis come to lie along another one.

    Where no window says what channels read, those are the taps of a window, too.
    """
    if route.moves[axis] is not None or axis in route.mixes:
        return False
    window, n = route.window(axis), route.shape[axis]
    taps = window.kernel if route.across is None and isinstance(window, Slide) else 1
    return max(window.length(n) if window else n, taps) > 1


def _alike(one: Window, two: Window) -> bool:
    """Whether two windows do the same to a field."""
    if one is two:
        return True
    if not isinstance(one, Slide) or not isinstance(two, Slide):
        return False
    return (one.kernel, one.stride, one.before, one.dilation) == (
        two.kernel,
        two.stride,
        two.before,
        two.dilation,
    )


def onward(passage: Passage, seen: Seen) -> Seen | None:
    """What the units see where fields slide on along each axis, which is most layers; else None.

    What channels see by themselves is no matter to a layer whose units read all of them.
    """
    known = seen.channels
    if known is not None and not (known.runs and 0 in passage.route.mixes):
        return None
    return _slid(passage, seen)


def _slid(passage: Passage, seen: Seen) -> Seen | None:
    """The same of units whose channels all see alike, whatever is known of others."""
    windows, moves = passage.sliding, passage.route.moves
    if not windows or seen.whole:
        return None
    axes: list[Along] = []
    before = through = None
    after = IDENTITY
    for field, place, merged in seen.axes:
        if not place or (window := windows[place]) is None:
            return None
        if field is not before or window is not through:
            before, through, after = field, window, field.through(window)
        axes.append(Along(after, moves[place], merged))
    if passage.blinding and not {place for _, place, _ in seen.axes}.issuperset(passage.blinding):
        return None
    return Seen(tuple(axes), False, seen.aligned)


def after_layer(passage: Passage, seen: Seen, input_shape: Shape, extent_of: ExtentOf) -> Seen:
    """What the units see after a layer with one input; `extent_of` says what reaches that."""
    if seen.whole:
        return Seen(seen.axes, True, seen.aligned)
    slid = _slid(passage, seen)
    if slid is not None:
        return slid
    route = passage.route
    axes = tuple(_past(route, along) for along in seen.axes)
    together = gathers(route, seen.axes, axes)
    met = [_meets(route, along, together) for along in seen.axes]
    if True in met:
        axes = _cut(axes, met, extent_of(_region(route)))
    return Seen(axes, together and covers(axes, input_shape), seen.aligned)


def _past(route: Route, along: Along) -> Along:
    """What the units of the output see."""
    field, place, merged = along
    if place is None:
        return along
    length = route.shape[place]
    if place == 0 and route.across is None:
        return Along(gathered(field, length), None, merged=merged or length > 1)
    window = route.window(place)
    if window:
        field = along.settled() if _clamps(window, length) else field.through(window)
        length = window.length(length)
    if place in route.mixes:
        return Along(gathered(field, length), None)
    if route.moves[place] is None:
        return Along(gathered(field, length), None, merges(route, place))
    return Along(field, route.moves[place], merged)


def _meets(route: Route, along: Along, together: bool) -> bool:
    """Whether units that lie side by side are taken together, so that borders tell."""
    place = along.place
    if place is None:
        return False
    return together or place in route.mixes or route.moves[place] is None


def gathers(route: Route, before: Sequence[Along], after: Sequence[Along]) -> bool:
    """Whether the layer takes a map together: a whole-map pool, flatten, linear, a gate."""
    if all(along.place is None for along in after):
        flat = None in route.moves and route.across is not None
        return flat or not any(along.merged for along in after)
    return any(n > 1 for n in route.shape[1:]) and all(
        along.place is None or _takes_all(route.window(along.place), route.shape[along.place])
        for along in before
    )


def _region(route: Route) -> Region | None:
    """The part of the map that is read; None: all of it, or too much to list."""
    try:
        region = tuple(map(route.read, range(len(route.shape))))
    except TooManyError:
        return None
    return region if any(len(r) < n for r, n in zip(region, route.shape, strict=True)) else None


def _takes_all(window: Window | None, n: int) -> bool:
    """Whether one unit of a window reads all of an axis, and nothing beyond."""
    if not isinstance(window, Slide) or window.kernel != n:
        return False
    return window.stride == n and not window.before and not window.after


def _cut(axes: tuple[Along, ...], met: Sequence[bool], reached: Extent | None) -> tuple[Along, ...]:
    """The fields of units that were taken together, as the borders of the maps before cut them."""
    if reached and None in reached:  # padding alone along one axis sees nothing of the others
        return tuple(along._replace(field=empty(along.field)) for along in axes)
    left = reached or [None] * len(axes)
    return tuple(
        along._replace(field=inside(along.field, seen)) if cut and along.field.exact else along
        for along, seen, cut in zip(axes, left, met, strict=True)
    )


def _clamps(window: Window, n: int) -> bool:
    """Interpolation on an axis of one pixel reads that pixel alone, whatever its taps."""
    return n == 1 and isinstance(window, Resize)


def covers(axes: tuple[Along, ...], input_shape: Shape) -> bool:
    """Whether the first unit sees every place of the input, of which a bound says nothing."""
    for along, n in zip(axes, input_shape[1:], strict=True):
        seen = along.field.sees(0)
        if not along.field.exact or seen is None or seen[0] > 0 or seen[1] < n - 1:
            return False
    return True
