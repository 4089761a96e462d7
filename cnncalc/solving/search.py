"""The values of a network's unknowns that give what is asked for, the simplest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice, product

from cnncalc.analysis import no_input
from cnncalc.designs import take
from cnncalc.errors import SpecError
from cnncalc.layers.base import Shape
from cnncalc.network import Network
from cnncalc.notations.unknowns import Unknown
from cnncalc.solutions import Goal, Solution, Solutions, Sought
from cnncalc.solving.choices import (
    Bounds,
    bounds_of,
    groups_of,
    unknowns_in,
    uses_of,
)
from cnncalc.solving.inputs import Found, inputs_for
from cnncalc.solving.part import Part, Way
from cnncalc.solving.question import Question
from cnncalc.symbols.numbers import TooManyNumbersError
from cnncalc.symbols.size import UnsettledError
from cnncalc.validity import symbols_of

__all__ = ["solve"]

MOST_SIZES = 4096  # that the input is looked for up to
MOST_REPEATS = 16
MOST_COMPUTED = 256  # of what others are computed from
MOST_VALUES = 300_000  # of the unknowns of one layer together
MOST_FIELDS = 20_000  # where each is asked for its field
MOST_SHAPES = 20_000  # of the input, where formulas tie its sizes
MOST_READ = 3_000  # networks of different layers
MOST_NEAR = 3


def solve(question: Question, goal: Goal, top: int | None, most: int | None) -> Solutions:
    """Look for values.

    Args:
        question: the network with its unknowns.
        goal: what it is to give.
        top: how many solutions are made; None: all.
        most: up to which number each unknown is looked for; None: what is usual for each.

    Raises:
        SpecError: nothing is unknown, or no size flows in.
    """
    return _Search(question, goal, most).solutions(top)


class _Search:
    """One question: which unknowns there are, among which numbers, and what they give."""

    def __init__(self, question: Question, goal: Goal, most: int | None) -> None:
        self.question = question
        self.goal = goal
        self.most = most
        self.network = question.network
        if question.input is None:
            raise _no_input(self.network)
        self.input: Shape = question.input
        self.inside = dict.fromkeys(unknowns_in(self.input))
        self.uses = uses_of(self.network.steps)
        self.order = question.names()
        if not self.order:
            raise SpecError(
                "nothing is unknown here",
                code="no-unknown",
                help="`_` in the place of a number is what is looked for: `conv:16,k7,p_`",
            )
        self.bounds = {name: self._bounds(name) for name in self.order}
        self.refused: str | None = None

    def _bounds(self, name: str) -> Bounds:
        """Among which numbers an unknown is looked for."""
        found = Bounds(0, 2**31 - 1)
        if name in self.question.repeats:
            found = Bounds(0, MOST_REPEATS if self.most is None else self.most)
        if name in self.question.computed:
            found = found.both(Bounds(0, MOST_COMPUTED if self.most is None else self.most))
        if name in self.inside:
            found = found.both(Bounds(1, MOST_SIZES if self.most is None else self.most))
        for step, option in self.uses.get(name, ()):
            declared = self.network.steps[step].layer.options[option]
            found = found.both(bounds_of(declared, self.most))
        return found

    def solutions(self, top: int | None) -> Solutions:
        """What is found."""
        if self.goal.field is None and not any(map(self.is_elsewhere, self.order)):
            found = self.by_names()
            if found is not None:
                return self.of_names(found, top)
        self.narrow()
        parts = list(self.parts())
        count = sum(part.count(0) for part in parts)
        ways = islice(merge(*(part.ways(0) for part in parts)), top)
        made = [self.solution(way) for way in ways]
        nearest = [] if count else [self.solution(way) for way in self.nearest(parts)]
        return self.report(made, count, nearest)

    def report(
        self, made: Sequence[Solution], count: int, nearest: Sequence[Solution]
    ) -> Solutions:
        called = self.called()
        sought = [Sought(called[name], *self.bounds[name]) for name in self.order]
        refused = None if count or nearest else self.refused
        layout = self.question.layout
        return Solutions(self.goal, sought, made, count, nearest, refused, layout)

    # Sizes of the input alone.

    def by_names(self) -> Found | None:
        """Input sizes by runs with names; None where formulas tie them."""
        names = {axis: n.name for axis, n in enumerate(self.input) if isinstance(n, Unknown)}
        last = {name: self.bounds[name].last for name in self.order}
        try:
            return inputs_for(self.network, self.input, names, last, self.goal)
        except (UnsettledError, TooManyNumbersError):
            return None

    def of_names(self, found: Found, top: int | None) -> Solutions:
        """What is found where only sizes of the input are unknown."""
        made = [self.at_sizes(values) for values in islice(found.simplest(), top)]
        return self.report(made, found.total, [self.at_sizes(each) for each in found.nearest])

    def at_sizes(self, values: dict[str, int]) -> Solution:
        shape = self.shape(values)
        network = self.network.at(shape)
        designs = take(network.steps, shape, (), {}, network.outputs[:1])
        ((output,),) = designs.ends
        return self.solution(Way((), values, shape, output, ()))

    # Unknowns of layers.

    def narrow(self) -> None:
        """Look among fewer numbers where those of one layer together would be too many."""
        apart = [name for name in self.order if self.is_read(name)]
        compact = self.network.notation == "compact"
        self._fit([apart], MOST_READ if compact else MOST_READ // 4)
        most = MOST_VALUES if self.goal.field is None else MOST_FIELDS
        groups = groups_of(self.network.steps, self.uses, self.bounds)
        self._fit([list(group.names) for group in groups], most)
        self._fit([list(self.inside)], MOST_SHAPES)

    def is_elsewhere(self, name: str) -> bool:
        """Whether an unknown is not just a size of the input."""
        beside = self.uses.keys() | self.question.repeats | self.question.computed
        return name not in self.inside or name in beside

    def is_read(self, name: str) -> bool:
        """Whether the network is read anew for each value."""
        traced = self.network.tracer is not None and name in self.inside
        return name in self.question.repeats or name in self.question.computed or traced

    def _fit(self, groups: Sequence[Sequence[str]], most: int) -> None:
        for names in groups:
            while (count := _together(self.bounds[name] for name in names)) > most:
                if self.most is not None:
                    raise SpecError(
                        f"these unknowns have {count:,} values together, more than {most:,}",
                        code="too-large",
                        help=f"`--up-to` below {self.most}, or a number for one of them",
                    )
                last = max(self.bounds[name].last for name in names)
                for name in names:
                    bounds = self.bounds[name]
                    self.bounds[name] = bounds._replace(
                        last=min(bounds.last, last - last // 16 - 1)
                    )

    def parts(self) -> Iterator[Part]:
        """The networks that there are, one for each number of repeats."""
        apart = [name for name in self.order if self.is_read(name)]
        ranges = [range(self.bounds[name].first, self.bounds[name].last + 1) for name in apart]
        for numbers in product(*ranges):
            fixed = dict(zip(apart, numbers, strict=True))
            try:
                network = self.question.read(fixed) if apart else self.network
                if network.tracer is not None:
                    network = network.at(self.shape(fixed))
            except SpecError as error:
                self.refused = self.refused or error.message
                continue
            first = self.shape(fixed)
            part = Part(network, first, self.goal, self.bounds, fixed)
            self.refused = self.refused or part.refused
            yield part

    def shape(self, values: Mapping[str, int]) -> Shape:
        """The input's shape where some of its unknowns have values."""
        return tuple([values.get(n.name, n) if isinstance(n, Unknown) else n for n in self.input])

    def nearest(self, parts: Sequence[Part]) -> list[Way]:
        """What comes nearest to what is asked for, where nothing meets it."""
        far = sorted({distance for part in parts for distance in part.distances})[:MOST_NEAR]
        ways: list[Way] = []
        for distance in far:
            seen: set[object] = set()
            for way in merge(*(part.ways(distance, each=True) for part in parts)):
                gives = (way.output, way.field)
                if gives not in seen:
                    ways.append(way)
                seen.add(gives)
        return ways[:MOST_NEAR]

    # What is shown.

    def solution(self, way: Way) -> Solution:
        called = self.called()
        spec = self.question.spec(way.values, way.first)
        values = {called[name]: way.values[name] for name in self.order if name in way.values}
        return Solution(spec, values, way.output, way.field or None)

    def called(self) -> dict[str, str]:
        """What each unknown is called: by its own name, or by the step and option it stands in."""
        found: dict[str, str] = {}
        for name in self.order:
            word = self._called(name)
            taken, number = set(found.values()), 2
            unique = word
            while unique in taken:
                unique, number = f"{word}#{number}", number + 1
            found[name] = unique
        return found

    def _called(self, name: str) -> str:
        if "§" not in name:
            return name
        if name in self.inside:
            places = len(self.input) - 1
            letters = ("C", *symbols_of(places))
            axis = next(at for at, n in enumerate(self.input) if _is(n, name))
            return f"input.{letters[axis]}"
        if name in self.uses:
            step, option = self.uses[name][0]
            return f"{self.network.steps[step].name}.{option}"
        return "repeats" if name in self.question.repeats else "value"


def _is(size: int, name: str) -> bool:
    return isinstance(size, Unknown) and size.name == name


def _together(bounds: Iterable[Bounds]) -> int:
    count = 1
    for each in bounds:
        count *= each.width
    return count


def _no_input(network: Network) -> SpecError:
    error = no_input(network)
    error.help = "an input size in front, as `3x224x224`; `3x_x_` where it is what is looked for"
    return error
