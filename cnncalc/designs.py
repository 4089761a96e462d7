"""Many designs of one network at once, by looking up.

Each layer that a step may be is asked once for each distinct thing that flows in; designs of
which the same flows on go on as one. So what is counted, and what is looked for, are paths through
a small graph: `take` gives its ends, and `Designs` the paths, the simplest first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Any, NamedTuple

from cnncalc.analysis import settle
from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Shape
from cnncalc.network import Step

__all__ = ["Choice", "Cost", "Designs", "Node", "Refused", "Sizes", "added", "take"]

# By step, what it may be, one entry for each value of the choice: layers; of step 0 the shapes
# that flow in. Steps of one choice are tied.
Choice = Mapping[int, Sequence[Any]]
Cost = tuple[int, ...]  # compared as tuples are, added number by number
Outcome = Hashable  # what flows on from a step
Inputs = tuple[Any, ...]


class Refused(NamedTuple):
    """Why a design can't be: the step, and what its layer says."""

    step: int
    error: LayerError


class Node:
    """What flows on at one place of the designs; its edges lead back.

    Attributes:
        depth: how many choices are decided here.
        edges: nodes of one decision less, and the values that lead from each to this one; none at
            the start.
    """

    __slots__ = ("depth", "edges")

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.edges: list[tuple[Node, Sequence[int]]] = []


class Sizes:
    """What flows on in the designs that `take` follows: shapes, by each layer's own `output`."""

    def start(self, shape: Shape) -> Outcome:
        """What flows in, at an input of this shape."""
        return shape

    def one(self, step: Step, layer: Layer, inputs: Inputs) -> Outcome:
        """What a step makes of what flows in, with this layer; LayerError where it refuses."""
        declared = step if layer is step.layer else step.replaced(layer=layer)
        return settle(declared, inputs).output(*inputs)

    def all(
        self, step: Step, layers: Sequence[Layer], inputs: Inputs, refuse: Callable[..., None]
    ) -> dict[Outcome, Sequence[int]]:
        """The same for each of many layers: by what flows on, the numbers of the layers."""
        return self.asked(step, layers, range(len(layers)), inputs, refuse)

    def asked(
        self,
        step: Step,
        layers: Sequence[Layer],
        numbers: Iterable[int],
        inputs: Inputs,
        refuse: Callable[..., None],
    ) -> dict[Outcome, Sequence[int]]:
        """The same for some of the layers, asked one by one."""
        found: dict[Outcome, list[int]] = {}
        for number in numbers:
            try:
                outcome = self.one(step, layers[number], inputs)
            except LayerError as error:
                refuse(error)
            else:
                found.setdefault(outcome, []).append(number)
        return {**found}


class Designs:
    """What all designs come to.

    Attributes:
        ends: by what the steps that were asked about make, where their designs end.
        opened: the numbers of the choices in the order in which steps decide them.
        refused: what the first layer that refuses says; None: none does.
    """

    def __init__(
        self, ends: Mapping[Inputs, Node], opened: Sequence[int], refused: Refused | None
    ) -> None:
        self.ends = ends
        self.opened = tuple(opened)
        self.refused = refused
        self._counts: dict[Node, int] = {}

    def count(self, node: Node) -> int:
        """How many designs end at a node."""
        if not node.depth:
            return 1
        if node not in self._counts:
            ways = (self.count(before) * len(values) for before, values in node.edges)
            self._counts[node] = sum(ways)
        return self._counts[node]

    def simplest(
        self, ends: Collection[Node], cost: Callable[[int, int], Cost]
    ) -> Iterator[tuple[Cost, dict[int, int], Node]]:
        """The designs that end at some nodes, those of least cost first.

        Args:
            ends: of which designs.
            cost: of a choice's value; a design's is the sum.

        Yields:
            The cost of a design, its value for each choice, and where it ends.
        """
        search = _Search(self.opened, cost)
        for end in ends:
            search.add((), end, {}, end)
        return iter(search)


class _Search:
    """Paths back from some ends, the cheapest first by what is spent and the least to come."""

    def __init__(self, opened: Sequence[int], cost: Callable[[int, int], Cost]) -> None:
        self.opened = opened
        self.cost = cost
        self.priced: dict[Node, list[tuple[Cost, Node, int]]] = {}
        self.cheapest: dict[Node, Cost] = {}
        self.order = count()
        self.heap: list[tuple[Cost, int, Cost, Node, dict[int, int], Node]] = []

    def __iter__(self) -> Iterator[tuple[Cost, dict[int, int], Node]]:
        while self.heap:
            total, _, spent, node, values, end = heappop(self.heap)
            if not node.depth:
                yield total, values, end
                continue
            choice = self.opened[node.depth - 1]
            for price, before, value in self.prices(node):
                self.add(added(spent, price), before, {**values, choice: value}, end)

    def add(self, spent: Cost, node: Node, values: dict[int, int], end: Node) -> None:
        """Go on from a node later, with what its designs cost so far."""
        total = added(spent, self.least(node))
        heappush(self.heap, (total, next(self.order), spent, node, values, end))

    def least(self, node: Node) -> Cost:
        """The least that leads to a node."""
        if node not in self.cheapest:
            ways = (added(price, self.least(before)) for price, before, _ in self.prices(node))
            self.cheapest[node] = min(ways) if node.depth else ()
        return self.cheapest[node]

    def prices(self, node: Node) -> list[tuple[Cost, Node, int]]:
        """What each way to a node costs, the node before it, and the choice's value."""
        if node not in self.priced:
            choice = self.opened[node.depth - 1] if node.depth else 0
            self.priced[node] = [
                (self.cost(choice, int(value)), before, int(value))
                for before, values in node.edges
                for value in values
            ]
        return self.priced[node]


