"""The letters and digits of `string`, of which networks on text make their alphabet."""

from __future__ import annotations

import string

from cnncalc.python.values import Value
from cnncalc.python.wordlists import words

__all__ = ["NAMES"]

NAMES: dict[str, Value] = {
    name: getattr(string, name)
    for name in words(
        "ascii_letters ascii_lowercase ascii_uppercase digits hexdigits octdigits printable "
        "punctuation whitespace"
    )
}
