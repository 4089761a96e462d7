"""Functions that are worked out here instead of being read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnncalc.python.machine import Function, Machine
from cnncalc.python.values import OBJECT, Bound, Builtin, Class, Value

__all__ = ["Method", "class_of_methods", "simple", "undecorated"]

# What is worked out here, given the machine and then what the program gives.
Method = Callable[..., Value]


def simple(name: str, function: Method) -> Builtin:
    """A function of plain arguments: `function(machine, *args, **kwargs)`."""
    return Builtin(name, lambda machine, args, kwargs: function(machine, *args, **kwargs))


def class_of_methods(name: str, methods: Mapping[str, Method], base: Class = OBJECT) -> Class:
    """A class of which each method is a function of the instance and plain arguments."""
    # People call the class, so messages about arguments name that.
    named = {each: name if each == "__init__" else each for each in methods}
    made = {each: simple(named[each], function) for each, function in methods.items()}
    return Class(name, (base,), made)


def undecorated(machine: Machine, *args: Value, **options: Value) -> Value:
    """A decorator that changes nothing here, with or without arguments."""
    if len(args) == 1 and isinstance(args[0], Function | Class | Bound | Builtin) and not options:
        return args[0]
    return simple("decorator", lambda m, decorated: decorated)
