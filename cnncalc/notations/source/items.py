"""Elements: `value[index]`, read, set and deleted."""

from __future__ import annotations

from typing import Any

from cnncalc.notations.source.comparing import key
from cnncalc.notations.source.data import content_of
from cnncalc.notations.source.describing import describe
from cnncalc.notations.source.limits import check_count
from cnncalc.notations.source.raising import raised
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.values import (
    MISSING,
    Bound,
    Class,
    Foreign,
    Instance,
    Namespace,
    Opaque,
    Value,
)
from cnncalc.tracing.tensors import Pile, Static, Tensor

__all__ = ["delete_item", "get_item", "set_item"]


def get_item(machine: Any, value: Value, index: Value) -> Value:
    """`value[index]`."""
    if isinstance(value, Instance):
        found = value.cls.find("__getitem__")
        if found is not MISSING:
            return machine.call(Bound(found, value), [index], {})
    value = content_of(value)
    if isinstance(value, Pile):
        value = value.parts
    if isinstance(value, str | tuple | list | range):
        if isinstance(index, slice):
            machine.budget.spend(len(value) >> 3)
        return _element(value, index)
    if isinstance(value, dict):
        return _entry(machine, value, index)
    if type(value).__name__ == "KerasTensor":
        from cnncalc.notations.source.keras_functions import keras_item

        return keras_item(machine, value, index)
    if isinstance(value, Tensor | Static):
        from cnncalc.notations.source.slicing import tensor_item

        return tensor_item(machine, value, index)
    if isinstance(value, Class):
        return _class_item(value, index)
    if isinstance(value, Opaque | Namespace):
        return value
    if isinstance(value, Foreign):
        return Foreign(f"{value.path}[…]")
    raise Refusal(f"{describe(value)} has no elements")


def _element(value: Any, index: Value) -> Value:
    if isinstance(index, slice):
        parts = (index.start, index.stop, index.step)
        if all(part is None or isinstance(part, int) for part in parts) and index.step != 0:
            return value[index]
        raise Refusal("this slice has bounds that aren't numbers")
    if not isinstance(index, int):
        raise Refusal(f"{describe(index)} can't be the place of an element")
    try:
        return value[index]
    except IndexError:
        raise raised("IndexError", f"there is no element {index} of {len(value)}") from None


def _entry(machine: Any, value: dict[Value, Value], index: Value) -> Value:
    try:
        return value[key(index)]
    except KeyError:
        factory = getattr(value, "factory", None)
        if factory is None:
            raise raised("KeyError", _shown(index, value)) from None
        value[index] = machine.call(factory, [], {})
        return value[index]


def _shown(index: Value, value: dict[Value, Value]) -> str:
    known = ", ".join(repr(each) for each in list(value)[:8] if isinstance(each, str | int))
    return (
        f"{index!r} is none of {known}" if isinstance(index, str | int) and known else "no such key"
    )


def _class_item(value: Class, index: Value) -> Value:
    members = value.find("__members__")
    if isinstance(members, dict):
        if isinstance(index, str) and index in members:
            return members[index]
        raise raised("KeyError", _shown(index, members))
    return value  # list[int], Generic[T]


def set_item(machine: Any, holder: Value, index: Value, value: Value) -> None:
    """`holder[index] = value`."""
    if isinstance(holder, Instance):
        found = holder.cls.find("__setitem__")
        if found is not MISSING:
            machine.call(Bound(found, holder), [index, value], {})
            return
    holder = content_of(holder)
    if isinstance(holder, dict):
        holder[key(index)] = value
        if (register := getattr(holder, "register", None)) is not None:
            register(index, value)
        check_count(len(holder))
    elif isinstance(holder, list) and isinstance(index, int):
        if not -len(holder) <= index < len(holder):
            raise raised("IndexError", f"there is no element {index} of {len(holder)}")
        holder[index] = value
    elif isinstance(holder, list) and isinstance(index, slice) and isinstance(value, list | tuple):
        _element(holder, index)
        try:
            holder[index] = value
        except ValueError:
            raise Refusal("this slice takes another number of elements") from None
        check_count(len(holder))
    elif isinstance(holder, Static) and not isinstance(value, Tensor):
        set_numbers(machine, holder, index, value)
    elif isinstance(holder, Tensor | Static):
        raise Refusal("an assignment into a part of a tensor can't be followed")
    elif not isinstance(holder, Namespace | Opaque):
        raise Refusal(f"{describe(holder)} has no elements to set")


def set_numbers(machine: Any, holder: Static, index: Value, value: Value) -> None:
    """`numbers[index] = value`: known ones stay known where they can, the shape stays."""
    holder.fill = None
    numbers = holder.values
    if numbers is None or len(holder.shape) != 1:
        holder.values = None
        return
    machine.budget.spend(len(numbers))
    places = range(len(numbers))
    fresh = value.values if isinstance(value, Static) else [value]
    if not isinstance(index, int | slice) or fresh is None:
        holder.values = None
        return
    chosen = places[index] if isinstance(index, slice) else [places[index]]
    if len(fresh) not in (1, len(chosen)) or not all(isinstance(n, int | float) for n in fresh):
        raise Refusal("this assignment into a part of a tensor can't be followed")
    holder.whole = holder.whole and all(isinstance(n, int) for n in fresh)
    for number, place in enumerate(chosen):
        numbers[place] = fresh[number % len(fresh)]


def delete_item(machine: Any, holder: Value, index: Value) -> None:
    """`del holder[index]`."""
    if isinstance(holder, Instance):
        found = holder.cls.find("__delitem__")
        if found is not MISSING:
            machine.call(Bound(found, holder), [index], {})
            return
    holder = content_of(holder)
    if isinstance(holder, dict):
        _entry(machine, holder, index)
        del holder[index]
    elif isinstance(holder, list):
        _element(holder, index)
        del holder[index]
    else:
        raise Refusal(f"{describe(holder)} has no elements to delete")
