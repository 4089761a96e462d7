"""Rows of known numbers, as NumPy, PyTorch and Keras make them: counted, spaced, summed, once."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate

from cnncalc.python.limits import check_count
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value
from cnncalc.symbols.followed import is_open
from cnncalc.tracing.arrays import Numbers
from cnncalc.tracing.tensors import Static, one_number

__all__ = ["arange", "each_once", "evenly_spaced", "summed_up"]


def arange(
    machine: Machine, start: Value, stop: Value = None, step: Value = 1, **options: Value
) -> Static:
    """`arange` of whole numbers, as NumPy, PyTorch (which says `end`) and Keras have it."""
    stop = options.get("end", stop)
    bounds = [
        one_number(each) for each in ((0, start, step) if stop is None else (start, stop, step))
    ]
    if not all(isinstance(each, int) for each in bounds) or not bounds[2]:
        raise Refusal("`arange` of these bounds can't be followed")
    if any(map(is_open, bounds)):
        return _counted_up(*bounds)
    values = range(*bounds)
    check_count(len(values))
    machine.budget.spend(len(values))
    return Static((len(values),), (), list(values), True)


def _counted_up(start: int, stop: int, step: int) -> Static:
    """The same where sizes are the bounds: how many they are is known, and the ends of them."""
    count = -(-(stop - start) // step)
    made = Static((max(0, count),), whole=True)
    if count > 0:
        made.ends = start, start + (count - 1) * step
    return made


def evenly_spaced(machine: Machine, start: Value, stop: Value, count: Value) -> Static:
    """`linspace`: so many numbers from one to another."""
    if is_open(count):
        return Static((count,))
    check_count(count)
    machine.budget.spend(count)
    gap = (stop - start) / max(count - 1, 1)
    return Static((count,), (), [start + gap * place for place in range(count)])


def summed_up(machine: Machine, numbers: Numbers, whole: bool) -> Static:
    """`cumsum` of one row: for each number the sum up to it."""
    machine.budget.spend(len(numbers))
    return Static((len(numbers),), (), list(accumulate(numbers)), whole)


def each_once(machine: Machine, numbers: Numbers, whole: bool, with_counts: bool) -> Value:
    """`unique`: the different numbers in order, perhaps with how many there are of each."""
    machine.budget.spend(2 * len(numbers))
    counts = Counter(numbers)
    found = sorted(counts)
    made = Static((len(found),), (), found, whole)
    if not with_counts:
        return made
    return made, Static((len(found),), (), [counts[each] for each in found], True)
