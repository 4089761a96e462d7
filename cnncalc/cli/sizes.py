"""Sizes that options give."""

from __future__ import annotations

from cnncalc.errors import LayerError, Piece, Source, Span, SpecError
from cnncalc.layers.base import Shape
from cnncalc.notations.compact import parse_size

__all__ = ["size_of"]


def size_of(text: str, option: str) -> Shape:
    """The size that an option such as `-i` gives; SpecError with the option as its place."""
    try:
        return parse_size(text.strip().replace("×", "x").replace(",", "x"))
    except LayerError as error:
        span = Span(Source(text, (Piece(0, option),)), 0, len(text))
        symbolic = error.code in ("unbound-symbol", "unknown-value")
        advice = "numbers, such as 3x224x224" if symbolic else error.help
        raise SpecError(error.message, span, code=error.code, help=advice) from None
