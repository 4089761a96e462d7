"""Operators over plain data, and those of the source's own classes, each within bounds."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable

from cnncalc.python.comparison import guest_of, is_true
from cnncalc.python.exceptions import raised
from cnncalc.python.guests import Guest
from cnncalc.python.iteration import content_of, iterate
from cnncalc.python.limits import check_count, check_int, check_text
from cnncalc.python.machine import Machine
from cnncalc.python.open_numbers import how_often, plain_number, side_by_side
from cnncalc.python.refusals import Refusal
from cnncalc.python.texts import percent
from cnncalc.python.values import (
    MISSING,
    Class,
    Instance,
    Keys,
    Opaque,
    SetValue,
    Value,
    describe,
)

__all__ = ["binary", "in_place", "unary"]

SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**", ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitAnd: "&",
    ast.BitXor: "^", ast.MatMult: "@",
}  # fmt: skip
UNARY: dict[type[ast.unaryop], str] = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}
METHODS = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.FloorDiv: "floordiv",
    ast.Mod: "mod", ast.Pow: "pow", ast.MatMult: "matmul", ast.BitOr: "or", ast.BitAnd: "and",
}  # fmt: skip
NUMBERS: dict[type[ast.operator], Callable[[Value, Value], Value]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
    ast.BitOr: operator.or_, ast.BitAnd: operator.and_, ast.BitXor: operator.xor,
}  # fmt: skip


def binary(machine: Machine, kind: type[ast.operator], left: Value, right: Value) -> Value:
    """The value of `left ? right`."""
    if isinstance(left, int | float) and isinstance(right, int | float):
        return arithmetic(kind, left, right)
    guest = guest_of(left, right)
    if guest is not None:
        if isinstance(left, str | list | tuple) and (times := guest.times()) is not None:
            return binary(machine, kind, left, times)
        found = guest.binary(machine, SIGNS[kind], left, right)
        if found is not MISSING:
            return found
    if isinstance(left, str) and kind is ast.Mod:
        return percent(machine, left, right)
    if isinstance(left, Instance) or isinstance(right, Instance):
        return overloaded(machine, kind, left, right)
    value = joined(machine, kind, left, right)
    if value is MISSING:
        raise no_operator(kind, left, right)
    return value


def no_operator(kind: type[ast.operator], left: Value, right: Value) -> Refusal:
    return Refusal(
        f"`{SIGNS[kind]}` can't be worked out between {describe(left)} and {describe(right)}"
    )


def arithmetic(kind: type[ast.operator], left: float, right: float) -> Value:
    try:
        if kind is ast.Pow:
            return power(left, right)
        if kind in (ast.LShift, ast.RShift):
            return shifted(kind, left, right)
        value = NUMBERS[kind](*side_by_side(left, right))
    except ZeroDivisionError:
        raise raised("ZeroDivisionError", "division by zero") from None
    except (KeyError, TypeError, OverflowError):
        raise no_operator(kind, left, right) from None
    return check_int(value) if isinstance(value, int) else value


def power(base: float, exponent: float) -> Value:
    whole = isinstance(base, int) and isinstance(exponent, int)
    exponent = plain_number(exponent)
    if whole and exponent > 0 and abs(int(base)).bit_length() * exponent > 128:
        raise Refusal("this number is beyond what a network needs", code="too-large")
    try:
        value = base**exponent
    except (OverflowError, ZeroDivisionError):
        raise raised("OverflowError", f"{base} ** {exponent} has no value") from None
    if isinstance(value, complex):
        raise Refusal("a root of a negative number has no use in a network")
    return check_int(value) if isinstance(value, int) else value


def shifted(kind: type[ast.operator], left: Value, right: Value) -> int:
    right = plain_number(right)
    if not isinstance(left, int) or not isinstance(right, int) or not 0 <= right <= 64:
        raise Refusal("this shift can't be worked out", code="too-large")
    return check_int(left << right if kind is ast.LShift else left >> right)


def joined(machine: Machine, kind: type[ast.operator], left: Value, right: Value) -> Value:
    """Strings, lists, tuples, dictionaries, sets and types with an operator between them."""
    if kind is ast.Add and type(left) is type(right) and isinstance(left, str | list | tuple):
        _check_size(left, len(left) + len(right))
        machine.budget.spend(len(left) + len(right) >> 2)
        return left + right
    if kind is ast.Mult:
        if isinstance(left, int):
            left, right = right, left
        if isinstance(left, str | list | tuple) and isinstance(right, int):
            right = how_often(right)
            _check_size(left, len(left) * max(right, 0))
            machine.budget.spend(len(left) * max(right, 0) >> 2)
            return left * right
    if kind is ast.BitOr:
        if isinstance(left, dict) and isinstance(right, dict):
            check_count(len(left) + len(right))
            machine.budget.spend(len(left) + len(right))
            return {**left, **right}
        if isinstance(left, Class | Opaque) or isinstance(right, Class | Opaque):
            return (left, right)  # a union of types, as isinstance takes it
    left, right = (SetValue(dict.fromkeys(each)) if isinstance(each, Keys) else each
                   for each in (left, right))  # fmt: skip
    if isinstance(left, SetValue) and isinstance(right, SetValue):
        machine.budget.spend(len(left.items) + len(right.items))
        return set_operation(kind, left, right)
    return MISSING


def _check_size(like: Value, size: int) -> None:
    (check_text if isinstance(like, str) else check_count)(size)


def set_operation(kind: type[ast.operator], left: SetValue, right: SetValue) -> Value:
    if kind is ast.BitOr:
        check_count(len(left.items) + len(right.items))
        return SetValue({**left.items, **right.items})
    if kind is ast.BitAnd:
        return SetValue({item: None for item in left.items if item in right.items})
    if kind is ast.Sub:
        return SetValue({item: None for item in left.items if item not in right.items})
    return MISSING


def overloaded(machine: Machine, kind: type[ast.operator], left: Value, right: Value) -> Value:
    """An operator that the source's own class defines."""
    name = METHODS.get(kind, "")
    for holder, other, method in ((left, right, f"__{name}__"), (right, left, f"__r{name}__")):
        found = machine.special(holder, method, other)
        if found is not MISSING:
            return found
    plain = [content_of(value) for value in (left, right)]
    if plain != [left, right]:
        return binary(machine, kind, *plain)
    raise no_operator(kind, left, right)


