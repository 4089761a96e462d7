"""Plain data: going over it, and showing it as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cnncalc.notations.source.describing import describe
from cnncalc.notations.source.limits import check_count, check_text
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.values import (
    MISSING,
    Bound,
    Class,
    Function,
    Instance,
    Iterated,
    Opaque,
    SetValue,
    Silent,
    Value,
)
from cnncalc.tracing.tensors import Batch, Pile, Static, Tensor

__all__ = ["content_of", "iterate", "listed", "text_of"]


def content_of(value: Value) -> Value:
    """The plain value behind an instance of a subclass of dict, list …, else the value."""
    if isinstance(value, Instance) and value.content is not None:
        return value.content
    return value


def iterate(machine: Any, value: Value) -> Iterable[Value]:
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
    if isinstance(value, Static) and value.values is not None:
        return static_rows(machine, value)
    if isinstance(value, Pile):
        return value.parts
    if isinstance(value, Tensor | Static):
        raise Refusal("a loop over a tensor runs along the batch and can't be followed")
    raise Refusal(f"{describe(value)} can't be looped over")


def static_rows(machine: Any, value: Static) -> list[Value]:
    """The numbers of a small array, or its rows."""
    numbers = value.values or []
    machine.budget.spend(len(numbers) >> 2)
    if not value.shape or len(value.shape) == 1:
        return [Static((), value.sources, [each], value.whole) for each in numbers]
    rest = value.shape[1:]
    size = len(numbers) // max(value.shape[0], 1)
    rows = [numbers[start : start + size] for start in range(0, len(numbers), max(size, 1))]
    return [Static(rest, value.sources, row, value.whole) for row in rows]


def _live(values: list[Value]) -> Iterator[Value]:
    """A list's elements, with those that the loop itself adds."""
    place = 0
    while place < len(values):
        yield values[place]
        place += 1


def _instance_items(machine: Any, value: Instance) -> Iterable[Value]:
    found = value.cls.find("__iter__")
    if found is not MISSING:
        return iterate(machine, machine.call(Bound(found, value), [], {}))
    if value.cls.find("__getitem__") is not MISSING and value.cls.find("__len__") is not MISSING:
        count = machine.call(Bound(value.cls.find("__len__"), value), [], {})
        getter = Bound(value.cls.find("__getitem__"), value)
        return [machine.call(getter, [place], {}) for place in range(count)]
    raise Refusal(f"{describe(value)} can't be looped over")


def listed(machine: Any, value: Value) -> list[Value]:
    """All elements of a value as a new list, within bounds."""
    if isinstance(value, range):
        check_count(len(value))
    result = []
    for item in iterate(machine, value):
        result.append(item)
        machine.budget.spend(1)
        check_count(len(result))
    return result


def text_of(machine: Any, value: Value, quoted: bool = False) -> str:
    """A value as `str` (or, quoted, `repr`) shows it, within bounds."""
    machine.budget.spend(1)
    value = content_of(value)
    if isinstance(value, str):
        return repr(value) if quoted else value
    if value is None or isinstance(value, int | float | range | slice):
        return repr(value)
    if isinstance(value, list):
        return f"[{_joined(machine, value)}]"
    if isinstance(value, tuple):
        return f"({_joined(machine, value)}{',' if len(value) == 1 else ''})"
    if isinstance(value, SetValue):
        return f"{{{_joined(machine, list(value.items))}}}" if value.items else "set()"
    if isinstance(value, dict):
        pairs = [
            f"{text_of(machine, k, True)}: {text_of(machine, v, True)}" for k, v in value.items()
        ]
        return _checked(f"{{{', '.join(pairs)}}}")
    if isinstance(value, Batch):
        return "batch"
    return _named(machine, value)


def _joined(machine: Any, values: Iterable[Value]) -> str:
    return _checked(", ".join(text_of(machine, each, True) for each in values))


def _checked(text: str) -> str:
    check_text(len(text))
    return text


def _named(machine: Any, value: Value) -> str:
    """How objects show themselves."""
    if isinstance(value, Class):
        return f"<class '{value.name}'>"
    if isinstance(value, Function):
        return f"<function {value.name}>"
    if isinstance(value, Opaque):
        return value.name
    if isinstance(value, Instance):
        for name in ("__str__", "__repr__"):
            found = value.cls.find(name)
            if found is not MISSING:
                return text_of(machine, machine.call(Bound(found, value), [], {}))
        return value.text() or f"{value.cls.name}()"
    return describe(value)
