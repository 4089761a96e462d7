"""Python's own exceptions as the source may raise and catch them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cnncalc.python.refusals import Raised, Refusal
from cnncalc.python.values import Class, Instance, Value

if TYPE_CHECKING:
    from cnncalc.python.machine import Machine

__all__ = ["EXCEPTIONS", "as_raised", "caught", "matches", "raised"]

FAMILY = {
    "BaseException": "",
    "Exception": "BaseException",
    "ArithmeticError": "Exception",
    "OverflowError": "ArithmeticError",
    "ZeroDivisionError": "ArithmeticError",
    "AssertionError": "Exception",
    "AttributeError": "Exception",
    "ImportError": "Exception",
    "ModuleNotFoundError": "ImportError",
    "LookupError": "Exception",
    "IndexError": "LookupError",
    "KeyError": "LookupError",
    "NameError": "Exception",
    "OSError": "Exception",
    "FileNotFoundError": "OSError",
    "RuntimeError": "Exception",
    "NotImplementedError": "RuntimeError",
    "StopIteration": "Exception",
    "TypeError": "Exception",
    "ValueError": "Exception",
    "Warning": "Exception",
    "UserWarning": "Warning",
    "FutureWarning": "Warning",
    "DeprecationWarning": "Warning",
    "RuntimeWarning": "Warning",
}
REFUSED = {"unknown-option": "TypeError"}  # by the code of a refusal
EXCEPTIONS: dict[str, Class] = {}
for _name, _base in FAMILY.items():
    EXCEPTIONS[_name] = Class(_name, (EXCEPTIONS[_base],) if _base else ())
EXCEPTIONS["BaseException"].names["__traceback__"] = None  # nothing has run


def raised(
    name: str, text: str, hint: Callable[[], str] | None = None, own: bool = False
) -> Raised:
    """An exception of the source, as Python would have raised it."""
    value = Instance(EXCEPTIONS[name])
    value.fields["args"] = (text,)
    return Raised(value, hint, own)


def as_raised(machine: Machine, value: Value) -> Raised:
    """What `raise value` raises."""
    if isinstance(value, Class):
        value = machine.call(value, [], {})
    if isinstance(value, Instance) and EXCEPTIONS["BaseException"] in value.cls.order:
        return Raised(value, own=True)
    raise Refusal("only exceptions can be raised")


def caught(stop: Raised | Refusal) -> Raised | None:
    """The exception that Python raises where the reading stops; None: it goes on there."""
    if isinstance(stop, Raised):
        return stop
    name = REFUSED.get(stop.code)
    return raised(name, stop.message) if name else None


def matches(error: Raised, kind: Value) -> bool:
    """Whether an `except` clause takes an exception."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return any(isinstance(each, Class) and each in error.value.cls.order for each in kinds)
