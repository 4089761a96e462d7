"""Which names a statement binds, changes and reads: found in its syntax alone.

`changing` are the names of methods that change what they are called on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from cnncalc.python.wordlists import words

__all__ = [
    "CHANGING",
    "binds",
    "called_on",
    "changes",
    "decorators",
    "is_definition",
    "is_main_guard",
    "reads",
    "stars",
    "with_sources",
]

Names = frozenset[str]

# Methods that change what they are called on, so that a name depends on the call; libraries
# have more of them.
CHANGING = frozenset(
    words(
        "add add_argument append clear extend insert pop remove reverse set_defaults setdefault "
        "sort update"
    )
)


def stars(statement: ast.stmt) -> list[ast.ImportFrom]:
    """The `from module import *` of a statement."""
    if is_definition(statement):
        return []
    found = [node for node in ast.walk(statement) if isinstance(node, ast.ImportFrom)]
    return [node for node in found if node.names[0].name == "*"]


def is_definition(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)


def is_main_guard(node: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__":`."""
    if not isinstance(node, ast.If) or not isinstance(node.test, ast.Compare):
        return False
    sides = [node.test.left, *node.test.comparators]
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)


def binds(statement: ast.stmt, changing: Names) -> set[str]:
    """The top-level names that a statement gives a value, or changes."""
    found: set[str] = set()
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            found.add(node.name)
            continue
        if isinstance(node, ast.Lambda | ast.ListComp | ast.GeneratorExp | ast.DictComp):
            continue
        found |= _binds_itself(node, changing)
        waiting += ast.iter_child_nodes(node)
    return found


def with_sources(bound: set[str], changed: set[str], sources: dict[str, set[str]]) -> Iterable[str]:
    """The names bound, and those that a changed variable may be a part of.

    After `head = net.head` a change of `head` is one of `net`.
    """
    found = set(bound)
    waiting = list(changed)
    while waiting:
        fresh = (sources.get(waiting.pop(), set()) & sources.keys()) - found
        found |= fresh
        waiting += fresh
    return found


def changes(statement: ast.stmt, changing: Names) -> set[str]:
    """The names whose values a statement changes in place, loops over them included."""
    found: set[str] = set()
    for node in ast.walk(statement):
        if not isinstance(node, ast.Name | ast.Import | ast.ImportFrom):
            found |= _binds_itself(node, changing)
    for node in ast.walk(statement):
        if isinstance(node, ast.For) and names_in(node.target) & found:
            found |= names_in(node.iter)
    return found


def names_in(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _binds_itself(node: ast.AST, changing: Names) -> set[str]:
    if isinstance(node, ast.Name):
        return {node.id} if not isinstance(node.ctx, ast.Load) else set()
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(each.asname or each.name).partition(".")[0] for each in node.names}
    if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return {base} if (base := base_name(node)) else set()
    return _changed_by(node, changing) if isinstance(node, ast.Call) else set()


def _changed_by(call: ast.Call, changing: Names) -> set[str]:
    """The name that a call changes: of `layers.append(x)`, of `setattr(net, "a", x)`."""
    if isinstance(call.func, ast.Attribute) and call.func.attr in changing:
        return {base} if (base := base_name(call.func)) else set()
    if isinstance(call.func, ast.Name) and call.func.id == "setattr" and call.args:
        return {call.args[0].id} if isinstance(call.args[0], ast.Name) else set()
    return set()


def base_name(node: ast.AST) -> str | None:
    """The name that an attribute or an element is taken of."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def reads(statement: ast.stmt) -> set[str]:
    """The names that a statement reads, now or when what it defines is called."""
    found: set[str] = set()
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            continue  # an annotation says nothing about the network
        elif isinstance(node, ast.AnnAssign):
            waiting += [part for part in (node.target, node.value) if part is not None]
            continue
        elif isinstance(node, ast.FunctionDef):
            waiting += [node.args, *node.body, *node.decorator_list]
            continue
        waiting += ast.iter_child_nodes(node)
    return found


def decorators(statement: ast.stmt) -> list[str]:
    """The plain names of a definition's decorators."""
    if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return []
    nodes = [n.func if isinstance(n, ast.Call) else n for n in statement.decorator_list]
    return [node.id for node in nodes if isinstance(node, ast.Name)]


def called_on(statement: ast.stmt, changing: Names) -> str | None:
    """The name of `registry.add("relu", f)` or of `@registry.register` on a definition."""
    if isinstance(statement, ast.Expr):
        calls: list[ast.expr] = [statement.value]
    elif isinstance(statement, ast.FunctionDef | ast.ClassDef):
        calls = statement.decorator_list
    else:
        return None
    for call in calls:
        function = call.func if isinstance(call, ast.Call) else call
        if isinstance(function, ast.Attribute) and (name := base_name(function)):
            plain = isinstance(statement, ast.Expr) and changes(statement, changing)
            return None if plain else name
    return None
