"""The parts of `functools` that network code uses."""

from __future__ import annotations

from cnncalc.python.exceptions import raised
from cnncalc.python.functions import simple, undecorated
from cnncalc.python.iteration import listed
from cnncalc.python.machine import Function, Machine
from cnncalc.python.types import PARTIAL
from cnncalc.python.values import Builtin, Property, Value

__all__ = ["NAMES"]


def reduced(machine: Machine, function: Value, values: Value, *start: Value) -> Value:
    items = [*start, *listed(machine, values)]
    if not items:
        raise raised("TypeError", "`reduce` of nothing has no value")
    total = items[0]
    for item in items[1:]:
        total = machine.call(function, [total, item], {})
    return total


def wraps(machine: Machine, wrapped: Value, *args: Value, **options: Value) -> Builtin:
    """`functools.wraps`: the wrapper remembers what it wraps."""

    def remember(inner: Machine, wrapper: Value) -> Value:
        if isinstance(wrapper, Function):
            wrapper.attributes["__wrapped__"] = wrapped
            if isinstance(wrapped, Function):
                wrapper.attributes["__name__"] = wrapped.name
        return wrapper

    return simple("wraps", remember)


def partial_method(machine: Machine, function: Value, *args: Value, **given: Value) -> Builtin:
    """`functools.partialmethod`: a method with some arguments given behind the object."""

    def call(inner: Machine, rest: list[Value], options: dict[str, Value]) -> Value:
        return inner.call(function, [*rest[:1], *args, *rest[1:]], {**given, **options})

    return Builtin("partialmethod", call)


def cached_property(machine: Machine, getter: Value) -> Property:
    return Property(getter, cached=True)


NAMES: dict[str, Value] = {
    "partial": PARTIAL,
    "partialmethod": simple("partialmethod", partial_method),
    "reduce": simple("reduce", reduced),
    "wraps": simple("wraps", wraps),
    "lru_cache": simple("lru_cache", undecorated),
    "cache": simple("cache", undecorated),
    "cached_property": simple("cached_property", cached_property),
}
