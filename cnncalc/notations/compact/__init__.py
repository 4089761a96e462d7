"""The compact notation: an input size and layers one after another, `3x32x32 conv:16,k3 relu`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cnncalc.errors import SpecError
from cnncalc.findings import Findings
from cnncalc.network import Network
from cnncalc.notations import Notation, Text
from cnncalc.packages import OnUse

if TYPE_CHECKING:
    from cnncalc.notations.compact import parsing, writer
else:
    parsing = OnUse("cnncalc.notations.compact.parsing")
    writer = OnUse("cnncalc.notations.compact.writer")

__all__ = ["NOTATION"]

COMMENT = re.compile(r"#[^\n]*")
DEFINITION = re.compile(r"\bdef\s+[\w-]+\s*(?:\([^()]*\))?\s*=\s*\[")  # only this notation has them
# No layer of this notation has a capital letter.
PYTHON = re.compile(
    r"^[ \t]*(?:import|from|class)\s|\b[A-Z]\w*\s*\(|\bself\.[A-Za-z_]|"
    r"^[ \t]*def\s+\w+\s*\([^()]*\)[^=:\n]*:",
    re.MULTILINE,
)


def _looks(text: str) -> bool:
    text = COMMENT.sub("", text)
    return bool(DEFINITION.search(text)) or not PYTHON.search(text)


def _read(text: Text, let: Mapping[str, int]) -> Network:
    if text.target:
        raise SpecError(
            f"a spec of the compact notation has no `{text.target}` in it",
            code="notation",
            help="what follows the colon names a class or a function in a Python file",
        )
    return parsing.parse(text.source, let)


def _write(report: Findings, name: str | None) -> str:
    return writer.lines(report)


NOTATION = Notation("the compact notation", _looks, _read, _write, symbols=True)