def in_place(machine: Machine, kind: type[ast.operator], left: Value, right: Value) -> Value:
    """`left ?= right`: lists grow in place, objects as their class says, all else is new."""
    if isinstance(left, list) and kind is ast.Add:
        for item in list(iterate(machine, right)):
            machine.budget.spend(1)
            left.append(item)
            check_count(len(left))
        return left
    if isinstance(left, dict) and isinstance(right, dict) and kind is ast.BitOr:
        left.update(right)
        check_count(len(left))
        return left
    if isinstance(left, Guest):
        found = left.in_place(machine, SIGNS[kind], right)
        if found is not MISSING:
            return found
    found = machine.special(left, f"__i{METHODS.get(kind, '')}__", right)
    return binary(machine, kind, left, right) if found is MISSING else found


def unary(machine: Machine, kind: type[ast.unaryop], operand: Value) -> Value:
    if kind is ast.Not:
        return not is_true(machine, operand)
    if isinstance(operand, int | float):
        if kind is ast.USub:
            return -operand
        if kind is ast.UAdd:
            return +operand
        if isinstance(operand, int):
            return -operand - 1
    if isinstance(operand, Guest):
        found = operand.unary(machine, UNARY[kind])
        if found is not MISSING:
            return found
    raise Refusal(f"this operator can't be worked out for {describe(operand)}")
