"""Python's functions of sequences: len, range, sum, sorted, zip and their kind."""

from __future__ import annotations

import ast
from collections.abc import Callable
from itertools import islice
from typing import Any

from cnncalc.notations.source.comparing import is_true, ordered
from cnncalc.notations.source.data import content_of, iterate, listed
from cnncalc.notations.source.describing import describe
from cnncalc.notations.source.limits import MAX_ITEMS, check_count
from cnncalc.notations.source.operators import binary
from cnncalc.notations.source.raising import raised
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.values import (
    MISSING,
    Bound,
    Class,
    Instance,
    Iterated,
    SetValue,
    Value,
)
from cnncalc.tracing.tensors import Batch, Pile, Static, Tensor, one_number

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


def length(machine: Any, value: Value) -> Value:
    """`len(value)`."""
    if isinstance(value, Tensor):
        return Batch()
    if isinstance(value, Static | Pile):
        return value.shape[0] if value.shape else 0
    if isinstance(value, Instance):
        found = value.cls.find("__len__")
        if found is not MISSING:
            return machine.call(Bound(found, value), [], {})
    value = content_of(value)
    if isinstance(value, SetValue | Iterated):
        return len(value.items)
    if isinstance(value, Class) and value.find("__members__") is not MISSING:
        return len(value.find("__members__"))
    if not isinstance(value, str | tuple | list | dict | range):
        raise raised("TypeError", f"{describe(value)} has no length")
    return len(value)


def make_range(machine: Any, *bounds: Value) -> range:
    if any(isinstance(bound, Batch) for bound in bounds):
        raise Refusal("a loop over the batch can't be followed", code="batch")
    numbers: list[Any] = [one_number(bound) for bound in bounds]
    if not all(isinstance(each, int) for each in numbers):
        raise raised("TypeError", "`range` takes whole numbers")
    try:
        return range(*numbers)
    except ValueError:
        raise raised("ValueError", "a range needs a step") from None


def total(machine: Any, values: Value, start: Value = 0) -> Value:
    for value in iterate(machine, values):
        machine.budget.spend(1)
        start = value if _is_zero(start) else binary(machine, ast.Add, start, value)
    return start


def _is_zero(value: Value) -> bool:
    return type(value) is int and value == 0


def extreme(sign: type[ast.cmpop]) -> Callable[..., Value]:
    """`max` or `min`."""
    import operator as op

    order = op.gt if sign is ast.Gt else op.lt

    def find(machine: Any, *values: Value, key: Value = None, default: Value = MISSING) -> Value:
        items = listed(machine, values[0]) if len(values) == 1 else list(values)
        if not items:
            if default is MISSING:
                raise raised("ValueError", "there is nothing to choose from")
            return default
        best, best_key = None, MISSING
        for item in items:
            rank = item if key is None else machine.call(key, [item], {})
            if best_key is MISSING or ordered(machine, order, rank, best_key):
                best, best_key = item, rank
        return best

    return find


def sorted_values(
    machine: Any, values: Value, key: Value = None, reverse: Value = False
) -> list[Value]:
    """A sorted copy: ranks are numbers, texts or tuples of them."""
    import functools
    import operator as op

    items = listed(machine, values)
    ranks = [item if key is None else machine.call(key, [item], {}) for item in items]

    def order(one: int, two: int) -> int:
        if ordered(machine, op.lt, ranks[one], ranks[two]):
            return -1
        return 1 if ordered(machine, op.lt, ranks[two], ranks[one]) else 0

    machine.budget.spend(len(items) * 50)  # it takes about fifteen comparisons for each
    places = sorted(range(len(items)), key=functools.cmp_to_key(order), reverse=bool(reverse))
    return [items[place] for place in places]


def zipped(machine: Any, *values: Value, strict: Value = False) -> Iterated:
    rows = islice(zip(*(iterate(machine, value) for value in values), strict=False), MAX_ITEMS + 1)
    result = []
    for row in rows:
        machine.budget.spend(1)
        result.append(row)
    check_count(len(result))
    return Iterated(result)


def enumerated(machine: Any, values: Value, start: Value = 0) -> Iterated:
    return Iterated([(start + place, each) for place, each in enumerate(listed(machine, values))])


def mapped(machine: Any, function: Value, *values: Value) -> Iterated:
    rows = zip(*(listed(machine, value) for value in values), strict=False)
    return Iterated([machine.call(function, list(row), {}) for row in rows])


def filtered(machine: Any, function: Value, values: Value) -> Iterated:
    def keep(value: Value) -> bool:
        return is_true(machine, value if function is None else machine.call(function, [value], {}))

    return Iterated([value for value in listed(machine, values) if keep(value)])


def following(machine: Any, values: Value, *default: Value) -> Value:
    """`next(values)`."""
    if not isinstance(values, Iterated):
        raise Refusal(f"{describe(values)} is no iterator")
    for value in values:
        return value
    if default:
        return default[0]
    raise raised("StopIteration", "the iterator is at its end")


def as_iterator(machine: Any, values: Value) -> Iterated:
    return values if isinstance(values, Iterated) else Iterated(listed(machine, values))
