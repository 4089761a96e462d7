"""Operators as functions."""

from __future__ import annotations

import ast

from cnncalc.python.functions import simple
from cnncalc.python.operators import binary
from cnncalc.python.values import Value

__all__ = ["NAMES"]

OPERATORS = {"mul": ast.Mult, "add": ast.Add, "sub": ast.Sub, "floordiv": ast.FloorDiv}
NAMES: dict[str, Value] = {
    name: simple(name, lambda machine, a, b, kind=kind: binary(machine, kind, a, b))
    for name, kind in OPERATORS.items()
}
