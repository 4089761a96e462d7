"""`--each`: many networks in one process, one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from cnncalc.cli import output
from cnncalc.cli.options import Settings
from cnncalc.errors import CnnCalcError
from cnncalc.escaping import dumps
from cnncalc.notations import texts
from cnncalc.report import Report

__all__ = ["documents", "networks", "tables"]

Kind = TypeVar("Kind", bound=Settings)


def networks(settings: Kind) -> Iterator[tuple[str, Kind]]:
    """Each word, or each line of standard input, with the settings for it alone.

    Lines that are empty or a comment are none.
    """
    words = settings.words or []
    if words == ["-"]:
        lines = texts.of_words(["-"]).source.text.split("\n")
        words = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    for word in words:
        yield word, type(settings)(**{**vars(settings), "words": [word], "each": False})


def tables(settings: Kind, answer: Callable[[Kind], int]) -> int:
    """The table of each under its words; what is wrong with one doesn't stop the others."""
    if output.path_of(settings.out) is not None:
        raise CnnCalcError(
            "tables of many networks don't go into one file", code="usage", help="`-f jsonl`"
        )
    worst = 0
    for number, (word, one) in enumerate(networks(settings)):
        output.emit(f"{'' if number == 0 else chr(10)}{' '.join(word.split())}\n\n")
        try:
            worst = max(worst, answer(one))
        except CnnCalcError as error:
            worst = 2
            output.put(error.draw())
    return worst


def documents(settings: Kind, examine: Callable[[Kind], tuple[Report, int]]) -> int:
    """A line for each: its document, or that of what is wrong with it."""
    statuses = [0]

    def lines() -> Iterator[str]:
        for _, one in networks(settings):
            try:
                report, status = examine(one)
                document = report.to_dict()
            except CnnCalcError as error:
                so_far = getattr(error, "report", None)
                document = error.to_dict() if so_far is None else so_far.to_dict()
                status = 2
            statuses.append(status)
            yield f"{dumps(document)}\n"

    output.emit(lines(), settings.out)
    return max(statuses)
