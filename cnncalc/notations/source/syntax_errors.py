"""What would be right for a text that Python can't parse."""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["advice"]

MAX_TEXT = 20_000  # beyond it nothing is tried
MAX_TRIES = 8
MAX_SHOWN = 30

# What Python says, and what that means for whoever pasted a network.
MEANINGS = (
    ("was never closed", "a closing bracket where it ends"),
    ("unmatched", "leave it out, or open it before"),
    ("does not match opening", "each bracket is closed by its own kind"),
    ("unterminated", "the quote that ends the text, on the same line"),
    ("EOF while scanning", "the bracket or quote that closes what is open"),
    ("expected ':'", "a `:` at the end of this line"),
    ("expected an indented block", "lines that belong to it begin four blanks further in"),
    ("unexpected indent", "lines of one block begin at the same column"),
    ("unindent does not match", "lines of one block begin at the same column"),
    ("inconsistent use of tabs", "blanks alone, or tabs alone"),
    ("call to 'print'", "this is Python 2; Python 3 is read"),
    ("invalid character", "plain signs: what is copied from a page may have others"),
    ("invalid non-printable", "plain blanks: what is copied from a page may have others"),
)
COMPACT = re.compile(r"(?<![\w.])[a-z]+\d*:(?:\d|[a-z]\d)")


def advice(text: str, start: int, end: int, said: str, parses: Callable[[str], object]) -> str:
    """What to do about a syntax error.

    Args:
        text: what can't be parsed.
        start: where Python stumbled.
        end: where that ends.
        said: Python's words.
        parses: gives something true for a text that can be parsed.
    """
    if re.match(r"\s*(?:-+|=+)>|\s*[→|]", text[start:]):
        return "layers stand between commas: `nn.Conv2d(3, 16, 3), nn.ReLU()`"
    place = missing_comma(text, start, end, parses)
    if place is not None:
        before = text[:place].rstrip().rpartition("\n")[2].strip()
        after = text[place:].strip().partition("\n")[0]
        return f"a comma between `{before[-MAX_SHOWN:]}` and `{after[:MAX_SHOWN]}`"
    for words, meaning in MEANINGS:
        if words in said:
            return meaning
    if "forgot a comma" in said:
        return "a comma between the two"
    if COMPACT.search(text):
        return "`--from compact` if it was meant as the compact notation"
    return "a whole file, or the lines that make the model; prose, output and prompts left out"


def missing_comma(text: str, start: int, end: int, parses: Callable[[str], object]) -> int | None:
    """Where a comma makes a text right; None where no single one does."""
    if len(text) > MAX_TEXT:
        return None
    gaps = [start + gap.start() for gap in re.finditer(r"\s+", text[start:end])]
    for place in [start, *gaps][:MAX_TRIES]:
        if text[:place].rstrip()[-1:] not in ("", ",") and parses(f"{text[:place]},{text[place:]}"):
            return place
    return None
