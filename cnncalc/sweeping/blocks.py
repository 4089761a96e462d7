"""The designs of a graph listed: blocks of them, one after another, with their totals as arrays.

Each block is the designs that go on from one node, with what the way there costs added: the
totals from a node to the ends are worked out once for each node near the ends, within a bound of
bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from cnncalc.layers.base import Shape
from cnncalc.sweeping.graph import SUMS, Design, Graph
from cnncalc.sweeping.outcomes import Slides, chained

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

__all__ = ["ABSENT", "Block", "Blocks", "block_of"]

Whole: TypeAlias = "NDArray[numpy.integer]"  # an entry for each of some designs

MOST_DESIGNS = 2**16  # of a block
MOST_BYTES = 128 * 2**20  # of the totals that are kept
ABSENT = -1  # the value of a choice that a design doesn't come to


class Block:
    """Some designs: arrays with an entry for each.

    Attributes:
        start: the place of the first one in the list of all.
        count: how many there are.
        sums: parameters, MACs, elements of outputs.
        fields: along each axis how much the units of the last map see.
        ends: the node that each ends at.
        picked: by choice, its value in each; `ABSENT` where it isn't made.
        places: of each in the list of all; None: from `start` on, one after another.
    """

    def __init__(
        self,
        start: int,
        count: int,
        sums: Sequence[Whole],
        fields: Sequence[Whole],
        ends: Whole,
        picked: dict[int, Whole],
        places: Sequence[int] | None = None,
    ) -> None:
        self.start = start
        self.count = count
        self.sums = sums
        self.fields = fields
        self.ends = ends
        self.picked = picked
        self.places = places

    def place(self, index: int) -> int:
        """Where one of them is in the list of all."""
        return self.start + index if self.places is None else self.places[index]


# The place in the list, the node, and what the way there costs and decides.
_Way = tuple[int, int, tuple[int, ...], Slides, dict[int, int]]


class _OnUse(Sequence[Whole]):
    """Arrays that are worked out when somebody asks for them."""

    def __init__(self, makers: Sequence[Callable[[], Whole]]) -> None:
        self.makers = makers
        self.made: dict[int, Whole] = {}

    def __len__(self) -> int:
        return len(self.makers)

    def __getitem__(self, number: Any) -> Any:
        if number not in self.made:
            self.made[number] = self.makers[number]()
        return self.made[number]


def _seen(jump: int, more: int, past: Whole) -> Whole:
    return past * jump + (more + 1) if jump != 1 else past + (more + 1)


class _Rest(NamedTuple):
    """The designs that go on from a node, from there to their ends."""

    sums: list[Whole]
    jumps: list[Whole]
    fields: list[Whole]
    ends: Whole
    picked: dict[int, Whole]


class Blocks:
    """All designs of a graph, in blocks.

    Args:
        graph: of the designs.
        choices: those whose values are wanted.
        most: designs of a block at most.
    """

    def __init__(self, graph: Graph, choices: Sequence[int] = (), most: int = MOST_DESIGNS) -> None:
        import numpy

        self.numpy = numpy
        self.graph = graph
        self.choices = tuple(choices)
        self.rests: dict[int, _Rest] = {}
        self.most = self._most(most)

    def _most(self, most: int) -> int:
        """Designs of a block at most, so that all that is kept has its bytes."""
        graph = self.graph
        each = 8 * (SUMS + 2 * graph.axes) + 4 + 2 * len(self.choices)
        while most > 64 and sum(n for n in graph.counts if n <= most) * each > MOST_BYTES:
            most //= 2
        return most

    def __iter__(self) -> Iterator[Block]:
        return self.since(0)

    def since(self, start: int) -> Iterator[Block]:
        """The blocks from the one on that holds a place of the list."""
        graph = self.graph
        todo: list[_Way] = [(0, 0, graph.base, graph.base_slides, {})] if graph.count else []
        while todo:
            place, node, sums, slides, picked = todo.pop()
            count = graph.counts[node]
            if place + count <= start:
                continue
            if count <= self.most or not graph.edges[node]:
                yield self.block(place, node, sums, slides, picked)
                continue
            further = []
            for edge in graph.edges[node]:
                own = tuple([one + two for one, two in zip(sums, edge.sums, strict=True)])
                past = chained(slides, edge.slides)
                further.append((place, edge.to, own, past, {**picked, edge.choice: edge.value}))
                place += graph.counts[edge.to]
            todo += reversed(further)

    def block(
        self, start: int, node: int, sums: Sequence[int], slides: Slides, picked: dict[int, int]
    ) -> Block:
        """The designs that go on from a node, with the way there."""
        rest = self.rest(node)
        count = self.graph.counts[node]
        totals = _OnUse([partial(add, *pair) for pair in zip(rest.sums, sums, strict=True)])
        pairs = zip(slides, rest.fields, strict=True)
        fields = _OnUse([partial(_seen, jump, more, past) for (jump, more), past in pairs])
        values = dict(rest.picked)
        for choice in self.choices:
            if choice in picked:
                values[choice] = self.numpy.full(count, picked[choice], self.numpy.int16)
        return Block(start, count, totals, fields, rest.ends, values)

    def rest(self, node: int) -> _Rest:
        """The totals from a node to the ends of all designs that go on from it."""
        if node not in self.rests:
            edges = self.graph.edges[node]
            made = self.joined(node) if edges else self.end(node)
            self.rests[node] = made
        return self.rests[node]

    def end(self, node: int) -> _Rest:
        numpy, tail = self.numpy, self.graph.tail(node)
        return _Rest(
            [numpy.zeros(1, numpy.int64) for _ in range(SUMS)],
            [numpy.array([jump], numpy.int64) for jump, _ in tail],
            [numpy.array([more], numpy.int64) for _, more in tail],
            numpy.array([node], numpy.int32),
            {choice: numpy.array([ABSENT], numpy.int16) for choice in self.choices},
        )

    def joined(self, node: int) -> _Rest:
        """One after another, the designs of each decision at a node."""
        join = self.numpy.concatenate
        edges = self.graph.edges[node]
        rests = [self.rest(edge.to) for edge in edges]
        both = list(zip(edges, rests, strict=True))
        axes = range(self.graph.axes)
        picked = {}
        for choice in self.choices:
            picked[choice] = join([rest.picked[choice] for rest in rests])
            if edges[0].choice == choice:
                values = [edge.value for edge in edges]
                counts = [self.graph.counts[edge.to] for edge in edges]
                picked[choice] = self.numpy.repeat(values, counts).astype(self.numpy.int16)
        return _Rest(
            [join([edge.sums[n] + rest.sums[n] for edge, rest in both]) for n in range(SUMS)],
            [join([edge.slides[n][0] * rest.jumps[n] for edge, rest in both]) for n in axes],
            [
                join(
                    [edge.slides[n][1] + edge.slides[n][0] * rest.fields[n] for edge, rest in both]
                )
                for n in axes
            ],
            join([rest.ends for rest in rests]),
            picked,
        )


def block_of(
    designs: Sequence[Design], places: Sequence[int], ends: dict[Shape, int], choices: Sequence[int]
) -> Block:
    """A block of designs that don't stand one after another.

    Args:
        designs: of the block.
        places: where each is in the list of all.
        ends: by the shape that comes out, a node where designs of it end.
        choices: those whose values are wanted.
    """
    import numpy

    def column(values: Sequence[int]) -> Whole:
        return numpy.array(values, numpy.int64)

    axes = len(designs[0].field) if designs else 0
    return Block(
        0,
        len(designs),
        [column([each.sums[n] for each in designs]) for n in range(SUMS)],
        [column([each.field[n] for each in designs]) for n in range(axes)],
        column([ends[each.shape] for each in designs]),
        {n: column([each.picked.get(n, ABSENT) for each in designs]) for n in choices},
        places,
    )
