"""Receptive fields of whole networks, carried forward one step at a time.

For each spatial axis of the input a `Seen` holds the field of the units along the axis of
the current map that descends from it. Where there is no such axis any more (flatten, a
global pool, squeeze and excitation) every unit sees what the map's positions saw together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.fields import IDENTITY, Field
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.merge import Concatenate, Elementwise
from cnncalc.windows import Slide, Window

__all__ = ["Offset", "Seen", "advance", "extra_input", "meet", "network_input"]


class Along(NamedTuple):
    """What the units of a map see of one input axis.

    Attributes:
        field: the field along the map's axis `place`.
        place: the axis of the map that descends from the input axis; None: there is none
            left, and phase 0 of the field is what every unit sees.
        merged: units that see different parts are side by side along some axis, so the field
            is only an upper bound for each, until a layer reads them all.
    """

    field: Field
    place: int | None
    merged: bool = False

    def settled(self) -> Field:
        """The field as the units of a stretched axis have it: all the same."""
        return Field(0, self.field.phases[:1], self.field.exact)


class Seen:
    """What the units of one map see of the input.

    Attributes:
        axes: one `Along` for each spatial axis of the input.
        whole: every unit sees the whole input.
        aligned: no branches of different jump or centre have met so far.
    """

    __slots__ = ("aligned", "axes", "whole")

    def __init__(self, axes: tuple[Along, ...], whole: bool = False, aligned: bool = True) -> None:
        self.axes = axes
        self.whole = whole
        self.aligned = aligned

    @property
    def status(self) -> str:
        """`global`, `exact` or `hull`, as the report has it."""
        if self.whole:
            return "global"
        exact = all(along.field.exact and not along.merged for along in self.axes)
        return "exact" if exact else "hull"

    def to_dict(self, input_shape: Shape) -> dict[str, object]:
        """The report's `receptive_field`."""
        if self.whole:
            axes = len(self.axes)
            size, start = list(input_shape[1:]), [0] * axes
            jump: list[float] = [0] * axes
            phases = None
        else:
            fields = [along.field for along in self.axes]
            size = [field.size for field in fields]
            jump = [field.jump for field in fields]
            start = [field.start for field in fields]
            phases = _phases(fields)
        return {
            "size": size,
            "jump": jump,
            "start": start,
            "phases": phases,
            "status": self.status,
            "aligned": self.aligned,
        }


def _phases(fields: Sequence[Field]) -> list[list[list[int]]] | None:
    if all(len(field.phases) == 1 for field in fields):
        return None
    return [[list(phase) for phase in field.phases] for field in fields]


class Offset(NamedTuple):
    """How two branches that meet lie to one another.

    Attributes:
        axes: the axes of the input on which they are out of step in this way.
        branches: their numbers.
        jumps, centres: of the one and the other.
    """

    axes: tuple[int, ...]
    branches: tuple[int, int]
    jumps: tuple[float, float]
    centres: tuple[float, float]

    @property
    def apart(self) -> float:
        """How far the centres lie from one another, in input pixels."""
        return abs(self.centres[0] - self.centres[1])

    def and_along(self, other: Offset) -> Offset:
        """With the other's axes, if it says the same of them."""
        same = (self.branches, self.jumps, self.apart) == (other.branches, other.jumps, other.apart)
        return self._replace(axes=self.axes + other.axes) if same else self


def network_input(places: Sequence[int]) -> Seen:
    """Each place of the input sees itself; `places` are the axes that have them."""
    return Seen(tuple(Along(IDENTITY, axis) for axis in places))


def extra_input(shape: Shape, axes: int) -> Seen:
    """A further input sees nothing of the first one."""
    nothing = Field(1, ((0, 0),))
    return Seen(
        tuple(Along(nothing, axis if axis < len(shape) else None) for axis in range(1, axes + 1))
    )


def advance(layer: Layer, shape: Shape, seen: Seen, input_shape: Shape) -> Seen:
    """What the units see after a layer with one input of this shape."""
    kind = type(layer)
    windows = layer.windows(shape)
    mixes = layer.mixes(shape)
    if seen.whole or not (seen.axes and (windows or mixes or kind.moves is not Layer.moves)):
        return seen
    moves = layer.moves(shape) if kind.moves is not Layer.moves else tuple(range(len(shape)))
    axes = tuple(_along(along, shape, windows, mixes, moves) for along in seen.axes)
    whole = _gathers(windows, shape, mixes, axes) and _covers(axes, input_shape)
    return Seen(axes, whole, seen.aligned)


def _along(
    along: Along,
    shape: Shape,
    windows: tuple[Window, ...],
    mixes: tuple[int, ...],
    moves: tuple[int | None, ...],
) -> Along:
    field, place, merged = along
    if place is None:
        return Along(field, None, merged and len(mixes) < len(shape))
    length = shape[place]
    if windows and place > 0:
        window = windows[place - 1]
        single = length == 1 and _clamps(window)
        field = along.settled() if single else field.through(window)
        length = window.length(length)
    if place in mixes:
        return Along(_gathered(field, length), None)
    if moves[place] is None:
        return Along(_gathered(field, length), None, merged=length > 1)
    return Along(field, moves[place], merged)


