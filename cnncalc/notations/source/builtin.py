"""Python's own functions and types, as far as building networks needs them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from cnncalc.notations.source.attributes import look_up, no_attribute
from cnncalc.notations.source.classes import (
    OBJECT,
    Super,
    class_of,
    is_instance,
)
from cnncalc.notations.source.comparing import is_true, key
from cnncalc.notations.source.data import content_of, iterate, listed, text_of
from cnncalc.notations.source.describing import describe
from cnncalc.notations.source.limits import check_int
from cnncalc.notations.source.operators import binary
from cnncalc.notations.source.raising import EXCEPTIONS, raised
from cnncalc.notations.source.sequences import (
    as_iterator,
    enumerated,
    extreme,
    filtered,
    following,
    length,
    make_range,
    mapped,
    sorted_values,
    total,
    zipped,
)
from cnncalc.notations.source.setting import set_attribute
from cnncalc.notations.source.stops import Raised, Refusal
from cnncalc.notations.source.values import (
    MISSING,
    Bound,
    Builtin,
    Class,
    Function,
    Instance,
    Iterated,
    Partial,
    Property,
    SetValue,
    StaticMethod,
    Value,
)
from cnncalc.notations.source.words import words
from cnncalc.tracing.tensors import Batch, Static, Tensor, one_number

__all__ = ["BUILTINS", "DICT", "FORBIDDEN", "PLAIN", "TYPES", "find_builtin", "forbidden", "simple"]

FORBIDDEN = words(
    "breakpoint compile delattr dir eval exec exit hash help id input locals memoryview "
    "open quit __import__ __build_class__ bytearray"
)


def find_builtin(machine: Any, name: str) -> Value:
    """What a name means that the file doesn't define."""
    if name in BUILTINS:
        return BUILTINS[name]
    if name in ("globals", "eval"):
        from cnncalc.notations.source.lookups import NAMES

        return NAMES[name]
    if name in FORBIDDEN:
        raise forbidden(name)
    from cnncalc.notations.source.assumed import assumed

    return assumed(machine, name)


def forbidden(name: str) -> Refusal:
    return Refusal(
        f"`{name}` can't be followed: a source is read, nothing of it is executed",
        code="forbidden",
    )


def simple(name: str, function: Callable[..., Value]) -> Builtin:
    """A function of plain arguments: `function(machine, *args, **kwargs)`."""
    return Builtin(name, lambda machine, args, kwargs: function(machine, *args, **kwargs))


def to_int(machine: Any, value: Value = 0, base: Value = 10) -> int:
    value = one_number(content_of(value))
    if isinstance(value, Batch):
        raise Refusal("the size of the batch isn't known", code="batch")
    if isinstance(value, str) and len(value) > 40:
        raise Refusal("this number is beyond what a network needs", code="too-large")
    try:
        return check_int(int(value, base) if isinstance(value, str) else int(_number(value)))
    except (ValueError, OverflowError):
        raise raised("ValueError", f"{value!r} is no whole number") from None


def to_float(machine: Any, value: Value = 0.0) -> float:
    value = one_number(content_of(value))
    try:
        return float(value[:40] if isinstance(value, str) else _number(value))
    except (ValueError, OverflowError):
        raise raised("ValueError", f"{value!r} is no number") from None


def _number(value: Value) -> float:
    if not isinstance(value, int | float):
        raise Refusal(f"{describe(value)} is no number")
    return value


def round_number(machine: Any, value: Value, digits: Value = None) -> Value:
    if isinstance(value, Tensor | Static):
        from cnncalc.notations.source.tensors import tensor_attribute

        return machine.call(tensor_attribute(machine, value, "round"), [], {})
    if digits is not None and abs(digits) > 30:
        raise Refusal("this rounding can't be worked out")
    try:
        return round(_number(value), digits)
    except (OverflowError, ValueError):
        raise raised("ValueError", "no whole number is near this") from None


def read_attribute(machine: Any, value: Value, name: Value, *default: Value) -> Value:
    """`getattr(value, name)`."""
    if not isinstance(name, str):
        raise raised("TypeError", "an attribute's name is a text")
    try:
        found = look_up(machine, value, name)
    except Raised as error:
        if not default or error.value.cls.name != "AttributeError":
            raise
        return default[0]
    if found is MISSING:
        if not default:
            raise no_attribute(value, name)
        return default[0]
    return found


def has_attribute(machine: Any, value: Value, name: Value) -> bool:
    return read_attribute(machine, value, name, MISSING) is not MISSING


