"""Receptive fields of whole networks, carried forward one step at a time.

For each spatial axis of the input a `Seen` holds the field of the units along the axis of
the current map that descends from it. Where there is no such axis any more (flatten, a
global pool, squeeze and excitation) every unit sees what the map's positions saw together,
which the borders of the maps before it cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.fields import Field
from cnncalc.layers.base import OWN, Layer, Shape
from cnncalc.seen import Along, Ends, Interval, Seen, gathered
from cnncalc.windows import Slide, Window

__all__ = ["advance"]


def advance(layer: Layer, shape: Shape, seen: Seen, input_shape: Shape, ends: Ends) -> Seen:
    """What the units see after a layer with one input of this shape, which `ends` reach."""
    kind = type(layer)
    windows = layer.windows(shape)
    mixes = layer.mixes(shape)
    moved, shuffled = kind.moves is not Layer.moves, kind.across is not Layer.across
    if seen.whole or not (seen.axes and (windows or mixes or moved or shuffled)):
        return seen
    moves = layer.moves(shape) if moved else tuple(range(len(shape)))
    across = layer.across(shape) if shuffled else OWN
    how = _How(shape, windows, mixes, moves, across)
    axes = tuple(how.after(along) for along in seen.axes)
    together = how.gathers(seen.axes, axes)
    met = [how.meets(along, together) for along in seen.axes]
    if True in met:
        axes = _cut(axes, met, ends)
    return Seen(axes, together and _covers(axes, input_shape), seen.aligned)


class _How(NamedTuple):
    """What a layer does with the axes of the map that it receives; see `Layer` for each."""

    shape: Shape
    windows: tuple[Window, ...]
    mixes: tuple[int, ...]
    moves: tuple[int | None, ...]
    across: Window | None

    def after(self, along: Along) -> Along:
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

    def window(self, place: int) -> Window | None:
        """The window along an axis, if it isn't that each unit reads its own place."""
        if place == 0:
            return None if self.across is OWN else self.across
        return self.windows[place - 1] if self.windows else None

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


def _takes_all(window: Window | None, n: int) -> bool:
    """Whether one unit of a window reads all of an axis, and nothing beyond."""
    if not isinstance(window, Slide) or window.kernel != n:
        return False
    return window.stride == n and not window.before and not window.after


def _cut(axes: tuple[Along, ...], met: Sequence[bool], ends: Ends) -> tuple[Along, ...]:
    """The fields of units that were taken together, as the borders of the maps before cut them."""
    reached = ends(0)
    return tuple(
        along._replace(field=_inside(along.field, reached, axis))
        if met[axis] and along.field.exact
        else along
        for axis, along in enumerate(axes)
    )


def _inside(field: Field, reached: Sequence[Interval | None] | None, axis: int) -> Field:
    """A field cut to what really reaches it of one axis; a bound where that isn't known."""
    if reached is None:
        return Field(field.step, field.phases[:1], exact=False)
    foreseen, seen = field.sees(0), reached[axis]
    if foreseen is None or seen is None:
        return Field(field.step, ((field.start, 0),))
    first, last = max(foreseen[0], seen[0]), min(foreseen[1], seen[1])
    return Field(field.step, ((first, max(last - first + 1, 0)),))


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
