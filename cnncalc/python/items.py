"""Elements: `value[index]`, read, set and deleted."""

from __future__ import annotations

from cnncalc.python.comparison import key
from cnncalc.python.exceptions import raised
from cnncalc.python.guests import Guest
from cnncalc.python.iteration import content_of
from cnncalc.python.limits import check_count
from cnncalc.python.machine import Machine
from cnncalc.python.open_numbers import plain_number
from cnncalc.python.refusals import Refusal
from cnncalc.python.run_values import RunValue
from cnncalc.python.values import (
    MISSING,
    Class,
    Entries,
    Foreign,
    Namespace,
    Opaque,
    Value,
    describe,
)

__all__ = ["delete_item", "get_item", "set_item"]


def get_item(machine: Machine, value: Value, index: Value) -> Value:
    """`value[index]`."""
    found = machine.special(value, "__getitem__", index)
    if found is not MISSING:
        return found
    value = content_of(value)
    if isinstance(value, str | tuple | list | range):
        if isinstance(index, slice):
            machine.budget.spend(len(value) >> 3)
        return _element(value, index)
    if isinstance(value, dict):
        return _entry(machine, value, index)
    if isinstance(value, Guest):
        return value.item(machine, index)
    if isinstance(value, Class):
        return _class_item(value, index)
    if isinstance(value, Opaque | Namespace):
        return value
    if isinstance(value, Foreign):
        return Foreign(f"{value.path}[…]")
    raise Refusal(f"{describe(value)} has no elements")


def _element(value: Value, index: Value) -> Value:
    if isinstance(index, slice):
        parts = (index.start, index.stop, index.step)
        if all(part is None or isinstance(part, int) for part in parts) and index.step != 0:
            return value[slice(*map(plain_number, parts))]
        raise Refusal("this slice has bounds that aren't numbers")
    if isinstance(index, RunValue):
        return index.like()
    if not isinstance(index, int):
        raise Refusal(f"{describe(index)} can't be the place of an element")
    try:
        return value[plain_number(index)]
    except IndexError:
        raise raised("IndexError", f"there is no element {index} of {len(value)}") from None


def _entry(machine: Machine, value: dict[Value, Value], index: Value) -> Value:
    try:
        return value[key(index, value)]
    except KeyError:
        made = MISSING
        if isinstance(value, Entries):
            made = value.missing(lambda factory: machine.call(factory, [], {}))
        if made is MISSING:
            raise raised("KeyError", _shown(index, value)) from None
        value[index] = made
        return made


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


def set_item(machine: Machine, holder: Value, index: Value, value: Value) -> Value:
    """`holder[index] = value`; what stands in the holder's place from now on, None: itself."""
    if machine.special(holder, "__setitem__", index, value) is not MISSING:
        return None
    holder = content_of(holder)
    if isinstance(holder, dict):
        holder[key(index)] = value
        if isinstance(holder, Entries):
            holder.stored(index, value)
        check_count(len(holder))
    elif isinstance(holder, list) and isinstance(index, int):
        index = plain_number(index)
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
    elif isinstance(holder, Guest):
        return holder.set_item(machine, index, value)
    elif not isinstance(holder, Namespace | Opaque):
        raise Refusal(f"{describe(holder)} has no elements to set")
    return None


def delete_item(machine: Machine, holder: Value, index: Value) -> None:
    """`del holder[index]`."""
    if machine.special(holder, "__delitem__", index) is not MISSING:
        return
    holder = content_of(holder)
    if isinstance(holder, dict):
        _entry(machine, holder, index)
        del holder[index]
    elif isinstance(holder, list):
        _element(holder, index)
        del holder[index]
    elif isinstance(holder, Guest):
        holder.delete_item(machine, index)
    else:
        raise Refusal(f"{describe(holder)} has no elements to delete")
