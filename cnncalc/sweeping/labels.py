"""Fronts without listing the designs: from the ends backwards, what is still to come.

A label of a node is the totals of one way from there to an end. Totals are sums along the way, and
a field to come counts as often as units lie apart, so that what is dominated at a node is dominated
in every design that comes through it, and can go. Where too many labels stay, they are thinned:
of those that differ by less than a factor one is kept, and the factors along the way say how far
the front may be from the true one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from cnncalc.errors import CnnCalcError
from cnncalc.sweeping.conditions import Bound
from cnncalc.sweeping.dominance import front
from cnncalc.sweeping.graph import Graph
from cnncalc.sweeping.names import Names
from cnncalc.sweeping.ranking import Key

__all__ = ["Labelled", "columns_of", "front_of"]

MOST_LABELS = 60_000  # of a node, where two numbers tell; of more, fewer are on a front at once
MOST_OF_THREE = 8_000
MOST_CANDIDATES = 20_000_000  # of a node, before those go that are dominated
FINEST = 1e-5  # the least factor, less 1, by which labels are thinned


class Labelled(NamedTuple):
    """A front.

    Attributes:
        places: of its designs in the list of all, in the order of the keys.
        factor: for every design there is one on it that is at most so many times worse in each
            key; 1: it is the front.
        labels: the most that a node had.
    """

    places: list[int]
    factor: float
    labels: int


class _Sums(NamedTuple):
    """What of a way a key counts: its sums with these weights, or an axis of the field."""

    sign: int
    weights: tuple[int, ...] | None
    axis: int = 0

    def of(self, sums: Sequence[int]) -> int:
        assert self.weights is not None, "of no field"
        return sum(a * b for a, b in zip(self.weights, sums, strict=True))


def front_of(graph: Graph, names: Names, keys: Sequence[Key], bounds: Sequence[Bound]) -> Labelled:
    """The designs that no other is better than, among those within some bounds.

    Raises:
        CnnCalcError: too many stay at one node.
    """
    return _Labels(graph, names, keys, bounds).front()


def columns_of(names: Names, name: str, sign: int) -> list[_Sums]:
    """How a total is counted; a field along each of its axes."""
    number, sample = names.number_bytes, names.sample_bytes
    weights = {
        "params": (1, 0, 0),
        "macs": (0, 1, 0),
        "memory": (number, 0, sample),
        "param_bytes": (number, 0, 0),
        "activation_bytes": (0, 0, sample),
    }
    if name == "rf":
        return [_Sums(sign, None, axis) for axis in range(names.axes)]
    return [_Sums(sign, weights[name])]


class _Labels:
    """The labels of all nodes, those near the ends first."""

    def __init__(
        self, graph: Graph, names: Names, keys: Sequence[Key], bounds: Sequence[Bound]
    ) -> None:
        import numpy

        self.numpy = numpy
        self.graph, self.names, self.keys = graph, names, keys
        self.bounds = bounds
        wanted = [(key.name, key.sign) for key in keys]
        wanted += [(each.name, each.sign) for each in bounds]
        wanted = list(dict.fromkeys(wanted))
        self.columns = [each for name, sign in wanted for each in columns_of(names, name, sign)]
        self.owners = [name for name, sign in wanted for _ in columns_of(names, name, sign)]
        self.values: dict[int, Any] = {}
        self.ways: dict[int, tuple[Any, Any]] = {}  # of each label: the edge, the label behind it
        self.factors: dict[int, float] = {}
        self.waiting = [0] * len(graph.edges)  # edges that still ask for a node's labels
        for edges in graph.edges:
            for edge in edges:
                self.waiting[edge.to] += 1
        self.most = 0
        self.allowed = MOST_LABELS if len(self.columns) < 3 else MOST_OF_THREE

    def front(self) -> Labelled:
        for node in reversed(range(len(self.graph.edges))):
            if node in self.graph.shapes:
                self.begin(node)
            elif self.graph.counts[node]:
                self.join(node)
        return self.result()

    def begin(self, node: int) -> None:
        """The one label of an end."""
        tail = self.graph.tail(node)
        row = [
            each.sign * (tail[each.axis][1] if each.weights is None else 0) for each in self.columns
        ]
        self.values[node] = self.numpy.array([row], self.numpy.int64)
        self.factors[node] = 1.0

    def join(self, node: int) -> None:
        """The labels of a node from those behind its edges."""
        edges = self.graph.edges[node]
        count = sum(len(self.values[edge.to]) for edge in edges)
        if count > MOST_CANDIDATES:
            raise CnnCalcError(
                f"{count:,} partial designs would have to be held against one another",
                code="too-large",
                help="fewer keys or values; `--sample` draws some designs",
            )
        values, which, behind = self.candidates(node)
        kept = front(values)
        self.factors[node] = max(self.factors[edge.to] for edge in edges)
        if len(kept) > self.allowed:
            kept, factor = self.thinned(values, kept)
            self.factors[node] *= factor
        self.most = max(self.most, len(kept))
        self.values[node] = values[kept]
        self.ways[node] = which[kept], behind[kept]
        self.let_go(node)

    def candidates(self, node: int) -> tuple[Any, Any, Any]:
        """The labels behind each edge of a node with what it costs; the edge, and the label."""
        numpy = self.numpy
        parts, which, behind = [], [], []
        for number, edge in enumerate(self.graph.edges[node]):
            more = self.values[edge.to].copy()
            for n, each in enumerate(self.columns):
                if each.weights is None:
                    jump, further = edge.slides[each.axis]
                    more[:, n] = more[:, n] * jump + each.sign * further
                else:
                    more[:, n] += each.sign * each.of(edge.sums)
            parts.append(more)
            which.append(numpy.full(len(more), number, numpy.int32))
            behind.append(numpy.arange(len(more), dtype=numpy.int32))
        return numpy.concatenate(parts), numpy.concatenate(which), numpy.concatenate(behind)

    def let_go(self, node: int) -> None:
        """Forget the labels that nobody asks for any more; the ways stay."""
        for edge in self.graph.edges[node]:
            self.waiting[edge.to] -= 1
            if not self.waiting[edge.to]:
                self.values.pop(edge.to, None)

    def thinned(self, values: Any, kept: Any) -> tuple[Any, float]:
        """Fewer of the labels, and the factor that they may be worse by."""
        numpy = self.numpy
        some = values[kept].astype(float)
        large = numpy.abs(some)
        step = FINEST
        while True:
            cells = numpy.floor(numpy.log(numpy.maximum(large, 1)) / numpy.log1p(step)) + 1
            rounded = numpy.sign(some) * numpy.where(large > 0, cells, 0)
            found = kept[front(rounded)]
            if len(found) <= self.allowed:
                return found, 1 + step
            step *= 2

    def result(self) -> Labelled:
        """The designs of the start's labels, within the bounds, that are on the front."""
        numpy = self.numpy
        graph = self.graph
        if not graph.count:
            return Labelled([], 1.0, 0)
        values = self.values[0].copy()
        for n, each in enumerate(self.columns):
            if each.weights is None:
                jump, more = graph.base_slides[each.axis]
                values[:, n] = values[:, n] * jump + each.sign * (more + 1)
            else:
                values[:, n] += each.sign * each.of(graph.base)
        totals: dict[str, Any] = {}
        for n, (each, name) in enumerate(zip(self.columns, self.owners, strict=True)):
            own = each.sign * values[:, n]
            totals[name] = numpy.minimum(totals[name], own) if name in totals else own
        good = numpy.ones(len(values), bool)
        for name, sign, limit in self.bounds:
            good &= sign * totals[name] <= sign * limit
        some = numpy.flatnonzero(good)
        points = numpy.stack([key.sign * totals[key.name] for key in self.keys], 1)[some]
        some = some[front(points)] if len(some) else some
        points = numpy.stack([key.sign * totals[key.name] for key in self.keys], 1)[some]
        order = numpy.lexsort([points[:, n] for n in reversed(range(len(self.keys)))])
        places = [self.place(int(label)) for label in some[order]]
        return Labelled(places, self.factors[0], self.most)

    def place(self, label: int) -> int:
        """Where the design of a label of the start is in the list of all."""
        node, place = 0, 0
        while node in self.ways:
            which, behind = self.ways[node]
            taken = int(which[label])
            label = int(behind[label])
            edges = self.graph.edges[node]
            place += sum(self.graph.counts[edge.to] for edge in edges[:taken])
            node = edges[taken].to
        return place
