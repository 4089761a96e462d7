"""The designs of a spec as paths through a graph, with what each decision costs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from random import Random
from typing import NamedTuple

from cnncalc.designs import Cost, Designs, Node, Refusal
from cnncalc.errors import CnnCalcError, LayerError
from cnncalc.layers.base import Shape
from cnncalc.sweeping.outcomes import ShapeAndView, Slides, chained, seen_by

__all__ = ["LARGEST", "SUMS", "Design", "Edge", "Graph", "Refusals"]

LARGEST = 2**63 - 1
EMPTY = Refusal(0, "empty")  # of designs that have no layers
SUMS = 3  # parameters, MACs, elements


class Edge(NamedTuple):
    """One decision: the choice, its value, the node that it leads to, and what it costs.

    Attributes:
        sums: parameters, MACs, elements of outputs.
        slides: of each axis of the field (see `figures`).
    """

    choice: int
    value: int
    to: int
    sums: tuple[int, ...]
    slides: Slides


class Design(NamedTuple):
    """One design.

    Attributes:
        picked: the values of its choices.
        sums: parameters, MACs, elements of outputs.
        field: how much the units of the last map see, along each axis.
        shape: of the output.
    """

    picked: dict[int, int]
    sums: tuple[int, ...]
    field: tuple[int, ...]
    shape: Shape


class Refusals(NamedTuple):
    """Designs that can't be for one reason: how many, the step, and what its layer says first."""

    designs: int
    step: int
    error: LayerError


