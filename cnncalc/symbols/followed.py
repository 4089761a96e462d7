"""Sizes with names as a source's own code computes with them: numbers that know their expression.

A source is read at numbers, and asks what it likes of them. A `Followed` is the number that a size
is at the witness, and computes as one; beside that it carries the `Size`, so that what a program
makes of it is an expression, too, and what it asks is noted. A `Ratio` is the same of fractions.

Where an expression says no more, a number is `fixed`: that it is this one is noted as any other
answer. What is done as often as a size says has none at all (`how_often`).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

from cnncalc.symbols.size import (
    MOST_PARTS,
    Reader,
    Scaled,
    Size,
    UnsettledError,
    number,
    pretty,
)

__all__ = ["Followed", "Ratio", "followed", "is_open", "set_reader", "unfollowed"]

Number = Any  # of a source: plain, followed, or whatever else an operation may meet

BEYOND = 2**31 - 1  # a number to compare with that is a bound, and no size
MOST_POWER = 8  # a power that is written as a product
SURE = 2.0**40  # below it a quotient as a float is on the right side of each whole number


class Open:
    """What numbers that depend on names share: their signs, and how they are compared."""

    def answer(self, order: Callable[[Number, Number], Number], other: Number) -> Number:
        """Whether this number and another one are in this order, noted where names decide it."""
        raise NotImplementedError

    def __mul__(self, other: Number) -> Number:
        raise NotImplementedError

    def __neg__(self) -> Number:
        return self * -1

    def __pos__(self) -> Number:
        return self

    def __abs__(self) -> Number:
        return -self if self < 0 else self

    def __lt__(self, other: Number) -> Number:
        return self.answer(operator.lt, other)

    def __le__(self, other: Number) -> Number:
        return self.answer(operator.le, other)

    def __gt__(self, other: Number) -> Number:
        return self.answer(operator.gt, other)

    def __ge__(self, other: Number) -> Number:
        return self.answer(operator.ge, other)

    def __eq__(self, other: object) -> Number:
        return self.answer(operator.eq, other)

    def __ne__(self, other: object) -> Number:
        return self.answer(operator.ne, other)


class Followed(Open, int):
    """A whole number that depends on names, and its expression."""

    size: Size

    def fixed(self) -> int:
        """The plain number, where no expression goes on; that it is this one is noted."""
        plain = int(self)
        bool(self.size == plain)  # a question, of which this is the answer
        return plain

    def how_often(self) -> int:
        """The plain number of times that something is done: there is none."""
        raise UnsettledError(
            f"the network has as many layers as {pretty(self.size)} says", self.size.asked
        )

    def taken_by(
        self, result: Number, others: Sequence[Number], power: float | None = None
    ) -> Number:
        """What a function that nothing more is known of has made of this number and others."""
        root = _root(self.size) if power == 0.5 else None
        return _estimate(result, (self, *others)) if root is None else as_ratio(followed(root))

    def __add__(self, other: Number) -> Number:
        return _made(operator.add, Size.__add__, self, other)

    __radd__ = __add__

    def __sub__(self, other: Number) -> Number:
        return _made(operator.sub, lambda size, n: size - n, self, other)

    def __rsub__(self, other: Number) -> Number:
        return _made(lambda n, m: m - n, lambda size, n: size * -1 + n, self, other)

    def __mul__(self, other: Number) -> Number:
        return _made(operator.mul, Size.__mul__, self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Number) -> Number:
        return as_ratio(self) / other

    def __rtruediv__(self, other: Number) -> Number:
        return _estimate(other / int(self), (self, other))

    def __floordiv__(self, other: Number) -> Number:
        return _made(operator.floordiv, _divided, self, other)

    def __rfloordiv__(self, other: Number) -> Number:
        return _made(lambda n, m: m // n, lambda size, n: _divided(n, size), self, other)

    def __mod__(self, other: Number) -> Number:
        return _made(operator.mod, lambda size, n: size - _divided(size, n) * n, self, other)

    def __rmod__(self, other: Number) -> Number:
        return other - other // self * self

    def __divmod__(self, other: Number) -> Number:
        return self // other, self % other

    def __pow__(self, exponent: Number, modulus: Number = None) -> Number:
        if type(exponent) is not int or not 0 < exponent <= MOST_POWER or modulus is not None:
            return self.taken_by(pow(int(self), exponent, modulus), (exponent,), exponent)
        power: Number = self
        for _ in range(exponent - 1):
            power = power * self
        return power

    def __rpow__(self, base: Number, modulus: Number = None) -> Number:
        return _estimate(pow(base, int(self), modulus), (self, base))

    def __lshift__(self, bits: Number) -> Number:
        return self * (1 << bits)

    def __rshift__(self, bits: Number) -> Number:
        return self // (1 << bits)

    def __and__(self, other: Number) -> Number:
        """`n & 31` is `n % 32`, and `n & -32` n without it; of other bits only this number's."""
        if type(other) is int and other > 0 and not other & (other + 1):
            return self % (other + 1)
        if type(other) is int and other < 0 and not -other & (-other - 1):
            return self - self % -other
        return _estimate(int(self) & int(other), (self, other))

    __rand__ = __and__

    def __or__(self, other: Number) -> Number:
        return _estimate(int(self) | int(other), (self, other))

    __ror__ = __or__

    def __xor__(self, other: Number) -> Number:
        return _estimate(int(self) ^ int(other), (self, other))

    __rxor__ = __xor__

    def __invert__(self) -> Number:
        return self * -1 - 1

    def __trunc__(self) -> Number:
        return self

    __floor__ = __ceil__ = __trunc__

    def __round__(self, digits: Number = None) -> Number:
        return self if digits is None or digits >= 0 else round(self.fixed(), digits)

    def answer(self, order: Callable[[Number, Number], Number], other: Number) -> Number:
        return _compared(order, self, other)

    def __bool__(self) -> bool:
        return bool(self.size)

    __hash__ = int.__hash__