def write_attribute(machine: Any, value: Value, name: Value, item: Value) -> None:
    if not isinstance(name, str):
        raise raised("TypeError", "an attribute's name is a text")
    set_attribute(machine, value, name, item)


def no_bytes(machine: Any, *args: Value) -> Value:
    raise Refusal("bytes have no use in a network", code="forbidden")


def type_of(machine: Any, value: Value, *more: Value) -> Value:
    if more:
        raise Refusal("a class made by `type` can't be followed")
    return class_of(value)


def is_subclass(machine: Any, cls: Value, kinds: Value) -> bool:
    kinds = kinds if isinstance(kinds, tuple) else (kinds,)
    return isinstance(cls, Class) and any(kind in cls.order for kind in kinds)


def is_callable(machine: Any, value: Value) -> bool:
    if isinstance(value, Instance):
        return value.cls.find("__call__") is not MISSING
    return isinstance(value, Function | Builtin | Bound | Class | Partial)


def explicit_super(machine: Any, owner: Value, receiver: Value) -> Value:
    if not isinstance(owner, Class):
        raise Refusal("`super` takes a class and an object")
    return Super(owner, receiver)


def power(machine: Any, base: Value, exponent: Value) -> Value:
    return binary(machine, ast.Pow, base, exponent)


def plain_class(name: str, convert: Callable[..., Value], *bases: Class) -> Class:
    return Class(name, (*bases, OBJECT) if bases else (OBJECT,), make=simple(name, convert).call)


def make_dict(machine: Any, *sources: Value, **named: Value) -> dict[Value, Value]:
    from cnncalc.notations.source.methods import DICTS

    result: dict[Value, Value] = {}
    DICTS["update"](machine, result, *sources, **named)
    return result


def make_set(machine: Any, values: Value = ()) -> SetValue:
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
PLAIN: dict[type, Class] = {
    int: INT,
    float: TYPES["float"],
    bool: TYPES["bool"],
    str: TYPES["str"],
    list: TYPES["list"],
    tuple: TYPES["tuple"],
    dict: DICT,
    SetValue: TYPES["set"],
    range: TYPES["range"],
    slice: TYPES["slice"],
    type(None): Class("NoneType", (OBJECT,)),
    Function: Class("function", (OBJECT,)),
    Class: TYPES["type"],
}
FUNCTIONS: dict[str, Callable[..., Value]] = {
    "abs": lambda machine, value: abs(_number(value)),
    "all": lambda machine, values: all(is_true(machine, v) for v in iterate(machine, values)),
    "any": lambda machine, values: any(is_true(machine, v) for v in iterate(machine, values)),
    "callable": is_callable,
    "chr": lambda machine, value: chr(value),
    "ord": lambda machine, value: ord(value),
    "classmethod": lambda machine, function: StaticMethod(function, True),
    "divmod": lambda machine, a, b: (
        binary(machine, ast.FloorDiv, a, b),
        binary(machine, ast.Mod, a, b),
    ),
    "enumerate": enumerated,
    "filter": filtered,
    "format": lambda machine, value, form="": show_formatted(machine, value, form),
    "getattr": read_attribute,
    "hasattr": has_attribute,
    "isinstance": is_instance,
    "issubclass": is_subclass,
    "iter": as_iterator,
    "len": length,
    "map": mapped,
    "max": extreme(ast.Gt),
    "min": extreme(ast.Lt),
    "next": following,
    "pow": power,
    "print": lambda machine, *args, **kwargs: None,
    "property": lambda machine, getter=None, setter=None, *rest, **kw: Property(getter, setter),
    "repr": lambda machine, value: text_of(machine, value, quoted=True),
    "reversed": lambda machine, values: Iterated(listed(machine, values)[::-1]),
    "round": round_number,
    "setattr": write_attribute,
    "sorted": sorted_values,
    "staticmethod": lambda machine, function: StaticMethod(function, False),
    "sum": total,
    "super": explicit_super,
    "vars": lambda machine, value: dict(value.fields),
    "zip": zipped,
}


def show_formatted(machine: Any, value: Value, form: str) -> str:
    from cnncalc.notations.source.formats import format_value

    return format_value(machine, value, form)


BUILTINS: dict[str, Value] = {
    **EXCEPTIONS,
    **TYPES,
    **{name: simple(name, function) for name, function in FUNCTIONS.items()},
    "NotImplemented": None,
    "Ellipsis": ...,
    "__debug__": False,
    "__file__": "source.py",
    "__doc__": None,
    "__package__": "",
}
