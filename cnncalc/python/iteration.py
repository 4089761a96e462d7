"""Going over a value, element by element."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cnncalc.python.guests import Guest
from cnncalc.python.limits import check_count
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import (
    MISSING,
    Class,
    Instance,
    Iterated,
    SetValue,
    Silent,
    Value,
    describe,
)

__all__ = ["content_of", "iterate", "listed", "plain"]


def content_of(value: Value) -> Value:
    """The plain value behind an instance of a subclass of dict, list …, else the value."""
    if isinstance(value, Instance) and value.content is not None:
        return value.content
    return value


def plain(value: Value) -> Value:
    """The plain value that a guest or an instance stands for, else the value."""
    value = content_of(value)
    return value.plain() if isinstance(value, Guest) else value


def iterate(machine: Machine, value: Value) -> Iterable[Value]:
    """The elements of a value, in order."""
    value = content_of(value)
    if isinstance(value, list):
        return _live(value)
    if isinstance(value, tuple | range | str | Iterated):
        return value
    if isinstance(value, dict):
        machine.budget.spend(len(value) >> 3)
        return list(value)
    if isinstance(value, SetValue):
        machine.budget.spend(len(value.items) >> 3)
        return list(value.items)
    if isinstance(value, Instance):
        return _instance_items(machine, value)
    if isinstance(value, Silent):
        return ()  # weights that are loaded
    if isinstance(value, Class) and value.find("__members__") is not MISSING:
        return list(value.find("__members__").values())
    if isinstance(value, Guest):
        return value.iterate(machine)
    raise Refusal(f"{describe(value)} can't be looped over")


def _live(values: list[Value]) -> Iterator[Value]:
    """A list's elements, with those that the loop itself adds."""
    place = 0
    while place < len(values):
        yield values[place]
        place += 1


def _instance_items(machine: Machine, value: Instance) -> Iterable[Value]:
    found = machine.special(value, "__iter__")
    if found is not MISSING:
        return iterate(machine, found)
    if value.cls.find("__getitem__") is not MISSING and value.cls.find("__len__") is not MISSING:
        count = machine.special(value, "__len__")
        return [machine.special(value, "__getitem__", place) for place in range(count)]
    raise Refusal(f"{describe(value)} can't be looped over")


def listed(machine: Machine, value: Value) -> list[Value]:
    """All elements of a value as a new list, within bounds."""
    if isinstance(value, range):
        check_count(len(value))
    result = []
    for item in iterate(machine, value):
        result.append(item)
        machine.budget.spend(1)
        check_count(len(result))
    return result
