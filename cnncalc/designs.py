"""Many designs of one network at once, by looking up.

Each layer that a step may be is asked once for each distinct thing that flows in; designs of
which the same flows on go on as one. So what is counted, listed or looked for are paths through
a small graph: `take` gives its ends, and `Designs` the paths, the simplest first. It serves
`solve`, whose choices are values of unknowns, and `sweep`, whose choices stand in the text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Any, NamedTuple

from cnncalc.analysis import settle
from cnncalc.errors import CnnCalcError, LayerError
from cnncalc.layers.base import Layer, Shape
from cnncalc.network import Step

__all__ = [
    "Choice",
    "Cost",
    "Designs",
    "Edge",
    "Node",
    "Priced",
    "Refusal",
    "Refused",
    "Sizes",
    "Varied",
    "added",
    "take",
]

# By step, what it may be, one entry for each value of the choice: layers; of step 0 the shapes
# that flow in. Steps of one choice are tied.
Choice = Mapping[int, Sequence[Any]]
Cost = tuple[Any, ...]  # compared as tuples are, added by who knows what it holds
Outcome = Hashable  # what flows on from a step; None from a step that isn't there
Inputs = tuple[Any, ...]
Priced = tuple[Outcome, Cost, Sequence[int]]  # what flows on, at which cost, with which values


class Varied(NamedTuple):
    """How choices decide what a step is.

    Attributes:
        choices: those whose values tell which layer it is.
        options: by the value of the one choice, or the values of all of them as a tuple: layers;
            of step 0 shapes; a LayerError for what can't be.
        when: choices, with the values at which the step is there at all.
        passes: of a step that hands on what one of its inputs gives: by the choice's value, which.
    """

    choices: tuple[int, ...] = ()
    options: Any = ()
    when: tuple[tuple[int, frozenset[int]], ...] = ()
    passes: tuple[int, ...] | None = None

    @property
    def needs(self) -> tuple[int, ...]:
        """All the choices that it asks about."""
        return *(choice for choice, _ in self.when), *self.choices


ALWAYS = Varied()


class Refused(NamedTuple):
    """Why a design can't be: the step, and what its layer says."""

    step: int
    error: LayerError


class Refusal(NamedTuple):
    """What flows on in designs that can't be, where they are to be counted by step and reason."""

    step: int
    code: str


class Edge(NamedTuple):
    """One decision: from a node, the choice, the values that lead on alike, and their cost."""

    before: Node
    choice: int
    values: Sequence[int]
    cost: Cost


class Node:
    """What flows on at one place of the designs; its edges lead back, and none from the start."""

    __slots__ = ("edges",)

    def __init__(self, edges: Sequence[Edge] = ()) -> None:
        self.edges = list(edges)


class Sizes:
    """What flows on in the designs that `take` follows: shapes, by each layer's own `output`.

    Attributes:
        most: states at one place, beyond which there is no use in looking up; None: any number.
        counted: whether designs that can't be are followed to the end, to be counted.
    """

    most: int | None = None
    counted = False

    def start(self, shape: Shape) -> Outcome:
        """What flows in, at an input of this shape."""
        return shape

    def one(self, step: Step, layer: Layer, inputs: Inputs) -> Outcome:
        """What a step makes of what flows in, with this layer; LayerError where it refuses."""
        declared = step if layer is step.layer else step.replaced(layer=layer)
        return settle(declared, inputs).output(*inputs)

    def priced(self, step: Step, layer: Layer, inputs: Inputs) -> tuple[Outcome, Cost]:
        """The same, and what it costs."""
        return self.one(step, layer, inputs), ()

    def all(
        self, step: Step, layers: Sequence[Layer], inputs: Inputs, refuse: Callable[..., None]
    ) -> Iterable[Priced]:
        """The same for each of many layers, by their numbers."""
        return self.asked(step, layers, range(len(layers)), inputs, refuse)

    def asked(
        self,
        step: Step,
        layers: Sequence[Layer],
        numbers: Iterable[int],
        inputs: Inputs,
        refuse: Callable[..., None],
    ) -> Iterable[Priced]:
        """The same for some of the layers, asked one by one."""
        found: dict[tuple[Outcome, Cost], list[int]] = {}
        for number in numbers:
            try:
                layer = layers[number]
                if isinstance(layer, LayerError):
                    raise layer
                told = self.priced(step, layer, inputs)
            except LayerError as error:
                refuse(error, number)
            else:
                found.setdefault(told, []).append(number)
        return [(outcome, cost, numbers) for (outcome, cost), numbers in found.items()]

    def cut(self, flow: Inputs) -> tuple[Inputs, Cost]:
        """What may be told apart from what flows on, as a cost, so that less is to be told."""
        return flow, ()

    def combined(self, one: Cost, two: Cost) -> Cost:
        """What two parts of a design cost together, the first before the second."""
        return added(one, two)


