"""einops as a library of the interpreter: functions and layers of whichever framework is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.packages import OnUse
from cnncalc.python.machine import Machine
from cnncalc.python.protocols import Library
from cnncalc.python.values import Foreign, Namespace, Value

if TYPE_CHECKING:
    from cnncalc.notations.source.einops import functions, layers
else:  # few sources need it
    functions = OnUse("cnncalc.notations.source.einops.functions")
    layers = OnUse("cnncalc.notations.source.einops.layers")

__all__ = ["Einops"]

MODULES = ("einops", "einops.layers", "einops.einops")
# Its layers' modules by the notation that they are of.
LAYERS = {
    "einops.layers.torch": "torch",
    "einops.layers.keras": "keras",
    "einops.layers.tensorflow": "keras",
}


class Einops(Library):
    """The functions of einops, and its layers."""

    packages = ("einops",)

    def find(self, machine: Machine, path: str) -> Value:
        """The value of a dotted name."""
        if path in MODULES or path in LAYERS:
            return Namespace(path)
        home, _, name = path.rpartition(".")
        if home in LAYERS and name in ("Rearrange", "Reduce"):
            return layers.layer(machine, LAYERS[home], name)
        if home in MODULES:
            return functions.EINOPS.get(name, Foreign(path))
        return Foreign(path)
