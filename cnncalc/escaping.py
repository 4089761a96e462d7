"""What is printed is data: a text of somebody else's, made safe for each format that it goes to.

Names in a source, paths, lines of a source and what libraries say may hold escape sequences,
line ends, marks that turn the direction of writing, signs of a format, or a formula. Each format
has one function here, which lets a text be read, and do nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

__all__ = [
    "ASCII",
    "csv_cell",
    "dumps",
    "html",
    "latex",
    "markdown",
    "markdown_cell",
    "mermaid",
    "visible",
]

INSTEAD = "�"
# Python takes these for printable, though nothing of them is to be seen.
UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
UNSEEN += "\U000e0100-\U000e01ef"
INVISIBLE = re.compile(f"[{UNSEEN}]")

# For terminals and pipes whose encoding has no such characters.
ASCII = str.maketrans(
    {
        "×": "x",
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
        "≡": "=",
        "≢": "!=",
        "⌊": "floor(",
        "⌋": ")",
        "⌈": "ceil(",
        "⌉": ")",
        "·": "*",
        "−": "-",
        "…": "...",
        "–": "-",
        "→": "->",
        INSTEAD: "?",
    }
)


def visible(text: str) -> str:
    """One line for people, without what could move a cursor, hide words or turn their direction.

    Blanks of every kind are blanks, and what can't be seen is `�`.
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " if c.isspace() else INSTEAD for c in text)
    return text if text.isascii() else INVISIBLE.sub(INSTEAD, text)


def dumps(value: object) -> str:
    """JSON on one line: the very text, with the numbers of what can't be seen."""
    text = _encoder()(value)
    if text.isprintable() and (text.isascii() or not INVISIBLE.search(text)):
        return text
    return "".join(c if c.isprintable() and not INVISIBLE.match(c) else _numbered(c) for c in text)


def _numbered(character: str) -> str:
    from json import dumps

    return dumps(character)[1:-1]


@cache
def _encoder() -> Callable[[object], str]:
    from json import JSONEncoder  # one for all: making it takes longer than a layer's row

    return JSONEncoder(ensure_ascii=False).encode


# What spreadsheets take for the begin of a formula, the wide forms too, and what numbers and
# sizes are, which begin like one.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
NUMBER = re.compile(r"[+-]?\d[\d.]*(e[+-]?\d+)?(x-?\d[\d.]*(e[+-]?\d+)?)*", re.ASCII)


def csv_cell(value: object) -> object:
    """A cell of CSV; a text that a spreadsheet would compute has a `'` in front."""
    if not isinstance(value, str):
        return value
    text = visible(value)
    computes = text.lstrip().startswith(FORMULA) and not NUMBER.fullmatch(text)
    return f"'{text}" if computes else text


MARKUP = re.compile(r"[\\`*\[\]<>|~&$]|(?<![A-Za-z0-9])_(?=\S)")
CODE = re.compile(r"(`[^`]+`)")


def markdown_cell(text: str) -> str:
    """A cell of a Markdown table, without markup."""
    return MARKUP.sub(r"\\\g<0>", visible(text))


def markdown(text: str) -> str:
    """A line of Markdown in which only what stands between backticks means something."""
    parts = CODE.split(visible(text))
    return "".join(part if n % 2 else MARKUP.sub(r"\\\g<0>", part) for n, part in enumerate(parts))


LATEX = str.maketrans(
    {
        **{character: f"\\{character}" for character in "#$%&_{}"},
        **{character: f"${character}$" for character in "<>|"},
        **{character: f"{{{character}}}" for character in "[*"},  # which `\\` would take
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "×": r"$\times$",
        "≤": r"$\le$",
        "≥": r"$\ge$",
        "≠": r"$\ne$",
        "≡": r"$\equiv$",
        "≢": r"$\not\equiv$",
        "⌊": r"$\lfloor$",
        "⌋": r"$\rfloor$",
        "−": "$-$",
    }
)


def latex(text: str) -> str:
    """Text of LaTeX."""
    return visible(text).translate(LATEX)


def html(text: str) -> str:
    """Text of HTML."""
    from html import escape

    return escape(visible(text))


MERMAID = str.maketrans({c: f"#{ord(c)};" for c in "#&;<>`\\"} | {'"': "#quot;"})


def mermaid(text: str) -> str:
    """Text between the quotes of a Mermaid label, where Markdown and HTML would be followed."""
    return visible(text).translate(MERMAID)
