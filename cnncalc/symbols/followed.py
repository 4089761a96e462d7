"""Sizes with names as a source's own code computes with them: numbers that know their expression.

A source is read at numbers, and asks what it likes of them. A `Followed` is the number that a size
is at the witness, and computes as one; beside that it carries the `Size`, so that what a program
makes of it is an expression, too, and what it asks is noted. Whatever takes it for a plain number
loses the expression: results are compared with runs at other numbers (see `named_steps`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.symbols.size import Scaled, Size

__all__ = ["Followed", "followed", "unfollowed"]

BEYOND = 2**31 - 1  # a number to compare with that is a bound, and no size


class Followed(int):
    """A whole number that depends on names, and its expression."""

    size: Size

    def __add__(self, other: int) -> int:
        return _made(int.__add__, Size.__add__, self, other)

    __radd__ = __add__

    def __sub__(self, other: int) -> int:
        return _made(int.__sub__, lambda size, n: size - n, self, other)

    def __rsub__(self, other: int) -> int:
        return _made(int.__rsub__, lambda size, n: size * -1 + n, self, other)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, float):
            return _times(self, other)
        return _made(int.__mul__, Size.__mul__, self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: int) -> float:
        plain = type(other) is int and other > 0
        quotient = int.__truediv__(self, other)
        return _ratio(quotient, Scaled(self.size, 1, other)) if plain else quotient

    def __floordiv__(self, other: int) -> int:
        return _made(int.__floordiv__, lambda size, n: size // n, self, other)

    def __rfloordiv__(self, other: int) -> int:
        return _made(int.__rfloordiv__, Size.__rfloordiv__, self, other)

    def __mod__(self, other: int) -> int:
        return _made(int.__mod__, lambda size, n: size % n, self, other)

    def __divmod__(self, other: int) -> tuple[int, int]:
        return self // other, self % other

    def __pow__(self, exponent: Any, modulus: Any = None) -> Any:
        if modulus is not None or exponent not in (2, 3):
            return int.__pow__(self, exponent, modulus)
        power: int = self
        for _ in range(exponent - 1):
            power = power * self
        return power

    def __neg__(self) -> int:
        return _made(int.__mul__, Size.__mul__, self, -1)

    def __pos__(self) -> int:
        return self

    def __abs__(self) -> int:
        return -self if self < 0 else self

    def __trunc__(self) -> int:
        return self

    __floor__ = __ceil__ = __trunc__

    def __lt__(self, other: int) -> bool:
        return _compared(int.__lt__, Size.__lt__, self, other)

    def __le__(self, other: int) -> bool:
        return _compared(int.__le__, Size.__le__, self, other)

    def __gt__(self, other: int) -> bool:
        return _compared(int.__gt__, Size.__gt__, self, other)

    def __ge__(self, other: int) -> bool:
        return _compared(int.__ge__, Size.__ge__, self, other)

    def __eq__(self, other: object) -> bool:
        return _compared(int.__eq__, Size.__eq__, self, other)

    def __ne__(self, other: object) -> bool:
        equal = _compared(int.__eq__, Size.__eq__, self, other)
        return equal if equal is NotImplemented else not equal

    def __bool__(self) -> bool:
        return bool(self.size)

    __hash__ = int.__hash__


class Ratio(float):
    """A size times a fraction, of which rounding makes a whole number again."""

    scaled: Scaled

    def __floor__(self) -> int:
        return followed(self.scaled.__floor__())

    def __ceil__(self) -> int:
        size, numerator, denominator = self.scaled
        return followed(-1 * (size * -numerator // denominator))

    __trunc__ = __floor__  # sizes aren't negative


def followed(size: int | Size) -> int:
    """The number of a size, which knows its expression; a plain number is as it is."""
    if not isinstance(size, Size):
        return size
    made = Followed(size.value)
    made.size = size
    return made


def unfollowed(value: Any) -> Any:
    """The same value with the sizes in the place of the numbers that know them."""
    if isinstance(value, Followed):
        return value.size
    if isinstance(value, tuple):
        return tuple([unfollowed(each) for each in value])
    return value


def _made(
    plain: Callable[[int, int], int], sized: Callable[..., int | Size], one: Followed, two: int
) -> int:
    """What an operation makes of a followed number and another."""
    if not isinstance(two, int):
        return NotImplemented
    if not two and plain in (int.__floordiv__, int.__mod__):
        raise ZeroDivisionError
    return followed(sized(one.size, unfollowed(two)))


def _times(number: Followed, factor: float) -> float:
    return _ratio(int(number) * factor, number.size._scaled(factor))


def _ratio(value: float, scaled: Scaled) -> Ratio:
    made = Ratio(value)
    made.scaled = scaled
    return made


def _compared(
    plain: Callable[[int, Any], bool], sized: Callable[..., bool], one: Followed, two: object
) -> bool:
    """The answer to a question, noted by the size; a bound beyond all sizes asks for none."""
    if not isinstance(two, int):
        return plain(int(one), two)
    if type(two) is int and not -BEYOND < two < BEYOND:
        return plain(int(one), two)
    return sized(one.size, unfollowed(two))
