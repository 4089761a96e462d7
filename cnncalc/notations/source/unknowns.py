"""Values to solve for in a source: `nn.Conv2d(3, 16, 7, padding=_)`."""

from __future__ import annotations

import ast

from cnncalc.notations.unknowns import UNKNOWN, Unknowns
from cnncalc.python.source_tree import SourceFile

__all__ = ["put_unknowns"]


def put_unknowns(file: SourceFile, unknowns: Unknowns) -> None:
    """Put what is still to be found in the place of each `_` and `_k` that nothing binds."""
    bound = _bound(file.tree)

    def put(node: object) -> object:
        if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
            return node
        if node.id in bound or not UNKNOWN.match(node.id):
            return node
        span = file.span(node)
        value = unknowns[unknowns.at(node.id, span.start)]
        return ast.copy_location(ast.Constant(value), node)

    for node in ast.walk(file.tree):
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                value[:] = map(put, value)
            elif isinstance(value, ast.Name):
                setattr(node, name, put(value))


def _bound(tree: ast.Module) -> set[str]:
    """The names that a source gives a value."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name)
    return found
