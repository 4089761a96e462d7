"""`types.SimpleNamespace`, and the type of functions."""

from __future__ import annotations

from cnncalc.python.abstract_types import abstract
from cnncalc.python.machine import Function, Machine
from cnncalc.python.values import OBJECT, Arguments, Builtin, Class, Keywords, Opaque, Value

__all__ = ["NAMES", "OTHERS"]


def init(machine: Machine, args: Arguments, kwargs: Keywords) -> None:
    """`SimpleNamespace(a=1, b=2)`."""
    args[0].fields.update(kwargs)


NAMES: dict[str, Value] = {
    "SimpleNamespace": Class("SimpleNamespace", (OBJECT,), {"__init__": Builtin("__init__", init)}),
    "FunctionType": abstract("FunctionType", lambda value: isinstance(value, Function)),
}
OTHERS = Opaque
