"""What `solve` is asked for, and what it finds: values for the unknowns of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cnncalc.layers.base import Shape
from cnncalc.rows import JsonObject, as_layout

__all__ = ["Goal", "Solution", "Solutions", "Sought"]

SCHEMA = "cnncalc.solve/1"


class Goal(NamedTuple):
    """What the network is to give.

    Attributes:
        text: as it was asked for.
        sizes: of the output, channels first; None for each that may be anything.
        divisor: each place of the output is that of the input divided by it, rounded down.
        field: how much of the input its units see, for each axis or one for all.
    """

    text: str
    sizes: tuple[int | None, ...] | None = None
    divisor: int | None = None
    field: tuple[int, ...] | None = None

    def wanted(self, first: Shape) -> tuple[int | None, ...]:
        """The output that is asked for where this flows in; None for what may be anything."""
        if self.sizes is not None:
            return self.sizes
        if self.divisor is None:
            return ()
        if len(first) == 1:
            return (first[0] // self.divisor,)
        return (None, *[n // self.divisor for n in first[1:]])

    def apart(self, first: Shape, output: Shape, field: Sequence[int] = ()) -> int | None:
        """How far an output is from what is asked for: 0 meets it, None is of other axes."""
        if self.field is not None:
            wanted: Sequence[int | None] = self.field * (len(field) if len(self.field) == 1 else 1)
            found: Sequence[int] = field
        else:
            wanted, found = self.wanted(first), output
        if len(wanted) != len(found):
            return None
        pairs = zip(wanted, found, strict=True)
        return sum(abs(n - size) for size, n in pairs if size is not None)


class Sought(NamedTuple):
    """One unknown: what it is called, and the first and last number that is tried."""

    name: str
    first: int
    last: int


class Solution(NamedTuple):
    """Values for the unknowns, and what the network then is.

    Attributes:
        spec: the text with the values put in.
        values: by the names of the unknowns.
        output_shape: channels first.
        field: how much of the input the output's units see, where that was asked for.
    """

    spec: str
    values: Mapping[str, int]
    output_shape: Shape
    field: tuple[int, ...] | None = None


class Solutions:
    """What was found.

    Attributes:
        goal: what was asked for.
        unknowns: what was looked for, and among which numbers.
        solutions: the simplest first.
        count: of all that there are among these numbers.
        nearest: where there is none, what comes nearest.
        refused: where no values work at all, why.
        layout: how shapes are ordered where they are shown.
    """

    def __init__(
        self,
        goal: Goal,
        unknowns: Sequence[Sought],
        solutions: Sequence[Solution],
        count: int,
        nearest: Sequence[Solution] = (),
        refused: str | None = None,
        layout: str = "channels-first",
    ) -> None:
        self.goal = goal
        self.unknowns = tuple(unknowns)
        self.solutions = tuple(solutions)
        self.count = count
        self.nearest = tuple(nearest)
        self.refused = refused
        self.layout = layout

    def __repr__(self) -> str:
        found = f"{self.count} solution{'' if self.count == 1 else 's'}"
        return f"<Solutions: {found} for {self.goal.text}>"

    def to_dict(self) -> JsonObject:
        """The document of `cnncalc solve --json`, its shapes in the network's own order."""
        return {
            "schema": SCHEMA,
            "goal": self.goal.text,
            "unknowns": [
                {"name": n, "from": first, "to": last} for n, first, last in self.unknowns
            ],
            "solutions": [self._document(each) for each in self.solutions],
            "count": self.count,
            "complete": self.count == len(self.solutions),
            "nearest": [self._document(each) for each in self.nearest],
        }

    def _document(self, solution: Solution) -> dict[str, object]:
        shape = list(as_layout(solution.output_shape, self.layout))
        found: dict[str, object] = {
            "spec": solution.spec,
            "values": dict(solution.values),
            "output_shape": shape,
        }
        return found if solution.field is None else {**found, "rf": list(solution.field)}