def added(one: Cost, two: Cost) -> Cost:
    """The sum of two costs; of one that is empty, the other."""
    if not one or not two:
        return one or two
    return tuple([a + b for a, b in zip(one, two, strict=True)])


def take(
    steps: Sequence[Step],
    first: Shape,
    choices: Sequence[Choice],
    asked: Sequence[int],
    formulas: Sizes | None = None,
) -> Designs:
    """Follow all designs of a network through its steps.

    Args:
        steps: of the network.
        first: the input's shape, where no choice is of step 0.
        choices: what some steps may be; no step is in two of them.
        asked: the steps of which the designs are to tell.
        formulas: what flows on; None: shapes.
    """
    return _Taking(steps, first, choices, asked, formulas or Sizes()).designs()


class _Taking:
    """The one loop over the steps: what flows at this place, and where it came from.

    A state is what later steps read, and the values of choices that later steps are tied to.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        first: Shape,
        choices: Sequence[Choice],
        asked: Sequence[int],
        formulas: Sizes,
    ) -> None:
        self.steps = steps
        self.first = first
        self.choices = choices
        self.asked = asked
        self.formulas = formulas
        self.deciding = {step: number for number, each in enumerate(choices) for step in each}
        self.until = {read: number for number, each in enumerate(steps) for read in each.inputs}
        self.until |= dict.fromkeys(asked, len(steps))
        self.opened: list[int] = []
        self.flowing: list[int] = []  # the steps that a state has
        self.tied: list[int] = []  # the choices that it has
        self.states: dict[tuple[Inputs, tuple[int, ...]], Node] = {((), ()): Node(0)}
        self.known: dict[tuple[Any, ...], Outcome] = {}
        self.decided: dict[tuple[int, Inputs], list[tuple[Outcome, Sequence[int]]]] = {}
        self.refused: Refused | None = None

    def designs(self) -> Designs:
        for number in range(len(self.steps)):
            self.take(number)
        places = [self.flowing.index(each) for each in self.asked]
        ends = {tuple(flow[at] for at in places): node for (flow, _), node in self.states.items()}
        return Designs(ends, self.opened, self.refused)

    def take(self, number: int) -> None:
        """Go past one step."""
        choice = self.deciding.get(number)
        opens = choice is not None and choice not in self.opened
        if opens and choice is not None:
            self.opened.append(choice)
        flowing = [*self.flowing, number]
        kept = [at for at, step in enumerate(flowing) if self.until.get(step, -1) > number]
        tied = [each for each in self.opened if max(self.choices[each]) > number]
        states, self.states = self.states, {}
        for (flow, ties), node in states.items():
            picked = dict(zip(self.tied, ties, strict=True))
            inputs = tuple([flow[self.flowing.index(i)] for i in self.steps[number].inputs])
            for outcome, values in self.outcomes(number, choice, picked, inputs):
                whole = (*flow, outcome)
                here = tuple([whole[at] for at in kept])
                if not opens:
                    self.join(here, tuple([picked[each] for each in tied]), node.depth, node.edges)
                elif choice in tied:
                    for value in values:
                        ties = tuple([{**picked, choice: int(value)}[each] for each in tied])
                        self.join(here, ties, node.depth + 1, [(node, (value,))])
                else:
                    ties = tuple([picked[each] for each in tied])
                    self.join(here, ties, node.depth + 1, [(node, values)])
        self.flowing, self.tied = [flowing[at] for at in kept], tied

    def join(self, flow: Inputs, ties: tuple[int, ...], depth: int, edges: Any) -> None:
        """Let some designs go on in a state."""
        node = self.states.setdefault((flow, ties), Node(depth))
        node.edges += edges

    def outcomes(
        self, number: int, choice: int | None, picked: Mapping[int, int], inputs: Inputs
    ) -> list[tuple[Outcome, Sequence[int]]]:
        """What may flow on from a step, each with the values of the choice that it decides."""
        step = self.steps[number]
        options: Sequence[Any] = [self.first if number == 0 else step.layer]
        if choice is not None:
            options = self.choices[choice][number]
        if number == 0:
            return [(self.formulas.start(shape), (at,)) for at, shape in enumerate(options)]
        if choice is None or choice in picked:
            value = 0 if choice is None else picked[choice]
            key = (id(step.layer) if choice is None else -number, value, inputs)
            if key not in self.known:
                self.known[key] = self.one(number, options, value, inputs)
            outcome = self.known[key]
            return [] if outcome is None else [(outcome, ())]
        if (number, inputs) not in self.decided:
            refuse = partial(self.refuse, number)
            found = self.formulas.all(step, options, inputs, refuse)
            self.decided[number, inputs] = list(found.items())
        return self.decided[number, inputs]

    def one(self, number: int, options: Sequence[Any], value: int, inputs: Inputs) -> Outcome:
        """What flows on with one value; None: nothing, as the layer refuses."""
        try:
            return self.formulas.one(self.steps[number], options[value], inputs)
        except LayerError as error:
            self.refuse(number, error)
            return None

    def refuse(self, number: int, error: LayerError) -> None:
        """Keep what the first layer that refuses says."""
        self.refused = self.refused or Refused(number, error)
