"""Comparison and truth, over plain data, each within the budget."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable

from cnncalc.python.exceptions import raised
from cnncalc.python.guests import Guest
from cnncalc.python.iteration import content_of, iterate
from cnncalc.python.limits import MAX_KEY_DEPTH
from cnncalc.python.machine import Machine, Scope
from cnncalc.python.open_numbers import is_open, side_by_side
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import (
    MISSING,
    Foreign,
    Instance,
    Keys,
    Opaque,
    SetValue,
    Value,
    describe,
)

__all__ = ["chosen", "compare", "contains", "equal", "is_true", "key", "ordered"]

ORDERS: dict[type[ast.cmpop], Callable[[Value, Value], bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip


SIGNS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


# Tuples, which are made once: `int | float` would be made anew by every branch.
NUMBERS = (int, float)
COLLECTIONS = (str, tuple, list, dict, range)


def guest_of(left: Value, right: Value) -> Guest | None:
    """The guest whose library says how two values compare; None: both are Python's own."""
    if isinstance(left, Guest):
        return left
    return right if isinstance(right, Guest) else None


def compare(machine: Machine, kind: type[ast.cmpop], left: Value, right: Value) -> Value:
    """The truth of `left ? right`, or what a guest makes of it."""
    guest = guest_of(left, right)
    if guest is not None and kind in SIGNS:
        found = guest.compare(machine, SIGNS[kind], left, right)
        if found is not MISSING:
            return found
    if kind is ast.Is or kind is ast.IsNot:
        return same(left, right) == (kind is ast.Is)
    if kind is ast.Eq or kind is ast.NotEq:
        return equal(machine, left, right) == (kind is ast.Eq)
    if kind is ast.In or kind is ast.NotIn:
        return contains(machine, right, left) == (kind is ast.In)
    return ordered(machine, ORDERS[kind], left, right)


def same(left: Value, right: Value) -> bool:
    plain = int | float | str
    if isinstance(left, plain) and type(left) is type(right):
        return bool(left == right)
    if isinstance(left, Opaque) and isinstance(right, Opaque):
        return left.name == right.name
    return left is right


def equal(machine: Machine, left: Value, right: Value) -> bool:
    """Equality of plain data, element by element and within the budget."""
    machine.budget.spend(2)
    if isinstance(left, Keys) and isinstance(right, Keys):
        return set(left) == set(right)
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
    guest = guest_of(left, right)
    if guest is not None:
        return guest.equal(machine, right if guest is left else left)
    if isinstance(left, Opaque) and isinstance(right, Opaque):
        return left.name == right.name
    if isinstance(left, Foreign) or isinstance(right, Foreign):
        raise Refusal(f"{describe(left if isinstance(left, Foreign) else right)}")
    if isinstance(left, int | float | str | range | slice):
        left, right = side_by_side(left, right)
        return bool(left == right)
    return left is right


def equal_instances(machine: Machine, left: Value, right: Value) -> bool:
    if left is right:
        return True
    for holder, other in ((left, right), (right, left)):
        found = machine.special(holder, "__eq__", other)
        if found is not MISSING:
            return is_true(machine, found)
        if isinstance(holder, Instance) and holder.content is not None:
            return equal(machine, holder.content, content_of(other))
    return False


def ordered(
    machine: Machine, order: Callable[[Value, Value], bool], left: Value, right: Value
) -> bool:
    """Comparison of numbers, strings and sequences of them."""
    left, right = (v.plain() if isinstance(v, Guest) else v for v in (left, right))
    if isinstance(left, int | float) and isinstance(right, int | float):
        return order(*side_by_side(left, right))
    if isinstance(left, str) and isinstance(right, str):
        return order(left, right)
    if isinstance(left, tuple | list) and type(left) is type(right):
        for one, two in zip(left, right, strict=False):
            if not equal(machine, one, two):
                return ordered(machine, order, one, two)
        return order(len(left), len(right))
    guest = guest_of(left, right)
    if guest is not None:
        return guest.order(left, right)
    raise Refusal(f"{describe(left)} and {describe(right)} can't be compared")


def contains(machine: Machine, holder: Value, item: Value) -> bool:
    holder = content_of(holder)
    if isinstance(holder, str) and isinstance(item, str):
        return item in holder
    if isinstance(holder, dict):
        return key(item, holder) in holder
    if isinstance(holder, SetValue):
        return key(item, holder.items) in holder.items
    if isinstance(holder, range) and isinstance(item, int):
        return item in holder if not is_open(item) else _in_range(item, holder)
    found = machine.special(holder, "__contains__", item)
    if found is not MISSING:
        return is_true(machine, found)
    return any(same(each, item) or equal(machine, each, item) for each in iterate(machine, holder))


def _in_range(item: int, holder: range) -> bool:
    """The same of a number that stands for several, which is asked."""
    low, high = min(holder, default=0), max(holder, default=-1)
    return low <= item <= high and (item - low) % abs(holder.step) == 0


def chosen(scope: Scope, test: ast.expr) -> bool:
    """Whether the test of a branch holds; the machine knows meanwhile what is decided."""
    machine = scope.machine
    before, machine.branch = machine.branch, (scope.module, test)
    try:
        return is_true(machine, machine.evaluate(scope, test))
    finally:
        machine.branch = before


def is_true(machine: Machine, value: Value) -> bool:
    """The truth of a value."""
    if value is None or isinstance(value, NUMBERS):
        return bool(value)
    if isinstance(value, COLLECTIONS):
        return len(value) > 0
    if isinstance(value, SetValue):
        return bool(value.items)
    if isinstance(value, Guest):
        return value.truth(machine)
    if isinstance(value, Foreign):
        raise Refusal(f"a branch on {describe(value)}, can't be followed")
    if isinstance(value, Instance):
        return instance_truth(machine, value)
    return True


def instance_truth(machine: Machine, value: Instance) -> bool:
    for name in ("__bool__", "__len__"):
        found = machine.special(value, name)
        if found is not MISSING:
            return is_true(machine, found)
    return value.content is None or is_true(machine, value.content)


def key(value: Value, among: Iterable[Value] = ()) -> Value:
    """A value that may be a dictionary's key; nested tuples only a few deep.

    One that stands for several is compared with each of those `among` which it is looked for.
    """
    if _check_key(value, 0):
        for each in among:
            if isinstance(each, int | float | tuple):
                bool(each == value)  # a question, whatever the answer
    return value


def _check_key(value: Value, depth: int) -> bool:
    """Refuse what can't be a key; whether a number in it stands for several."""
    if isinstance(value, list | dict | SetValue | slice):
        raise raised("TypeError", f"{describe(value)} can't be a key")
    if isinstance(value, tuple):
        if depth > MAX_KEY_DEPTH:
            raise Refusal("this key is nested too deeply")
        parts = [_check_key(each, depth + 1) for each in value]
        return True in parts
    return is_open(value)
