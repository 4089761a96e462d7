"""Products of sizes with names: whether two lists hold as much, asked axis by axis if possible.

`H*W == 64*(H//8)*(W//8)` ties two names, and says no more than that 8 divides each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

from cnncalc.symbols.followed import unfollowed
from cnncalc.symbols.numbers import NONE, TooManyNumbersError, holds
from cnncalc.symbols.size import NEGATIVE, Question, Size, number

__all__ = ["same_product"]

Sizes = list[int | Size]


def same_product(one: Sequence[int | Size], two: Sequence[int | Size]) -> bool:
    """Whether two lists of numbers have the same product; those with names are asked."""
    left, right = ([unfollowed(size) for size in sizes] for sizes in (one, two))
    if any(isinstance(size, Size) for size in (*left, *right)) and _here(left) == _here(right):
        parts = _parts(left, right)
        if _is_equal_alone(parts):
            return all(prod(part.one) == prod(part.two) for part in parts)
    return bool(prod(left) == prod(right))


class _Part(NamedTuple):
    """Sizes of both lists, one behind the other, that have the same product here."""

    one: Sizes
    two: Sizes

    @property
    def apart(self) -> Any:
        """By how much the products differ: 0, or a size that is 0 here."""
        return prod(self.one) - prod(self.two)


def _here(sizes: Sizes) -> int:
    """The product at the witness."""
    return prod(map(number, sizes))


def _parts(left: Sizes, right: Sizes) -> list[_Part]:
    """Two lists of the same product as the shortest parts of which that holds as well.

    The two of a part speak of the same names.
    """
    found, part = [], _Part([], [])
    left, right = left[::-1], right[::-1]
    while left or right:
        if left and (_here(part.one) <= _here(part.two) or not right):
            part.one.append(left.pop())
        else:
            part.two.append(right.pop())
        same = part.two and _here(part.one) == _here(part.two)
        if same and _names(part.one) == _names(part.two):
            found.append(part)
            part = _Part([], [])
    return [*found, part] if part.one or part.two else found


def _names(sizes: Sizes) -> frozenset[str]:
    return frozenset().union(*(size.names() for size in sizes if isinstance(size, Size)))


def _is_equal_alone(parts: Sequence[_Part]) -> bool:
    """Whether the whole products are equal only where those of each part are.

    They are where no part makes up for another one: all are at least, or all at most, as large.
    """
    apart = [each for part in parts if isinstance(each := part.apart, Size)]
    if len(apart) < 2:
        return True
    if any(len(size.names()) != 1 for size in apart):
        return False
    return any(all(_never_negative(size * sign) for size in apart) for sign in (1, -1))


def _never_negative(size: Any) -> bool:
    try:
        return holds(Question(size, NEGATIVE, True)) == NONE
    except TooManyNumbersError:
        return False
