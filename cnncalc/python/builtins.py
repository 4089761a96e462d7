"""Python's own functions and types, as far as building networks needs them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from cnncalc.python.attributes import (
    delete_attribute,
    get_attribute,
    look_up,
    no_attribute,
    set_attribute,
)
from cnncalc.python.classes import Super
from cnncalc.python.comparison import is_true
from cnncalc.python.exceptions import EXCEPTIONS, raised
from cnncalc.python.functions import simple
from cnncalc.python.guests import Guest
from cnncalc.python.iteration import iterate, listed
from cnncalc.python.machine import Function, Machine
from cnncalc.python.name_tables import name_table
from cnncalc.python.operators import binary
from cnncalc.python.refusals import Raised, Refusal
from cnncalc.python.run_values import RunValue
from cnncalc.python.sequences import (
    as_iterator,
    enumerated,
    extreme,
    filtered,
    following,
    length,
    mapped,
    sorted_values,
    total,
    zipped,
)
from cnncalc.python.texts import format_value, text_of
from cnncalc.python.types import TYPES, is_instance, number
from cnncalc.python.values import (
    MISSING,
    Arguments,
    Bound,
    Builtin,
    Class,
    Instance,
    Iterated,
    Keywords,
    Namespace,
    Partial,
    Property,
    StaticMethod,
    Value,
)
from cnncalc.python.wordlists import words

__all__ = ["BUILTINS", "BY_TEXT", "FORBIDDEN", "forbidden"]

DOTTED = re.compile(r"[A-Za-z_]\w{0,60}(?:\.[A-Za-z_]\w{0,60}){0,5}")

FORBIDDEN = words(
    "breakpoint compile eval exec exit hash help id input memoryview open quit "
    "__build_class__ bytearray"
)


def forbidden(name: str) -> Refusal:
    return Refusal(
        f"`{name}` can't be followed: a source is read, nothing of it is executed",
        code="forbidden",
    )


def round_number(machine: Machine, value: Value, digits: Value = None) -> Value:
    if isinstance(value, Guest):
        return value.rounded(machine)
    if digits is not None and abs(digits) > 30:
        raise Refusal("this rounding can't be worked out")
    try:
        return round(number(value), digits)
    except (OverflowError, ValueError):
        raise raised("ValueError", "no whole number is near this") from None


def read_attribute(machine: Machine, value: Value, name: Value, *default: Value) -> Value:
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
            raise no_attribute(machine, value, name)
        return default[0]
    return found


def has_attribute(machine: Machine, value: Value, name: Value) -> bool:
    return read_attribute(machine, value, name, MISSING) is not MISSING


def write_attribute(machine: Machine, value: Value, name: Value, item: Value) -> None:
    if not isinstance(name, str):
        raise raised("TypeError", "an attribute's name is a text")
    set_attribute(machine, value, name, item)


def remove_attribute(machine: Machine, value: Value, name: Value) -> None:
    if not isinstance(name, str):
        raise raised("TypeError", "an attribute's name is a text")
    delete_attribute(machine, value, name)


def whole_import(machine: Machine, name: Value, *more: Value, **options: Value) -> Value:
    """`__import__(name)`, where a source looks whether a package is there: it is read.

    A name that is written out has no need of this but to hide an import.
    """
    module, node = machine.sites[-1]
    hidden = isinstance(node, ast.Call) and any(isinstance(a, ast.Constant) for a in node.args)
    if not isinstance(name, str) or more or options or hidden:
        raise forbidden("__import__")
    machine.guarded += 1  # what isn't there is an error here and now
    try:
        machine.imported(module, name, name)
        return machine.imported(module, name.partition(".")[0], name)
    finally:
        machine.guarded -= 1


def is_subclass(machine: Machine, cls: Value, kinds: Value) -> bool:
    kinds = kinds if isinstance(kinds, tuple) else (kinds,)
    return isinstance(cls, Class) and any(kind in cls.order for kind in kinds)


def is_callable(machine: Machine, value: Value) -> bool:
    if isinstance(value, Instance):
        return value.cls.find("__call__") is not MISSING
    return isinstance(value, Function | Builtin | Bound | Class | Partial)


def explicit_super(machine: Machine, owner: Value, receiver: Value) -> Value:
    if not isinstance(owner, Class):
        raise Refusal("`super` takes a class and an object")
    return Super(owner, receiver)


def power(machine: Machine, base: Value, exponent: Value) -> Value:
    return binary(machine, ast.Pow, base, exponent)


def magnitude(machine: Machine, value: Value) -> Value:
    return value if isinstance(value, RunValue) else abs(number(value))


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "abs": magnitude,
    "all": lambda machine, values: all(is_true(machine, v) for v in iterate(machine, values)),
    "any": lambda machine, values: any(is_true(machine, v) for v in iterate(machine, values)),
    "callable": is_callable,
    "chr": lambda machine, value: chr(value),
    "ord": lambda machine, value: ord(value),
    "classmethod": lambda machine, function: StaticMethod(function, True),
    "delattr": remove_attribute,
    "divmod": lambda machine, a, b: (
        binary(machine, ast.FloorDiv, a, b),
        binary(machine, ast.Mod, a, b),
    ),
    "enumerate": enumerated,
    "filter": filtered,
    "format": lambda machine, value, form="": format_value(machine, value, form),
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
    "__import__": whole_import,
}


def global_names(machine: Machine, args: Arguments, kwargs: Keywords) -> Value:
    """`globals()`: the names of the file, each worked out when it is asked for."""
    return name_table(machine.sites[-1][0])


def named(machine: Machine, args: Arguments, kwargs: Keywords) -> Value:
    """`eval("nn.ReLU")`: what a name stands for; any other text is refused."""
    if len(args) != 1 or not isinstance(args[0], str) or not DOTTED.fullmatch(args[0]):
        raise forbidden("eval")
    first, *rest = args[0].split(".")
    value = machine.sites[-1][0].find(first)
    for name in rest:
        value = get_attribute(machine, value, name)
    return value


def names_in(machine: Machine, args: Arguments, kwargs: Keywords) -> Value:
    """`dir(module)`: the names of a library's module."""
    names = (
        machine.names(args[0].path) if len(args) == 1 and isinstance(args[0], Namespace) else None
    )
    if names is None:
        raise forbidden("dir")
    machine.budget.spend(len(names))
    return names


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

# What asks for names that are kept in texts; nobody is told of these as what they may have meant.
BY_TEXT: dict[str, Value] = {
    "dir": Builtin("dir", names_in),
    "globals": Builtin("globals", global_names),
    "eval": Builtin("eval", named),
}
