"""The figures of steps with their formulas, and what the names in these mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cnncalc.explaining.derivation import Derivation
from cnncalc.explaining.named import option_names
from cnncalc.explaining.step import derivations
from cnncalc.findings import Findings
from cnncalc.receptive.units import number_of
from cnncalc.rows import BuiltRow, Row
from cnncalc.symbols.derived import names_in

__all__ = ["Explained", "ExplainedStep"]

LETTERS = "CDHWLN"  # of the sizes, in their order
SIZES = "the sizes that flow in, with ' those that come out"
MEANINGS = {
    "R": "receptive field before",
    "J": "jump before",
    "batch": "samples",
}


class ExplainedStep(NamedTuple):
    """A step, and how its figures come about."""

    row: Row | BuiltRow
    derivations: Sequence[Derivation]

    def names(self) -> list[str]:
        """The names in its formulas."""
        told = (each.value for each in self.derivations if not each.words)
        names = dict.fromkeys(name for value in told for name in names_in(value))
        return [name for name in names if not name.isdigit()]


class Explained:
    """A network, or one of its steps, with how its figures come about.

    Attributes:
        report: the figures.
        steps: those that are explained.
        notes: remarks.
    """

    def __init__(self, report: Findings, at: str | None = None) -> None:
        """Explain a report; `at` names the one step that is to be, or has its number.

        Raises:
            SpecError: there is no such step.
        """
        self.report = report
        numbers = report.at_witness
        rows: list[Row | BuiltRow] = [*numbers.layers, *numbers.unreached]
        if at is not None:
            number = number_of(rows, at.strip())
            rows = [row for row in rows if row.index == number]
        self.steps = [ExplainedStep(row, derivations(numbers, row)) for row in rows]
        shown = numbers.show(numbers.input)
        self.notes = [f"the numbers are those at {shown}"] if report.symbols else []

    def legend(self) -> list[tuple[list[str], str]]:
        """What the names in the formulas mean; those that mean the same stand together."""
        found: dict[str, dict[str, None]] = {}
        for step in self.steps:
            options = self._options(step.row)
            for name in step.names():
                base = name.partition("_")[0]
                meaning = options.get(base) or MEANINGS.get(base) or self._meaning(base)
                if meaning:
                    found.setdefault(base, {})[meaning] = None
        together: dict[str, list[str]] = {}
        for name, meanings in sorted(found.items(), key=_place):
            together.setdefault(" or ".join(meanings), []).append(name)
        return [(names, meaning) for meaning, names in together.items()]

    def _options(self, row: Row | BuiltRow) -> Mapping[str, str]:
        if isinstance(row, BuiltRow):  # its formulas have no names
            return {}
        return option_names(self.report.network.steps[row.index].layer)

    def _meaning(self, name: str) -> str:
        """What a name of a size, or of a number of the report, means."""
        if name.rstrip("0123456789") in LETTERS:
            return SIZES
        return f"those of one number ({self.report.dtype})" if name == "bytes" else ""


def _place(entry: tuple[str, object]) -> int:
    """Where a name stands in a legend: sizes in their order, behind them the others."""
    letter = entry[0].rstrip("0123456789")
    return LETTERS.index(letter) if letter in LETTERS else len(LETTERS)
