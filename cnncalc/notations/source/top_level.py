"""What stands at the top level of a file."""

from __future__ import annotations

import ast

from cnncalc.python.machine import Module
from cnncalc.python.refusals import Raised, Refusal
from cnncalc.python.values import MISSING, Value

__all__ = ["assigned", "no_argument_functions", "statements_of", "tried"]


def tried(module: Module, name: str) -> Value:
    """A top-level value, or MISSING where it can't be followed."""
    try:
        return module.find(name)
    except (Refusal, Raised) as stop:
        if isinstance(stop, Refusal) and stop.fatal:
            raise
        return MISSING


def statements_of(module: Module, kind: type[ast.stmt]) -> dict[str, ast.stmt]:
    return {
        node.name: node  # type: ignore[attr-defined]
        for node in module.statements
        if isinstance(node, kind)
    }


def assigned(module: Module) -> list[str]:
    """The names that top-level assignments bind, in order."""
    names = []
    for node in module.statements:
        targets = (
            node.targets
            if isinstance(node, ast.Assign)
            else ([node.target] if isinstance(node, ast.AnnAssign) and node.value else [])
        )
        names += [target.id for target in targets if isinstance(target, ast.Name)]
    return list(dict.fromkeys(names))


def no_argument_functions(module: Module) -> list[str]:
    """The functions that can be called as they are."""
    names = []
    for node in module.statements:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith(("_", "test")):
            args = node.args
            count = len(args.posonlyargs) + len(args.args)
            if count <= len(args.defaults) and None not in args.kw_defaults:
                names.append(node.name)
    return names
