"""Sizes as people give them: `3x224x224`, `3×224×224`, `3,224,224`, `(3, 224, 224)`, `scalar`.

The one place that reads a size: after an option, in front of a spec or a source, in Python.
What is meant by it, a batch perhaps, is `input_size`'s to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from operator import index

from cnncalc.errors import CnnCalcError, LayerError, Piece, Source, Span, SpecError
from cnncalc.layers.base import Shape
from cnncalc.layers.options import MAX_VALUE, SCALAR
from cnncalc.network import Named, Typed
from cnncalc.notations.unknowns import UNKNOWN

__all__ = [
    "SEVERAL",
    "Given",
    "choice_error",
    "front",
    "front_size",
    "given",
    "given_or_named",
    "integer",
    "known_of",
    "named_at",
    "of_span",
    "read_size",
    "respelled",
]

Given = Shape | str | int | Source  # what Python takes for a size

FIRST = r"[0-9_?]+"
ANY = r"[0-9A-WYZa-wyz_?]+"  # loose, so that a mistake in a size is told as one
# A symbol or a tied unknown in front; one alone would be a word.
NAMED = rf"(?:[A-WYZ][0-9]*|_[A-WYZa-wyz0-9]+)(?:[x×]{ANY})+"
SURE = r"(?:[0-9]+|[_?]|[A-WYZ][A-WYZa-z0-9]*)"  # where another word might stand
FORMS = (
    rf"(?:\(\s*{FIRST}(?:\s*[,x×]\s*{ANY})*\s*(?:,\s*)?\)"
    rf"|{FIRST}(?:\s*,\s*{SURE})+"
    rf"|[0-9]+(?:\s+[x×]\s+{SURE})+"
    rf"|{FIRST}(?:[x×]{ANY})*)"
)
IN_SPEC = re.compile(rf"(?:{FORMS}|{NAMED})" + r"(?=[\s\[\]|{}#]|$)")
IN_SOURCE = re.compile(FORMS + r"(?=[\s,]|$)")  # `3x8x8, nn.ReLU()`
SYMBOL = re.compile(r"[A-WYZ][A-WYZa-z0-9]*\Z")
SEPARATOR = re.compile(r"[x×,]")
BRACKETS = {"(": ")", "[": "]"}
MISSPELLED = re.compile(r"\d+(?:\s*[X*]\s*[\dA-WYZ]+)+")
SEVERAL = "`cnncalc sweep` goes through all values"
UNBOUND = ("unbound-symbol", "unknown-value")
SHOWN = 40  # characters of a size that a message repeats


def front(text: str, at: int = 0, source: bool = False) -> int | None:
    """Where the size ends that stands at a place of a spec, or before a source; None: none does."""
    found = (IN_SOURCE if source else IN_SPEC).match(text, at)
    return found and found.end()


def read_size(text: str, let: Mapping[str, int] | None = None) -> Shape:
    """The size that a text is; `scalar` and `()` are that of a single number.

    Raises:
        LayerError: it is none, or holds a symbol without a value.
    """
    return tuple(_one(part, text, let or {}) for part in _parts(text))


def _parts(text: str) -> list[str]:
    """The words of the sizes in a text."""
    inner = text.strip()
    bracketed = inner[:1] in BRACKETS and inner.endswith(BRACKETS[inner[:1]])
    if bracketed:
        inner = inner[1:-1].strip().removesuffix(",")
    if inner == SCALAR or (bracketed and not inner):
        return []
    if not inner:
        raise LayerError("the size is empty", code="bad-input", help="such as 3x224x224")
    return [part.strip() for part in SEPARATOR.split(inner)]


def _with_names(text: str, let: Mapping[str, int]) -> tuple[int | str, ...]:
    """The sizes of a text, symbols without a value as they are; LayerError for anything else."""
    return tuple(
        part if SYMBOL.match(part) and part not in let else _one(part, text, let)
        for part in _parts(text)
    )


def _one(part: str, text: str, let: Mapping[str, int]) -> int:
    size = integer(part, let)
    if size is None:
        raise LayerError(
            f"`{text.strip()[:SHOWN]}` is no size",
            code="bad-input",
            help=respelled(text) or "whole numbers joined by x, such as 3x224x224 or 1x16000",
        )
    if size < 1:
        raise LayerError(
            f"a size can't be {text.strip()[:SHOWN]}"
            + (f", where `{part}` is {size}" if part in let else ""),
            code="bad-input",
            help="numbers of at least 1, such as 3x224x224",
        )
    if size > MAX_VALUE:
        raise _beyond_limit(part)
    return size


def integer(text: str, let: Mapping[str, int]) -> int | None:
    """A whole number or a bound symbol; None if it is neither.

    Raises:
        LayerError: a symbol without a value, an unknown, a choice, a number beyond bounds.
    """
    if re.fullmatch(r"-?\d{1,19}", text, re.ASCII):
        return int(text)
    if re.fullmatch(r"-?\d+", text, re.ASCII):
        raise _beyond_limit(text)
    if UNKNOWN.match(text) and text not in let:
        raise LayerError(
            f"`{text}` stands for a value to solve for, and a number is needed here",
            code="unknown-value",
            help="`cnncalc solve … --output CxHxW` finds it; or put a number in its place",
        )
    if UNKNOWN.match(text):
        return let[text]
    if SYMBOL.match(text):
        if text not in let:
            raise LayerError(
                f"the symbol `{text}` has no value",
                code="unbound-symbol",
                help=f"bind it with `--let {text}=224`, or write a number",
            )
        return let[text]
    if "/" in text:
        raise choice_error(text)
    return None


def choice_error(text: str) -> LayerError:
    """What is wrong with a choice where one network is asked about."""
    first = re.split("[.][.]|/", text)[0]
    return LayerError(
        f"`{text}` is a choice of values, and one network needs one of them",
        code="choice",
        help=f"write `{first}`, say; {SEVERAL}" if first else SEVERAL,
    )


def _beyond_limit(text: str) -> LayerError:
    """What is wrong with a number that no layer and no input may have."""
    shown = text if len(text) <= 12 else f"{text[:12]}…"
    return LayerError(
        f"{shown} is beyond the limit of {MAX_VALUE}", code="too-large", help="a smaller number"
    )


def known_of(text: str) -> tuple[int | None, ...]:
    """The sizes of a text, None for each that is a symbol or unknown."""
    parts = SEPARATOR.split(text.strip("( )"))
    return tuple(int(part) if part.strip().isdecimal() else None for part in parts if part.strip())


def respelled(text: str) -> str | None:
    """What would be right where `X` or `*` stands between sizes; None for anything else."""
    if not MISSPELLED.fullmatch(text.strip()):
        return None
    right = re.sub(r"\s*[X*]\s*", "x", text.strip())
    return f"sizes are joined by `x`: write `{right}`"


def typed_at(span: Span, let: Mapping[str, int]) -> Typed:
    """The size that stands at a place of a text; SpecError with the place where it is none."""
    try:
        return Typed(read_size(span.text, let), span)
    except LayerError as error:
        raise SpecError(error.message, span, code=error.code, help=error.help) from None


def named_at(span: Span, let: Mapping[str, int], missing: SpecError) -> Named:
    """The size with names that stands at a place of a text, whose numbers are missing."""
    try:
        return Named(_with_names(span.text, let), missing)
    except LayerError as error:
        raise SpecError(error.message, span, code=error.code, help=error.help) from None


def front_size(span: Span, let: Mapping[str, int]) -> tuple[Typed | None, SpecError | None]:
    """The size in front of a text, or why there is none yet: symbols, which `-i` stands in for."""
    try:
        return typed_at(span, let), None
    except SpecError as error:
        if error.code not in UNBOUND:
            raise
        return None, error


def given(size: Given, place: str = "input") -> Typed:
    """A size from Python, or the text of an option such as `-i`, which `place` names.

    Raises:
        SpecError: a text that is no size.
        CnnCalcError: what is neither a text nor made of whole numbers.
    """
    if isinstance(size, str):
        size = Source(size, (Piece(0, place),))
    if isinstance(size, Source):
        return _from_text(size)
    numbers = size if isinstance(size, tuple | list) else (size,)
    try:
        return Typed(tuple(_whole(number) for number in numbers))
    except TypeError:
        raise CnnCalcError(
            f"`{place}` can't be {size!r:.60}",
            code="bad-input",
            help='its sizes without the batch, such as (3, 224, 224) or "3x224x224"',
        ) from None


def given_or_named(size: Given) -> Typed | Named:
    """The same of the input, where symbols may stand for sizes."""
    try:
        return given(size)
    except SpecError as error:
        if error.code != "unbound-symbol" or error.span is None:
            raise
        return named_at(error.span, {}, error)


def of_span(span: Span) -> Typed | Named:
    """The size that is a part of a text, where symbols may stand for sizes."""
    try:
        return typed_at(span, {})
    except SpecError as error:
        if error.code != "unbound-symbol":
            raise
        return named_at(span, {}, error)


def _from_text(source: Source) -> Typed:
    try:
        return typed_at(Span(source, 0, len(source.text)), {})
    except SpecError as error:
        if error.code in UNBOUND:
            error.help = "numbers, such as 3x224x224"
        raise


def _whole(number: object) -> int:
    """An int, or what counts as one (NumPy's); TypeError for anything else."""
    if isinstance(number, bool):
        raise TypeError
    return index(number)  # type: ignore[arg-type]
