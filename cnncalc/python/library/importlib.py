"""`importlib`: modules by their names, which are read like any other import."""

from __future__ import annotations

import ast

from cnncalc.python.functions import simple
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value

__all__ = ["NAMES"]


def import_module(machine: Machine, name: Value, package: Value = None) -> Value:
    """`importlib.import_module("a.b")`, or `(".b", "a")`."""
    if not isinstance(name, str) or not isinstance(package, str | None):
        raise Refusal("a module's name is a text")
    importer = machine.sites[-1][0]
    machine.guarded += 1  # what isn't there is an error here and now
    try:
        if name.startswith("."):
            home, _, last = name.lstrip(".").rpartition(".")
            dots = len(name) - len(name.lstrip("."))
            above = (package or importer.file.package).split(".")
            home = ".".join([*above[: len(above) - dots + 1], *([home] if home else [])])
            return machine.imported_from(importer, ast.ImportFrom(home, [], 0), last)
        return machine.imported(importer, name, name)
    finally:
        machine.guarded -= 1


NAMES: dict[str, Value] = {"import_module": simple("import_module", import_module)}
