"""The code of a Jupyter notebook, read from its JSON without making anything of the rest.

Pictures and outputs are skipped as text, so that they cost no memory; nothing nests, since only
the cells and their lines are looked into.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from json.decoder import JSONDecodeError, JSONDecoder
from typing import NamedTuple

from cnncalc.errors import Source, Span, SpecError

__all__ = ["Cell", "cells_of"]

DECODER = JSONDecoder(strict=False)  # of texts alone
BLANK = re.compile(r"[ \t\n\r]*+")
STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
PLAIN = re.compile(r"[-+.\w]++")  # a number, or a word such as null
# What opens or closes a level, and texts, in which a bracket is none.
MARK = re.compile(rf"{STRING}|[\[\]{{}}]", re.DOTALL)
MAX_CELLS = 10_000
MAX_MARKS = 1_000_000  # brackets and texts of all outputs together
KEY = 10  # marks that a key or an item costs
# The lists that hold cells, and the texts of a cell; the second of each are of notebooks of 2014.
CELLS, SHEETS = "cells", "worksheets"
TEXTS = ("source", "input")
FEWER = "the cells that make the model, in a notebook or a file of their own"


class Cell(NamedTuple):
    """The code of a cell.

    Attributes:
        number: of the cell among all of them, from 1.
        text: its lines.
    """

    number: int
    text: str


def cells_of(source: Source, start: int, end: int) -> list[Cell]:
    """The cells of code of the notebook that stands between two offsets of a text.

    Raises:
        SpecError: it is no JSON, or no notebook, with the place.
    """
    scan = _Scan(source, start, end)
    found = [
        cell
        for key in scan.members()
        for cell in (scan.cells() if key == CELLS else scan.sheets() if key == SHEETS else ())
    ]
    return [Cell(number, text) for number, (kind, text) in enumerate(found, 1) if kind == "code"]


class _Scan:
    """A place in the JSON that moves on."""

    def __init__(self, source: Source, start: int, end: int) -> None:
        self.source = source
        self.text = source.text[:end]
        self.at = start
        self.marks = 0

    def wrong(self, message: str, code: str = "notebook", help: str | None = None) -> SpecError:
        span = Span(self.source, min(self.at, max(len(self.text) - 1, 0)), self.at + 1)
        return SpecError(message, span, code=code, help=help)

    def broken(self) -> SpecError:
        advice = "the notebook as Jupyter saves it, whole"
        return self.wrong("this notebook is no whole JSON", help=advice)

    def sign(self) -> str:
        """The next sign that is no blank, which stays."""
        found = BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at
        if self.at >= len(self.text):
            raise self.broken()
        return self.text[self.at]

    def pass_over(self, sign: str) -> None:
        if self.sign() != sign:
            raise self.broken()
        self.at += 1

    def string(self) -> str:
        """A text, decoded."""
        if self.sign() != '"':
            raise self.broken()
        try:
            text, self.at = DECODER.raw_decode(self.text, self.at)
        except JSONDecodeError:
            raise self.broken() from None
        return str(text)

    def members(self) -> Iterator[str]:
        """Each key of an object; whoever takes it goes over its value, or it is skipped."""
        self.pass_over("{")
        while self.sign() != "}":
            key = self.string()
            self.pass_over(":")
            before = self.at
            yield key
            if self.at == before:
                self.skip()
            self.between("}")
        self.at += 1

    def items(self) -> Iterator[int]:
        """The number of each item of a list, which is gone over as the values of keys are."""
        self.pass_over("[")
        number = 0
        while self.sign() != "]":
            before = self.at
            yield number
            if self.at == before:
                self.skip()
            self.between("]")
            number += 1
        self.at += 1

    def between(self, end: str) -> None:
        """The comma between two items, where this wasn't the last one."""
        self.count(KEY)
        if self.sign() != end:
            self.pass_over(",")

    def skip(self) -> None:
        """Go over a value of whatever kind and depth."""
        sign = self.sign()
        if sign not in '"[{':
            plain = PLAIN.match(self.text, self.at)
            if plain is None:
                raise self.broken()
            self.at = plain.end()
            return
        depth = 0
        for mark in MARK.finditer(self.text, self.at):
            self.count(1)
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark[0], 0)
            if depth <= 0:
                self.at = mark.end()
                return
        self.at = len(self.text)
        raise self.broken()

    def count(self, marks: int) -> None:
        """Bound the work."""
        self.marks += marks
        if self.marks > MAX_MARKS:
            raise self.wrong(
                "this notebook has far more in it than code",
                "too-large",
                "the notebook without its outputs: `jupyter nbconvert --clear-output`",
            )

    def sheets(self) -> Iterator[tuple[str, str]]:
        for _ in self.items():
            for key in self.members():
                if key == CELLS:
                    yield from self.cells()

    def cells(self) -> Iterator[tuple[str, str]]:
        """Kind and text of each cell."""
        for number in self.items():
            if number >= MAX_CELLS:
                raise self.wrong(f"a notebook of more than {MAX_CELLS:,} cells", "too-large", FEWER)
            kind, text = "", ""
            for key in self.members():
                if key == "cell_type" and self.sign() == '"':
                    kind = self.string()
                elif key in TEXTS:
                    text = self.lines()
            yield kind, text

    def lines(self) -> str:
        """The text of a cell: one, or one for each line."""
        sign = self.sign()
        if sign == '"':
            return self.string()
        if sign != "[":
            return ""
        return "".join(self.string() for _ in self.items() if self.sign() == '"')
