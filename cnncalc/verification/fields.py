"""What units see of the input, as predicted and as a run measured it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from cnncalc.executors.base import GLIMPSE
from cnncalc.layers.base import Shape
from cnncalc.receptive.maps import Along, Seen
from cnncalc.rows import Row

__all__ = ["View", "views_of"]

Interval = tuple[int, int]


class View(NamedTuple):
    """What one unit sees of one axis of the input, as predicted (clipped to it) and measured.

    Attributes:
        decided: whether the borders of the maps on the way leave anything to compare.
    """

    predicted: Interval | None
    actual: Interval | None
    decided: bool
    wrong: bool


def views_of(
    row: Row, seen: Seen, reaches: Sequence[Any], input_shape: Shape, every: bool
) -> list[list[View]]:
    """For each unit to look at, its views of the axes; `every` one was measured, or the phases."""
    axes = list(zip(seen.axes, reaches, input_shape[1:], strict=True))
    units = [len(along.field.phases) for along, _, _ in axes]
    if seen.whole and every:
        units = [reach.rows.shape[1] for reach in reaches]
    views = [
        _agreed([_view(row, seen.whole, along, reach, n, turn) for along, reach, n in axes])
        for turn in range(min(max(units, default=1), GLIMPSE))
    ]
    if seen.whole:  # the middle one may lie in padding, or between what is spread
        return [next((unit for unit in views if all(view.actual for view in unit)), views[0])]
    return views


def _agreed(unit: list[View]) -> list[View]:
    """Who sees nothing of one axis sees nothing at all, whatever is said of the others."""
    blind = any(view.predicted is None for view in unit), any(view.actual is None for view in unit)
    return [view._replace(decided=True, wrong=False) for view in unit] if all(blind) else unit


def _view(row: Row, whole: bool, along: Along, reach: Any, n: int, turn: int) -> View:
    """One axis of one unit: the middle one, or `turn` after it."""
    foreseen = None if whole else along.place
    place = foreseen if reach.place is None else reach.place
    size = 1 if place is None else row.output_shape[place]
    unit = min(size // 2 + turn, size - 1)
    actual = reach.of(unit)
    bound = reach.merged and not along.merged  # of what the unit sees, which may be less
    if whole:  # of the input as it is, whatever borders cut; not of who sees nothing
        wrong = actual not in (None, (0, n - 1))
        return View((0, n - 1), actual, wrong or not (bound or actual is None), wrong)
    seen = along.field.sees(0 if foreseen is None else unit)
    predicted = _clipped(seen, n)
    exact = along.field.exact and not along.merged
    if bound:
        missing = exact and _is_short(predicted, actual, reach.cut(unit))
        return View(predicted, actual, missing, missing)
    return View(predicted, actual, *_judged(predicted, actual, exact, reach.cut(unit)))


def _clipped(seen: Interval | None, n: int) -> Interval | None:
    if seen is None or seen[1] < 0 or seen[0] > n - 1:
        return None
    return max(seen[0], 0), min(seen[1], n - 1)


def _judged(
    predicted: Interval | None, actual: Interval | None, exact: bool, cut: tuple[bool, bool]
) -> tuple[bool, bool]:
    """Whether anything can be said, and whether it is that the two differ.

    Nothing may be seen outside the prediction. An exact prediction must be seen to its ends,
    but for an end that the border of a map on the way cut.
    """
    if actual == predicted:
        return True, False
    if predicted is None:
        return True, True
    if actual is not None and (actual[0] < predicted[0] or actual[1] > predicted[1]):
        return True, True
    if not exact:
        return True, False
    short = _is_short(predicted, actual, cut)
    return short, short


def _is_short(predicted: Interval | None, actual: Interval | None, cut: tuple[bool, bool]) -> bool:
    """Whether an end of the prediction wasn't seen, though no border cut it."""
    if predicted is None:
        return False
    if actual is None:
        return not any(cut)
    return (actual[0] > predicted[0] and not cut[0]) or (actual[1] < predicted[1] and not cut[1])