class Designs:
    """What all designs come to.

    Attributes:
        ends: by what the steps that were asked about make, where their designs end.
        base: what all designs cost before the first choice.
        refused: what the first layer that refuses says; None: none does.
        reasons: what the first layer says of each step and reason.
    """

    def __init__(
        self,
        ends: Mapping[Inputs, Node],
        base: Cost,
        refused: Refused | None,
        reasons: Mapping[Refusal, LayerError],
    ) -> None:
        self.ends = ends
        self.base = base
        self.refused = refused
        self.reasons = reasons
        self._counts: dict[Node, int] = {}

    def count(self, node: Node) -> int:
        """How many designs end at a node."""
        if not node.edges:
            return 1
        if node not in self._counts:
            ways = (self.count(edge.before) * len(edge.values) for edge in node.edges)
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
        search = _Search(cost)
        for end in ends:
            search.add((), end, {}, end)
        return iter(search)


class _Search:
    """Paths back from some ends, the cheapest first by what is spent and the least to come."""

    def __init__(self, cost: Callable[[int, int], Cost]) -> None:
        self.cost = cost
        self.priced: dict[Node, list[tuple[Cost, Edge, int]]] = {}
        self.cheapest: dict[Node, Cost] = {}
        self.order = count()
        self.heap: list[tuple[Cost, int, Cost, Node, dict[int, int], Node]] = []

    def __iter__(self) -> Iterator[tuple[Cost, dict[int, int], Node]]:
        while self.heap:
            total, _, spent, node, values, end = heappop(self.heap)
            if not node.edges:
                yield total, values, end
                continue
            for price, edge, value in self.prices(node):
                self.add(added(spent, price), edge.before, {**values, edge.choice: value}, end)

    def add(self, spent: Cost, node: Node, values: dict[int, int], end: Node) -> None:
        """Go on from a node later, with what its designs cost so far."""
        total = added(spent, self.least(node))
        heappush(self.heap, (total, next(self.order), spent, node, values, end))

    def least(self, node: Node) -> Cost:
        """The least that leads to a node."""
        if node not in self.cheapest:
            ways = (added(price, self.least(edge.before)) for price, edge, _ in self.prices(node))
            self.cheapest[node] = min(ways) if node.edges else ()
        return self.cheapest[node]

    def prices(self, node: Node) -> list[tuple[Cost, Edge, int]]:
        """What each way to a node costs, the edge, and the choice's value."""
        if node not in self.priced:
            self.priced[node] = [
                (self.cost(edge.choice, int(value)), edge, int(value))
                for edge in node.edges
                for value in edge.values
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
    counts: Sequence[int],
    varied: Mapping[int, Varied],
    asked: Sequence[int],
    formulas: Sizes | None = None,
) -> Designs:
    """Follow all designs of a network through its steps.

    Args:
        steps: of the network.
        first: the input's shape, where no choice is of step 0.
        counts: how many values each choice has.
        varied: what choices decide, by step.
        asked: the steps of which the designs are to tell.
        formulas: what flows on; None: shapes.

    Raises:
        CnnCalcError: more different things flow on than the formulas allow.
    """
    return _Taking(steps, first, counts, varied, asked, formulas or Sizes()).designs()


State = tuple[Inputs, tuple[int | None, ...]]
Picked = Mapping[int, int]