class Ratio(Open, float):
    """A fraction that depends on names.

    Attributes:
        scaled: a size times a fraction, which it is exactly; None: no expression says it.
        made_of: the followed numbers that it was made of.
    """

    scaled: Scaled | None
    made_of: tuple[Followed, ...]

    def fixed(self) -> float:
        """The plain number; that what it was made of are these numbers is noted."""
        for each in self.made_of:
            each.fixed()
        return float(self)

    def taken_by(
        self, result: Number, others: Sequence[Number], power: float | None = None
    ) -> Number:
        """What a function that nothing more is known of has made of this number and others."""
        return _estimate(result, (self, *others))

    def __add__(self, other: Number) -> Number:
        return _sum(self, other, 1)

    __radd__ = __add__

    def __sub__(self, other: Number) -> Number:
        return _sum(self, other, -1)

    def __rsub__(self, other: Number) -> Number:
        return -self + other

    def __mul__(self, other: Number) -> Number:
        result = float(self) * float(other)
        parts = _plain_parts(other)
        if self.scaled is None or parts is None or not _is_exact(self.scaled):
            return _estimate(result, (self, other))
        size, numerator, denominator = self.scaled
        return _ratio(result, self, Scaled(size, numerator * parts[0], denominator * parts[1]))

    __rmul__ = __mul__

    def __truediv__(self, other: Number) -> Number:
        if not other:
            raise ZeroDivisionError
        whole = type(other) is float and other.is_integer()
        divisor = int(other) if whole else other
        exact = self.scaled is not None and _is_exact(self.scaled)
        if not exact or type(divisor) is not int or divisor < 1:
            return _estimate(float(self) / float(other), (self, other))
        assert self.scaled
        size, numerator, denominator = self.scaled
        scaled = Scaled(size, numerator, denominator * divisor)
        return _ratio(float(self) / divisor, self, scaled)

    def __rtruediv__(self, other: Number) -> Number:
        return _estimate(float(other) / float(self), (self, other))

    def __floordiv__(self, other: Number) -> Number:
        return as_ratio(math.floor(self / other))

    def __rfloordiv__(self, other: Number) -> Number:
        return _estimate(float(other) // float(self), (self, other))

    def __mod__(self, other: Number) -> Number:
        return _estimate(float(self) % float(other), (self, other))

    def __rmod__(self, other: Number) -> Number:
        return _estimate(float(other) % float(self), (self, other))

    def __pow__(self, exponent: Number, modulus: Number = None) -> Number:
        return _estimate(pow(float(self), exponent), (self, exponent))

    def __rpow__(self, base: Number, modulus: Number = None) -> Number:
        return _estimate(pow(base, float(self)), (self, base))

    def __floor__(self) -> Number:
        if self.scaled is None:
            return math.floor(self.fixed())
        return followed(self.scaled.__floor__())

    def __ceil__(self) -> Number:
        if self.scaled is None:
            return math.ceil(self.fixed())
        size, numerator, denominator = self.scaled
        return followed(-1 * (size * -numerator // denominator))

    def __trunc__(self) -> Number:
        return math.ceil(self) if self < 0 else math.floor(self)

    def __round__(self, digits: Number = None) -> Number:
        if self.scaled is None or digits is not None:
            return round(self.fixed(), digits)
        return followed(_to_even(*self.scaled))

    def answer(self, order: Callable[[Number, Number], Number], other: Number) -> Number:
        return _ordered(order, self, other)

    def __bool__(self) -> bool:
        return bool(self != 0)

    __hash__ = float.__hash__


def followed(size: int | Size) -> Number:
    """The number of a size, which knows its expression; a plain number is as it is."""
    if not isinstance(size, Size):
        return size
    made = Followed(size.value)
    made.size = size
    return made


def unfollowed(value: Number) -> Number:
    """The same value with the sizes in the place of the numbers that know them."""
    if isinstance(value, Followed):
        return value.size
    if isinstance(value, tuple):
        return tuple([unfollowed(each) for each in value])
    return value


def set_reader(reader: Reader, shape: tuple[int, ...]) -> None:
    """Let questions about the sizes of an input know who reads the source that asks them."""
    for n in shape:
        if isinstance(n, Followed):
            n.size.asked.reader = reader


def is_open(value: Number) -> bool:
    """Whether a number depends on names."""
    return isinstance(value, Open)


def as_ratio(whole: Number) -> Number:
    """A whole number as a fraction."""
    if not isinstance(whole, Followed):
        return float(whole)
    return _ratio(float(int(whole)), whole, Scaled(whole.size, 1, 1))


def _ratio(value: float, of: Number, scaled: Scaled | None) -> Ratio:
    """A fraction made of others; one of too many parts is exact no longer."""
    made = Ratio(value)
    kept = scaled is not None and scaled.denominator <= MOST_PARTS and abs(value) < SURE
    made.scaled = scaled if kept else None
    made.made_of = _made_of(of if isinstance(of, tuple) else (of,))
    return made


def _made_of(numbers: Sequence[Number]) -> tuple[Followed, ...]:
    found: dict[int, Followed] = {}
    for one in numbers:
        parts = one.made_of if isinstance(one, Ratio) else (one,)
        found.update({id(each): each for each in parts if isinstance(each, Followed)})
    return tuple(found.values())


def _estimate(result: Number, of: tuple[Number, ...]) -> Number:
    """A result that no expression says: a fraction may go on, a whole number is fixed."""
    if isinstance(result, float):
        return _ratio(result, of, None)
    for each in _made_of(of):
        each.fixed()
    return result


def _plain_parts(value: Number) -> tuple[int, int] | None:
    """A plain number as a fraction that floats compute with exactly; None: it isn't one."""
    if type(value) not in (int, float) or not math.isfinite(value):
        return None
    numerator, denominator = value.as_integer_ratio()
    return (numerator, denominator) if denominator <= MOST_PARTS else None


def _is_exact(scaled: Scaled) -> bool:
    """Whether a float is the fraction itself, and not the one nearest to it."""
    return scaled.denominator & (scaled.denominator - 1) == 0


def _sum(one: Ratio, other: Number, sign: int) -> Number:
    result = float(one) + sign * float(other)
    if one.scaled is None or not math.isfinite(result):
        return _estimate(result, (one, other))
    size, numerator, denominator = one.scaled
    if isinstance(other, Followed):
        whole = size * numerator + other.size * (sign * denominator)
    elif (parts := _plain_parts(other)) is not None:
        size, numerator = size * (numerator * parts[1]), 1  # type: ignore[assignment]
        whole = size + sign * parts[0] * denominator
        denominator *= parts[1]
    else:
        return _estimate(result, (one, other))
    if not isinstance(whole, Size):
        return whole / denominator
    return _ratio(result, (one, other), Scaled(whole, 1, denominator))


def _to_even(size: Size, numerator: int, denominator: int) -> int | Size:
    """The nearest whole number of a fraction; of two the even one."""
    twice = size * (2 * numerator)
    up = (twice + denominator) // (2 * denominator)
    # At a tie that was rounded up to an odd number, one less: where 2n - d is a multiple of 4d.
    tie = twice - denominator
    return up - (tie // (4 * denominator) - (tie - 1) // (4 * denominator))


def _root(size: Size) -> Size | None:
    """The size whose square is this one, if it is a single product."""
    if len(size.terms) != 1:
        return None
    ((term, count),) = size.terms.items()
    whole, half = math.isqrt(max(count, 0)), term[::2]
    root = size._valued({half: whole})
    square = isinstance(root, Size) and term[1::2] == half and whole * whole == count
    return root if square and not root < 0 else None  # type: ignore[return-value]


def _divided(one: int | Size, two: int | Size) -> int | Size:
    """A quotient; by a size of which it is no multiple, what it is as long as it is that."""
    if not isinstance(two, Size):
        return one // two
    exact = one._quotient(two) if isinstance(one, Size) else None
    if exact is not None:
        return exact
    plain = number(one) // number(two)
    holds = two > 0 and two * plain <= one < two * (plain + 1)
    if not holds:
        raise UnsettledError(f"{one} divided by {two}", two.asked)
    return plain


def _made(
    plain: Callable[[Number, Number], Number],
    sized: Callable[..., Number],
    one: Number,
    two: Number,
) -> Number:
    """What an operation makes of a followed number and another."""
    if isinstance(two, float):
        return plain(as_ratio(one), two)
    if not isinstance(two, int):
        return NotImplemented
    if plain in (operator.floordiv, operator.mod) and not two:
        raise ZeroDivisionError
    return followed(sized(one.size, unfollowed(two)))


def _compared(order: Callable[[Number, Number], Number], one: Followed, two: Number) -> Number:
    """The answer to a question, noted by the size; a bound beyond all sizes asks for none."""
    if isinstance(two, Ratio) or (type(two) is float and math.isfinite(two)):
        return _ordered(order, as_ratio(one), two)
    if not isinstance(two, int) or (type(two) is int and not -BEYOND < two < BEYOND):
        return order(int(one), two)
    return order(one.size, unfollowed(two))


def _ordered(order: Callable[[Number, Number], Number], one: Ratio, two: Number) -> Number:
    """The same of fractions: by their sizes, or as those numbers that they are."""
    if not isinstance(two, int | float) or not math.isfinite(two):
        return order(float(one), two)
    other = as_ratio(two) if isinstance(two, Followed) else two
    scaled = getattr(other, "scaled", None)
    parts = _plain_parts(other) if scaled is None else None
    if one.scaled is None or (scaled is None and parts is None):
        return order(one.fixed(), other.fixed() if isinstance(other, Ratio) else other)
    size, numerator, denominator = one.scaled
    if scaled is not None:
        return order(
            size * (numerator * scaled.denominator),
            scaled.size * (scaled.numerator * denominator),
        )
    assert parts
    return order(size * (numerator * parts[1]), parts[0] * denominator)
