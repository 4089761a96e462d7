"""Which inputs feed one unit: by formula, and as borders leave it of that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

from cnncalc.axis.indices import TooManyError
from cnncalc.errors import SpecError
from cnncalc.layers.base import Shape
from cnncalc.receptive.fields import Sized
from cnncalc.receptive.maps import Along, Region, Seen
from cnncalc.receptive.pull_back import ends, pull_back
from cnncalc.rows import BuiltRow, Row
from cnncalc.suggestions import suggest

__all__ = [
    "UnitView",
    "centre_of_last_map",
    "find",
    "first_to_see_all",
    "larger_than_input",
    "number_of",
    "view",
]

MOST_LOOKS = 100  # steps that should see all by formula, and may not


class Sighted(Sized, Protocol):
    """A network at an input size, with its rows and their fields: a report."""

    @property
    def frame(self) -> Shape: ...
    @property
    def layers(self) -> Sequence[Row]: ...
    @property
    def fields(self) -> Sequence[Seen]: ...


class UnitView(NamedTuple):
    """What one unit of a step sees of the input.

    Attributes:
        step: the number of the step.
        unit: its index, one number for each spatial axis of the step's output.
        unclipped: for each spatial axis of the input the first and last index by formula,
            before clipping; None: nothing.
        clipped: the first and last index that is really read; None: nothing but padding.
        touched: how many indices are really read.
    """

    step: int
    unit: tuple[int, ...]
    unclipped: tuple[tuple[int, int] | None, ...]
    clipped: tuple[tuple[int, int] | None, ...]
    touched: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """An entry of the report's `units`."""
        return {
            "index": self.step,
            "unit": list(self.unit),
            "unclipped": [list(ends) if ends else None for ends in self.unclipped],
            "clipped": [list(ends) if ends else None for ends in self.clipped],
            "touched": list(self.touched),
        }


def find(report: Sighted, text: str) -> UnitView:
    """What the unit that `LAYER[:INDEX]` names sees: a step's number or name, then a place.

    Without an index it is the centre unit; one number stands for all axes.

    Raises:
        SpecError: no such step, or no such unit.
    """
    named, colon, place = text.strip().rpartition(":")
    if not colon:
        named, place = text.strip(), ""
    number = number_of(report.rows, named, text, "3:5x5")
    if not place:
        return view(report, number)
    if not re.fullmatch(r"\d{1,10}(x\d{1,10})*", place, re.ASCII):
        raise SpecError(
            f"`{place}` is no position in a map",
            code="bad-index",
            help="an index for each axis, as in `--at conv2:5x5`",
        )
    return view(report, number, [int(part) for part in place.split("x")])


def number_of(
    rows: Sequence[Row | BuiltRow], named: str, text: str | None = None, example: str = "3"
) -> int:
    """The number of the step of a name or a number.

    Args:
        rows: of the steps that may be meant; row 0 has no number.
        named: a name, or a number.
        text: all that was typed, where there is more to it.
        example: of what is right.

    Raises:
        SpecError: no such step.
    """
    numbers = {row.name: row.index for row in rows}
    numbers |= {str(row.index): row.index for row in rows if row.index}
    if named in numbers:
        return numbers[named]
    near = suggest(named, numbers)
    raise SpecError(
        f"no layer is named `{named}`" if named else f"`{text or named}` names no layer",
        code="bad-index",
        help=f"did you mean `{near}`?"
        if near
        else f"a number of the table, as in `--at {example}`",
    )


def centre_of_last_map(report: Sighted) -> UnitView:
    """What the centre unit of the last step that is still a map sees."""
    maps = [row.index for row in report.rows if len(row.output_shape) > 1]
    return view(report, maps[-1] if maps else len(report.rows) - 1)


