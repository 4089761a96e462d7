"""The methods of plain data, in tables: what isn't here can't be called."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.python.comparison import contains, equal, key
from cnncalc.python.exceptions import raised
from cnncalc.python.iteration import content_of, iterate, listed
from cnncalc.python.limits import check_count, check_text
from cnncalc.python.machine import Machine
from cnncalc.python.open_numbers import plain_number
from cnncalc.python.refusals import Refusal
from cnncalc.python.sequences import sorted_values
from cnncalc.python.texts import format_text
from cnncalc.python.values import Bound, Builtin, Deque, Iterated, Keys, SetValue, Value
from cnncalc.python.wordlists import words

__all__ = ["DICTS", "find_method"]

Method = Callable[..., Value]
QUICK = frozenset(words("append pop get setdefault add discard popitem clear"))


def find_method(machine: Machine, value: Value, name: str) -> Value:
    """A method of a plain value, or MISSING."""
    for kind, table in TABLES.items():
        if isinstance(value, kind) and name in table:
            return Bound(simple_method(name, table[name]), value)
    return machine.method(value, name)


def simple_method(name: str, method: Method) -> Builtin:
    """A method of a plain value; most go over all of it, and pay for that."""

    def call(machine: Machine, args: list[Value], kwargs: dict[str, Value]) -> Value:
        holder = args[0].items if isinstance(args[0], SetValue) else args[0]
        if name not in QUICK and isinstance(holder, list | tuple | dict):
            machine.budget.spend(len(holder) >> 2)
        return method(machine, *args, **kwargs)

    return Builtin(name, call)


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise Refusal("a text is wanted here")
    return value


def _plain(method: Callable[..., Value]) -> Method:
    """A string method whose arguments are texts and small numbers."""

    def call(machine: Machine, text: str, *args: Value) -> Value:
        for arg in args:
            if not isinstance(arg, str | int | None) and not (
                isinstance(arg, tuple) and all(isinstance(each, str) for each in arg)
            ):
                raise Refusal("a text is wanted here")
            if isinstance(arg, int):
                check_text(abs(arg))
        machine.budget.spend(len(text) >> 5)
        try:
            return method(text, *args)
        except ValueError as error:
            raise raised("ValueError", str(error)) from None

    return call


def _join(machine: Machine, text: str, parts: Value) -> str:
    texts = [_text(part) for part in listed(machine, parts)]
    check_text(sum(map(len, texts)) + len(text) * len(texts))
    return text.join(texts)


def _replace(machine: Machine, text: str, old: Value, new: Value, count: Value = -1) -> str:
    check_text((len(text) + 1) * max(len(_text(new)), 1) if len(_text(old)) < len(new) else 0)
    return text.replace(old, new, count)


def _format(machine: Machine, text: str, *args: Value, **kwargs: Value) -> str:
    return format_text(machine, text, list(args), kwargs)


def _append(machine: Machine, values: list[Value], value: Value) -> None:
    values.append(value)
    check_count(len(values))


def _extend(machine: Machine, values: list[Value], more: Value) -> None:
    for value in listed(machine, more):
        _append(machine, values, value)


def _insert(machine: Machine, values: list[Value], place: Value, value: Value) -> None:
    values.insert(place, value)
    check_count(len(values))


def _pop(machine: Machine, values: list[Value], place: Value = -1) -> Value:
    try:
        return values.pop(plain_number(place))
    except IndexError:
        raise raised("IndexError", "there is nothing to take out of the list") from None


def _index(machine: Machine, values: Value, value: Value) -> int:
    for place, each in enumerate(values):
        if equal(machine, each, value):
            return place
    raise raised("ValueError", "this value is not in the list")


def _remove(machine: Machine, values: list[Value], value: Value) -> None:
    del values[_index(machine, values, value)]


def _count(machine: Machine, values: Value, value: Value) -> int:
    return sum(equal(machine, each, value) for each in values)


def _sort(machine: Machine, values: list[Value], **options: Value) -> None:
    values[:] = sorted_values(machine, values, **options)


def _get(
    machine: Machine, entries: dict[Value, Value], name: Value, default: Value = None
) -> Value:
    return entries.get(key(name, entries), default)


def _pop_entry(
    machine: Machine, entries: dict[Value, Value], name: Value, *default: Value
) -> Value:
    if name in entries or not default:
        if key(name) not in entries:
            raise raised("KeyError", f"there is no {name!r}" if isinstance(name, str | int) else "")
        return entries.pop(name)
    return default[0]


def _update(machine: Machine, entries: dict[Value, Value], *others: Value, **named: Value) -> None:
    for other in (*others, named):
        other = content_of(other)
        pairs = other.items() if isinstance(other, dict) else iterate(machine, other)
        for name, value in list(pairs):
            entries[key(name)] = value
            machine.budget.spend(1)
    check_count(len(entries))


def _setdefault(
    machine: Machine, entries: dict[Value, Value], name: Value, value: Value = None
) -> Value:
    check_count(len(entries) + 1)
    return entries.setdefault(key(name), value)


def _popitem(machine: Machine, entries: dict[Value, Value], last: Value = True) -> Value:
    if not entries:
        raise raised("KeyError", "the dictionary is empty")
    name = next(reversed(entries)) if last else next(iter(entries))
    return name, entries.pop(name)


def _add(machine: Machine, values: SetValue, value: Value) -> None:
    values.items[key(value)] = None
    check_count(len(values.items))


def _discard(machine: Machine, values: SetValue, value: Value) -> None:
    values.items.pop(key(value), None)


def _union(machine: Machine, values: SetValue, *others: Value) -> SetValue:
    items = dict(values.items)
    for other in others:
        items.update({key(each): None for each in listed(machine, other)})
    check_count(len(items))
    return SetValue(items)


def _kept(inside: bool) -> Method:
    def call(machine: Machine, values: SetValue, other: Value) -> SetValue:
        others = {key(each) for each in listed(machine, other)}
        return SetValue({each: None for each in values.items if (each in others) == inside})

    return call


def _subset(machine: Machine, values: SetValue, other: Value) -> bool:
    return all(contains(machine, other, each) for each in values.items)


STRINGS: dict[str, Method] = {
    **{
        name: _plain(getattr(str, name))
        for name in words(
            "capitalize count endswith find isalpha isdigit islower isnumeric isupper lower "
            "lstrip partition removeprefix removesuffix rfind rpartition rstrip split splitlines "
            "startswith strip title upper rsplit zfill ljust rjust center isidentifier index"
        )
    },
    "join": _join,
    "replace": _replace,
    "format": _format,
}
SEQUENCES: dict[str, Method] = {"index": _index, "count": _count}
LISTS: dict[str, Method] = {
    "append": _append,
    "extend": _extend,
    "insert": _insert,
    "pop": _pop,
    "remove": _remove,
    "sort": _sort,
    "clear": lambda machine, values: values.clear(),
    "copy": lambda machine, values: list(values),
    "reverse": lambda machine, values: values.reverse(),
}


def _extend_left(machine: Machine, values: list[Value], more: Value) -> None:
    for each in listed(machine, more):
        _insert(machine, values, 0, each)


def _rotate(machine: Machine, values: list[Value], n: Value = 1) -> None:
    if values:
        place = -n % len(values)
        values[:] = values[place:] + values[:place]


DEQUES: dict[str, Method] = {
    "appendleft": lambda machine, values, each: _insert(machine, values, 0, each),
    "popleft": lambda machine, values: _pop(machine, values, 0),
    "extendleft": _extend_left,
    "rotate": _rotate,
    "copy": lambda machine, values: Deque(values),
}
DICTS: dict[str, Method] = {
    "get": _get,
    "items": lambda machine, entries: [*entries.items()],
    "keys": lambda machine, entries: Keys(entries),
    "values": lambda machine, entries: [*entries.values()],
    "pop": _pop_entry,
    "popitem": _popitem,
    "update": _update,
    "setdefault": _setdefault,
    "copy": lambda machine, entries: dict(entries),
    "clear": lambda machine, entries: entries.clear(),
}
SETS: dict[str, Method] = {
    "add": _add,
    "discard": _discard,
    "remove": _discard,
    "update": lambda machine, values, other: values.items.update(
        _union(machine, values, other).items
    ),
    "union": _union,
    "difference": _kept(False),
    "intersection": _kept(True),
    "issubset": _subset,
    "issuperset": lambda machine, values, other: _subset(
        machine, SetValue({key(each): None for each in listed(machine, other)}), values
    ),
    "isdisjoint": lambda machine, values, other: not _kept(True)(machine, values, other).items,
    "copy": lambda machine, values: SetValue(dict(values.items)),
}
NUMBERS: dict[str, Method] = {
    "is_integer": lambda machine, value: value % 1 == 0,
    "bit_length": lambda machine, value: plain_number(value).bit_length(),
}
TABLES: dict[type, dict[str, Method]] = {
    str: STRINGS,
    Deque: DEQUES,
    list: {**SEQUENCES, **LISTS},
    tuple: SEQUENCES,
    dict: {**DICTS, "move_to_end": lambda machine, entries, name: _update(
        machine, entries, {name: entries.pop(name)})},
    SetValue: SETS,
    int: NUMBERS,
    float: NUMBERS,
    Iterated: {"__next__": lambda machine, values: next(iter(values), None)},
}  # fmt: skip
