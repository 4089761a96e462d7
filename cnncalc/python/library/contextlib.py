"""What a `with` opens that opens nothing: `nullcontext`, `suppress`, and a base for others."""

from __future__ import annotations

from cnncalc.python.functions import class_of_methods
from cnncalc.python.machine import Machine
from cnncalc.python.values import Class, Instance, Value

__all__ = ["NAMES"]


def leave(machine: Machine, context: Instance, *error: Value) -> bool:
    """`__exit__` of what lets exceptions pass."""
    return False


def hold(machine: Machine, context: Instance, enter_result: Value = None) -> None:
    """`nullcontext(x)`."""
    context.fields["enter_result"] = enter_result


def expect(machine: Machine, context: Instance, *kinds: Value) -> None:
    """`suppress(ValueError, KeyError)`."""
    context.fields["kinds"] = kinds


def suppressed(
    machine: Machine, context: Instance, kind: Value = None, value: Value = None, at: Value = None
) -> bool:
    """Whether the exception that comes out of the block is one that is expected."""
    return isinstance(kind, Class) and any(each in kind.order for each in context.fields["kinds"])


NAMES: dict[str, Value] = {
    "AbstractContextManager": class_of_methods(
        "AbstractContextManager",
        {"__enter__": lambda machine, context: context, "__exit__": leave},
    ),
    "nullcontext": class_of_methods(
        "nullcontext",
        {
            "__init__": hold,
            "__enter__": lambda machine, context: context.fields["enter_result"],
            "__exit__": leave,
        },
    ),
    "suppress": class_of_methods(
        "suppress",
        {"__init__": expect, "__enter__": lambda machine, context: None, "__exit__": suppressed},
    ),
}
