"""The best designs within bounds without listing all of them: best first, level by level.

Of each level the partial designs are gone on with that could become best: a few at first, then
more, until nothing that was left out could be better than what was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any, NamedTuple

from cnncalc.sweeping.conditions import FAR, Bound
from cnncalc.sweeping.dominance import often_dominated
from cnncalc.sweeping.graph import Graph
from cnncalc.sweeping.lookahead import ROUNDING, LookAhead, weights_of
from cnncalc.sweeping.names import Names
from cnncalc.sweeping.ranking import Key

__all__ = ["Found", "best_of"]

WIDTHS = (50, 500, 5_000, 40_000, 250_000)  # partial designs of a level, turn by turn
MOST_TRIED = 1_200_000  # partial designs of all turns
SAMPLED = 200  # partial designs that tell which prices do most
TELLING = 8  # prices that all are held against


class Found(NamedTuple):
    """The best designs.

    Attributes:
        places: in the list of all, the best by the first key first; perhaps more than asked for.
        rest: where the search ended early, what the best of the others could still be; None:
            these are the best.
        sure: how many of them are then known to be the best.
        equal: the key in which there may be better ones of those that are equal in those before
            it, as the search for them ended early.
    """

    places: list[int]
    rest: float | None = None
    sure: int = 0
    equal: str = ""


def best_of(
    graph: Graph, names: Names, keys: Sequence[Key], bounds: Sequence[Bound], most: int
) -> Found:
    """The designs that have least of a key (or most, by its sign) within bounds.

    Further keys decide between those that are equal: of the last one's value in the key before
    others are searched for.
    """
    found = _found(graph, names, keys[:1], bounds, most)
    some, left, whole = found.places, most, found.rest is None
    bounds, equal = list(bounds), list[tuple[Key, int]]()
    for number, key in enumerate(keys[:-1]):
        if not whole or len(some) < left:
            return found
        values = [_value(graph, names, key, place) for place in some]
        last = values[left - 1]
        left -= sum(value < last for value in values)
        bounds += _equal(key, last)
        equal.append((key, last))
        more = _found(graph, names, keys[: number + 2], bounds, most)
        every = [*found.places, *more.places]
        found = found._replace(places=list(dict.fromkeys(every)))
        whole = more.rest is None
        if not whole:
            return found._replace(equal=keys[number + 1].name)
        some = [
            place
            for place in more.places
            if all(_value(graph, names, own, place) == value for own, value in equal)
        ]
    return found


def _equal(key: Key, value: int) -> list[Bound]:
    """That a key is at least as good as a value; nothing within the bounds is better and unknown.

    Of the field both sides are free: states tell it.
    """
    limit = key.sign * value
    signs = (1, -1) if key.name == "rf" else (key.sign,)
    return [Bound(key.name, sign, limit) for sign in signs]


def _value(graph: Graph, names: Names, key: Key, place: int) -> int:
    """The key of a design, to be small."""
    design = graph.design(place)
    totals = (*design.sums, *(design.field[:1] or (0,)))
    return sum(a * b for a, b in zip(weights_of(names, *key), totals, strict=True))


def _found(
    graph: Graph, names: Names, keys: Sequence[Key], bounds: Sequence[Bound], most: int
) -> Found:
    """The best by the last key; the ones before it have values in the bounds that none beats."""
    if not graph.count:
        return Found([])
    ahead = LookAhead(graph, names, keys[-1], bounds)
    before = [
        LookAhead(graph, names, key, [each for each in bounds if each.name != key.name])
        for key in keys[:-1]
        if key.name not in ("rf", keys[-1].name)
    ]
    best: dict[int, int] = {}  # by place, the key
    worst, rest, tried = ahead.largest(), -inf, 0
    for width in WIDTHS:
        turn = _Turn(graph, [ahead, *before], most, worst, width, MOST_TRIED - tried)
        best |= turn.run()
        worst, tried = _worst(best, most, worst), tried + turn.count
        rest = max(rest, turn.rest)
        if rest >= worst or tried >= MOST_TRIED:
            break
    places = sorted(best, key=lambda place: (best[place], place))[:most]
    if rest >= worst:
        return Found(places)
    return Found(places, rest * keys[-1].sign, sum(best[place] <= rest for place in places))


def _worst(best: dict[int, int], most: int, worst: float) -> float:
    """What a design has to be below to be among so many of the best."""
    return sorted(best.values())[most - 1] if len(best) >= most else worst


class _Labels(NamedTuple):
    """Partial designs.

    Attributes:
        state: where each is.
        spent: in a row for each, its measures so far.
        before: the one that it goes on from, counted through the turn; -1: none.
        slot: by which decision.
        least: what its key comes to at least.
    """

    state: Any
    spent: Any
    before: Any
    slot: Any
    least: Any

    def at(self, some: Any) -> _Labels:
        return _Labels(*(each[some] for each in self))


class _Level(NamedTuple):
    """The partial designs of a level that were gone on with; the first one's number."""

    first: int
    state: Any
    before: Any
    slot: Any


