"""Receptive fields where branches meet: what any of them sees, and whether they are in step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from cnncalc.axis.field import Field
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.merge import Concatenate, Elementwise
from cnncalc.receptive.maps import Along, Interval, Reach, Seen, gathered, inside

__all__ = ["Offset", "meet_alike"]


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


def meet_alike(
    layer: Layer,
    shapes: Sequence[Shape],
    output: Shape,
    seens: Sequence[Seen],
    extent_of: Reach,
) -> tuple[Seen, Offset | None]:
    """What the units see where branches meet, and how the branches are out of step, if so."""
    aligned = all(seen.aligned for seen in seens)
    offset = None
    if any(seen.whole for seen in seens):
        return Seen(next(seen for seen in seens if seen.whole).axes, True, aligned), None
    if isinstance(layer, Elementwise) and len({len(shape) for shape in shapes}) > 1:
        shapes, seens = _stretched(layer, shapes, seens)
    end_to_end = layer.place(output) if isinstance(layer, Concatenate) else None
    joined: list[Along] = []
    before: Sequence[Along] = ()
    along: Along | None = None
    apart: tuple[int, int] | None = None
    for axis, branches in enumerate(zip(*(seen.axes for seen in seens), strict=True)):
        place = _alike(before, branches, shapes, end_to_end)
        if along and along.field.exact and place:
            along = along._replace(place=place)
        else:
            reached = partial(_on_axis, extent_of, axis)
            along, apart = _meet_axis(shapes, output, branches, end_to_end, reached)
        joined.append(along)
        before = branches
        if apart:
            one, two = (branches[number].field for number in apart)
            here = Offset((axis,), apart, (one.jump, two.jump), (one.centre, two.centre))
            offset = here if offset is None else offset.and_along(here)
    return Seen(tuple(joined), False, aligned and offset is None), offset


def _alike(
    before: Sequence[Along],
    branches: Sequence[Along],
    shapes: Sequence[Shape],
    end_to_end: int | None,
) -> int | None:
    """The place of an axis along which branches meet as along the one before, as on square maps.

    None: they do not.
    """
    places = {(a.place, b.place) for a, b in zip(before, branches, strict=False)}
    if len(places) != 1:
        return None
    ((one, two),) = places
    if not one or not two or end_to_end in (one, two):
        return None
    alike = all(
        a.field is b.field and shape[one] == shape[two]
        for a, b, shape in zip(before, branches, shapes, strict=True)
    )
    return two if alike else None


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
        moved.append(Seen(axes))
    return layer.stretched(*shapes), moved


def _on_axis(extent_of: Reach, axis: int, branch: int) -> Interval | None:
    """What reaches a branch of one axis of the input; None: nothing, or that isn't known."""
    reached = extent_of(branch)
    return reached[axis] if reached else None


def _meet_axis(
    shapes: Sequence[Shape],
    output: Shape,
    branches: Sequence[Along],
    end_to_end: int | None,
    reached: Callable[[int], Interval | None],
) -> tuple[Along, tuple[int, int] | None]:
    places = {along.place for along in branches if along.place is not None}
    if len(places) != 1 or end_to_end in places:
        return _jumble(shapes, branches, reached), None
    (place,) = places
    moving = [
        number
        for number, (along, shape) in enumerate(zip(branches, shapes, strict=True))
        if along.place is not None and (shape[place] == output[place]) and along.field.size
    ]
    kept = set(moving)
    fields = [
        along.field if number in kept else along.settled()
        for number, along in enumerate(branches)
        if along.field.size
    ]
    union, *others = fields or [along.field for along in branches]
    for field in others:
        union = union.union(field, output[place])
    if not union.exact:
        union = _seen_by_one(branches, fields, moving, reached) or union
    merged = any(along.merged for along in branches)
    return Along(union, place, merged), _out_of_step(branches, moving)


def _seen_by_one(
    branches: Sequence[Along],
    fields: Sequence[Field],
    moving: Sequence[int],
    reached: Callable[[int], Interval | None],
) -> Field | None:
    """The field of a stretched branch that saw all that reaches the others; None: there is none."""
    kept = set(moving)
    still = [
        along.field.sees(0)
        for number, along in enumerate(branches)
        if number not in kept and along.field.size
    ]
    for field in fields:
        if field.step or not field.exact or len(field.phases) > 1:
            continue
        ((first, size),) = field.phases
        others = [*map(reached, moving), *still]
        if all(each and first <= each[0] and each[1] < first + size for each in others):
            return field
    return None


def _jumble(
    shapes: Sequence[Shape], branches: Sequence[Along], reached: Callable[[int], Interval | None]
) -> Along:
    """The union of all that the branches see, where their places have nothing in common."""
    fields = [
        along.settled()
        if along.place is None
        else inside(gathered(along.field, shape[along.place]), reached(number))
        for number, (along, shape) in enumerate(zip(branches, shapes, strict=True))
    ]
    union, *others = fields
    for field in others:
        union = union.union(field, 1)
    same = all(along.place is None for along in branches)
    return Along(union, None, any(along.merged for along in branches) or not same)


def _out_of_step(branches: Sequence[Along], moving: Sequence[int]) -> tuple[int, int] | None:
    """The first two branches whose fields differ in jump or (mean) centre.

    Branches stretched from one value have no place of their own and are left out. After
    upsampling the centre alternates around the place it belongs to: the mean counts.
    """
    for number in moving:
        one, two = branches[moving[0]].field, branches[number].field
        if one is not two and (one.jump != two.jump or abs(one.centre - two.centre) > 1e-9):
            return moving[0], number
    return None
