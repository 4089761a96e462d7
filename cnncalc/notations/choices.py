"""Choices in a text, which `sweep` goes through: `3/5/7`, `16..128/16`, `[a]/[b]`, `1..4*[…]`.

They are the sisters of unknowns: a notation reads values through the mapping that symbols are
bound by, and `Choices` is such a mapping that collects the choices of the text. A choice belongs to
its place: in a repeat or a definition, which use one place several times, its value is the same
each time. Choices tied by a name stand wherever `$name` does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cnncalc.designs import Varied
from cnncalc.errors import LayerError

__all__ = ["MOST_VALUES", "Choice", "Choices", "Place", "values_of"]

MOST_VALUES = 10_000
RANGE = re.compile(r"(-?\d{1,10})\.\.(-?\d{1,10})(?:/(\d{1,10}))?")


class Place(NamedTuple):
    """Where a choice stands in the text.

    Attributes:
        start, end: of what its value takes the place of.
        parts: of a choice of layers: where each of its groups stands, brackets included.
    """

    start: int
    end: int
    parts: tuple[tuple[int, int], ...] = ()


class Choice(NamedTuple):
    """One choice.

    Attributes:
        name: the one that it is tied by; empty: it has none.
        kind: `value`, `layers` or `repeats`.
        values: as they would stand in the text; of layers those inside the brackets.
        places: where it stands.
    """

    name: str
    kind: str
    values: tuple[str, ...]
    places: list[Place]


class Choices(dict[str, int]):
    """Values of symbols, and the choices that are met while a text is read.

    Attributes:
        ties: the values of each name that choices are tied by.
        found: the choices, those with a name first, then in the order of meeting.
        varied: what they decide, by the number of the step.
        called: the step and option that each first stands in.
    """

    def __init__(self, let: Mapping[str, int], ties: Mapping[str, Sequence[str]]) -> None:
        super().__init__(let)
        self.ties = dict(ties)
        self.found = [Choice(name, "value", tuple(values), []) for name, values in ties.items()]
        self.varied: dict[int, Varied] = {}
        self.called: dict[int, tuple[int, str]] = {}
        self.at: dict[int, int] = {}

    def __bool__(self) -> bool:
        return True  # of no symbols, too

    @property
    def counts(self) -> list[int]:
        """How many values each choice has."""
        return [len(choice.values) for choice in self.found]

    def add(self, kind: str, values: Sequence[str], place: Place) -> int:
        """The number of the choice at a place of the text."""
        if place.start not in self.at:
            self.at[place.start] = len(self.found)
            self.found.append(Choice("", kind, tuple(values), [place]))
        return self.at[place.start]


def values_of(text: str) -> list[str]:
    """The values of a choice: `3/5/7`, or one range `16..128/16`.

    Raises:
        LayerError: it has none, or one twice, or too many.
    """
    if RANGE.fullmatch(text):
        return _of_range(text)
    values = text.split("/")
    if not all(value.strip() for value in values):
        raise _wrong(text, "a value is missing beside a `/`")
    values = [value.strip() for value in values]
    twice = next((value for at, value in enumerate(values) if value in values[:at]), None)
    if twice is not None:
        raise _wrong(text, f"`{twice}` stands there twice")
    if any(RANGE.fullmatch(value) for value in values[1:]) and RANGE.fullmatch(values[0]) is None:
        raise _wrong(text, "a range stands alone, with its step behind `/`")
    return values


def _of_range(text: str) -> list[str]:
    found = RANGE.fullmatch(text)
    assert found, "whoever asks has looked"
    first, last, step = int(found[1]), int(found[2]), int(found[3] or 1)
    if step < 1 or last < first:
        raise _wrong(text, "it goes up from the first to the last value, by at least 1")
    if (last - first) // step >= MOST_VALUES:
        raise _wrong(text, f"it has more than {MOST_VALUES:,} values")
    return [str(value) for value in range(first, last + 1, step)]


def _wrong(text: str, why: str) -> LayerError:
    return LayerError(
        f"`{text}` is no choice: {why}",
        code="choice",
        help="values as in `3/5/7`, or one range as in `16..128/16` (first..last/step)",
    )
