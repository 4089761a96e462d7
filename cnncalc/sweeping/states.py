"""The states that designs come through, and the least that is still to come behind each.

A state is a node of the graph, how far apart units lie there and, where the field has bounds, how
much is seen already. States stand by levels, those behind others later, so that all of a level are
worked out at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from cnncalc.sweeping.conditions import FAR
from cnncalc.sweeping.graph import SUMS, Graph

__all__ = ["Range", "States", "TooManyStatesError"]

MOST_STATES = 200_000  # that tell what is seen


class TooManyStatesError(Exception):
    """What is seen makes too many states."""


class Range(NamedTuple):
    """What the field of a design is to be: from the least on, to the most."""

    least: int = 0
    most: int = FAR

    @property
    def given(self) -> bool:
        """Whether it says anything."""
        return self.least > 0 or self.most < FAR


class States:
    """The states, the first one that of the start.

    Args:
        graph: of the designs.
        field: that designs are to have; given, states tell how much is seen, and those beyond it
            are left out.

    Attributes:
        levels: the first state of each level, and at last how many states there are.
        node: of each state.
        jump: how far apart units lie there.
        seen: how much is seen there, as far as that tells.
        further: by state and decision, the state that it leads to; -1: none.

    Raises:
        TooManyStatesError: what is seen makes too many.
    """

    def __init__(self, graph: Graph, field: Range) -> None:
        import numpy

        self.numpy = numpy
        self.graph = graph
        self.field = field
        self.depth = numpy.array(self._depths())
        self._tables()
        self._build()

    def _depths(self) -> list[int]:
        """Of each node, the most decisions before it."""
        depth = [0] * len(self.graph.edges)
        for node, edges in enumerate(self.graph.edges):
            for edge in edges:
                depth[edge.to] = max(depth[edge.to], depth[node] + 1)
        return depth

    def _tables(self) -> None:
        """The decisions of all nodes as arrays: where each leads, what it costs."""
        numpy, graph = self.numpy, self.graph
        shape = len(graph.edges), max(1, *map(len, graph.edges))
        self.to = numpy.full(shape, -1, numpy.int32)
        self.sums = numpy.zeros((*shape, SUMS), numpy.int64)
        self.jumps = numpy.ones(shape, numpy.int64)
        self.more = numpy.zeros(shape, numpy.int64)
        self.tail = numpy.full(shape[0], -1, numpy.int64)  # of the ends
        for end in graph.shapes:
            self.tail[end] = graph.tail(end)[0][1] if graph.axes else 0
        for node, edges in enumerate(graph.edges):
            for n, edge in enumerate(edges):
                self.to[node, n] = edge.to
                self.sums[node, n] = edge.sums
                if graph.axes:
                    self.jumps[node, n], self.more[node, n] = edge.slides[0]

    def _build(self) -> None:
        """All states, level by level from the start."""
        numpy, graph = self.numpy, self.graph
        jump, more = graph.base_slides[0] if graph.axes else (1, 0)
        first = numpy.array([[0, jump, self.told(more + 1)]], numpy.int64)
        none = numpy.zeros(1, numpy.int64)
        waiting: dict[int, list[Any]] = {0: [(first, none - 1, none)]}
        states, links, self.levels = [], [], [0]
        for depth in range(int(self.depth.max()) + 1):
            own, ways = self._met(waiting.pop(depth, []))
            links += [(before, slot, at + self.levels[-1]) for before, slot, at in ways]
            states.append(own)
            self._onward(own, self.levels[-1], waiting)
            self.levels.append(self.levels[-1] + len(own))
            if self.field.given and self.levels[-1] > MOST_STATES:
                raise TooManyStatesError
        self.node, self.jump, self.seen = numpy.concatenate(states).T.copy()
        self.further = numpy.full((self.count, self.to.shape[1]), -1, numpy.int32)
        for before, slot, here in links[1:]:
            self.further[before, slot] = here

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self.levels[-1])

    def told(self, seen: Any) -> Any:
        """What is seen, as far as that tells designs apart."""
        if not self.field.given:
            return seen * 0
        return seen if self.field.most < FAR else self.numpy.minimum(seen, self.field.least)

    def _met(self, waiting: Sequence[Any]) -> tuple[Any, list[Any]]:
        """Different states of those that were come to, and which each is."""
        numpy = self.numpy
        if not waiting:
            return numpy.zeros((0, 3), numpy.int64), []
        every = numpy.concatenate([each for each, _, _ in waiting])
        order = numpy.lexsort(every.T)
        sorted_ = every[order]
        new = numpy.r_[True, (sorted_[1:] != sorted_[:-1]).any(1)]
        which = numpy.empty(len(every), numpy.int64)
        which[order] = numpy.cumsum(new) - 1
        ways, at = [], 0
        for some, before, slot in waiting:
            ways.append((before, slot, which[at : at + len(some)]))
            at += len(some)
        return sorted_[new], ways

    def _onward(self, own: Any, first: int, waiting: dict[int, list[Any]]) -> None:
        """What the states of a level lead to."""
        numpy = self.numpy
        at, slot = numpy.nonzero(self.to[own[:, 0]] >= 0)
        if not len(at):
            return
        node, jump, seen = own[at].T
        to = self.to[node, slot].astype(numpy.int64)
        seen = seen + jump * self.more[node, slot]
        inside = seen <= self.field.most
        states = numpy.stack([to, jump * self.jumps[node, slot], self.told(seen)], 1)
        for depth in numpy.unique(self.depth[to]).tolist():
            some = numpy.flatnonzero(inside & (self.depth[to] == depth))
            if len(some):
                waiting.setdefault(depth, []).append((states[some], at[some] + first, slot[some]))

    def level_of(self, state: Any) -> Any:
        """The level of each of some states."""
        return self.depth[self.node[state]]

    def is_end(self, state: Any) -> Any:
        """Which of some states have nothing behind them."""
        return self.tail[self.node[state]] >= 0

    def _good(self, state: Any) -> Any:
        """Which of some states are ends with a field that is wanted."""
        field = self.seen[state] + self.jump[state] * self.tail[self.node[state]]
        wanted = (field >= self.field.least) & (field <= self.field.most)
        return self.is_end(state) & (wanted | (not self.field.given))

    def costs(self, state: Any, slot: Any, weights: Any) -> Any:
        """What decisions add to measures.

        Args:
            state: of each decision.
            slot: which of the state's decisions.
            weights: of each measure, those of parameters, MACs, elements and the field.
        """
        node = self.node[state]
        costs = self.sums[node, slot] @ weights[:, :SUMS].T
        if weights[:, SUMS].any():
            far = self.jump[state] * self.more[node, slot]
            costs = costs + far[..., None] * weights[:, SUMS]
        return costs

    def last(self, state: Any, weights: Any) -> Any:
        """What ends add to measures."""
        far = self.jump[state] * self.tail[self.node[state]]
        return far[..., None] * weights[:, SUMS]

    def ahead(self, weights: Any, prices: Any) -> Any:
        """The least that is to come behind each state; a row for each set of prices.

        Args:
            weights: of each measure.
            prices: in each row, of each measure.
        """
        numpy = self.numpy
        found = numpy.full((len(prices), self.count), numpy.inf)
        for start, end in zip(self.levels[-2::-1], self.levels[:0:-1], strict=True):
            here, some = found[:, start:end], numpy.arange(start, end)
            stops = self._good(some)
            here[:, stops] = prices @ self.last(some[stops], weights).T
            for slot in range(self.to.shape[1]):
                on = numpy.flatnonzero(self.further[some, slot] >= 0)
                costs = prices @ self.costs(some[on], slot, weights).T
                costs += found[:, self.further[some[on], slot]]
                here[:, on] = numpy.minimum(here[:, on], costs)
        return found
