"""Receptive fields of whole networks, carried forward one step at a time.

For each spatial axis of the input a `Seen` holds the field of the units along the axis of
the current map that descends from it. Where there is no such axis any more (flatten, a
global pool, squeeze and excitation) every unit sees what the map's positions saw together,
which the borders of the maps before it cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.indices import TooManyError, read
from cnncalc.layers.base import OWN, Layer, Shape
from cnncalc.seen import Along, Ends, Interval, Region, Seen, empty, gathered, inside
from cnncalc.windows import Slide, Window

__all__ = ["Route", "after", "route"]


class Route(NamedTuple):
    """What a layer does with the axes of the map that it receives; see `Layer` for each."""

    shape: Shape
    windows: tuple[Window, ...]
    mixes: tuple[int, ...]
    moves: tuple[int | None, ...]
    across: Window | None
    splits: Sequence[tuple[Window, ...]]

    def window(self, place: int) -> Window | None:
        """The window along an axis; None: none says what units read, or each its own place."""
        if place == 0:
            return None if self.across is OWN else self.across
        return self.windows[place - 1] if self.windows else None

    def read(self, axis: int) -> range | frozenset[int]:
        """The indices of an axis that are read at all."""
        n, window = self.shape[axis], self.window(axis)
        if window is None or axis in self.mixes:
            return range(n)
        return read(window, range(window.length(n)), n)

    def region(self) -> Region | None:
        """The part of the map that is read; None: all of it, or too much to list."""
        try:
            region = tuple(map(self.read, range(len(self.shape))))
        except TooManyError:
            return None
        return region if any(len(r) < n for r, n in zip(region, self.shape, strict=True)) else None

    def past(self, along: Along) -> Along:
        """What the units of the output see."""
        field, place, merged = along
        if place is None:
            return Along(field, None, merged and len(self.mixes) < len(self.shape))
        length = self.shape[place]
        if place == 0 and self.across is None:
            return Along(gathered(field, length), None, merged=merged or length > 1)
        window = self.window(place)
        if window:
            single = length == 1 and _clamps(window)
            field = along.settled() if single else field.through(window)
            length = window.length(length)
        if place in self.mixes:
            return Along(gathered(field, length), None)
        if self.moves[place] is None:
            return Along(gathered(field, length), None, merged=length > 1)
        return Along(field, self.moves[place], merged)

    def meets(self, along: Along, together: bool) -> bool:
        """Whether units that lie side by side are taken together, so that borders tell."""
        place = along.place
        if place is None:
            return False
        return together or place in self.mixes or self.moves[place] is None

    def gathers(self, before: tuple[Along, ...], after: tuple[Along, ...]) -> bool:
        """Whether the layer takes a map together: a whole-map pool, flatten, linear, a gate."""
        if all(along.place is None for along in after):
            flat = None in self.moves and self.across is not None
            return flat or not any(along.merged for along in after)
        return max(self.shape[1:], default=1) > 1 and all(
            along.place is None or _takes_all(self.window(along.place), self.shape[along.place])
            for along in before
        )


def route(layer: Layer, shape: Shape) -> Route | None:
    """Where the units of a layer read an input of this shape; None: each its own place."""
    kind = type(layer)
    windows, mixes = layer.windows(shape), layer.mixes(shape)
    moved, across = kind.moves is not Layer.moves, kind.across is not Layer.across
    splits = kind.splits is not Layer.splits
    if not (windows or mixes or moved or across):
        return None
    return Route(
        shape,
        windows,
        mixes,
        layer.moves(shape) if moved else tuple(range(len(shape))),
        layer.across(shape) if across else OWN,
        layer.splits(shape) if splits else (),
    )


def after(route: Route, seen: Seen, input_shape: Shape, ends: Ends) -> Seen:
    """What the units see after a layer with one input, which `ends` reach."""
    if seen.whole:
        return Seen(seen.axes, True, seen.aligned)
    axes = tuple(route.past(along) for along in seen.axes)
    together = route.gathers(seen.axes, axes)
    met = [route.meets(along, together) for along in seen.axes]
    if True in met:
        axes = _cut(axes, met, ends(0, route.region()))
    return Seen(axes, together and _covers(axes, input_shape), seen.aligned)


def _takes_all(window: Window | None, n: int) -> bool:
    """Whether one unit of a window reads all of an axis, and nothing beyond."""
    if not isinstance(window, Slide) or window.kernel != n:
        return False
    return window.stride == n and not window.before and not window.after


def _cut(
    axes: tuple[Along, ...], met: Sequence[bool], reached: tuple[Interval | None, ...] | None
) -> tuple[Along, ...]:
    """The fields of units that were taken together, as the borders of the maps before cut them."""
    if reached and None in reached:  # padding alone along one axis sees nothing of the others
        return tuple(along._replace(field=empty(along.field)) for along in axes)
    left = reached or [None] * len(axes)
    return tuple(
        along._replace(field=inside(along.field, seen)) if cut and along.field.exact else along
        for along, seen, cut in zip(axes, left, met, strict=True)
    )


def _clamps(window: Window) -> bool:
    """Interpolation on an axis of one pixel reads that pixel alone, whatever its taps."""
    return hasattr(window, "taps")


def _covers(axes: tuple[Along, ...], input_shape: Shape) -> bool:
    """Whether the first unit sees every place of the input, of which a bound says nothing."""
    for along, n in zip(axes, input_shape[1:], strict=True):
        seen = along.field.sees(0)
        if not along.field.exact or seen is None or seen[0] > 0 or seen[1] < n - 1:
            return False
    return True
