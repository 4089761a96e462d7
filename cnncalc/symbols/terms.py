"""Whole numbers that remember how they came about, so that a formula that ran can be shown.

A `Term` is an int, and computes and compares as one; beside that it has the operation that made it
and what that was made of. Given to a layer's own formulas, what comes out shows them: with the
names of its options and axes, and with their numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cnncalc.symbols.writing import MINUS

__all__ = ["LATEX", "PEOPLE", "PYTHON", "Style", "Term", "key_of", "named", "shown"]


class Style(NamedTuple):
    """How formulas are written.

    Attributes:
        times, minus: the signs.
        floor: of a quotient, its two sides as they are written.
        name: how a name of several letters is written.
        times_after: the sign behind a number.
    """

    times: str
    times_after: str
    minus: str
    floor: str
    ceiling: str
    remainder: str
    name: str
    latex: bool = False


PYTHON = Style("*", "*", "-", "{}//{}", "-(-{}//{})", "{} % {}", "{}")
PEOPLE = Style("·", "·", MINUS, "⌊{}/{}⌋", "⌈{}/{}⌉", "{} mod {}", "{}")
LATEX = Style(
    r" \cdot ",
    r" \cdot ",
    "-",
    r"\left\lfloor \frac{{{}}}{{{}}} \right\rfloor",
    r"\left\lceil \frac{{{}}}{{{}}} \right\rceil",
    r"{} \bmod {}",
    r"\mathrm{{{}}}",
    True,
)


class Term(int):
    """A whole number with the operation that made it.

    Attributes:
        operation: `+`, `-`, `*`, `//`, `%`, `floor` of a product with a fraction; `name`, or
            `number` for what is as it is.
        parts: what it was made of; of a name its text.
    """

    operation: str
    parts: tuple[Any, ...]

    def __add__(self, other: Any) -> Any:
        return _made("+", int.__add__, self, other)

    def __radd__(self, other: Any) -> Any:
        return _made("+", int.__add__, other, self)

    def __sub__(self, other: Any) -> Any:
        return _made("-", int.__sub__, self, other)

    def __rsub__(self, other: Any) -> Any:
        return _made("-", int.__sub__, other, self)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, float):
            return Scaled.of(self, other)
        return _made("*", int.__mul__, self, other)

    def __rmul__(self, other: Any) -> Any:
        if isinstance(other, float):
            return Scaled.of(self, other)
        return _made("*", int.__mul__, other, self)

    def __floordiv__(self, other: Any) -> Any:
        return _made("//", int.__floordiv__, self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _made("//", int.__floordiv__, other, self)

    def __mod__(self, other: Any) -> Any:
        return _made("%", int.__mod__, self, other)

    def __rmod__(self, other: Any) -> Any:
        return _made("%", int.__mod__, other, self)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __neg__(self) -> Any:
        return _made("-", int.__sub__, 0, self)

    def __floor__(self) -> Term:
        return self

    __ceil__ = __trunc__ = __floor__

    def __abs__(self) -> Any:
        return self if self >= 0 else -self


class Scaled(float):
    """A term times a fraction, of which `floor` makes a term again."""

    term: Term

    @staticmethod
    def of(term: Term, factor: float) -> Scaled:
        made = Scaled(int(term) * factor)
        made.term = _term(int(made // 1), "floor", (term, factor))
        return made

    def __floor__(self) -> Term:
        return self.term


def named(name: str, value: int) -> Term:
    """A number that has a name."""
    return _term(value, "name", (name,))


def _term(value: int, operation: str, parts: tuple[Any, ...]) -> Term:
    made = Term(value)
    made.operation, made.parts = operation, parts
    return made


NEUTRAL = {"+": 0, "-": 0, "*": 1, "//": 1}


def _made(operation: str, compute: Any, one: Any, two: Any) -> Any:
    """What an operation gives; where a plain number changes nothing, what was there."""
    if not isinstance(one, int) or not isinstance(two, int):
        return NotImplemented
    neutral = NEUTRAL.get(operation)
    if type(two) is int and two == neutral:
        return one
    if type(one) is int and one == neutral and operation in "+*":
        return two
    value = compute(int(one), int(two))
    if operation == "*" and any(type(each) is int and each == 0 for each in (one, two)):
        return 0
    return _term(value, operation, (_as_term(one), _as_term(two)))


def _as_term(value: int) -> Term:
    return value if isinstance(value, Term) else _term(int(value), "number", ())


def key_of(value: int) -> str:
    """Equal for terms that were made in the same way of the same names and numbers."""
    term = _as_term(value)
    if term.operation == "name":
        return str(term.parts[0])
    if term.operation == "number":
        return str(int(term))
    words = [key_of(each) if isinstance(each, Term) else str(each) for each in term.parts]
    return f"{term.operation}({','.join(words)})"


def shown(
    value: int, style: Style, known: Mapping[str, str] | None = None, numbers: bool = False
) -> str:
    """A term as it is written.

    Args:
        value: a plain number too.
        style: how.
        known: names for terms by their keys, which are written in their place.
        numbers: the numbers in the place of the names.
    """
    return _Writer(style, known or {}, numbers).sum(_as_term(value))


class _Writer:
    def __init__(self, style: Style, known: Mapping[str, str], numbers: bool) -> None:
        self.style = style
        self.known = known
        self.numbers = numbers

    def sum(self, term: Term, as_factor: bool = False) -> str:
        """A term; in brackets where it is a sum that is to be a factor."""
        if self.name_of(term) is not None:
            return self.atom(term)
        counts: dict[str, list[Any]] = {}
        plain = self.collect(term, 1, counts)
        words = [(count, self.product(part)) for count, part in counts.values() if count]
        if plain or not words:
            words.append((plain, ""))
        text = ""
        for count, word in words:
            sign = self.style.minus if count < 0 else "+" if text else ""
            apart = f" {sign} " if text else sign
            factor = str(abs(count)) if not word or abs(count) != 1 else ""
            text += apart + (factor + self.style.times_after + word if factor and word else factor + word)
        return self.bracketed(text) if as_factor and (len(words) > 1 or words[0][0] < 0) else text

    def bracketed(self, text: str) -> str:
        return rf"\left({text}\right)" if self.style.latex and "frac" in text else f"({text})"

    def collect(self, term: Term, sign: int, counts: dict[str, list[Any]]) -> int:
        """Count the terms of a sum, equal ones together; what is but a number is returned."""
        if self.name_of(term) is None:
            if term.operation == "number":
                return sign * int(term)
            if term.operation in "+-":
                one, two = term.parts
                first = self.collect(one, sign, counts)
                return first + self.collect(two, sign if term.operation == "+" else -sign, counts)
            if term.operation == "*" and term.parts[0].operation == "number":
                number, part = term.parts
                if part.operation not in "+-" or self.name_of(part) is not None:
                    return self.collect(part, sign * int(number), counts)
            left = self.undone(term)
            if left is not None:
                return self.collect(left, sign, counts)
        counts.setdefault(key_of(term), [0, term])[0] += sign
        return 0

    def undone(self, term: Term) -> Term | None:
        """What is multiplied by the very term that it is divided by; None: nothing is."""
        if term.operation != "//":
            return None
        one, two = term.parts
        counts: dict[str, list[Any]] = {}
        if self.collect(one, 1, counts) or [count for count, _ in counts.values() if count] != [1]:
            return None
        (product,) = [part for count, part in counts.values() if count]
        factors = product.parts if product.operation == "*" else ()
        if len(factors) == 2 and key_of(factors[1]) == key_of(two):
            return factors[0]  # type: ignore[no-any-return]
        return None

    def product(self, term: Term) -> str:
        """A term that is no sum."""
        if self.name_of(term) is not None or term.operation != "*":
            return self.atom(term)
        return self.style.times.join(self.factors(term))

    def factors(self, term: Term) -> list[str]:
        if term.operation == "*" and self.name_of(term) is None:
            return [each for part in term.parts for each in self.factors(part)]
        if self.name_of(term) is None and term.operation in "+-":
            return [self.sum(term, as_factor=True)]
        return [self.atom(term, as_factor=True)]

    def atom(self, term: Term, as_factor: bool = False) -> str:
        """A name, a number, or a quotient."""
        name = self.name_of(term)
        if name is not None:
            return str(int(term)) if self.numbers else self.name(name)
        if term.operation == "number":
            return str(int(term))
        if term.operation == "floor":
            return self.floor(f"{term.parts[1]:g}{self.style.times}{self.sum(term.parts[0], True)}")
        one, two = term.parts
        if term.operation == "%":
            text = self.style.remainder.format(self.sum(one, True), self.sum(two, True))
            return f"({text})" if as_factor else text
        bare = self.style.latex
        if one.operation == "-" and one.parts[0].operation == "number" and not one.parts[0]:
            top = self.sum(one.parts[1], not bare)
            text = self.style.ceiling.format(top, self.sum(two, not bare))
            return text
        text = self.style.floor.format(self.top(one), self.sum(two, not bare))
        return f"({text})" if as_factor and self.style is PYTHON else text

    def top(self, term: Term) -> str:
        """What is divided."""
        if self.style.latex:
            return self.sum(term)
        product = self.name_of(term) is None and term.operation == "*"
        return f"({self.sum(term)})" if product else self.sum(term, as_factor=True)

    def floor(self, text: str) -> str:
        if self.style is PYTHON:
            return f"int({text})"
        return rf"\lfloor {text} \rfloor" if self.style.latex else f"⌊{text}⌋"

    def name_of(self, term: Term) -> str | None:
        """What a term is called; None: it has no name."""
        if term.operation == "name":
            return str(term.parts[0])
        if not self.known or term.operation == "number":
            return None
        return self.known.get(key_of(term))

    def name(self, name: str) -> str:
        """A name as it is written: `p_before` has an index in LaTeX."""
        if not self.style.latex:
            return name.replace("'", "_out") if self.style is PYTHON else name
        prime = "'" if name.endswith("'") else ""
        base, _, index = name.rstrip("'").partition("_")
        text = base if len(base) == 1 else self.style.name.format(base)
        return text + prime + (f"_{{{self.style.name.format(index)}}}" if index else "")

