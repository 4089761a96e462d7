"""Units in the middle of every map, and what they should see of the input, clipped."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from cnncalc.layers.base import Shape
from cnncalc.receptive.maps import Along, Extent, Interval, Region, Seen
from cnncalc.receptive.units import Sighted
from cnncalc.receptive.walk import Reached, walk_back

__all__ = ["Middle", "middles_of"]

# Units of each step, from the middle one on: after upsampling neighbours see differently.
MOST_MIDDLES = 8


Unit = tuple[int | None, ...]  # where it lies, channels first; None: all along an axis, together


class Middle(NamedTuple):
    """A unit that is looked at.

    Attributes:
        step: the number of its step.
        unit: where it lies.
        reached: what reaches it; None: too much work to say.
        claims: for each axis of the input what its field says, unclipped; None: nothing.
    """

    step: int
    unit: Unit
    reached: Reached | None
    claims: Extent


def middles_of(report: Sighted) -> list[Middle]:
    """The middle unit of each map, and those after it that its field has phases for."""
    units = [
        (row.index, unit)
        for row in report.layers
        if report.fields[row.index].told and row.output_shape and all(row.output_shape)
        for unit in _chosen(report.fields[row.index], row.output_shape)
    ]
    found = _pulled_back(report, units)
    _put_together(report, units, found)
    return [
        Middle(step, unit, each, _claims(report, step, unit))
        for (step, unit), each in dict(zip(units, found, strict=True)).items()
    ]


def _pulled_back(report: Sighted, units: Sequence[tuple[int, Unit]]) -> list[Reached | None]:
    places = report.network.places(report.input)
    regions = [(step, _region(report.rows[step].output_shape, unit)) for step, unit in units]
    return walk_back(report.network.steps, report.rows, places, regions)


def _region(shape: Shape, unit: Unit) -> Region:
    return tuple(
        range(n) if at is None else range(at, at + 1) for n, at in zip(shape, unit, strict=True)
    )


def _chosen(seen: Seen, shape: Shape) -> Iterator[Unit]:
    """The middle unit, and as many beside it as there are phases.

    Along axes that don't descend from the input's also the first and the last, which may lie in
    padding: no field tells. Channels are looked at together, and so are units along any of these
    axes where channels that see different things may lie along it.
    """
    count = 1 if seen.whole else max(len(along.field.phases) for along in seen.axes)
    places = seen.places
    apart = seen.channels is not None and not seen.channels.padded and not seen.channels.runs
    together = {axis for axis in range(len(shape)) if axis not in places and (apart or not axis)}
    yield from _in_a_row(shape, together, min(count, MOST_MIDDLES))
    if not seen.whole:
        yield from _at_the_ends(shape, places, together)


def _in_a_row(shape: Shape, together: Collection[int], count: int) -> Iterator[Unit]:
    before = None
    for turn in range(count):
        unit: Unit = tuple(
            None if axis in together else min(n // 2 + turn, n - 1) for axis, n in enumerate(shape)
        )
        if unit != before:
            yield unit
        before = unit


def _at_the_ends(
    shape: Shape, places: Sequence[int | None], together: Collection[int]
) -> Iterator[Unit]:
    apart = {*places, *together}
    free = [axis for axis, n in enumerate(shape) if axis not in apart and n > 1]
    for last in (False, True) if free else ():
        yield tuple(
            None if axis in together else (n - 1 if last else 0) if axis in free else n // 2
            for axis, n in enumerate(shape)
        )


def _put_together(
    report: Sighted, units: list[tuple[int, Unit]], found: list[Reached | None]
) -> None:
    """Where it isn't known which unit reads what, or a middle one lies in padding, take all."""
    several = [
        (place, step, _all_of(report.fields[step], unit))
        for place, (step, unit) in enumerate(units)
        if (each := found[place])
        if not each.exact or (report.fields[step].whole and None in each.ends)
    ]
    pulled = _pulled_back(report, [(step, unit) for _, step, unit in several])
    for (place, step, unit), new in zip(several, pulled, strict=True):
        units[place], found[place] = (step, unit), new


def _all_of(seen: Seen, unit: Unit) -> Unit:
    """All units along the axes that don't descend from the input's."""
    places = seen.places
    return tuple(at if axis in places else None for axis, at in enumerate(unit))


def _claims(report: Sighted, step: int, unit: Unit) -> Extent:
    """What the field of a unit says it sees, by formula; of `global` all of the input."""
    seen = report.fields[step]
    if seen.whole:
        return tuple((0, n - 1) for n in report.frame[1:])
    return tuple(_seen_by(unit, along) for along in seen.axes)


def _seen_by(unit: Unit, along: Along) -> Interval | None:
    """What the field of one axis says of a unit, which lies somewhere along that axis."""
    at = 0 if along.place is None else unit[along.place]
    assert at is not None
    return along.field.sees(at)
