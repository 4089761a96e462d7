"""Python's functions of sequences: len, range, sum, sorted, zip and their kind."""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable
from itertools import islice

from cnncalc.python.comparison import is_true, ordered
from cnncalc.python.exceptions import raised
from cnncalc.python.guests import Guest
from cnncalc.python.iteration import content_of, iterate, listed
from cnncalc.python.limits import MAX_ITEMS, check_count
from cnncalc.python.machine import Machine
from cnncalc.python.open_numbers import how_often
from cnncalc.python.operators import binary
from cnncalc.python.refusals import Refusal
from cnncalc.python.run_values import run_value_among
from cnncalc.python.values import (
    MISSING,
    Class,
    Iterated,
    SetValue,
    Value,
    describe,
)

__all__ = [
    "as_iterator",
    "enumerated",
    "extreme",
    "filtered",
    "following",
    "length",
    "make_range",
    "mapped",
    "sorted_values",
    "total",
    "zipped",
]


def length(machine: Machine, value: Value) -> Value:
    """`len(value)`."""
    if isinstance(value, Guest):
        return value.length(machine)
    found = machine.special(value, "__len__")
    if found is not MISSING:
        return found
    value = content_of(value)
    if isinstance(value, SetValue | Iterated):
        return len(value.items)
    if isinstance(value, Class) and value.find("__members__") is not MISSING:
        return len(value.find("__members__"))
    if not isinstance(value, str | tuple | list | dict | range):
        raise raised("TypeError", f"{describe(value)} has no length")
    return len(value)


def make_range(machine: Machine, *bounds: Value) -> range:
    plain = [each.plain() if isinstance(each, Guest) else each for each in bounds]
    numbers = [each.to_bound() if isinstance(each, Guest) else each for each in plain]
    if not all(isinstance(each, int) for each in numbers):
        raise raised("TypeError", "`range` takes whole numbers")
    try:
        return range(*map(how_often, numbers))
    except ValueError:
        raise raised("ValueError", "a range needs a step") from None


def total(machine: Machine, values: Value, start: Value = 0) -> Value:
    for value in iterate(machine, values):
        machine.budget.spend(1)
        start = value if _is_zero(start) else binary(machine, ast.Add, start, value)
    return start


def _is_zero(value: Value) -> bool:
    return type(value) is int and value == 0


def extreme(sign: type[ast.cmpop]) -> Callable[..., Value]:
    """`max` or `min`."""
    order = operator.gt if sign is ast.Gt else operator.lt

    def find(
        machine: Machine, *values: Value, key: Value = None, default: Value = MISSING
    ) -> Value:
        items = listed(machine, values[0]) if len(values) == 1 else list(values)
        if not items:
            if default is MISSING:
                raise raised("ValueError", "there is nothing to choose from")
            return default
        if (unknown := run_value_among(items)) is not None:
            return unknown
        best, best_key = None, MISSING
        for item in items:
            rank = item if key is None else machine.call(key, [item], {})
            if best_key is MISSING or ordered(machine, order, rank, best_key):
                best, best_key = item, rank
        return best

    return find


def sorted_values(
    machine: Machine, values: Value, key: Value = None, reverse: Value = False
) -> list[Value]:
    """A sorted copy: ranks are numbers, texts or tuples of them."""
    items = listed(machine, values)
    ranks = [item if key is None else machine.call(key, [item], {}) for item in items]

    def order(one: int, two: int) -> int:
        if ordered(machine, operator.lt, ranks[one], ranks[two]):
            return -1
        return 1 if ordered(machine, operator.lt, ranks[two], ranks[one]) else 0

    machine.budget.spend(len(items) * 50)  # it takes about fifteen comparisons for each
    places = sorted(range(len(items)), key=functools.cmp_to_key(order), reverse=bool(reverse))
    return [items[place] for place in places]


def zipped(machine: Machine, *values: Value, strict: Value = False) -> Iterated:
    rows = islice(zip(*(iterate(machine, value) for value in values), strict=False), MAX_ITEMS + 1)
    result = []
    for row in rows:
        machine.budget.spend(1)
        result.append(row)
    check_count(len(result))
    return Iterated(result)


def enumerated(machine: Machine, values: Value, start: Value = 0) -> Iterated:
    return Iterated([(start + place, each) for place, each in enumerate(listed(machine, values))])


def mapped(machine: Machine, function: Value, *values: Value) -> Iterated:
    rows = zip(*(listed(machine, value) for value in values), strict=False)
    return Iterated([machine.call(function, list(row), {}) for row in rows])


def filtered(machine: Machine, function: Value, values: Value) -> Iterated:
    def keep(value: Value) -> bool:
        return is_true(machine, value if function is None else machine.call(function, [value], {}))

    return Iterated([value for value in listed(machine, values) if keep(value)])


def following(machine: Machine, values: Value, *default: Value) -> Value:
    """`next(values)`."""
    if not isinstance(values, Iterated):
        raise Refusal(f"{describe(values)} is no iterator")
    for value in values:
        return value
    if default:
        return default[0]
    raise raised("StopIteration", "the iterator is at its end")


def as_iterator(machine: Machine, values: Value) -> Iterated:
    return values if isinstance(values, Iterated) else Iterated(listed(machine, values))