class _Turn:
    """One way through all levels.

    Args:
        aheads: of the key; of keys before it, of which the bounds have the best value.
        worst: what the key of a design has to be below.
        width: how many partial designs of a level are gone on with.
        budget: how many of all levels.

    Attributes:
        count: how many they were.
        rest: the least that those may come to that were left out.
    """

    def __init__(
        self,
        graph: Graph,
        aheads: Sequence[LookAhead],
        most: int,
        worst: float,
        width: int,
        budget: int,
    ) -> None:
        import numpy

        self.numpy = numpy
        self.graph, self.ahead, self.states = graph, aheads[0], aheads[0].states
        self.before = [(each, *each.seen_by(self.ahead)) for each in aheads[1:]]
        self.most, self.worst = most, worst
        self.width, self.budget = width, budget
        self.count, self.rest = 0, inf
        self.levels: list[_Level] = []
        self.whole: list[tuple[int, int, int]] = []  # the key, the one before, the slot
        self.waiting: dict[int, list[_Labels]] = {}

    def run(self) -> dict[int, int]:
        """The keys of the best designs that were come to, by their places."""
        none = self.numpy.zeros(1, self.numpy.int64)
        least = self.numpy.full(1, -inf)
        self.sort_out(_Labels(none, self.ahead.start[None], none - 1, none, least))
        for level in range(len(self.states.levels) - 1):
            waiting = self.waiting.pop(level, [])
            if waiting:
                joined = map(self.numpy.concatenate, zip(*waiting, strict=True))
                self.go_on(self.kept(_Labels(*joined)))
        return {self.place(before, slot): key for key, before, slot in self.whole}

    def kept(self, labels: _Labels) -> _Labels:
        """Those of a level that are gone on with; of the others the best is remembered."""
        labels = labels.at(labels.least < self.worst)
        if len(labels.state) > self.most:
            often = often_dominated(labels.state, self.telling(labels), self.most)
            labels = labels.at(~often)
        most = min(self.width, max(self.budget - self.count, 0))
        if len(labels.state) > most:
            order = self.numpy.argsort(labels.least, kind="stable")
            self.rest = min(self.rest, float(labels.least[order[most]]))
            labels = labels.at(self.numpy.sort(order[:most]))
        return labels

    def telling(self, labels: _Labels) -> Any:
        """The numbers by which partial designs of one state are held against one another.

        What is sure to be within a bound is as good as anything else that is.
        """
        told = labels.spent.copy()
        told[:, 1:][self.ahead.sure(labels.state, labels.spent)] = -FAR
        return told

    def go_on(self, labels: _Labels) -> None:
        """All decisions of some partial designs."""
        numpy, states = self.numpy, self.states
        first = self.count
        self.count += len(labels.state)
        self.levels.append(_Level(first, labels.state, labels.before, labels.slot))
        at, slot = numpy.nonzero(states.further[labels.state] >= 0)
        before = labels.state[at]
        spent = labels.spent[at] + states.costs(before, slot, self.ahead.weights)
        further = states.further[before, slot]
        self.sort_out(_Labels(further, spent, at + first, slot, numpy.full(len(at), -inf)))

    def sort_out(self, labels: _Labels) -> None:
        """Those that are whole are told from those that wait for their level's turn."""
        labels = labels.at(self.ahead.possible(labels.state, labels.spent))
        ends = self.states.is_end(labels.state)
        self.end(labels.at(ends))
        labels = self.looked(labels.at(~ends))
        level = self.states.level_of(labels.state)
        for each in self.numpy.unique(level).tolist():
            self.waiting.setdefault(each, []).append(labels.at(level == each))

    def end(self, labels: _Labels) -> None:
        """Remember designs that are whole and within the bounds."""
        numpy = self.numpy
        totals = labels.spent + self.states.last(labels.state, self.ahead.weights)
        good = (totals[:, 1:] <= self.ahead.limits).all(1) & (totals[:, 0] < self.worst)
        some = numpy.flatnonzero(good)
        some = some[numpy.argsort(totals[some, 0], kind="stable")[: self.most]]
        told = totals[some, 0], labels.before[some], labels.slot[some]
        self.whole += zip(*(each.tolist() for each in told), strict=True)
        self.whole = sorted(self.whole)[: self.most]
        if len(self.whole) == self.most:
            self.worst = min(self.worst, self.whole[-1][0])

    def looked(self, labels: _Labels) -> _Labels:
        """Those that may become best, with the least that they may come to."""
        for ahead, columns, limit in self.before:
            if len(labels.state):
                least = self.least(ahead, labels.state, labels.spent[:, columns])
                labels = labels.at(least <= limit)
        if not len(labels.state):
            return labels
        least = self.least(self.ahead, labels.state, labels.spent)
        return labels._replace(least=least).at(least < self.worst)

    def least(self, ahead: LookAhead, state: Any, spent: Any) -> Any:
        """What a key comes to at least, by the prices that tell most in some of the labels."""
        numpy = self.numpy
        some = slice(None, None, max(len(state) // SAMPLED, 1))
        dearest = ahead.bounds(state[some], spent[some], slice(None)).argmax(0)
        times = numpy.bincount(dearest, minlength=len(ahead.prices))
        telling = numpy.argsort(-times, kind="stable")[:TELLING]
        least = numpy.full(len(state), -inf)
        for price in telling[times[telling] > 0]:
            (bound,) = ahead.bounds(state, spent, [price])
            least = numpy.maximum(least, bound)
        return numpy.ceil(least - abs(least) * ROUNDING)

    def place(self, before: int, slot: int) -> int:
        """Where a design is in the list of all, by the last partial one and its decision."""
        place = 0
        for level in reversed(self.levels):
            if before >= level.first:
                here = before - level.first
                edges = self.graph.edges[int(self.states.node[level.state[here]])]
                place += sum(self.graph.counts[edge.to] for edge in edges[:slot])
                before, slot = int(level.before[here]), int(level.slot[here])
        return place
