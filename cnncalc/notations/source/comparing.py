"""Comparison and truth, over plain data, each within the budget."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from math import prod
from typing import Any

from cnncalc.notations.source.data import content_of, iterate
from cnncalc.notations.source.describing import describe
from cnncalc.notations.source.limits import MAX_NUMBERS, is_small
from cnncalc.notations.source.raising import raised
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.values import (
    MISSING,
    Bound,
    Foreign,
    Instance,
    Opaque,
    SetValue,
    Value,
)
from cnncalc.tracing.arrays import stretched
from cnncalc.tracing.tensors import Batch, Static, Tensor, one_number

__all__ = ["compare", "contains", "equal", "is_true", "key", "ordered"]

ORDERS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip


def compare(machine: Any, kind: type[ast.cmpop], left: Value, right: Value) -> Value:
    """The truth of `left ? right`; of each number of a small array."""
    numbers = compared_numbers(machine, kind, left, right)
    if numbers is not None:
        return numbers
    if kind is ast.Is or kind is ast.IsNot:
        return same(left, right) == (kind is ast.Is)
    if kind is ast.Eq or kind is ast.NotEq:
        return equal(machine, left, right) == (kind is ast.Eq)
    if kind is ast.In or kind is ast.NotIn:
        return contains(machine, right, left) == (kind is ast.In)
    return ordered(machine, ORDERS[kind], left, right)


NUMBERS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    **ORDERS, ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip


def compared_numbers(
    machine: Any, kind: type[ast.cmpop], left: Value, right: Value
) -> Static | None:
    """Ones and zeros for the numbers of an array that are known; None for anything else."""
    arrays = [each for each in (left, right) if isinstance(each, Static)]
    plain = all(isinstance(each, Static | int | float) for each in (left, right))
    if not arrays or not plain or kind not in NUMBERS:
        return None
    shape = max((each.shape for each in arrays), key=len)
    machine.budget.spend(4 * min(prod(s for s in shape if isinstance(s, int)), MAX_NUMBERS))
    sides = []
    for each in (left, right):
        values: list[Any] | None = each.values if isinstance(each, Static) else [each]
        size = each.shape if isinstance(each, Static) else ()
        known = values is not None and size in ((), shape)
        few = size == shape or is_small(shape)
        sides.append(stretched(values or [], size, shape) if known and few else None)
    one, two = sides
    if one is None or two is None or any(isinstance(each, Batch) for each in (*one, *two)):
        return None
    found: list[float] = [int(NUMBERS[kind](a, b)) for a, b in zip(one, two, strict=True)]
    return Static(shape, (), found, True)


def same(left: Value, right: Value) -> bool:
    plain = int | float | str
    if isinstance(left, plain) and type(left) is type(right):
        return bool(left == right)
    if isinstance(left, Opaque) and isinstance(right, Opaque):
        return left.name == right.name
    return left is right


def equal(machine: Any, left: Value, right: Value) -> bool:
    """Equality of plain data, element by element and within the budget."""
    machine.budget.spend(2)
    if isinstance(left, tuple | list) and type(left) is type(right):
        return len(left) == len(right) and all(
            equal(machine, one, two) for one, two in zip(left, right, strict=True)
        )
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(
            equal(machine, value, right[name]) for name, value in left.items()
        )
    if isinstance(left, SetValue) and isinstance(right, SetValue):
        return left.items.keys() == right.items.keys()
    if isinstance(left, Instance) or isinstance(right, Instance):
        return equal_instances(machine, left, right)
    if isinstance(left, Tensor | Static) or isinstance(right, Tensor | Static):
        if left is None or right is None:
            return False
        raise Refusal("what is in a tensor isn't known here, only its shape")
    if isinstance(left, Batch) != isinstance(right, Batch):
        raise batch_unknown()
    if isinstance(left, Opaque) and isinstance(right, Opaque):
        return left.name == right.name
    if isinstance(left, Foreign) or isinstance(right, Foreign):
        raise Refusal(f"{describe(left if isinstance(left, Foreign) else right)}")
    if isinstance(left, int | float | str | Batch | range | slice):
        return bool(left == right)
    return left is right


def equal_instances(machine: Any, left: Value, right: Value) -> bool:
    if left is right:
        return True
    for holder, other in ((left, right), (right, left)):
        if isinstance(holder, Instance):
            found = holder.cls.find("__eq__")
            if found is not MISSING:
                return is_true(machine, machine.call(Bound(found, holder), [other], {}))
            if holder.content is not None:
                return equal(machine, holder.content, content_of(other))
    return False


def batch_unknown() -> Refusal:
    return Refusal(
        "this asks for the size of the batch, which isn't known",
        help="sizes are worked out for any batch",
        code="batch",
    )


def ordered(machine: Any, order: Callable[[Any, Any], bool], left: Value, right: Value) -> bool:
    """Comparison of numbers, strings and sequences of them."""
    number = int | float
    left, right = one_number(left), one_number(right)
    if isinstance(left, number) and isinstance(right, number):
        return order(left, right)
    if isinstance(left, str) and isinstance(right, str):
        return order(left, right)
    if isinstance(left, tuple | list) and type(left) is type(right):
        for one, two in zip(left, right, strict=False):
            if not equal(machine, one, two):
                return ordered(machine, order, one, two)
        return order(len(left), len(right))
    if isinstance(left, Batch) or isinstance(right, Batch):
        raise batch_unknown()
    if isinstance(left, Tensor | Static) or isinstance(right, Tensor | Static):
        raise Refusal("what is in a tensor isn't known here, only its shape")
    raise Refusal(f"{describe(left)} and {describe(right)} can't be compared")


def contains(machine: Any, holder: Value, item: Value) -> bool:
    holder = content_of(holder)
    if isinstance(holder, str) and isinstance(item, str):
        return item in holder
    if isinstance(holder, dict):
        return key(item) in holder
    if isinstance(holder, SetValue):
        return key(item) in holder.items
    if isinstance(holder, range) and isinstance(item, int):
        return item in holder
    if isinstance(holder, Instance):
        found = holder.cls.find("__contains__")
        if found is not MISSING:
            return is_true(machine, machine.call(Bound(found, holder), [item], {}))
    return any(same(each, item) or equal(machine, each, item) for each in iterate(machine, holder))


def is_true(machine: Any, value: Value) -> bool:
    """The truth of a value."""
    if value is None or isinstance(value, bool | int | float):
        return bool(value)
    if isinstance(value, str | tuple | list | dict | range):
        return len(value) > 0
    if isinstance(value, SetValue):
        return bool(value.items)
    if isinstance(value, Static) and value.values is not None and len(value.values) == 1:
        return bool(value.values[0])
    if isinstance(value, Tensor | Static):
        raise Refusal(
            "a branch on what is in a tensor can't be followed: only its shape is known",
            help="branches on shapes and on the model's settings can",
        )
    if isinstance(value, Foreign):
        raise Refusal(f"a branch on {describe(value)}, can't be followed")
    if isinstance(value, Instance):
        return instance_truth(machine, value)
    return True


def instance_truth(machine: Any, value: Instance) -> bool:
    for name in ("__bool__", "__len__"):
        found = value.cls.find(name)
        if found is not MISSING:
            return is_true(machine, machine.call(Bound(found, value), [], {}))
    return value.content is None or is_true(machine, value.content)


def key(value: Value) -> Value:
    """A value that may be a dictionary's key; nested tuples only a few deep."""
    _check_key(value, 0)
    return value


def _check_key(value: Value, depth: int) -> None:
    if isinstance(value, list | dict | SetValue | slice):
        raise raised("TypeError", f"{describe(value)} can't be a key")
    if isinstance(value, tuple):
        if depth > 3:
            raise Refusal("this key is nested too deeply")
        for each in value:
            _check_key(each, depth + 1)