def _clamps(window: Window) -> bool:
    """Interpolation on an axis of one pixel reads that pixel alone, whatever its taps."""
    return hasattr(window, "taps")


def _gathered(field: Field, length: int) -> Field:
    """What `length` units see together, as the field of units that all see the same."""
    together = field.through(Slide(length, length)) if length > 1 else field
    return Field(0, together.phases[:1], together.exact)


def _gathers(
    windows: tuple[Window, ...], shape: Shape, mixes: tuple[int, ...], axes: tuple[Along, ...]
) -> bool:
    """Whether a layer takes a map together: a whole-map pool, flatten, linear, a gate."""
    if all(along.place is None for along in axes):
        return True
    return (
        bool(windows)
        and max(shape[1:]) > 1
        and all(
            isinstance(window, Slide) and window.kernel == window.stride == n
            for window, n in zip(windows, shape[1:], strict=True)
        )
    )


def _covers(axes: tuple[Along, ...], input_shape: Shape) -> bool:
    """Whether the first unit sees every place of the input, of which a bound says nothing."""
    for along, n in zip(axes, input_shape[1:], strict=True):
        seen = along.field.sees(0)
        if not along.field.exact or seen is None or seen[0] > 0 or seen[1] < n - 1:
            return False
    return True


def meet(
    layer: Layer, shapes: Sequence[Shape], output: Shape, seens: Sequence[Seen]
) -> tuple[Seen, Offset | None]:
    """What the units see where branches meet, and how the branches are out of step, if so."""
    if isinstance(layer, Elementwise) and len({len(shape) for shape in shapes}) > 1:
        shapes, seens = _stretched(layer, shapes, seens)
    aligned = all(seen.aligned for seen in seens)
    offset = None
    if any(seen.whole for seen in seens):
        return Seen(next(seen for seen in seens if seen.whole).axes, True, aligned), None
    joined = []
    for axis in range(len(seens[0].axes)):
        branches = [seen.axes[axis] for seen in seens]
        along, apart = _meet_axis(layer, shapes, output, branches)
        joined.append(along)
        if apart:
            one, two = (branches[number].field for number in apart)
            here = Offset((axis,), apart, (one.jump, two.jump), (one.centre, two.centre))
            offset = here if offset is None else offset.and_along(here)
    return Seen(tuple(joined), False, aligned and offset is None), offset


def _stretched(
    layer: Elementwise, shapes: Sequence[Shape], seens: Sequence[Seen]
) -> tuple[Sequence[Shape], Sequence[Seen]]:
    """The branches with the axes of size 1 that the merge gives them."""
    rank = max(len(shape) for shape in shapes)
    moved = []
    for shape, seen in zip(shapes, seens, strict=True):
        places = layer.places(len(shape), rank)
        axes = tuple(
            along if along.place is None else along._replace(place=places[along.place])
            for along in seen.axes
        )
        moved.append(Seen(axes, seen.whole, seen.aligned))
    return layer.stretched(*shapes), moved


def _meet_axis(
    layer: Layer, shapes: Sequence[Shape], output: Shape, branches: Sequence[Along]
) -> tuple[Along, tuple[int, int] | None]:
    places = {along.place for along in branches if along.place is not None}
    joined_end_to_end = layer.place(output) if isinstance(layer, Concatenate) else 0
    if len(places) != 1 or joined_end_to_end in places:
        return _jumble(shapes, branches), None
    (place,) = places
    moving = [
        number
        for number, (along, shape) in enumerate(zip(branches, shapes, strict=True))
        if along.place is not None and (shape[place] == output[place]) and along.field.size
    ]
    fields = [
        along.field if number in moving else along.settled()
        for number, along in enumerate(branches)
        if along.field.size
    ]
    union = fields[0] if fields else branches[0].field
    for field in fields[1:]:
        union = union.union(field, output[place])
    merged = any(along.merged for along in branches)
    return Along(union, place, merged), _out_of_step(branches, moving)


def _jumble(shapes: Sequence[Shape], branches: Sequence[Along]) -> Along:
    """The union of all that the branches see, where their places have nothing in common."""
    fields = [
        along.settled() if along.place is None else _gathered(along.field, shape[along.place])
        for along, shape in zip(branches, shapes, strict=True)
    ]
    union = Field(0, fields[0].phases[:1], fields[0].exact)
    for field in fields[1:]:
        union = union.union(Field(0, field.phases[:1], field.exact), 1)
    same = all(along.place is None for along in branches)
    return Along(union, None, any(along.merged for along in branches) or not same)


def _out_of_step(branches: Sequence[Along], moving: Sequence[int]) -> tuple[int, int] | None:
    """The first two branches whose fields differ in jump or (mean) centre.

    Branches stretched from one value have no place of their own and are left out. After
    upsampling the centre alternates around the place it belongs to: the mean counts.
    """
    for number in moving[1:]:
        one, two = branches[moving[0]].field, branches[number].field
        if one is not two and (one.jump != two.jump or abs(one.centre - two.centre) > 1e-9):
            return moving[0], number
    return None
