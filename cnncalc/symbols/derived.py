"""Whole numbers that remember how they came about, so that a formula that ran can be shown.

A `Derived` is an int, and computes and compares as one; beside that it has the operation that made
it and what that was made of. Given to a layer's own formulas, what comes out shows them: with the
names of its options and axes, and with their numbers (see `symbols.formulas`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Derived", "as_derived", "key_of", "named", "names_in", "rounded_up"]

NEUTRAL = {"+": 0, "-": 0, "*": 1, "//": 1}  # on the right; of `+` and `*` on the left, too


class Derived(int):
    """A whole number with the operation that made it.

    Attributes:
        operation: `+`, `-`, `*`, `//` or `%` of two; `rounded up`, their quotient; `scaled`, a
            number times a fraction, rounded down; `name`, or `number` for what is as it is.
        parts: what it was made of; of a name its text.
        formula: how that is written, once somebody asked.
    """

    operation: str
    parts: tuple[Any, ...]  # of what types says the operation
    formula: str | None = None

    def __add__(self, other: int) -> int:
        return _made("+", int.__add__, self, other)

    def __radd__(self, other: int) -> int:
        return _made("+", int.__add__, other, self)

    def __sub__(self, other: int) -> int:
        return _made("-", int.__sub__, self, other)

    def __rsub__(self, other: int) -> int:
        return _made("-", int.__sub__, other, self)

    def __mul__(self, other: Any) -> Any:
        return _scaled(self, other) if isinstance(other, float) else _times(self, other)

    def __rmul__(self, other: Any) -> Any:
        return _scaled(self, other) if isinstance(other, float) else _times(other, self)

    def __pow__(self, exponent: Any, modulus: Any = None) -> Any:
        if modulus is not None or not isinstance(exponent, int) or not 0 < exponent < 8:
            return int.__pow__(self, exponent, modulus)
        power: int = self
        for _ in range(exponent - 1):
            power = power * self
        return power

    def __floordiv__(self, other: int) -> int:
        return _made("//", int.__floordiv__, self, other)

    def __rfloordiv__(self, other: int) -> int:
        return _made("//", int.__floordiv__, other, self)

    def __mod__(self, other: int) -> int:
        return _made("%", int.__mod__, self, other)

    def __rmod__(self, other: int) -> int:
        return _made("%", int.__mod__, other, self)

    def __divmod__(self, other: int) -> tuple[int, int]:
        return self // other, self % other

    def __neg__(self) -> int:
        return _made("-", int.__sub__, 0, self)

    def __floor__(self) -> Derived:
        return self

    __ceil__ = __trunc__ = __floor__

    def __abs__(self) -> int:
        return self if self >= 0 else -self


class _Scaled(float):
    """A number times a fraction, of which `floor` makes a whole one again."""

    whole: Derived

    def __floor__(self) -> Derived:
        return self.whole


def _scaled(number: Derived, factor: float) -> _Scaled:
    made = _Scaled(int(number) * factor)
    made.whole = _derived(int(made // 1), "scaled", (number, factor))
    return made


def _times(one: int, two: int) -> int:
    if any(type(each) is int and each == 0 for each in (one, two)):
        return 0
    return _made("*", int.__mul__, one, two)


def named(name: str, value: int) -> Derived:
    """A number that has a name."""
    return _derived(value, "name", (name,))


def as_derived(value: int) -> Derived:
    """A number that is as it is, where it isn't derived."""
    return value if isinstance(value, Derived) else _derived(value, "number", ())


def rounded_up(number: Derived, divisor: Derived) -> Derived:
    """The quotient rounded up."""
    return _derived(-(-int(number) // int(divisor)), "rounded up", (number, divisor))


def _derived(value: int, operation: str, parts: tuple[object, ...]) -> Derived:
    made = Derived(value)
    made.operation, made.parts = operation, parts
    return made


def _made(operation: str, compute: Callable[[int, int], int], one: int, two: int) -> int:
    """What an operation gives; where a plain number changes nothing, what was there."""
    if not isinstance(one, int) or not isinstance(two, int):
        return NotImplemented
    neutral = NEUTRAL.get(operation)
    if type(two) is int and two == neutral:
        return one
    if type(one) is int and one == neutral and operation in "+*":
        return two
    value = compute(int(one), int(two))
    return _derived(value, operation, (as_derived(one), as_derived(two)))


def key_of(value: int) -> str:
    """Equal for numbers that were made in the same way of the same names and numbers."""
    number = as_derived(value)
    if number.operation == "name":
        return str(number.parts[0])
    if number.operation == "number":
        return str(int(number))
    words = [key_of(part) if isinstance(part, Derived) else str(part) for part in number.parts]
    return f"{number.operation}({','.join(words)})"


def names_in(value: int) -> list[str]:
    """The names that a number was made of, in the order in which they stand."""
    number = as_derived(value)
    if number.operation == "name":
        return [str(number.parts[0])]
    parts = [part for part in number.parts if isinstance(part, Derived)]
    return list(dict.fromkeys(name for part in parts for name in names_in(part)))
