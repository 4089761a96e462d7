"""What each unit really sees of the input: the executor's windows followed place by place.

Every step hands on, for each place along an axis of its map, the first and last index of the
input that reached it. Windows take the least and greatest of what they read by the very
kernels that pool values, over the very axes that the computations slide over; nothing is
composed, and no formula of sizes is asked. So a field is clipped at every map on its way.
Where a window read beyond the border of some map it is marked as cut: a prediction that
knows no borders may claim more there.

Padding counts as nothing in all of its modes, and normalisations hand on their values, not
their statistics, as everywhere in cnncalc.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from cnncalc.executors.base import GLIMPSE
from cnncalc.executors.bundled.kernels.pooling import pool_max
from cnncalc.executors.geometry import Axis, Spreading, window_options

__all__ = ["Reach", "blind", "slid", "spread"]


@dataclass(frozen=True)
class Reach:
    """What the units along one axis of a map see of one axis of the input.

    Attributes:
        rows: (4, places): the first index seen (negated, so that all four grow) and the
            last one, then whether a border cut the field before and after; -inf: nothing.
        place: the axis of the map (0 is the channels); None: all units alike, one place.
        merged: units that see different parts lie side by side, and this is all that they see.
        first: the place that the rows begin with.
    """

    rows: Any
    place: int | None
    merged: bool = False
    first: int = 0

    def of(self, unit: int) -> tuple[int, int] | None:
        """First and last input index that a unit sees; None: nothing."""
        first, last = self.rows[:2, self._column(unit)]
        return None if numpy.isneginf(last) else (int(-first), int(last))

    def cut(self, unit: int) -> tuple[bool, bool]:
        """Whether borders cut what a unit sees, before and after."""
        before, after = self.rows[2:, self._column(unit)]
        return bool(before > 0), bool(after > 0)

    def _column(self, unit: int) -> int:
        return 0 if self.place is None else unit - self.first

    def glimpse(self) -> Reach:
        """The middle alone, which is all that is compared."""
        middle = self.rows.shape[1] // 2
        rows = self.rows[:, middle : middle + GLIMPSE].copy()
        return Reach(rows, self.place, self.merged, middle)

    def gathered(self, merged: bool = False) -> Reach:
        """What all places see together, as every unit of a later map has it."""
        several = merged and self.rows.shape[1] > 1
        return Reach(self.rows.max(axis=1, keepdims=True), None, self.merged or several)


def blind(reaches: Sequence[Reach], column: int) -> bool:
    """Whether units lie in a gap on some axis.

    They see nothing, so that a run can't tell what they would see of the other axes.
    """
    return any(
        numpy.isneginf(reach.rows[1, min(column, reach.rows.shape[1] - 1)]) for reach in reaches
    )


def slid(rows: Any, axis: Axis) -> Any:
    """The most of what each window reads, and whether it read beyond a border."""
    found = pool_max(numpy, rows[None], *window_options([axis]))[0]
    starts = numpy.array(axis.starts)
    found[2] = numpy.maximum(found[2], starts < 0)
    found[3] = numpy.maximum(found[3], starts + axis.reach > axis.size)
    return found


def spread(rows: Any, how: Spreading) -> Any:
    """The way back of a slide: each place reaches the outputs that its taps lie on.

    Places beyond the borders, which see nothing, mark what they would have reached.
    """
    count, stride = rows.shape[1], how.stride
    beyond = -(-how.reach // stride)
    canvas = numpy.full((4, (count + 2 * beyond - 1) * stride + 1), -numpy.inf)
    canvas[2, : beyond * stride : stride] = 1
    canvas[3, (beyond + count) * stride :: stride] = 1
    canvas[:, beyond * stride : (beyond + count) * stride : stride] = rows
    edge = how.reach - 1
    taps = Axis(canvas.shape[1], how.kernel, 1, edge, edge, how.dilation)
    whole = pool_max(numpy, canvas[None], *window_options([taps]))[0]
    cut = beyond * stride  # what the places beyond the borders added
    first, last = cut + how.before, whole.shape[1] - cut - how.after + how.extra
    kept = whole[:, first:last]
    missing = last - first - kept.shape[1]
    return numpy.pad(kept, ((0, 0), (0, missing)), constant_values=-numpy.inf)