class Graph:
    """The designs that work.

    Attributes:
        edges: by node, the decisions there; none at an end. Node 0 is the start.
        shapes: by end, what comes out.
        base: what all designs cost.
        axes: of the field; 0: nobody asked.
        counts: by node, how many designs go on from it.
        refused: the designs that can't be.
    """

    def __init__(self, designs: Designs) -> None:
        self.edges: list[list[Edge]] = []
        self.shapes: dict[int, Shape] = {}
        self.refused: list[Refusals] = []
        self._tails: dict[int, Slides] = {}
        base = designs.base or (0, 0, 0, ())
        self.base, self.base_slides = base[:SUMS], base[SUMS]
        ends = self._ends(designs)
        self._number(ends)
        self.counts = self._counted()
        self.total = sum(each.designs for each in self.refused) + self.count
        self.axes = self._axes()
        self._check()

    @property
    def count(self) -> int:
        """How many designs work."""
        return self.counts[0] if self.counts else 0

    def _ends(self, designs: Designs) -> dict[Node, ShapeAndView]:
        """The ends of designs that work; the others are counted."""
        ends, refused = {}, dict[Refusal, int]()
        for (outcome,), node in designs.ends.items():
            if isinstance(outcome, Refusal) or outcome.bare:
                reason = outcome if isinstance(outcome, Refusal) else EMPTY
                refused[reason] = refused.get(reason, 0) + designs.count(node)
            else:
                ends[node] = outcome
        reasons = {EMPTY: LayerError("nothing is left of the layers", code="empty")}
        reasons |= designs.reasons
        self.refused = [Refusals(n, each.step, reasons[each]) for each, n in refused.items()]
        self.refused.sort(key=lambda each: (-each.designs, each.step))
        return ends

    def _number(self, ends: Mapping[Node, ShapeAndView]) -> None:
        """Number the nodes, those before others first, and turn the edges round."""
        order = _in_order(list(ends))
        numbers = {node: number for number, node in enumerate(order)}
        self.edges = [[] for _ in order]
        for node, number in numbers.items():
            for choice_edge in node.edges:
                cost: Cost = choice_edge.cost or (0, 0, 0, ())
                for value in choice_edge.values:
                    edge = Edge(choice_edge.choice, value, number, cost[:SUMS], cost[SUMS])
                    self.edges[numbers[choice_edge.before]].append(edge)
        for edges in self.edges:
            edges.sort(key=lambda edge: edge.value)
        for node, end in ends.items():
            self.shapes[numbers[node]] = end.shape
            self._tails[numbers[node]] = tuple([(0, size - 1) for size in seen_by(end.view)])

    def _counted(self) -> list[int]:
        counts = [0] * len(self.edges)
        for number in reversed(range(len(self.edges))):
            edges = self.edges[number]
            counts[number] = sum(counts[edge.to] for edge in edges) + (number in self.shapes)
        return counts

    def _axes(self) -> int:
        """How many axes of the field differ; they are but one where all see alike."""
        axes = max((len(each) for each in self._tails.values()), default=0)
        slides = [self.base_slides, *self._tails.values()]
        slides += [edge.slides for edges in self.edges for edge in edges]
        if axes > 1 and all(len(set(each)) <= 1 for each in slides):
            self.base_slides = self.base_slides[:1]
            self._tails = {end: each[:1] for end, each in self._tails.items()}
            self.edges = [
                [edge._replace(slides=edge.slides[:1]) for edge in edges] for edges in self.edges
            ]
            axes = 1
        none = ((1, 0),) * axes
        self.base_slides = self.base_slides or none
        self.edges = [
            [edge if edge.slides else edge._replace(slides=none) for edge in edges]
            for edges in self.edges
        ]
        return axes

    def only(self, ends: Collection[int]) -> Graph:
        """The designs that end at some of the ends; nodes keep their numbers."""
        twin = copy(self)
        twin.shapes = {end: self.shapes[end] for end in ends}
        twin.counts = twin._counted()
        twin.edges = [[edge for edge in edges if twin.counts[edge.to]] for edges in self.edges]
        return twin

    def tail(self, end: int) -> Slides:
        """What the field of an end's designs has beside that of their decisions."""
        return self._tails[end]

    def _check(self) -> None:
        """CnnCalcError where a total may be beyond 64 bits."""
        most = [[0] * SUMS for _ in self.edges]
        field = [[(1, 0)] * self.axes for _ in self.edges]
        for number in reversed(range(len(self.edges))):
            if number in self.shapes:
                field[number] = [(1, each[1]) for each in self._tails[number]]
            for edge in self.edges[number]:
                sums = zip(edge.sums, most[edge.to], most[number], strict=True)
                most[number] = [max(own + rest, best) for own, rest, best in sums]
                past = chained(edge.slides, tuple(field[edge.to]))
                pairs = zip(past, field[number], strict=True)
                field[number] = [(max(a, c), max(b, d)) for (a, b), (c, d) in pairs]
        largest = [own + rest for own, rest in zip(self.base, most[0], strict=True)] if most else []
        largest += [each[1] for each in chained(self.base_slides, tuple(field[0]))] if most else []
        if max(largest, default=0) > LARGEST // 16:  # bytes are up to 8 times as many
            raise CnnCalcError(
                "the totals of some designs are beyond 64-bit numbers", code="too-large"
            )

    def designs(self, start: int = 0) -> Iterator[Design]:
        """The designs from a place in the list on, in order."""
        for index in range(start, self.count):
            yield self.design(index)

    def design(self, index: int) -> Design:
        """The design at a place of the list."""
        node, sums, slides = 0, list(self.base), self.base_slides
        picked: dict[int, int] = {}
        while node not in self.shapes:
            for edge in self.edges[node]:
                if index < self.counts[edge.to]:
                    break
                index -= self.counts[edge.to]
            picked[edge.choice] = edge.value
            sums = [own + more for own, more in zip(sums, edge.sums, strict=True)]
            slides = chained(slides, edge.slides)
            node = edge.to
        field = chained(slides, self._tails[node])
        return Design(
            picked, tuple(sums), tuple([more + 1 for _, more in field]), self.shapes[node]
        )

    def sample(self, count: int, seed: int) -> list[int]:
        """Places of some designs, each once, in order."""
        if count >= self.count:
            return list(range(self.count))
        random = Random(seed)
        found: set[int] = set()
        while len(found) < count:
            found.add(random.randrange(self.count))
        return sorted(found)


def _in_order(ends: Sequence[Node]) -> list[Node]:
    """The nodes that lead to some ends, each behind all those that lead to it."""
    order: dict[Node, None] = {}
    todo: list[tuple[Node, bool]] = [(end, False) for end in reversed(ends)]
    while todo:
        node, done = todo.pop()
        if node in order:
            continue
        if done:
            order[node] = None
            continue
        todo.append((node, True))
        todo += [(edge.before, False) for edge in node.edges if edge.before not in order]
    return list(order)
