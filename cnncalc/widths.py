"""How many columns of a terminal a text takes, and texts brought to a width."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["MORE", "first", "last", "shortened", "width_of", "wrapped"]

MORE = "…"
JOINED = re.compile("[\u1160-\u11ff\ud7b0-\ud7ff]")  # parts of a syllable behind the first


def width_of(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_width, JOINED.sub("", text)))


def _width(character: str) -> int:
    if unicodedata.category(character).startswith("M"):  # marks upon the one before
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def first(text: str, width: int) -> str:
    """As much of the front of a text as fits into a width."""
    if text.isascii():
        return text[: max(width, 0)]
    taken = 0
    for end, character in enumerate(text):
        taken += width_of(character)
        if taken > width:
            return text[:end]
    return text


def last(text: str, width: int) -> str:
    """As much of the end of a text as fits into a width."""
    if text.isascii():
        return text[len(text) - width :] if 0 < width < len(text) else text if width > 0 else ""
    start, taken = len(text), 0
    while start and (taken := taken + width_of(text[start - 1])) <= width:
        start -= 1
    return text[start:]


def shortened(text: str, width: int, *, tail: bool = False, more: str = MORE) -> str:
    """A text with … where it goes on, if it is too wide; `tail`: its end is what is kept."""
    if width_of(text) <= width:
        return text
    room = width - len(more)
    if tail:
        return more + last(text, room)
    return first(text, room) + more


def wrapped(text: str, width: int, indent: str = "", taken: int = 0) -> list[str]:
    """The lines of a text that is broken at blanks, and inside of words wider than a line.

    Args:
        text: one line; its own indent stands before every part.
        width: columns for each part.
        indent: what stands before all parts but the first, behind the text's own indent.
        taken: columns of the first part that something else has.
    """
    own = text[: len(text) - len(text.lstrip())]
    lines, line, empty = [], own, own
    for word in text.split():
        blank = " " if line != empty else ""
        if taken + width_of(line) + len(blank) + width_of(word) > width and (blank or taken):
            lines.append(line)
            line, empty, blank, taken = own + indent, own + indent, "", 0
        line += blank + word
        while width_of(line) > width:
            part = first(line, width)
            if len(part) <= len(empty):  # not even one character beside the indent
                break
            lines.append(part)
            empty = own + indent
            line = empty + line[len(part) :]
    return [*lines, line.rstrip()]
