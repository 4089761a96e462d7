"""What `explain` gives: the figures of steps with their formulas, their document and drawing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cnncalc.explaining.explained import Explained
from cnncalc.packages import OnUse
from cnncalc.report import Report
from cnncalc.rows import JsonObject

if TYPE_CHECKING:
    from cnncalc.render import formulas
else:  # only an explanation that is shown needs them
    formulas = OnUse("cnncalc.render.formulas")

__all__ = ["Explanation"]


class Explanation(Explained):
    """How the figures of a network, or of one of its steps, come about.

    Attributes:
        report: the figures.
        steps: those that are explained.
        notes: remarks.
    """

    report: Report

    def __init__(self, report: Report, at: str | None = None) -> None:
        """Explain a report; `at` names the one step that is to be, or has its number.

        Raises:
            SpecError: there is no such step.
        """
        super().__init__(report, at)

    def __repr__(self) -> str:
        count = len(self.steps)
        return f"<Explanation: {count} step{'' if count == 1 else 's'}>"

    def __str__(self) -> str:
        """The text that `cnncalc explain` prints."""
        return formulas.text(self).rstrip("\n")

    def to_dict(self) -> JsonObject:
        """The report's document, with `formulas` in each layer that is explained."""
        document = self.document()
        return document | {"layers": list(document["layers"])}

    def document(self) -> JsonObject:
        """The same with its layers still to be made, one after another."""
        document = self.report.document()
        notes = [{"index": None, "message": note} for note in self.notes]
        return document | {
            "layers": self._layers(document["layers"]),
            "notes": [*document["notes"], *notes],
        }

    def _layers(self, layers: Iterator[JsonObject]) -> Iterator[JsonObject]:
        found = {step.row.index: step.derivations for step in self.steps}
        for layer in layers:
            told = found.get(layer["index"])
            if told is not None:
                layer["formulas"] = [each.to_dict() for each in told]
            yield layer
