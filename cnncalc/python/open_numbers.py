"""Numbers that stand for several: a source may be read for many sizes of its input at once.

Such a number is an `int` or a `float` of a class of its own, which computes and compares as one.
Where Python itself takes it for a plain one (a place in a list, the bounds of a range), it is asked
for that here, so that whoever gave it knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["how_often", "is_open", "plain_number", "side_by_side", "taken_by"]

CLOSED = frozenset([int, float, bool])


def is_open(value: Any) -> bool:
    """Whether a value is a number that stands for several."""
    return isinstance(value, int | float) and type(value) not in CLOSED and hasattr(value, "fixed")


def plain_number(value: Any) -> Any:
    """A number as a plain one, which it stands for from here on; any other value as it is."""
    return value.fixed() if is_open(value) else value


def side_by_side(left: Any, right: Any) -> tuple[Any, Any]:
    """Two numbers for an operator, such that one that stands for several is asked.

    A float takes a whole number on its right for a plain one, but not a fraction of a class of its
    own.
    """
    return (left, right / 1) if type(left) is float and is_open(right) else (left, right)


def how_often(value: Any) -> Any:
    """A number as that of times that something is done; one that stands for several has none."""
    often: Any = getattr(value, "how_often", None)
    return plain_number(value) if often is None else often()


def taken_by(result: Any, numbers: Sequence[Any], power: float | None = None) -> Any:
    """What a function of numbers, or a power, gives, where some of them stand for several."""
    first = next((each for each in numbers if is_open(each)), None)
    return result if first is None else first.taken_by(result, numbers, power)
