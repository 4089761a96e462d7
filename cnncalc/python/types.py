"""Python's own types: how they are made, and which one a value has."""

from __future__ import annotations

from collections.abc import Callable
from math import trunc

from cnncalc.python.comparison import is_true, key
from cnncalc.python.exceptions import raised
from cnncalc.python.functions import simple
from cnncalc.python.guests import Guest
from cnncalc.python.iteration import listed, plain
from cnncalc.python.limits import check_int
from cnncalc.python.machine import Function, Machine
from cnncalc.python.methods import DICTS
from cnncalc.python.refusals import Refusal
from cnncalc.python.run_values import RunValue
from cnncalc.python.sequences import make_range
from cnncalc.python.texts import text_of
from cnncalc.python.values import (
    MISSING,
    OBJECT,
    Class,
    Deque,
    Foreign,
    Instance,
    Opaque,
    Partial,
    SetValue,
    Value,
    describe,
)

__all__ = ["DEQUE", "DICT", "PARTIAL", "PLAIN", "TYPES", "class_of", "is_instance", "number"]


def to_int(machine: Machine, value: Value = 0, base: Value = 10) -> Value:
    value = plain(value)
    if isinstance(value, Guest):
        found = value.as_number()
        return value.to_int() if found is MISSING else found
    if isinstance(value, str) and len(value) > 40:
        raise Refusal("this number is beyond what a network needs", code="too-large")
    try:
        return check_int(int(value, base) if isinstance(value, str) else trunc(number(value)))
    except (ValueError, OverflowError):
        raise raised("ValueError", f"{value!r} is no whole number") from None


def to_float(machine: Machine, value: Value = 0.0) -> Value:
    value = plain(value)
    if isinstance(value, Guest) and (found := value.as_number()) is not MISSING:
        return found
    try:
        return float(value[:40]) if isinstance(value, str) else number(value) * 1.0
    except (ValueError, OverflowError):
        raise raised("ValueError", f"{value!r} is no number") from None


def number(value: Value) -> float:
    """A value that is a number; a guest may stand for one elsewhere, and is none here."""
    if not isinstance(value, int | float):
        raise Refusal(f"{describe(value)} is no number")
    return value


def no_bytes(machine: Machine, *args: Value) -> Value:
    raise Refusal("bytes have no use in a network", code="forbidden")


def type_of(machine: Machine, value: Value, *more: Value) -> Value:
    if more:
        raise Refusal("a class made by `type` can't be followed")
    if isinstance(value, RunValue) and value.cls is OBJECT:
        raise value.needed("this class")
    return class_of(value)


def plain_class(name: str, convert: Callable[..., Value], *bases: Class) -> Class:
    return Class(name, (*bases, OBJECT) if bases else (OBJECT,), make=simple(name, convert).call)


def make_partial(function: Value, *args: Value, **kwargs: Value) -> Partial:
    """`functools.partial(function, …)`; one of a partial is one of its function."""
    if isinstance(function, Partial):
        return Partial(function.function, [*function.args, *args], function.kwargs | kwargs)
    return Partial(function, list(args), kwargs)


def make_dict(machine: Machine, *sources: Value, **named: Value) -> dict[Value, Value]:
    result: dict[Value, Value] = {}
    DICTS["update"](machine, result, *sources, **named)
    return result


def make_set(machine: Machine, values: Value = ()) -> SetValue:
    return SetValue({key(each): None for each in listed(machine, values)})


INT = plain_class("int", to_int)
DICT = plain_class("dict", make_dict)
TYPES = {
    "int": INT,
    "float": plain_class("float", to_float),
    "bool": plain_class("bool", lambda machine, value=False: is_true(machine, value), INT),
    "str": plain_class("str", lambda machine, value="": text_of(machine, value)),
    "list": plain_class("list", lambda machine, values=(): listed(machine, values)),
    "tuple": plain_class("tuple", lambda machine, values=(): tuple(listed(machine, values))),
    "dict": DICT,
    "set": plain_class("set", make_set),
    "frozenset": plain_class("frozenset", make_set),
    "range": plain_class("range", make_range),
    "bytes": plain_class("bytes", no_bytes),
    "slice": plain_class("slice", lambda machine, *parts: slice(*parts)),
    "type": plain_class("type", type_of),
    "object": OBJECT,
}
PARTIAL = Class(
    "partial",
    (OBJECT,),
    make=lambda machine, args, kwargs: make_partial(*args, **kwargs),
    test=lambda value: isinstance(value, Partial),
)
DEQUE = plain_class("deque", lambda machine, values=(): Deque(listed(machine, values)))
PLAIN: dict[type, Class] = {
    int: INT,
    float: TYPES["float"],
    bool: TYPES["bool"],
    str: TYPES["str"],
    list: TYPES["list"],
    tuple: TYPES["tuple"],
    dict: DICT,
    Deque: DEQUE,
    SetValue: TYPES["set"],
    range: TYPES["range"],
    slice: TYPES["slice"],
    type(None): Class("NoneType", (OBJECT,)),
    Function: Class("function", (OBJECT,)),
    Class: TYPES["type"],
    Partial: PARTIAL,
}


def is_instance(machine: Machine, value: Value, kind: Value) -> bool:
    """`isinstance(value, kind)`."""
    if isinstance(kind, tuple):
        return any(is_instance(machine, value, each) for each in kind)
    if isinstance(kind, Class):
        if isinstance(value, RunValue) and value.cls is OBJECT is not kind:
            raise value.needed("this test of a class")
        if kind.test is not None:
            return kind.test(value)
        return kind in class_of(value).order
    if kind is None:
        return value is None
    if isinstance(kind, Foreign | Opaque):
        return False  # nothing here is ever an object of what isn't read
    raise Refusal(f"{describe(kind)} is no class")


def class_of(value: Value) -> Class:
    """The class of a value."""
    if isinstance(value, Instance | Guest):
        return value.cls
    return PLAIN.get(type(value), OBJECT)
