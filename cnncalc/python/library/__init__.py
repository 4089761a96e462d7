"""Python's own library, a file for each of its modules.

Each has `NAMES`, what the module holds by name (`path.join` in `os`; the module itself is "",
where it is no plain one), and perhaps `OTHERS`, which makes the value of a name that isn't there
from its dotted path. To add a module is to add a file.
"""

from __future__ import annotations

from importlib import import_module
from os import listdir

from cnncalc.python.machine import Machine
from cnncalc.python.protocols import Library
from cnncalc.python.values import MISSING, Foreign, Namespace, Value

__all__ = ["Python", "modules"]

# Letters from which on a name that nothing defines is surely meant as one of a module's.
SURE = 4
# What people leave without an import.
ASSUMED = {
    "math": "math",
    "partial": "functools.partial",
    "OrderedDict": "collections.OrderedDict",
}


def modules() -> tuple[str, ...]:
    """The modules that there are: the files of this folder."""
    files = [name for folder in __path__ for name in listdir(folder)]
    found = (name.removesuffix(".py") for name in files if name.endswith(".py"))
    return tuple(name for name in found if name != "__init__")


class Python(Library):
    """What the standard library brings; a file of it is loaded when it is first asked for."""

    packages = modules()

    def find(self, machine: Machine, path: str) -> Value:
        """The value of a dotted name; a Foreign where it isn't read."""
        top, _, name = path.partition(".")
        module = import_module(f"{__name__}.{top}")  # one of our own: `packages` has it
        if name in module.NAMES:
            return module.NAMES[name]
        if not name or any(each.startswith(f"{name}.") for each in module.NAMES):
            return Namespace(path)
        return getattr(module, "OTHERS", Foreign)(path)

    def brought(self, name: str) -> str | None:
        """`import copy`, or `from copy import deepcopy` for a name of some length."""
        if name in self.packages:
            return f"import {name}"
        every = sorted(self.packages) if len(name) >= SURE else ()
        holders = (each for each in every if name in import_module(f"{__name__}.{each}").NAMES)
        home = next(holders, None)
        return f"from {home} import {name}" if home else None

    def assume(self, machine: Machine, name: str) -> Value:
        """What a name means that nothing defines, as in a snippet."""
        return machine.library(ASSUMED[name]) if name in ASSUMED else MISSING
