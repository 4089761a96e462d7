"""Names made unique, by a number where something has the name already."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Names"]


class Names:
    """Names that are taken, and the next number of each.

    Attributes:
        taken: the names that nothing else may have.
    """

    __slots__ = ("numbers", "taken")

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)
        # Remembered, or thousands of steps of one name would each count from the start.
        self.numbers: dict[str, int] = {}

    def unique(self, name: str, sign: str = "_", first: int = 2) -> str:
        """The name, or `x_2`, `x_3` … where something has it; it is taken from now on."""
        chosen, stem = name, name + sign
        number = self.numbers.get(stem, first)
        while chosen in self.taken:
            chosen = f"{stem}{number}"
            number += 1
        self.numbers[stem] = number
        self.taken.add(chosen)
        return chosen

    def of_step(self, name: str, again: bool) -> str:
        """A step's name: `relu#2` for a module used again, `add_1` for an operation."""
        if not name.isascii():  # half a character, which can't be written anywhere
            name = name.encode("utf-8", "replace").decode()
        return self.unique(name, "#") if again else self.unique(name, first=1)
