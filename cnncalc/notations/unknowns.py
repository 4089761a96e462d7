"""Values to solve for in a text: `_`, `?`, and `_k`, which is the same wherever it stands.

A notation reads values through the mapping that symbols are bound by. `Unknowns` is such a
mapping that has unknowns too: each is read as a number that remembers its name, and as a value of
its own where it stands as a number of repeats, since that tells which layers there are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["UNKNOWN", "Unknown", "Unknowns", "placed"]

# Names have no x, so that `_x16x16` is three sizes; a `_` is told from others by its place.
UNKNOWN = re.compile(r"\?|_[A-WYZa-wyz0-9§]*\Z")
KEY = re.compile(r"\s*(?:\w+\s*=\s*|[a-z]+(?=[_?]))?")
PARTS = re.compile(r"(x|:|\.\.|\s+)")


class Unknown(int):
    """A number in the place of one that is still to be found."""

    name: str

    @staticmethod
    def named(name: str) -> Unknown:
        made = Unknown(1)
        made.name = name
        return made


class Unknowns(dict[str, int]):
    """Values of symbols, and of the unknowns that are met while a text is read.

    Attributes:
        found: the places in the text of each unknown, by its name, in the order of meeting.
        repeats: those that are numbers of repeats.
        decided: what unknowns are read as; the others are read as `Unknown`.
    """

    def __init__(self, let: Mapping[str, int], values: Mapping[str, int] | None = None) -> None:
        super().__init__(let)
        self.decided = dict(values or {})
        self.found: dict[str, list[tuple[int, int]]] = {}
        self.repeats: set[str] = set()

    def __bool__(self) -> bool:
        return True  # of no symbols, too

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and name in self.found)

    def __missing__(self, name: str) -> int:
        if name not in self.found:
            raise KeyError(name)
        return self.decided[name] if name in self.decided else Unknown.named(name)

    def placed(self, text: str, start: int) -> str:
        """A word's text with names in the place of each bare `_`, as it stands at a place."""
        key = KEY.match(text)
        at = key.end() if key else 0
        parts = [text[:at]]
        for part in PARTS.split(text[at:]):
            name = part
            if UNKNOWN.match(part):
                name = f"_§{start + at}" if part in ("_", "?") else part
                places = self.found.setdefault(name, [])
                if (start + at, start + at + len(part)) not in places:
                    places.append((start + at, start + at + len(part)))
            parts.append(name)
            at += len(part)
        return "".join(parts)

    def repeated(self, times: str, start: int) -> str:
        """The number of repeats that stands at a place."""
        name = self.placed(times, start)
        if name in self.found:
            self.repeats.add(name)
        return name


def placed(text: str, start: int, let: Mapping[str, int]) -> str:
    """A word's text as its values are looked up: unknowns by their places, if any are sought."""
    return let.placed(text, start) if isinstance(let, Unknowns) else text
