"""One network with unknowns, and all the designs that their values make of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import merge
from typing import NamedTuple

from cnncalc.analysis import analyze, check_input
from cnncalc.designs import Cost, Designs, Inputs, Node, Sizes, Varied, added, take
from cnncalc.errors import SpecError
from cnncalc.layers.base import Layer, Shape
from cnncalc.network import Network
from cnncalc.receptive import fields_of
from cnncalc.rows import as_layout
from cnncalc.solutions import Goal
from cnncalc.solving.choices import (
    MEASURES,
    Bounds,
    Group,
    groups_of,
    plainness,
    unknowns_in,
    uses_of,
)
from cnncalc.solving.outcomes import Manifold, NoChainError, SizesAndFields

__all__ = ["Part", "Way"]

MOST_RUN = 3_000  # designs whose fields are worked out one by one


class Way(NamedTuple):
    """Values for the unknowns, what they cost, and what the network then gives."""

    cost: Cost
    values: dict[str, int]
    first: Shape
    output: Shape
    field: tuple[int, ...]


class Part:
    """A network whose steps are known, and the designs of its unknowns.

    Attributes:
        refused: why the first design can't be that can't.
        distances: how far from what is asked for designs are.
    """

    def __init__(
        self,
        network: Network,
        first: Shape,
        goal: Goal,
        bounds: Mapping[str, Bounds],
        fixed: Mapping[str, int],
    ) -> None:
        self.network = network
        self.first = first
        self.goal = goal
        self.bounds = bounds
        self.fixed = fixed
        self.groups = groups_of(network.steps, uses_of(network.steps), bounds)
        sizes = list(dict.fromkeys(unknowns_in(first)))
        if sizes:
            self.open_input(sizes)
        else:
            check_input(first)
        self.standing = self.cost_of_the_rest()
        self.designs, self.sighted = self.taken()
        self.refused = self.why_refused()
        self.by_distance: dict[int, list[_End]] = {}
        self.sort()

    @property
    def distances(self) -> list[int]:
        return list(self.by_distance)

    def open_input(self, names: Sequence[str]) -> None:
        """Let what flows in be a choice, together with the layers that it is tied to."""
        tied = [group for group in self.groups if set(group.names) & set(names)]
        layers: dict[int, Layer | Shape] = {0: self.first}
        members = list(names)
        for group in tied:
            self.groups.remove(group)
            layers |= group.layers
            members += [name for name in group.names if name not in members]
        bounds = [self.bounds[name] for name in members]
        self.groups.append(Group(members, bounds, layers))

    def cost_of_the_rest(self) -> Cost:
        """What the layers cost that have no unknowns, and the numbers of repeats."""
        decided = {step for group in self.groups for step in group.layers}
        total: Cost = (0,) * len(MEASURES)
        for number, step in enumerate(self.network.steps):
            if self.fixed and number not in decided:
                total = added(total, plainness(step.layer.options, vars(step.layer)))
        return *total, *[self.fixed.get(name, 0) for name in self.bounds]

    def taken(self) -> tuple[Designs, bool]:
        """All designs, and whether they tell of fields."""
        if self.goal.field is not None:
            try:
                return self.take(SizesAndFields(self.network.places(self.first))), True
            except NoChainError:
                pass
        return self.take(Manifold()), False

    def take(self, formulas: Sizes) -> Designs:
        counts = [group.size for group in self.groups]
        varied = {
            step: Varied((number,), layers)
            for number, group in enumerate(self.groups)
            for step, layers in group.choice().items()
        }
        asked = (0, self.network.outputs[0])
        return take(self.network.steps, self.first, counts, varied, asked, formulas)

    def why_refused(self) -> str | None:
        refused = self.designs.refused
        if refused is None:
            return None
        return f"`{self.network.steps[refused.step].name}`: {refused.error.message}"

    def sort(self) -> None:
        """Put the designs' ends by how far they are from what is asked for."""
        for ends, node in self.designs.ends.items():
            for end in self.ends(ends, node):
                distance = self.goal.apart(end.first, end.output, end.field)
                if distance is not None:
                    self.by_distance.setdefault(distance, []).append(end)

    def ends(self, ends: Inputs, node: Node) -> Iterator[_End]:
        first, output = ends
        if self.sighted:
            yield _End(node, first.shape, output.shape, output.field)
        elif self.goal.field is None:
            yield _End(node, first, output, ())
        else:
            yield from self.run_each(first, output, node)

    def run_each(self, first: Shape, output: Shape, node: Node) -> Iterator[_End]:
        """The fields of designs that are worked out one by one; each is an end of its own."""
        if self.designs.count(node) > MOST_RUN:
            raise SpecError(
                f"branches meet here, and {self.designs.count(node):,} networks are too many to be "
                "asked for their fields one by one",
                code="too-large",
                help=f"fewer unknowns, or `--up-to`: at most {MOST_RUN:,} networks",
            )
        for cost, picks, _ in self.designs.simplest([node], self.cost):
            steps = list(self.network.steps)
            for number, group in enumerate(self.groups):
                for step, layers in group.choice().items():
                    if step:
                        steps[step] = steps[step].replaced(layer=layers[picks[number]])
            network = self.network.with_steps(steps)
            sized = analyze(network, as_layout(first, network.layout))
            seen = fields_of(sized).seen[network.outputs[0]]
            told = seen.to_dict(network.frame(first)) or {"size": ()}  # nothing of it
            field: tuple[int, ...] = tuple(told["size"])  # type: ignore[arg-type]
            yield _End(node, first, output, field, (cost, picks))

    def cost(self, group: int, value: int) -> Cost:
        return self.groups[group].cost(value, list(self.bounds))

    def count(self, distance: int) -> int:
        """How many designs are so far from what is asked for."""
        ends = self.by_distance.get(distance, ())
        return sum(1 if end.single else self.designs.count(end.node) for end in ends)

    def ways(self, distance: int, *, each: bool = False) -> Iterator[Way]:
        """These designs, the simplest first; of each end the simplest alone."""
        ends = self.by_distance.get(distance, ())
        found = [(*end.single, end) for end in ends if end.single]
        nodes = {end.node: end for end in ends if not end.single}
        if each:
            firsts = (next(self.designs.simplest([node], self.cost)) for node in nodes)
            found += [(cost, picks, nodes[node]) for cost, picks, node in firsts]
            nodes = {}
        found.sort(key=_cost)
        searched = self.designs.simplest(nodes, self.cost)
        rest = ((cost, picks, nodes[node]) for cost, picks, node in searched)
        for cost, picks, end in merge(found, rest, key=_cost):
            yield self.way(cost, picks, end)

    def way(self, cost: Cost, picks: Mapping[int, int], end: _End) -> Way:
        """One design, with what its values are."""
        values = dict(self.fixed)
        for number, value in picks.items():
            values |= self.groups[number].values(value)
        return Way(added(cost, self.standing), values, end.first, end.output, end.field)


class _End(NamedTuple):
    """Where designs end: what flows in, what comes out, and what its units see.

    `single`: the cost and values of the one design that is meant, where that isn't all.
    """

    node: Node
    first: Shape
    output: Shape
    field: tuple[int, ...]
    single: tuple[Cost, dict[int, int]] | None = None


def _cost(found: tuple[Cost, Mapping[int, int], _End]) -> Cost:
    return found[0]
