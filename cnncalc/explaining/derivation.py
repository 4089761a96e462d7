"""One figure of a step, with its formula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cnncalc.rows import JsonObject
from cnncalc.symbols.formulas import PYTHON, Signs, formula_of, written

__all__ = ["Derivation"]


class Derivation(NamedTuple):
    """How one figure comes about.

    Attributes:
        what: which figure: `size H, W`, `padding before H`, `receptive field`, `params` …
        value: the figure, with its formula if it is derived.
        left: what it is called in formulas; empty: it has no name.
        known: names for parts of the formula, by their own formulas.
        source: whose formula it is; empty: nobody's.
        words: what is to be said where there is no formula.
    """

    what: str
    value: int
    left: str
    known: Mapping[str, str]
    source: str
    words: str = ""

    def formula(self, signs: Signs) -> str:
        """The formula in names, or what is said instead."""
        return self.words or written(self.value, signs, self._parts())

    def numbers(self, signs: Signs) -> str:
        """The formula with its numbers put in; empty where there is none."""
        return "" if self.words else written(self.value, signs, self._parts(), numbers=True)

    def steps(self, signs: Signs) -> list[str]:
        """What stands between signs of equality behind the figure's name, the figure last."""
        found = [] if self.words else [self.formula(signs), self.numbers(signs)]
        return list(dict.fromkeys([*found, str(int(self.value))]))

    def _parts(self) -> dict[str, str]:
        """The names of parts, but not of the whole."""
        own = formula_of(self.value)
        return {formula: part for formula, part in self.known.items() if formula != own}

    def to_dict(self) -> JsonObject:
        """An entry of a layer's `formulas`, in Python's syntax."""
        return {
            "what": self.what,
            "formula": self.formula(PYTHON),
            "numbers": self.numbers(PYTHON) or None,
            "result": int(self.value),
            "source": self.source or None,
        }