class _Taking:
    """The one loop over the steps: what flows at this place, and where it came from.

    A state is what later steps read, and the values of choices that later steps ask about.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        first: Shape,
        counts: Sequence[int],
        varied: Mapping[int, Varied],
        asked: Sequence[int],
        formulas: Sizes,
    ) -> None:
        self.steps = steps
        self.first = first
        self.counts = counts
        self.varied = varied
        self.asked = asked
        self.formulas = formulas
        self.until = {read: number for number, each in enumerate(steps) for read in each.inputs}
        self.until |= dict.fromkeys(asked, len(steps))
        self.last = {each: step for step in sorted(varied) for each in varied[step].needs}
        self.begun: list[int] = []  # the choices that some state may have made
        self.flowing: list[int] = []  # the steps that a state has
        self.tied: list[int] = []  # the choices that it has
        self.kept: list[int] = []  # places among the flowing that later steps read
        self.states: dict[State, Node] = {((), ()): Node()}
        self.base: Cost = ()
        self.known: dict[tuple[Any, ...], tuple[Outcome, Cost]] = {}
        self.decided: dict[tuple[int, Inputs], list[Priced]] = {}
        self.refused: Refused | None = None
        self.reasons: dict[Refusal, LayerError] = {}

    def designs(self) -> Designs:
        for number in range(len(self.steps)):
            self.take(number)
        places = [self.flowing.index(each) for each in self.asked]
        ends = {tuple(flow[at] for at in places): node for (flow, _), node in self.states.items()}
        return Designs(ends, self.base, self.refused, self.reasons)

    def take(self, number: int) -> None:
        """Go past one step."""
        varied = self.varied.get(number, ALWAYS)
        before = self.tied
        self.begun += [each for each in varied.needs if each not in self.begun]
        self.tied = [each for each in self.begun if self.last[each] > number]
        flowing = [*self.flowing, number]
        self.kept = [at for at, step in enumerate(flowing) if self.until.get(step, -1) > number]
        states, self.states = self.states, {}
        for (flow, ties), node in states.items():
            pairs = zip(before, ties, strict=True)
            picked = {each: value for each, value in pairs if value is not None}
            self.through(number, varied, flow, picked, node)
        self.flowing = [flowing[at] for at in self.kept]
        if self.formulas.most is not None and len(self.states) > self.formulas.most:
            raise CnnCalcError(
                f"more than {self.formulas.most:,} different things flow on behind "
                f"`{self.steps[number].name}`: too many for tables",
                code="too-many-states",
            )

    def through(
        self, number: int, varied: Varied, flow: Inputs, picked: Picked, node: Node
    ) -> None:
        """Let the designs of one state go past a step."""
        dead = flow[0] if flow and isinstance(flow[0], Refusal) else None
        for choice, allowed in varied.when:
            if choice not in picked:
                self.part(choice, number, varied, flow, picked, node)
                return
            if picked[choice] not in allowed:
                self.join((*flow, dead), picked, node.edges)
                return
        open_ = [each for each in varied.choices if each not in picked]
        if dead is not None:
            self.count_on(number, varied, flow, picked, node, open_)
        elif open_ and (len(varied.choices) > 1 or self.last[open_[0]] > number):
            self.part(open_[0], number, varied, flow, picked, node)
        else:
            inputs = tuple([flow[self.flowing.index(i)] for i in self.steps[number].inputs])
            for outcome, cost, values in self.outcomes(number, varied, picked, inputs, open_):
                all_of_it = isinstance(outcome, Refusal)
                whole = (outcome,) * (len(flow) + 1) if all_of_it else (*flow, outcome)
                edges = [Edge(node, open_[0], values, ())] if open_ else node.edges
                self.join(whole, picked, edges, cost)

    def part(
        self, choice: int, number: int, varied: Varied, flow: Inputs, picked: Picked, node: Node
    ) -> None:
        """Let each value of a choice go on by itself."""
        for value in range(self.counts[choice]):
            edge = Edge(node, choice, (value,), ())
            self.through(number, varied, flow, {**picked, choice: value}, Node([edge]))

    def count_on(
        self,
        number: int,
        varied: Varied,
        flow: Inputs,
        picked: Picked,
        node: Node,
        open_: Sequence[int],
    ) -> None:
        """Let designs that can't be go on, only to be counted."""
        if not open_:
            self.join((*flow, flow[0]), picked, node.edges)
        elif len(open_) > 1 or self.last[open_[0]] > number:
            self.part(open_[0], number, varied, flow, picked, node)
        else:
            values = range(self.counts[open_[0]])
            self.join((*flow, flow[0]), picked, [Edge(node, open_[0], values, ())])

    def join(self, whole: Inputs, picked: Picked, edges: Sequence[Edge], cost: Cost = ()) -> None:
        """Let some designs go on in a state, at a cost."""
        here = tuple([whole[at] for at in self.kept])
        if not (here and isinstance(here[0], Refusal)):
            here, apart = self.formulas.cut(here)
            cost = self.formulas.combined(cost, apart) if apart else cost
        ties = tuple([picked.get(each) for each in self.tied])
        node = self.states.get((here, ties))
        if node is None:
            node = self.states[here, ties] = Node()
        if not edges:
            self.base = self.formulas.combined(self.base, cost)
        elif cost:
            combined = self.formulas.combined
            edges = [Edge(*each[:3], combined(each.cost, cost)) for each in edges]
        node.edges += edges

    def outcomes(
        self,
        number: int,
        varied: Varied,
        picked: Picked,
        inputs: Inputs,
        open_: Sequence[int],
    ) -> list[Priced]:
        """What may flow on from a step, each with the values of the choice that it decides."""
        if varied.passes is not None:
            return _passed(varied.passes, inputs, picked, varied.choices[0], open_)
        step = self.steps[number]
        if open_:
            return self.all(number, varied.options, inputs)
        values = tuple([picked[each] for each in varied.choices])
        key = (number, values, inputs) if values or not number else (id(step.layer), inputs)
        if key not in self.known:
            self.known[key] = self.one(number, varied, values, inputs)
        outcome, cost = self.known[key]
        return [] if outcome is None else [(outcome, cost, ())]

    def all(self, number: int, options: Any, inputs: Inputs) -> list[Priced]:
        """What flows on with each value of a choice."""
        if number == 0:
            start = self.formulas.start
            return [(start(shape), (), (at,)) for at, shape in enumerate(options)]
        if (number, inputs) not in self.decided:
            dead: dict[Refusal, list[int]] = {}
            refuse = partial(self.refuse, number, dead)
            found = list(self.formulas.all(self.steps[number], options, inputs, refuse))
            if self.formulas.counted:
                found += [(each, (), values) for each, values in dead.items()]
            self.decided[number, inputs] = found
        return self.decided[number, inputs]

    def one(
        self, number: int, varied: Varied, values: tuple[int, ...], inputs: Inputs
    ) -> tuple[Outcome, Cost]:
        """What flows on with these values; None: nothing, as the layer refuses."""
        option: Any = self.first if number == 0 else self.steps[number].layer
        try:
            if values:
                option = varied.options[values if len(values) > 1 else values[0]]
            if isinstance(option, LayerError):
                raise option
            if number == 0:
                return self.formulas.start(option), ()
            return self.formulas.priced(self.steps[number], option, inputs)
        except LayerError as error:
            dead: dict[Refusal, list[int]] = {}
            self.refuse(number, dead, error)
            return (next(iter(dead)) if self.formulas.counted else None), ()

    def refuse(
        self, number: int, dead: dict[Refusal, list[int]], error: LayerError, value: int = 0
    ) -> None:
        """Keep what the first layer that refuses says, and the first of each reason."""
        self.refused = self.refused or Refused(number, error)
        refusal = Refusal(number, error.code)
        self.reasons.setdefault(refusal, error)
        dead.setdefault(refusal, []).append(value)


def _passed(
    passes: Sequence[int], inputs: Inputs, picked: Picked, choice: int, open_: Sequence[int]
) -> list[Priced]:
    """What flows on where one of the inputs does, by a choice's value."""
    if not open_:
        return [(inputs[passes[picked[choice]]], (), ())]
    return [(inputs[which], (), (value,)) for value, which in enumerate(passes)]
