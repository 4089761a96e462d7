"""Values to solve for in a text: `_`, `?`, and `_k`, which is the same wherever it stands.

A notation reads values through the mapping that symbols are bound by. `Unknowns` is such a
mapping that has unknowns too: each is read as a number that remembers its name, and as a value of
its own where it stands as a number of repeats, since that tells which layers there are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["UNKNOWN", "Unknown", "Unknowns", "placed"]

# Names have no x, so that `_x16x16` is three sizes; a `_` is told from others by its place.
UNKNOWN = re.compile(r"\?|_[A-WYZa-wyz0-9§]*\Z")
KEY = re.compile(r"\s*(?:\w+\s*=\s*|[a-z]+(?=[_?]))?")
PARTS = re.compile(r"(\{[^{}]*\}|x|:|\.\.|\s+)")
BRACES = re.compile(r"\{.*\}\Z")
IN_BRACES = re.compile(r"(?<![\w$])(?:_[A-WYZa-wyz0-9]*|\?)(?!\w)")


class Unknown(int):
    """A number in the place of one that is still to be found.

    What is computed from it is no unknown any more: that it was is noted.
    """

    name: str
    computed: set[str]

    @staticmethod
    def named(name: str, computed: set[str], number: int = 1) -> Unknown:
        made = Unknown(number)
        made.name, made.computed = name, computed
        return made


def _noting(method: str) -> Any:
    plain = getattr(int, method)

    def operation(self: Unknown, *others: Any) -> Any:
        self.computed.add(self.name)
        return plain(self, *others)

    return operation


for _method in (
    "add", "radd", "sub", "rsub", "mul", "rmul", "floordiv", "rfloordiv", "truediv", "rtruediv",
    "mod", "rmod", "pow", "rpow", "neg",
):  # fmt: skip
    setattr(Unknown, f"__{_method}__", _noting(f"__{_method}__"))


class Unknowns(dict[str, int]):
    """Values of symbols, and of the unknowns that are met while a text is read.

    Attributes:
        found: the places in the text of each unknown, by its name, in the order of meeting.
        repeats: those that are numbers of repeats.
        computed: those that others are computed from.
        decided: what unknowns are read as; the others are read as `Unknown`.
        begun: which number such an `Unknown` is, where it isn't 1.
    """

    def __init__(self, let: Mapping[str, int], values: Mapping[str, int] | None = None) -> None:
        super().__init__(let)
        self.decided = dict(values or {})
        self.begun: dict[str, int] = {}
        self.found: dict[str, list[tuple[int, int]]] = {}
        self.repeats: set[str] = set()
        self.computed: set[str] = set()

    def __bool__(self) -> bool:
        return True  # of no symbols, too

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and name in self.found)

    def __missing__(self, name: str) -> int:
        if name not in self.found:
            raise KeyError(name)
        if name in self.decided:
            return self.decided[name]
        return Unknown.named(name, self.computed, self.begun.get(name, 1))

    def placed(self, text: str, start: int) -> str:
        """A word's text with names in the place of each bare `_`, as it stands at a place.

        In braces, where numbers are computed, they are numbers.
        """
        key = KEY.match(text)
        at = key.end() if key else 0
        parts = [text[:at]]
        for part in PARTS.split(text[at:]):
            if BRACES.match(part):
                parts.append(self.in_braces(part, start + at))
            else:
                parts.append(self.at(part, start + at) if UNKNOWN.match(part) else part)
            at += len(part)
        return "".join(parts)

    def at(self, text: str, start: int) -> str:
        """The name of an unknown that stands at a place."""
        name = f"_§{start}" if text in ("_", "?") else text
        places = self.found.setdefault(name, [])
        if (start, start + len(text)) not in places:
            places.append((start, start + len(text)))
        return name

    def join(self, others: Unknowns) -> None:
        """Take over what another reading of the text has met."""
        for name, places in others.found.items():
            known = self.found.setdefault(name, [])
            known += [place for place in places if place not in known]
        self.repeats |= others.repeats
        self.computed |= others.computed

    def in_braces(self, text: str, start: int) -> str:
        def number(match: re.Match[str]) -> str:
            return str(self.number(self.at(match[0], start + match.start())))

        return IN_BRACES.sub(number, text)

    def number(self, name: str) -> int:
        """What an unknown is that others are computed from."""
        self.computed.add(name)
        return self.decided.get(name, 1)

    def compute_within(self, start: int, end: int) -> None:
        """Note those as computed that stand in a part of the text."""
        for name, places in self.found.items():
            if any(start <= place < end for place, _ in places):
                self.computed.add(name)

    def repeated(self, times: str, start: int) -> str:
        """The number of repeats that stands at a place."""
        name = self.placed(times, start)
        if name in self.found:
            self.repeats.add(name)
        return name


def placed(text: str, start: int, let: Mapping[str, int]) -> str:
    """A word's text as its values are looked up: unknowns by their places, if any are sought."""
    return let.placed(text, start) if isinstance(let, Unknowns) else text