def view(report: Sighted, number: int, index: Sequence[int] | None = None) -> UnitView:
    """What a unit of step `number` sees; by default the centre unit.

    Raises:
        SpecError: an index outside the map.
    """
    row = report.rows[number]
    lengths = row.output_shape[1:]
    unit = tuple(index) if index is not None else _centre(row)
    if len(unit) == 1 and lengths:
        unit = unit * len(lengths)
    inside = len(unit) == len(lengths) and all(
        0 <= i < n for i, n in zip(unit, lengths, strict=True)
    )
    if not inside:
        raise SpecError(
            f"`{row.name}` has no unit {'x'.join(map(str, unit))}",
            code="bad-index",
            help=f"one index for each axis, from 0 to {'x'.join(str(n - 1) for n in lengths)}"
            if lengths
            else "its output is a vector: leave the index out",
        )
    reached = _reached(report, number, unit)
    return UnitView(
        number,
        unit,
        _unclipped(report, row, unit),
        tuple(ends(axis) if axis else None for axis in reached),
        tuple(len(axis) for axis in reached),
    )


def _reached(report: Sighted, number: int, unit: tuple[int, ...]) -> Region:
    """The indices of each spatial axis of the input that a unit really reads, in all its channels.

    Raises:
        SpecError: too many to list.
    """
    channels = map(range, report.rows[number].output_shape[:1])
    units = (*channels, *(range(i, i + 1) for i in unit))
    try:
        region = pull_back(report.network.steps, report.rows, number, units)
    except TooManyError:
        raise SpecError(
            f"the receptive field of `{report.rows[number].name}` is too much to list",
            code="too-large",
            help="a smaller input",
        ) from None
    places = report.network.places(report.input)
    return tuple(region[axis] if all(region) else range(0) for axis in places)


def _unclipped(
    report: Sighted, row: Row, unit: tuple[int, ...]
) -> tuple[tuple[int, int] | None, ...]:
    seen = report.fields[row.index]
    if seen.whole:
        return tuple((0, n - 1) for n in report.frame[1:])
    return tuple(_foreseen(along, row.output_shape, unit) for along in seen.axes)


def _foreseen(along: Along, shape: Shape, unit: tuple[int, ...]) -> tuple[int, int] | None:
    """What a unit sees by formula; where channels are places, what all of them see together."""
    if along.place == 0:
        return along.field.span(range(shape[0]))
    return along.field.sees(unit[along.place - 1] if along.place else 0)


def first_to_see_all(report: Sighted) -> Row | None:
    """The first step with a unit in its centre that sees the whole input."""
    likely = (
        row for row in report.layers if report.fields[row.index].told and _may_see_all(report, row)
    )
    for row in islice(likely, MOST_LOOKS):
        try:
            reached = _reached(report, row.index, _centre(row))
        except SpecError:  # too much to list
            continue
        pairs = zip(reached, report.frame[1:], strict=True)
        if all(axis and ends(axis) == (0, n - 1) for axis, n in pairs):
            return row
    return None


def _centre(row: Row) -> tuple[int, ...]:
    return tuple(n // 2 for n in row.output_shape[1:])


def _may_see_all(report: Sighted, row: Row) -> bool:
    """By formula: borders of maps in between may keep the last pixels away."""
    foreseen = zip(_unclipped(report, row, _centre(row)), report.frame[1:], strict=True)
    return all(seen is not None and seen[0] <= 0 and seen[1] >= n - 1 for seen, n in foreseen)


def larger_than_input(report: Sighted) -> list[Row]:
    """The steps with weights whose field is larger than the input on every axis.

    What they add lies outside the image: for this input size they are unproductive
    (Richter et al. 2021, "Should you go deeper?", arXiv:2106.12307).
    """
    sizes = report.frame[1:]
    return [
        row
        for row, seen in zip(report.rows, report.fields, strict=True)
        if row.macs
        and seen.axes
        and not seen.whole
        and all(along.field.size > n for along, n in zip(seen.axes, sizes, strict=True))
    ]
