"""Places in sorted lists."""

from __future__ import annotations

import operator

from cnncalc.python.comparison import ordered
from cnncalc.python.exceptions import raised
from cnncalc.python.functions import Method, simple
from cnncalc.python.iteration import listed
from cnncalc.python.limits import check_count
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe

__all__ = ["NAMES"]


def place(
    machine: Machine, values: list[Value], x: Value, start: int, end: int, key: Value, right: bool
) -> int:
    """Where `x` stands among sorted values, before its equals or behind them."""
    while start < end:
        middle = (start + end) // 2
        machine.budget.spend(1)
        rank = values[middle] if key is None else machine.call(key, [values[middle]], {})
        before = (
            not ordered(machine, operator.lt, x, rank)
            if right
            else ordered(machine, operator.lt, rank, x)
        )
        start, end = (middle + 1, end) if before else (start, middle)
    return start


def searching(right: bool) -> Method:
    """`bisect_left` and `bisect_right`."""

    def call(
        machine: Machine, a: Value, x: Value, lo: Value = 0, hi: Value = None, key: Value = None
    ) -> Value:
        values = listed(machine, a)
        end = len(values) if hi is None else hi
        if not isinstance(lo, int) or not isinstance(end, int):
            raise Refusal("the bounds of a search are whole numbers")
        if lo < 0:
            raise raised("ValueError", "lo must be non-negative")
        if end > len(values):
            raise raised("IndexError", "list index out of range")
        return place(machine, values, x, lo, end, key, right)

    return call


def inserting(right: bool) -> Method:
    """`insort_left` and `insort_right`."""
    search = searching(right)

    def call(
        machine: Machine, a: Value, x: Value, lo: Value = 0, hi: Value = None, key: Value = None
    ) -> None:
        if not isinstance(a, list):
            raise Refusal(f"`bisect.insort` works on a list, not on {describe(a)}")
        check_count(len(a) + 1)
        rank = x if key is None else machine.call(key, [x], {})
        a.insert(search(machine, a, rank, lo, hi, key), x)

    return call


NAMES: dict[str, Value] = {
    "bisect": simple("bisect", searching(right=True)),
    "bisect_left": simple("bisect_left", searching(right=False)),
    "bisect_right": simple("bisect_right", searching(right=True)),
    "insort": simple("insort", inserting(right=True)),
    "insort_left": simple("insort_left", inserting(right=False)),
    "insort_right": simple("insort_right", inserting(right=True)),
}
