"""Lists kept as heaps."""

from __future__ import annotations

import heapq
import operator
from collections.abc import Callable

from cnncalc.python.comparison import ordered
from cnncalc.python.exceptions import raised
from cnncalc.python.functions import Method, simple
from cnncalc.python.iteration import listed
from cnncalc.python.limits import check_count
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.sequences import sorted_values
from cnncalc.python.values import Value, describe

__all__ = ["NAMES"]


class Ranked:
    """A value of the program, compared as the program would."""

    def __init__(self, machine: Machine, value: Value) -> None:
        self.machine = machine
        self.value = value

    def __lt__(self, other: Ranked) -> bool:
        self.machine.budget.spend(1)
        return ordered(self.machine, operator.lt, self.value, other.value)


def on_a_heap(name: str, function: Callable[..., Value]) -> Method:
    """A function of Python's own that changes a heap, and perhaps gives one of its values."""

    def call(machine: Machine, heap: Value, *items: Value) -> Value:
        if not isinstance(heap, list):
            raise Refusal(f"`heapq.{name}` works on a list, not on {describe(heap)}")
        check_count(len(heap) + len(items))
        machine.budget.spend(len(heap) + 1)
        ranked = [Ranked(machine, each) for each in heap]
        try:
            found = function(ranked, *(Ranked(machine, each) for each in items))
        except IndexError:
            raise raised("IndexError", "index out of range") from None
        heap[:] = [each.value for each in ranked]
        return None if found is None else found.value

    return call


def extremes(reverse: bool) -> Method:
    """`nlargest` and `nsmallest`."""

    def call(machine: Machine, n: Value, iterable: Value, key: Value = None) -> Value:
        if not isinstance(n, int):
            raise Refusal(f"{describe(n)} is no number of values")
        return sorted_values(machine, iterable, key, reverse)[: max(n, 0)]

    return call


def merge(machine: Machine, *values: Value, key: Value = None, reverse: Value = False) -> Value:
    """Sorted values, all of them sorted."""
    return sorted_values(
        machine, [v for each in values for v in listed(machine, each)], key, reverse
    )


CHANGING = ("heapify", "heappush", "heappop", "heapreplace", "heappushpop")
NAMES: dict[str, Value] = {
    **{name: simple(name, on_a_heap(name, getattr(heapq, name))) for name in CHANGING},
    "nlargest": simple("nlargest", extremes(True)),
    "nsmallest": simple("nsmallest", extremes(False)),
    "merge": simple("merge", merge),
}
