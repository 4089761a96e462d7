"""The names of a file as a dictionary: `globals()`, and `module.__dict__`."""

from __future__ import annotations

from cnncalc.python.exceptions import raised
from cnncalc.python.functions import class_of_methods
from cnncalc.python.machine import Machine, Module
from cnncalc.python.values import Instance, Value

__all__ = ["name_table"]


def name_table(module: Module) -> Instance:
    """The names of a file, each worked out when it is asked for."""
    table = Instance(TABLE)
    table.fields["__module__"] = module
    return table


def found(table: Instance, name: Value) -> list[Value]:
    """The value of a name of the file, in a list of one; nothing if it has none."""
    module = table.fields["__module__"]
    return [module.find(name)] if isinstance(name, str) and module.has(name) else []


def item(machine: Machine, table: Instance, name: Value) -> Value:
    values = found(table, name)
    if not values:
        raise raised("KeyError", f"{name!r} is not defined in this source")
    return values[0]


def get(machine: Machine, table: Instance, name: Value, default: Value = None) -> Value:
    return next(iter(found(table, name)), default)


def contains(machine: Machine, table: Instance, name: Value) -> Value:
    return bool(found(table, name))


TABLE = class_of_methods(
    "dict",
    {
        "__getitem__": item,
        "get": get,
        "__contains__": contains,
    },
)
