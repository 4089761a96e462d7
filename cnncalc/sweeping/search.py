"""The best designs within bounds without listing all of them: best first, with a look-ahead.

What is still to come costs at least what a way there costs at least that pays for what the bounds
forbid, at some price (Lagrange's multipliers). For many prices at once that is a sum along the
graph from the ends backwards; the dearest of the answers is how good a design can still be. As no
design is better than that, the first ones that are whole are the best.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Any, NamedTuple

from cnncalc.sweeping.conditions import Bound
from cnncalc.sweeping.graph import SUMS, Graph
from cnncalc.sweeping.labels import columns_of
from cnncalc.sweeping.names import Names
from cnncalc.sweeping.ranking import Key

__all__ = ["PRICES", "Found", "best_of"]

MOST_TRIED = 50_000  # partial designs
MOST_DIVES = 200
PRICES = {0: 1, 1: 60, 2: 20, 3: 9, 4: 6}  # of each bound; by how many bounds there are
MOST_SEEN = 1_000  # partial designs of a state that others are held against: the best ones
ROUNDING = 1e-9
TURNS = 4  # how often the prices are refined around the best


class Found(NamedTuple):
    """The best designs.

    Attributes:
        places: in the list of all, the best first.
        rest: where the search ended early, what the best of the others could still be; None:
            these are the best.
        sure: how many of them are then known to be the best.
    """

    places: list[int]
    rest: float | None = None
    sure: int = 0


State = tuple[int, int]  # a node, and how far apart units lie there


class _Way(NamedTuple):
    """A partial design: where it is, its totals so far, and its place in the list."""

    state: State
    totals: tuple[int, ...]
    place: int


def best_of(graph: Graph, names: Names, key: Key, bounds: Sequence[Bound], most: int) -> Found:
    """The designs that have least of a key (or most, by its sign) within bounds."""
    return _Search(graph, names, key, bounds).found(most) if graph.count else Found([])


class _Seen:
    """Partial designs of one state, and which are worth going on with."""

    def __init__(self, most: int) -> None:
        import numpy

        self.numpy = numpy
        self.most = most
        self.count = 0
        self.told: Any = None

    def adds(self, told: Any) -> bool:
        """Remember one more; False where so many others are at least as good in everything."""
        if self.told is None:
            self.told = self.numpy.empty((8, len(told)))
        known = self.told[: self.count]
        if self.count >= self.most and int((known <= told).all(1).sum()) >= self.most:
            return False
        if self.count == MOST_SEEN:
            return True
        if self.count == len(self.told):
            self.told = self.numpy.concatenate([self.told, self.numpy.empty_like(self.told)])
        self.told[self.count] = told
        self.count += 1
        return True


class _Search:
    """The look-ahead, and the search by it.

    Totals are the sums, and last the field of the one axis.
    """

    def __init__(self, graph: Graph, names: Names, key: Key, bounds: Sequence[Bound]) -> None:
        import numpy

        self.numpy = numpy
        self.graph = graph
        self.key, self.bounds = key, list(bounds)
        self.goal = self.weights(names, key.name, key.sign)
        self.limits = [self.weights(names, each.name, each.sign) for each in bounds]
        self.most = [each.sign * each.limit for each in bounds]
        self.axes = graph.axes
        self.states = self._states()
        self.ahead: dict[State, Any] = {}
        self.costs: dict[State, Any] = {}  # by edge, what is to come at each set of prices
        self.largest: dict[State, Any] = {}  # of each total, the most that is to come
        self.prices = self._prices()
        self._look(self.prices)

    def weights(self, names: Names, name: str, sign: int) -> Any:
        """How much of each total counts, with the sign that makes it small."""
        (column,) = columns_of(names, name, sign)
        weights = [0] * (SUMS + 1)
        if column.weights is None:
            weights[SUMS] = 1
        else:
            weights[:SUMS] = column.weights
        return self.numpy.array(weights, float) * sign

    def _states(self) -> list[State]:
        """All nodes with the ways in which units lie apart there, each behind those before it."""
        jump = self.graph.base_slides[0][0] if self.axes else 1
        order: dict[int, dict[int, None]] = {0: {jump: None}}
        for node, edges in enumerate(self.graph.edges):
            for here in order.get(node, {}):
                for edge in edges:
                    further = edge.slides[0][0] if self.axes else 1
                    order.setdefault(edge.to, {})[here * further] = None
        return [(node, here) for node in sorted(order) for here in order[node]]

    def _prices(self) -> Any:
        """Prices of the bounds that the look-ahead tells most with: around the best so far."""
        numpy = self.numpy
        many = PRICES[len(self.bounds)]
        scale = self._scale()
        axes = [numpy.r_[0, size * numpy.geomspace(1e-6, 1e4, many - 1)] for size in scale]
        for turn in range(TURNS if self.bounds else 1):
            grid = self._grid(axes)
            if turn == TURNS - 1 or not self.bounds:
                return grid
            self._look(grid)
            start = self.ahead[self.states[0]][: len(grid)] - grid @ numpy.array(self.most, float)
            best = grid[int(start.argmax())]
            axes = [self._closer(axis, price, many) for axis, price in zip(axes, best, strict=True)]
        raise AssertionError("the last turn returns")

    def _closer(self, axis: Any, price: float, many: int) -> Any:
        """Prices between the neighbours of the best one, and a few around."""
        numpy = self.numpy
        at = int(numpy.abs(axis - price).argmin())
        low, high = axis[max(at - 1, 0)], axis[min(at + 1, len(axis) - 1)]
        around = price * numpy.array([0.25, 0.5, 2, 4] if many > 8 else [0.5, 2])
        inner = numpy.linspace(low, high, max(many - len(around) - 2, 2))
        return numpy.unique(numpy.r_[0, price, inner, around])

    def _grid(self, axes: Sequence[Any]) -> Any:
        numpy = self.numpy
        if not axes:
            return numpy.zeros((1, 0))
        return numpy.stack([each.ravel() for each in numpy.meshgrid(*axes, indexing="ij")], 1)

    def _scale(self) -> list[float]:
        """How dear each bound is about: the largest goal by the largest of what is bounded."""
        largest = self.numpy.ones(SUMS + 1)
        for state in reversed(self.states):
            best = self.numpy.zeros(SUMS + 1)
            for to, totals in self._further(state):
                best = self.numpy.maximum(best, totals + self.largest[to])
            if state[0] in self.graph.shapes and self.axes:
                best[SUMS] = state[1] * self.graph.tail(state[0])[0][1]
            self.largest[state] = best
        largest = self.numpy.maximum(largest, self.largest[self.states[0]])
        goal = abs(self.goal) @ largest
        return [float(goal / max(abs(each) @ largest, 1)) for each in self.limits]

    def _further(self, state: State) -> list[tuple[State, Any]]:
        """The states behind a state's edges, and what each edge adds to the totals."""
        node, jump = state
        found = []
        for edge in self.graph.edges[node]:
            further, more = edge.slides[0] if self.axes else (1, 0)
            totals = self.numpy.array([*edge.sums, jump * more], float)
            found.append(((edge.to, jump * further), totals))
        return found

    def _look(self, prices: Any) -> None:
        """For each state and each set of prices, the least that is to come."""
        numpy = self.numpy
        weights = self.goal + (prices @ numpy.stack(self.limits) if self.bounds else 0)
        weights = numpy.broadcast_to(weights, (len(prices), SUMS + 1))
        weights = numpy.concatenate([weights, *(each[None] for each in self.limits)])
        for state in reversed(self.states):
            node, jump = state
            if node in self.graph.shapes:
                tail = jump * self.graph.tail(node)[0][1] if self.axes else 0
                self.ahead[state] = weights[:, SUMS] * tail
                continue
            further = self._further(state)
            totals = numpy.stack([more for _, more in further])
            behind = numpy.stack([self.ahead[to] for to, _ in further])
            costs = totals @ weights.T + behind
            self.ahead[state] = costs.min(0)
            self.costs[state] = costs
        self.weighted = weights

    def found(self, most: int) -> Found:
        """Search until so many designs are whole, or too many partial ones were tried."""
        more = self.graph.base_slides[0][1] + 1 if self.axes else 0
        start = _Way(self.states[0], (*self.graph.base, more), 0)
        worst = self._worst(start)
        order = count()
        heap: list[tuple[float, int, int, _Way]] = [(-inf, 0, next(order), start)]
        seen: dict[State, _Seen] = {}
        places: list[int] = []
        tried = 0
        while heap and len(places) < most:
            bound, _, _, way = heappop(heap)
            if way.state[0] in self.graph.shapes:
                places.append(way.place)
                continue
            if not seen.setdefault(way.state, _Seen(most)).adds(self._telling(way)):
                continue
            tried += 1
            if tried > MOST_TRIED:
                heappush(heap, (bound, 0, next(order), way))
                dived = self.dived([each[-1] for each in sorted(heap)[:MOST_DIVES]], worst)
                others = [each for each in dived if each not in places]
                return Found([*places, *others][:most], bound * self.key.sign, len(places))
            for least, here in self.next(way, worst):
                heappush(heap, (least, -here.state[0], next(order), here))
        return Found(places)

    def next(self, way: _Way, worst: float) -> Iterator[tuple[float, _Way]]:
        """The partial designs of one more decision, with the least that they may come to."""
        numpy = self.numpy
        count = len(self.prices)
        most = numpy.array(self.most, float)
        spent = self.weighted @ numpy.array(way.totals, float)
        costs = self.costs[way.state] + spent
        paid = self.prices @ most if self.bounds else 0.0
        bounds = (costs[:, :count] - paid).max(1)
        inside = (costs[:, count:] <= most * (1 + numpy.sign(most) * ROUNDING)).all(1)
        for number, (here, whole) in enumerate(self.onward(way)):
            least = float(bounds[number])
            if not inside[number] or least > worst:
                continue
            if whole:
                exact = self.exact(here.totals)
                if exact is None:
                    continue
                least = float(exact)
            yield least, here

    def dived(self, ways: Sequence[_Way], worst: float) -> list[int]:
        """The places of designs that some partial ones lead to the straightest, the best first."""
        found: dict[int, float] = {}
        for way in ways:
            here: _Way | None = way
            least = -inf
            while here is not None and here.state[0] not in self.graph.shapes:
                least, here = min(self.next(here, worst), default=(inf, None), key=_bound)
            if here is not None:
                found[here.place] = least
        return sorted(found, key=found.__getitem__)

    def _worst(self, start: _Way) -> float:
        """What no design's goal is beyond: whoever is further can't be within the bounds."""
        if self.key.sign < 0:
            return 0.0
        largest = self.largest.get(start.state)
        if largest is None:
            return inf
        return float(self.goal @ (self.numpy.array(start.totals, float) + largest)) * (1 + ROUNDING)

    def _telling(self, way: _Way) -> Any:
        """The numbers by which partial designs of one state are held against one another.

        What is sure to be within a bound is as good as anything else that is.
        """
        numpy = self.numpy
        totals = numpy.array(way.totals, float)
        told = [float(self.goal @ totals)]
        for weights, most in zip(self.limits, self.most, strict=True):
            own = float(weights @ totals)
            ahead = self.largest[way.state]
            could = own + max(float(weights @ ahead), 0.0)
            told.append(own if could > most else -inf)
        return numpy.array(told)

    def onward(self, way: _Way) -> list[tuple[_Way, bool]]:
        """The partial designs of one more decision, and whether each is whole."""
        node, jump = way.state
        place = way.place
        found = []
        for edge in self.graph.edges[node]:
            further, more = edge.slides[0] if self.axes else (1, 0)
            whole = edge.to in self.graph.shapes
            tail = self.graph.tail(edge.to)[0][1] * jump * further if whole and self.axes else 0
            own = [one + two for one, two in zip(way.totals[:SUMS], edge.sums, strict=True)]
            totals = (*own, way.totals[SUMS] + jump * more + tail)
            found.append((_Way((edge.to, jump * further), totals, place), whole))
            place += self.graph.counts[edge.to]
        return found

    def exact(self, totals: tuple[int, ...]) -> int | None:
        """The goal of a whole design, to be small; None where it is beyond a bound."""
        for weights, most in zip(self.limits, self.most, strict=True):
            if _dot(weights, totals) > most:
                return None
        return _dot(self.goal, totals)


def _bound(found: tuple[float, Any]) -> float:
    return found[0]


def _dot(weights: Any, totals: Sequence[int]) -> int:
    """A weighted sum in whole numbers."""
    return sum(int(weight) * total for weight, total in zip(weights, totals, strict=True))
