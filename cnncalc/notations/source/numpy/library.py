"""NumPy as a library of the interpreter: small arrays of known numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.packages import OnUse
from cnncalc.python.functions import simple, unchanged
from cnncalc.python.machine import Machine
from cnncalc.python.protocols import Library
from cnncalc.python.values import Foreign, Namespace, Value

if TYPE_CHECKING:
    from cnncalc.notations.source.numpy import functions
else:  # few sources need it
    functions = OnUse("cnncalc.notations.source.numpy.functions")

__all__ = ["NumPy"]


def converted(machine: Machine, value: Value, kind: Value) -> Value:
    return machine.call(kind, [value], {})


NUMBERS = {"item": simple("item", unchanged), "astype": simple("astype", converted)}


class NumPy(Library):
    """NumPy, as far as sizes are worked out with it."""

    packages = ("numpy",)
    short = {"np": "numpy"}  # noqa: RUF012, a constant
    methods = {int: NUMBERS, float: NUMBERS}  # noqa: RUF012, a constant

    def find(self, machine: Machine, path: str) -> Value:
        """The value of a dotted name."""
        if path in ("numpy", "numpy.random"):
            return Namespace(path)
        return functions.NUMPY.get(path.removeprefix("numpy."), Foreign(path))
