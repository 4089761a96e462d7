"""How good designs can still become: the least of a key that is to come, within bounds.

What is still to come costs at least what a way there costs at least that pays for what the bounds
forbid, at some price (Lagrange's multipliers). For many prices at once that is a sum along the
states from the ends backwards, and the dearest of the answers is what counts. Bounds on the field
need no price: states tell how much is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

from cnncalc.sweeping.conditions import FAR, Bound
from cnncalc.sweeping.graph import SUMS, Graph
from cnncalc.sweeping.labels import columns_of
from cnncalc.sweeping.names import Names
from cnncalc.sweeping.ranking import Key
from cnncalc.sweeping.states import Range, States, TooManyStatesError

__all__ = ["MOST_BOUNDS", "LookAhead", "weights_of"]

MOST_BOUNDS = 4  # and two more of a key, where another one decides between equals
FIRST = {1: 16, 2: 7, 3: 5, 4: 4, 5: 3, 6: 3}  # prices of each bound, by how many there are
TURNS = {1: 5, 2: 6, 3: 8, 4: 9, 5: 9, 6: 9}  # how often they are refined around the best
AROUND = {
    1: (0, 0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1, 1.02, 1.05, 1.1, 1.2, 1.4, 1.7, 2, 4),
    2: (0, 0.5, 0.8, 0.95, 1, 1.05, 1.25, 2),
    3: (0, 0.8, 1, 1.25),
    4: (0, 0.9, 1.1),
    5: (0, 1),
    6: (0, 1),
}  # times the best: the prices that stay
CLOSE = 1e-12  # of the largest totals: what sums of floating point may be off
ROUNDING = 1e-9


class LookAhead:
    """What is to come.

    Measures are the key and what the bounds are on, each with the sign that makes it small.

    Attributes:
        states: that designs come through.
        measures: a total and a sign for each.
        weights: in a row for each measure, how much parameters, MACs, elements and the field count.
        limits: of each measure but the key.
        start: the measures of what all designs have.
        prices: in a row for each set of them, that of each measure; of the key 1.
    """

    def __init__(self, graph: Graph, names: Names, key: Key, bounds: Sequence[Bound]) -> None:
        import numpy

        self.numpy = numpy
        tightest = _tightest(bounds)
        self.states = _states(graph, tightest)
        if self.states.field.given:
            tightest = {each: limit for each, limit in tightest.items() if each[0] != "rf"}
        self.measures = measures = [(key.name, key.sign), *tightest]
        self.weights = numpy.array([weights_of(names, *each) for each in measures], numpy.int64)
        self.limits = numpy.array(list(tightest.values()), numpy.int64)
        more = graph.base_slides[0][1] + 1 if graph.axes else 0
        self.start = self.weights @ numpy.array([*graph.base, more], numpy.int64)
        one_by_one = numpy.eye(len(measures))
        self._least = self.states.ahead(self.weights, one_by_one)
        self._most = -self.states.ahead(-self.weights, one_by_one)
        self._reach = self._reached()
        self.prices, self._ahead = self._look()

    def _reached(self) -> Any:
        """How large each measure may become, about."""
        numpy = self.numpy
        reach = numpy.maximum(abs(self._least[:, 0]), abs(self._most[:, 0]))
        return numpy.where(numpy.isfinite(reach), reach, 0) + abs(self.start) + 1

    def _look(self) -> tuple[Any, Any]:
        """Prices that tell most at the start, and by them what is to come behind each state."""
        numpy, count = self.numpy, len(self.limits)
        if not count:
            return self._at([])
        dear = self._reach[0] / self._reach[1:]
        axes = [numpy.r_[0, each * numpy.geomspace(1e-6, 1e4, FIRST[count] - 1)] for each in dear]
        best = dear
        for _ in range(TURNS[count]):
            prices, ahead = self._at(axes)
            bounds = prices @ self.start + ahead[:, 0] - prices[:, 1:] @ self.limits
            best = prices[int(bounds.argmax()), 1:]
            axes = [_closer(*each) for each in zip(axes, best, strict=True)]
        return self._at([price * numpy.array(AROUND[count]) for price in best])

    def _at(self, axes: Sequence[Any]) -> tuple[Any, Any]:
        """All sets of some prices of each bound, and what is to come by them."""
        numpy = self.numpy
        grid = numpy.meshgrid([1.0], *axes)
        prices = numpy.stack([each.ravel() for each in grid], 1)
        return prices, self.states.ahead(self.weights, prices)

    def seen_by(self, other: LookAhead) -> tuple[list[int], int]:
        """Where another one has these measures, and its limit of what is the key here."""
        columns = [other.measures.index(each) for each in self.measures]
        return columns, int(other.limits[columns[0] - 1])

    def largest(self) -> float:
        """What the key of every design is below; of none minus infinity."""
        most = float(self.start[0] + self._most[0, 0])
        if most == -inf:
            return most
        return most + abs(most) * ROUNDING + 1

    def possible(self, state: Any, spent: Any) -> Any:
        """Which partial designs may end within each of the bounds, and end at all.

        Args:
            state: of each.
            spent: in a row for each, its measures so far.
        """
        least = spent[:, 1:] + self._least[1:, state].T
        inside = least <= self.limits + abs(self.limits) * ROUNDING
        return inside.all(1) & self.numpy.isfinite(self._least[0, state])

    def sure(self, state: Any, spent: Any) -> Any:
        """Which bounds (columns) each of some partial designs ends within, whatever follows."""
        most = spent[:, 1:] + self._most[1:, state].T
        return most + self._reach[1:] * CLOSE <= self.limits

    def bounds(self, state: Any, spent: Any, which: Any) -> Any:
        """What the key of each partial design comes to at least, at some of the prices (rows)."""
        prices = self.prices[which]
        paid = prices[:, 1:] @ self.limits + prices @ self._reach * CLOSE
        return prices @ spent.T + self._ahead[which][:, state] - paid[:, None]


def _tightest(bounds: Sequence[Bound]) -> dict[tuple[str, int], int]:
    """By total and sign, the limit of what is to be small."""
    found: dict[tuple[str, int], int] = {}
    for name, sign, limit in bounds:
        found[name, sign] = min(sign * limit, found.get((name, sign), FAR))
    return found


def _states(graph: Graph, bounds: dict[tuple[str, int], int]) -> States:
    """The states; the field is told by them if it has bounds, and they don't get too many."""
    field = Range(max(-bounds.get(("rf", -1), 0), 0), bounds.get(("rf", 1), FAR))
    try:
        return States(graph, field)
    except TooManyStatesError:
        return States(graph, Range())


def weights_of(names: Names, name: str, sign: int) -> list[int]:
    """How much of each total counts, with the sign that makes it small."""
    (column,) = columns_of(names, name, sign)
    weights = [0] * SUMS + [1] if column.weights is None else [*column.weights, 0]
    return [sign * each for each in weights]


def _closer(axis: Any, price: float) -> Any:
    """Prices between the neighbours of the best one."""
    import numpy

    at = int(abs(axis - price).argmin())
    low, high = axis[max(at - 1, 0)], axis[min(at + 1, len(axis) - 1)]
    if not price:
        return numpy.r_[0, numpy.geomspace(high / 1e3, high, len(axis) - 1)]
    return numpy.geomspace(max(low, price / 1e3), high, len(axis))
