"""Source in the midst of other things: notebooks and pages in Markdown, of which the code is read.

Parts that are no Python are left out, as whoever runs the others does; an error of what is left
tells of them.
"""

from __future__ import annotations

import re

from cnncalc.errors import Piece, Source, SpecError, first_of
from cnncalc.notations import Text
from cnncalc.notations.markdown import FENCE, blocks_of
from cnncalc.notations.notebook import cells_of
from cnncalc.python.limits import MAX_BYTES
from cnncalc.python.source_tree import tree_or_none

__all__ = ["opened"]

# What IPython takes beside Python, at the start of a line and behind `=`.
LINE = re.compile(r"([ \t]*)(?:[%!?]|(?:pip3?|conda|cd|ls)[ \t]+[\w.~/-])")
ASKED = re.compile(r"([ \t]*)[\w.]+\?{1,2}[ \t]*")  # `model?`
ASSIGNED = re.compile(r"([ \t]*[\w., ]+=[ \t]*)[%!](?=\w)")
CELL = re.compile(r"[ \t]*%%(\w+)")
KEEPING = ("capture", "time", "timeit", "prun")  # magics of cells of Python
PROMPT = re.compile(r"(?:>>>|\.\.\.)(?: |$)")
MAX_LISTED = 3


def opened(text: Text) -> tuple[Text, str | None]:
    """A text with the code alone of each document in it, and what is to be told of the rest.

    Raises:
        SpecError: a document without code, or one that is broken, with the place.
    """
    source = text.source
    parts: list[str] = []
    pieces: list[Piece] = []
    left: list[str] = []
    length = 0
    for number, piece in enumerate(source.pieces):
        following = source.pieces[number + 1 : number + 2]
        end = following[0].start if following else len(source.text)
        for file, code in _parts(source, piece, end, left):
            pieces.append(Piece(length, file))
            parts.append(code)
            length += len(code)
    told = f"left out, since no Python: {first_of(left, MAX_LISTED)}" if left else None
    return text._replace(source=Source("".join(parts), pieces)), told


def _parts(source: Source, piece: Piece, end: int, left: list[str]) -> list[tuple[str | None, str]]:
    """What is left of one piece, each with the file that its places name."""
    inside = source.text[piece.start : end]
    ending = (piece.file or "").lower()
    if ending.endswith(".ipynb") or is_notebook(inside):
        return _of_notebook(source, piece, end, left)
    if ending.endswith(".md") or (not ending.endswith(".py") and is_page(inside)):
        return [(piece.file, _of_page(piece, inside, left))]
    return [(piece.file, inside)]


def is_notebook(text: str) -> bool:
    """Whether a text is a notebook, whatever it is called."""
    return re.match(r"\s*+\{", text) is not None and (
        re.search(r'"(?:cells|worksheets)"\s*+:\s*+\[', text) is not None
    )


def is_page(text: str) -> bool:
    """Whether a text that is no Python has a fence."""
    fenced = any(FENCE.fullmatch(line.rstrip()) for line in text.split("\n") if "``" in line)
    return fenced and tree_or_none(text) is None


def _of_notebook(
    source: Source, piece: Piece, end: int, left: list[str]
) -> list[tuple[str | None, str]]:
    cells = cells_of(source, piece.start, end)
    _check_size(sum(len(cell.text) for cell in cells))
    found: list[tuple[str | None, str]] = []
    for cell in cells:
        code = python_of(cell.text.replace("\r\n", "\n").replace("\0", " "))
        if code is None:
            left.append(f"cell {cell.number}")
        elif code.strip():
            found.append((f"{piece.file or '<notebook>'}:cell {cell.number}", f"{code}\n"))
    if not found:
        raise _no_code(piece, "this notebook has no code", "a cell that makes the model", left)
    return found


def _of_page(piece: Piece, text: str, left: list[str]) -> str:
    blocks = blocks_of(text)
    _check_size(sum(len(line) + 1 for block in blocks for line in block.lines))
    lines = [""] * (text.count("\n") + 1)
    for block in blocks:
        code = python_of("\n".join(block.lines))
        if code is None:
            left.append(f"the lines from {block.line + 1}")
        else:
            lines[block.line : block.line + len(block.lines)] = code.split("\n")
    if not any(line.strip() for line in lines):
        raise _no_code(piece, "this page has no fenced Python", "the model below ```python", left)
    return "\n".join(lines)


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise SpecError(
            f"a source of {size:,} characters is too large",
            code="too-large",
            help=f"at most {MAX_BYTES:,}",
        )


def _no_code(piece: Piece, message: str, help: str, left: list[str]) -> SpecError:
    error = SpecError(
        f"{message} that can be read" if left else message,
        code="empty",
        help=help,
    )
    error.file = piece.file
    if left:
        error.notes.append(f"left out, since no Python: {', '.join(left[:MAX_LISTED])}")
    return error


def python_of(code: str) -> str | None:
    """The Python of a part, line by line at its place; None where it is none."""
    if tree_or_none(code) is not None:
        return code
    magic = CELL.match(code.lstrip("\n"))
    if magic and magic[1] not in KEEPING:
        return ""
    cleaned = _without_prompts(code) if PROMPT.match(code.lstrip()) else _without_magics(code)
    return cleaned if tree_or_none(cleaned) is not None else None


def _without_magics(code: str) -> str:
    lines, goes_on = [], False
    for line in code.split("\n"):
        found = LINE.match(line) or ASKED.fullmatch(line)
        if goes_on or found:
            lines.append("" if goes_on or not found[1] else f"{found[1]}pass")  # type: ignore[index]
            goes_on = line.rstrip().endswith("\\")
        else:
            lines.append(ASSIGNED.sub(r"\1None  #", line))
    return "\n".join(lines)


def _without_prompts(code: str) -> str:
    """The lines behind prompts; what stands between them was printed."""
    lines = code.split("\n")
    return "\n".join(line[4:] if PROMPT.match(line) else "" for line in lines)
