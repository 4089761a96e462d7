"""Words of the compact notation as values: `3x5`, `0:1x2:2`, `0..32`, `{4*$c}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cnncalc.errors import LayerError
from cnncalc.layers.base import Option
from cnncalc.notations.sizes import choice_error, integer
from cnncalc.notations.unknowns import Unknowns

__all__ = ["evaluate", "fill_in", "is_plain", "read_value"]

MAX_FILLED = 4_000  # characters of a word once its parameters are put in
PLACEHOLDER = re.compile(r"\$(\w+)|\{([^{}]*)\}")
TOKEN = re.compile(r"\s*(?:(\d+)|\$(\w+)|(//|[-+*()]))")


Reader = Callable[[Option, str, Mapping[str, int]], object]


def read_value(option: Option, text: str, let: Mapping[str, int]) -> object:
    """The value of one option, as its layer takes it; LayerError if it can't be one."""
    if text in option.words:
        return text
    reader = READERS.get(option.kind)
    if "/" in text:
        raise choice_error(text)
    if reader is None or not text:
        raise option.wrong(text or "empty")
    return reader(option, text, let)


def _count(option: Option, text: str, let: Mapping[str, int]) -> int:
    value = integer(text, let)
    if value is None:
        raise option.wrong(text)
    return value


def _number(option: Option, text: str, let: Mapping[str, int]) -> float:
    value = integer(text, let) if "." not in text and "e" not in text else None
    if value is not None:
        return value
    digits = r"(\d{1,20}\.?\d{0,20}|\.\d{1,20})(e(-\d{1,3}|\d{1,2}))?"
    if not re.fullmatch(rf"-?({digits}|inf)", text, re.ASCII):
        raise option.wrong(text)
    return float(text)


def _each(read: Reader) -> Reader:
    """A reader for values joined by x."""

    def reader(option: Option, text: str, let: Mapping[str, int]) -> object:
        return tuple(
            part if part in option.words else read(option, part, let) for part in text.split("x")
        )

    return reader


def _pad(option: Option, text: str, let: Mapping[str, int]) -> tuple[int, int]:
    parts = [_count(option, part, let) for part in text.split(":")]
    if len(parts) > 2:
        raise option.wrong(text)
    return parts[0], parts[-1]


def _interval(option: Option, text: str, let: Mapping[str, int]) -> tuple[int | None, int | None]:
    start, dots, stop = text.partition("..")
    if not dots:
        raise option.wrong(text)
    return (
        _count(option, start, let) if start else None,
        _count(option, stop, let) if stop else None,
    )


READERS: dict[str, Reader] = {
    "count": _count,
    "number": _number,
    "axes": _each(_count),
    "integers": _each(_count),
    "sizes": _each(_count),
    "factors": _each(_number),
    "numbers": _each(_number),
    "pads": _each(_pad),
    "interval": _interval,
}


def is_plain(text: str) -> bool:
    """Whether a definition's text stands for itself, with nothing to put in."""
    return "$" not in text and "{" not in text


def fill_in(text: str, values: Mapping[str, str], let: Mapping[str, int]) -> str:
    """A definition's text with its parameters (`$a`) and arithmetic (`{4*$a}`) put in."""
    if is_plain(text):
        return text
    if re.search(r"[$}]\w*/|/[${]", text.replace("//", "")):
        raise LayerError(
            "`/` beside a parameter is no division",
            code="choice",
            help="divide in braces, as in `{$c//2}`",
        )

    def put(match: re.Match[str]) -> str:
        if match[1]:
            return _parameter(match[1], values)
        return str(evaluate(match[2], values, let))

    filled = PLACEHOLDER.sub(put, text)
    if len(filled) > MAX_FILLED:  # parameters may double one another from call to call
        raise LayerError(
            f"`{text[:40]}` becomes a text of more than {MAX_FILLED:,} characters",
            code="too-large",
            help="shorter values for its parameters",
        )
    if "{" in filled or "}" in filled or "$" in filled:
        raise LayerError(
            f"`{filled[:40]}` has a brace or `$` without its partner",
            code="braces",
            help="`$name` for a parameter, `{4*$name}` for arithmetic, `16/32` for a choice",
        )
    return filled


def _parameter(name: str, values: Mapping[str, str]) -> str:
    if name not in values:
        known = ", ".join(f"`${each}`" for each in values)
        raise LayerError(
            f"there is no parameter `${name}`",
            code="unknown-parameter",
            help=f"parameters: {known}"
            if known
            else "a definition's parameters are known inside it: `def block(c) = [conv:$c,k3]`; "
            f"for `sweep`, `--let {name}=16/32` gives a name its choices",
        )
    return values[name]


def evaluate(text: str, values: Mapping[str, str], let: Mapping[str, int]) -> int:
    """Whole-number arithmetic with + - * // and parentheses.

    Raises:
        LayerError: what is no such expression, or a number beyond bounds.
    """
    return _Arithmetic(text, values, let).result()


class _Arithmetic:
    """A recursive descent over `sum := product (+|- product)*`, bounded in depth and size."""

    def __init__(self, text: str, values: Mapping[str, str], let: Mapping[str, int]) -> None:
        self.text = text
        self.values = values
        self.let = let
        self.tokens = self._tokens()
        self.at = 0

    def result(self) -> int:
        value = self._sum(0)
        if self.at < len(self.tokens):
            raise self._wrong()
        return value

    def _tokens(self) -> list[int | str]:
        tokens: list[int | str] = []
        at = 0
        while self.text[at:].strip():
            match = TOKEN.match(self.text, at)
            if not match or len(match[1] or "") > 12:
                raise self._wrong()
            number = match[1] or (match[2] and _parameter(match[2], self.values))
            if isinstance(self.let, Unknowns) and number in self.let.found:
                number = str(self.let.number(number))
            if number and not re.fullmatch(r"-?\d{1,12}", number, re.ASCII):
                raise LayerError(f"`{number}` is no number to calculate with", code="braces")
            tokens.append(int(number) if number else match[3])
            at = match.end()
        return tokens

    def _wrong(self) -> LayerError:
        return LayerError(
            f"`{{{self.text[:40]}}}` is no whole-number arithmetic",
            code="braces",
            help="numbers and parameters with + - * // and parentheses",
        )

    def _take(self, *operators: str) -> str | None:
        if self.at < len(self.tokens) and self.tokens[self.at] in operators:
            self.at += 1
            return str(self.tokens[self.at - 1])
        return None

    def _sum(self, depth: int) -> int:
        value = self._product(depth)
        while operator := self._take("+", "-"):
            right = self._product(depth)
            value = self._bounded(value + right if operator == "+" else value - right)
        return value

    def _product(self, depth: int) -> int:
        value = self._factor(depth)
        while operator := self._take("*", "//"):
            right = self._factor(depth)
            if operator == "//" and right == 0:
                raise LayerError(f"`{{{self.text[:40]}}}` divides by zero", code="braces")
            value = self._bounded(value * right if operator == "*" else value // right)
        return value

    def _factor(self, depth: int) -> int:
        if depth > 50 or self.at >= len(self.tokens):
            raise self._wrong()
        if self._take("-"):
            return -self._factor(depth + 1)
        if self._take("("):
            value = self._sum(depth + 1)
            if not self._take(")"):
                raise self._wrong()
            return value
        token = self.tokens[self.at]
        if not isinstance(token, int):
            raise self._wrong()
        self.at += 1
        return token

    def _bounded(self, value: int) -> int:
        if abs(value) > 10**12:
            raise LayerError(f"`{{{self.text[:40]}}}` is beyond all bounds", code="too-large")
        return value
