"""How derived numbers are written: as Python, as people write formulas, as LaTeX mathematics.

A sum is written with equal parts counted together, a product as its factors; what has a name is
written as that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cnncalc.symbols.derived import Derived, as_derived, key_of, rounded_up
from cnncalc.symbols.writing import MINUS

__all__ = ["LATEX", "PEOPLE", "PYTHON", "Signs", "formula_of", "name", "written"]


class Signs(NamedTuple):
    """The signs of a way to write.

    Attributes:
        times, minus: between factors, and before what is taken away.
        quotient, ceiling: of two, rounded down and up.
        remainder: of two.
        floor: of one, rounded down.
        brackets: around a sum that is a factor.
        bare: whether the two of a quotient are apart without brackets.
    """

    times: str
    minus: str
    quotient: str
    ceiling: str
    remainder: str
    floor: str
    brackets: str
    bare: bool = False


PYTHON = Signs("*", "-", "{}//{}", "-(-{}//{})", "{} % {}", "int({})", "({})")
PEOPLE = Signs("·", MINUS, "⌊{}/{}⌋", "⌈{}/{}⌉", "{} mod {}", "⌊{}⌋", "({})")
LATEX = Signs(
    r" \cdot ",
    "-",
    r"\left\lfloor \frac{{{}}}{{{}}} \right\rfloor",
    r"\left\lceil \frac{{{}}}{{{}}} \right\rceil",
    r"{} \bmod {}",
    r"\lfloor {} \rfloor",
    r"\left({}\right)",
    bare=True,
)


def written(
    value: int, signs: Signs, known: Mapping[str, str] | None = None, numbers: bool = False
) -> str:
    """A derived number, or a plain one, as it is written.

    Args:
        value: the number.
        signs: how.
        known: names for numbers by their formulas, which are written in their place.
        numbers: the numbers in the place of the names.
    """
    return _Writer(signs, known or {}, numbers).sum(as_derived(value))


def formula_of(value: int) -> str:
    """The formula of a number, in the names that it was made of."""
    if not isinstance(value, Derived):
        return str(value)
    if value.formula is None:
        value.formula = written(value, PEOPLE)
    return value.formula


def name(text: str, signs: Signs) -> str:
    """A name as it is written: of `p_before` the word behind the stroke is an index in LaTeX."""
    if signs is PYTHON:
        return text.replace("'", "_out")
    if signs is not LATEX:
        return text
    base, _, index = text.rstrip("'").partition("_")
    prime = "'" if text.endswith("'") else ""
    indices = ",".join(map(_upright, index.split("_")))
    return _upright(base) + prime + (f"_{{{indices}}}" if index else "")


def _upright(word: str) -> str:
    return word if len(word) == 1 or word.isdigit() else rf"\mathrm{{{word}}}"


class _Writer:
    """One way to write, with or without names."""

    def __init__(self, signs: Signs, known: Mapping[str, str], numbers: bool) -> None:
        self.signs = signs
        self.known = known
        self.numbers = numbers

    def name_of(self, number: Derived) -> str | None:
        """What a number is called; None: it has no name."""
        if number.operation == "name":
            return str(number.parts[0])
        if not self.known or number.operation == "number":
            return None
        return self.known.get(formula_of(number))

    def sum(self, number: Derived, factor: bool = False) -> str:
        """A number; in brackets where it is to be a factor and has several parts."""
        counts, plain = self.parts(number)
        if len(counts) == 1 and not plain and counts[0][0] == 1:
            return self.product(counts[0][1], factor)
        parts = [self.counted(*each, not place) for place, each in enumerate(counts)]
        if plain or not parts:
            parts.append((plain < 0, str(abs(plain))))
        text = (self.signs.minus if parts[0][0] else "") + parts[0][1]
        for negative, part in parts[1:]:
            text += f" {self.signs.minus if negative else '+'} {part}"
        apart = factor and (len(parts) > 1 or parts[0][0])
        return self.signs.brackets.format(text) if apart else text

    def parts(self, number: Derived) -> tuple[list[tuple[int, Derived]], int]:
        """What a sum has so often each, and what is but a number."""
        counts: dict[str, tuple[int, Derived]] = {}
        plain = self.collect(number, 1, counts)
        return [each for each in counts.values() if each[0]], plain

    def counted(self, count: int, part: Derived, first: bool) -> tuple[bool, str]:
        """Whether so many of a part are taken away, and how they are written."""
        text = self.product(part, abs(count) != 1 or (first and count < 0))
        times = f"{abs(count)}{self.signs.times}" if abs(count) != 1 else ""
        return count < 0, times + text

    def collect(self, number: Derived, sign: int, counts: dict[str, tuple[int, Derived]]) -> int:
        """Count the parts of a sum, equal ones together; what is but a number is returned."""
        left, times = self.simpler(number)
        if left is not number or times != 1:
            return self.collect(left, sign * times, counts)
        if self.name_of(number) is None:
            if number.operation == "number":
                return sign * int(number)
            if number.operation in ("+", "-"):
                one, two = number.parts
                first = self.collect(one, sign, counts)
                return first + self.collect(two, sign if number.operation == "+" else -sign, counts)
        key = key_of(number)
        counts[key] = counts.get(key, (0, number))[0] + sign, number
        return 0

    def simpler(self, number: Derived) -> tuple[Derived, int]:
        """What a number is as often as said: 3·x is x three times, −((−x)//y) is ⌈x/y⌉."""
        if self.name_of(number) is None:
            if number.operation == "*" and number.parts[0].operation == "number":
                count, part = number.parts
                if self.name_of(part) is not None or part.operation not in ("+", "-"):
                    return part, int(count)
            if number.operation == "//":
                one, two = number.parts
                undone = self.undone(one, two)
                if undone is not None:
                    return undone, 1
                if one.operation == "-" and key_of(one.parts[0]) == "0":
                    return rounded_up(one.parts[1], two), -1
        return number, 1

    def undone(self, product: Derived, divisor: Derived) -> Derived | None:
        """What is multiplied by the very number that it is divided by, or 0; else None."""
        left, plain = self.parts(product)
        if not plain and not left:
            return as_derived(0)
        if plain or len(left) != 1 or left[0][0] != 1:
            return None
        part = left[0][1]
        if part.operation != "*" or self.name_of(part) is not None:
            return None
        one, two = part.parts
        return one if key_of(two) == key_of(divisor) else None

    def product(self, number: Derived, factor: bool = False) -> str:
        """A number that is no sum; `factor`: it is one of several."""
        if self.name_of(number) is None and number.operation == "*":
            return self.signs.times.join(self.factors(number))
        return self.atom(number, factor)

    def factors(self, number: Derived) -> list[str]:
        if self.name_of(number) is None and number.operation == "*":
            return [each for part in number.parts for each in self.factors(part)]
        return [self.sum(number, factor=True) if self.is_sum(number) else self.atom(number, True)]

    def is_sum(self, number: Derived) -> bool:
        """Whether it has other parts than itself."""
        return self.name_of(number) is None and (
            number.operation in ("+", "-") or self.simpler(number)[0] is not number
        )

    def atom(self, number: Derived, factor: bool) -> str:
        """A name, a number, a quotient or a remainder."""
        name_of = self.name_of(number)
        if name_of is not None:
            text = str(int(number)) if self.numbers else name(name_of, self.signs)
        elif number.operation == "number":
            text = str(int(number))
        elif number.operation == "scaled":
            inner, fraction = number.parts
            text = f"{fraction!r}{self.signs.times}{self.sum(inner, factor=True)}"
            return self.signs.floor.format(text)
        else:
            return self.quotient(number, factor)
        return self.signs.brackets.format(text) if factor and text.startswith("-") else text

    def quotient(self, number: Derived, factor: bool) -> str:
        """A quotient that is rounded down or up, or the remainder."""
        one, two = number.parts
        if number.operation == "%":
            text = self.signs.remainder.format(self.operand(one), self.operand(two))
            return self.signs.brackets.format(text) if factor else text
        form = self.signs.ceiling if number.operation == "rounded up" else self.signs.quotient
        if self.signs.bare:
            return form.format(self.sum(one), self.sum(two))
        text = form.format(self.operand(one), self.operand(two))
        return f"({text})" if factor and self.signs is PYTHON else text

    def operand(self, number: Derived) -> str:
        """What is divided, or divides: in brackets what is no name, number or rounded quotient."""
        counts, plain = self.parts(number)
        text = self.sum(number)
        if len(counts) + (plain != 0) > 1 or plain < 0 or any(count != 1 for count, _ in counts):
            return f"({text})"
        alone = {"name", "number"} | (
            set() if self.signs is PYTHON else {"//", "rounded up", "scaled"}
        )
        apart = any(
            self.name_of(part) is None and part.operation not in alone for _, part in counts
        )
        return f"({text})" if apart else text
