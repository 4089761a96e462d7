"""`copy.copy` and `copy.deepcopy`."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.python.functions import simple
from cnncalc.python.guests import Guest
from cnncalc.python.iteration import content_of
from cnncalc.python.machine import Machine
from cnncalc.python.values import MISSING, Instance, Iterated, SetValue, Value

__all__ = ["NAMES"]


def copied(
    machine: Machine, value: Value, deep: bool, known: dict[int, Value] | None = None
) -> Value:
    """`copy.copy` or `copy.deepcopy`; what is copied once is one thing in the copy too."""
    known = {} if known is None else known
    if id(value) in known:
        return known[id(value)]
    machine.budget.spend(2)

    def inner(each: Value) -> Value:
        return copied(machine, each, True, known) if deep else each

    if isinstance(value, list):
        result: list[Value] = []
        known[id(value)] = result
        result.extend(inner(each) for each in value)
        return result
    if isinstance(value, tuple):
        return tuple(inner(each) for each in value)
    if isinstance(value, dict):
        entries: dict[Value, Value] = {}
        known[id(value)] = entries
        entries.update((name, inner(each)) for name, each in value.items())
        return entries
    if isinstance(value, SetValue):
        return SetValue(dict(value.items))
    if isinstance(value, Iterated):
        return Iterated(list(value.items))
    if isinstance(value, Instance):
        return copied_instance(value, inner, known)
    if isinstance(value, Guest):
        return value.copied(deep, inner, known)
    return value


def copied_instance(
    value: Instance, inner: Callable[[Value], Value], known: dict[int, Value]
) -> Instance:
    if value.cls.find("__members__") is not MISSING:
        return value
    twin = Instance(value.cls, value.made)
    known[id(value)] = twin
    twin.layers = value.layers
    twin.ready = value.ready
    twin.content = inner(content_of(value)) if value.content is not None else None
    twin.fields = {name: inner(each) for name, each in value.fields.items()}
    return twin


NAMES: dict[str, Value] = {
    "copy": simple("copy", lambda machine, value: copied(machine, value, False)),
    "deepcopy": simple("deepcopy", lambda machine, value: copied(machine, value, True)),
}
