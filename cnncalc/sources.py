"""Which inputs feed one unit: pulled back map by map, and clipped at each.

A `Field` says what a unit sees before clipping, by formula. This goes the other way, over
index sets, so it is exact at the borders too, where padding and the clipping of every map in
between cut away what the formula still counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from cnncalc.errors import SpecError, suggest
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.merge import Concatenate, Elementwise
from cnncalc.network import Step
from cnncalc.report import Report, Row

__all__ = [
    "UnitView",
    "centre_of_last_map",
    "find",
    "first_to_see_all",
    "larger_than_input",
    "view",
]

Indices = frozenset[int]
Region = tuple[Indices, ...]  # for each axis of a map, channels first, the indices that matter


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


def find(report: Report, text: str) -> UnitView:
    """What the unit that `LAYER[:INDEX]` names sees: a step's number or name, then a place.

    Without an index it is the centre unit; one number stands for all axes.

    Raises:
        SpecError: no such step, or no such unit.
    """
    named, colon, place = text.strip().rpartition(":")
    if not colon:
        named, place = text.strip(), ""
    numbers = {row.name: row.index for row in report.rows} | {
        str(row.index): row.index for row in report.layers
    }
    if named not in numbers:
        near = suggest(named, numbers)
        raise SpecError(
            f"no layer is named `{named}`",
            code="bad-index",
            help=f"did you mean `{near}`?" if near else "a number of the table, as in `--at 3:5x5`",
        )
    if not place:
        return view(report, numbers[named])
    if not re.fullmatch(r"\d{1,10}(x\d{1,10})*", place, re.ASCII):
        raise SpecError(
            f"`{place}` is no place in a map",
            code="bad-index",
            help="an index for each axis, as in `--at conv2:5x5`",
        )
    return view(report, numbers[named], [int(part) for part in place.split("x")])


def centre_of_last_map(report: Report) -> UnitView:
    """What the centre unit of the last step that is still a map sees."""
    maps = [row.index for row in report.rows if len(row.output_shape) > 1]
    return view(report, maps[-1] if maps else len(report.rows) - 1)


def view(report: Report, number: int, index: Sequence[int] | None = None) -> UnitView:
    """What a unit of step `number` sees; by default the centre unit.

    Raises:
        SpecError: an index outside the map.
    """
    row = report.rows[number]
    lengths = row.output_shape[1:]
    unit = tuple(index) if index is not None else tuple(n // 2 for n in lengths)
    if len(unit) == 1 and len(lengths) > 1:
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
    regions = _pull_back(report, number, unit)
    places, region = report.network.places(report.input), regions.get(0)
    reached = tuple(region[axis] if region else frozenset() for axis in places)
    return UnitView(
        number,
        unit,
        _unclipped(report, row, unit),
        tuple((min(axis), max(axis)) if axis else None for axis in reached),
        tuple(len(axis) for axis in reached),
    )


def _unclipped(
    report: Report, row: Row, unit: tuple[int, ...]
) -> tuple[tuple[int, int] | None, ...]:
    if row.seen.whole:
        return tuple((0, n - 1) for n in report.frame[1:])
    return tuple(
        along.field.sees(unit[along.place - 1] if along.place else 0) for along in row.seen.axes
    )


def _pull_back(report: Report, number: int, unit: tuple[int, ...]) -> dict[int, Region]:
    """For each step before `number`, the indices of its output that the unit depends on."""
    channels = frozenset(range(report.rows[number].output_shape[0]))
    regions: dict[int, Region] = {number: (channels, *(frozenset((i,)) for i in unit))}
    for at in range(number, 0, -1):
        region = regions.get(at)
        step, row = report.network.steps[at], report.rows[at]
        if region is None or not step.inputs:
            continue
        for source, needed in zip(step.inputs, _needed(step, row, region), strict=True):
            known = regions.get(source)
            regions[source] = (
                needed
                if known is None
                else tuple(one | two for one, two in zip(known, needed, strict=True))
            )
    return regions


def _needed(step: Step, row: Row, region: Region) -> list[Region]:
    """For each input of a step, the indices that a region of its output needs."""
    if len(step.inputs) == 1:
        return [_through(step.layer, row.input_shapes[0], region)]
    if isinstance(step.layer, Concatenate):
        return _parted(step.layer, row.input_shapes, region)
    assert isinstance(step.layer, Elementwise)
    return [_unstretched(step.layer, shape, row.output_shape, region) for shape in row.input_shapes]


def _unstretched(layer: Elementwise, shape: Shape, output: Shape, region: Region) -> Region:
    """What a region of an elementwise merge needs of a branch, of which axes of 1 are stretched."""
    ranks = len(shape), len(output)
    places = layer.places(*ranks) if ranks[0] < ranks[1] else range(ranks[1])
    return tuple(
        region[place] if n == output[place] else frozenset((0,) if region[place] else ())
        for n, place in zip(shape, places, strict=True)
    )


def _parted(layer: Concatenate, shapes: Sequence[Shape], region: Region) -> list[Region]:
    """A concatenation's region dealt out to its branches."""
    axis = layer.place(shapes[0])
    parts: list[Region] = []
    offset = 0
    for shape in shapes:
        n = shape[axis]
        own = frozenset(i - offset for i in region[axis] if offset <= i < offset + n)
        part = (*region[:axis], own, *region[axis + 1 :])
        parts.append(part if own else tuple(frozenset() for _ in part))
        offset += n
    return parts


def _through(layer: Layer, shape: Shape, region: Region) -> Region:
    """The inputs of one layer that a region of its output needs."""
    if not all(region):
        return tuple(frozenset() for _ in shape)
    windows, mixes, moves = layer.windows(shape), layer.mixes(shape), layer.moves(shape)
    needed: list[Indices] = []
    for axis, n in enumerate(shape):
        place = moves[axis]
        if axis in mixes or place is None or (axis == 0 and len(region[0]) != n):
            needed.append(frozenset(range(n)))
        elif axis > 0 and windows:
            window = windows[axis - 1]
            reads = (i for o in region[place] for i in window.reads(o))
            needed.append(_clip(reads, n, clamped=hasattr(window, "taps")))
        else:
            needed.append(region[place])
    return tuple(needed)


def _clip(reads: Iterable[int], n: int, clamped: bool) -> Indices:
    """Indices within the map; interpolation clamps what lies outside to the border."""
    if clamped:
        return frozenset(min(max(i, 0), n - 1) for i in reads)
    return frozenset(i for i in reads if 0 <= i < n)


def first_to_see_all(report: Report) -> Row | None:
    """The first step with a unit in its centre that sees the whole input."""
    for row in report.layers:
        if row.seen.axes and _centre_sees_all(report, row):
            return row
    return None


def _centre_sees_all(report: Report, row: Row) -> bool:
    unit = tuple(n // 2 for n in row.output_shape[1:])
    return all(
        seen is not None and seen[0] <= 0 and seen[1] >= n - 1
        for seen, n in zip(_unclipped(report, row, unit), report.frame[1:], strict=True)
    )


def larger_than_input(report: Report) -> list[Row]:
    """The steps with weights whose field is larger than the input on every axis.

    What they add lies outside the image: for this input size they are unproductive
    (Richter et al. 2021, "Should you go deeper?", arXiv:2106.12307).
    """
    return [
        row
        for row in report.layers
        if row.macs
        and row.seen.axes
        and not row.seen.whole
        and all(
            along.field.size > n for along, n in zip(row.seen.axes, report.frame[1:], strict=True)
        )
    ]
