"""Paths as texts, and an environment in which nothing is set; no file is ever looked at."""

from __future__ import annotations

import os

from cnncalc.python.exceptions import raised
from cnncalc.python.functions import class_of_methods, simple
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import MISSING, Instance, Value

__all__ = ["NAMES"]

NOTHING_THERE = simple("exists", lambda machine, path: False)


class Changes(dict[Value, Value]):
    """What one source has set in its environment."""


def variable(machine: Machine, name: Value) -> Value:
    """A variable that the source itself has set; MISSING where nobody has.

    One that the user has set is an error: what it holds is never read, and as unset it would be
    wrong.
    """
    found = machine.part(Changes).get(name, MISSING)
    if found is MISSING and isinstance(name, str) and name in os.environ:
        raise Refusal(
            f"`{name}` is set in the environment, which isn't read here",
            help="without that variable the model is read as by default",
        )
    return found


def value_of(machine: Machine, environment: Value, name: Value) -> Value:
    found = variable(machine, name)
    if found is MISSING:
        raise raised("KeyError", f"{name!r} is not set in the environment")
    return found


def value_or(machine: Machine, environment: Value, name: Value, default: Value = None) -> Value:
    found = variable(machine, name)
    return default if found is MISSING else found


def set_value(machine: Machine, environment: Value, name: Value, value: Value) -> None:
    machine.part(Changes)[name] = value


def set_default(machine: Machine, environment: Value, name: Value, value: Value) -> Value:
    found = variable(machine, name)
    return machine.part(Changes).setdefault(name, value) if found is MISSING else found


ENVIRONMENT = class_of_methods(
    "_Environ",
    {
        "__getitem__": value_of,
        "__setitem__": set_value,
        "__contains__": lambda m, environment, name: variable(m, name) is not MISSING,
        "__len__": lambda m, environment: len(m.part(Changes)),
        "get": value_or,
        "setdefault": set_default,
    },
)
NAMES: dict[str, Value] = {
    "environ": Instance(ENVIRONMENT),
    "getenv": simple("getenv", lambda m, name, default=None: value_or(m, None, name, default)),
    "sep": "/",
    "path.join": simple("join", lambda machine, *parts: "/".join(parts)),
    "path.basename": simple("basename", lambda machine, path: path.rpartition("/")[2]),
    "path.expanduser": simple("expanduser", lambda machine, path: path),
    "path.isfile": NOTHING_THERE,
    "path.exists": NOTHING_THERE,
    "path.isdir": NOTHING_THERE,
}
