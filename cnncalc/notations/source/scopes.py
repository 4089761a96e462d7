"""Names and where they are looked up: functions, classes, and files read by need.

Of a file's top level only the statements that the wanted names depend on are worked out,
in their order: a training script around a model is never touched.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from cnncalc.notations.source.stops import Raised, Refusal
from cnncalc.notations.source.values import MISSING, Function, Value
from cnncalc.notations.source.words import words

if TYPE_CHECKING:
    from cnncalc.notations.source.files import SourceFile
    from cnncalc.notations.source.machine import Machine

__all__ = ["Import", "Module", "Poison", "Scope", "reads"]

# Methods that change what they are called on, so that a name depends on the call.
CHANGING = frozenset(
    words(
        "add add_module append clear extend insert pop register_buffer register_module "
        "register_parameter remove reverse setdefault sort update"
    )
)


class Scope:
    """The names of one call, class body or file, and the scope around it."""

    __slots__ = (
        "function",
        "home",
        "machine",
        "module",
        "names",
        "outer",
        "result",
        "shared",
        "yields",
    )

    def __init__(self, outer: Scope | None, module: Module, function: Function | None) -> None:
        self.names: dict[str, Value] = {}
        self.outer = outer
        self.module = module
        self.machine: Machine = module.machine
        self.function = function
        self.home: Scope = self  # where `:=` binds: outside of comprehensions
        self.shared: dict[str, Scope] = {}  # names declared global or nonlocal
        self.result: Value = None
        self.yields: list[Value] = []

    def find(self, name: str) -> Value:
        """The value of a name."""
        scope: Scope | None = self
        while scope is not None:
            value = scope.names.get(name, MISSING)
            if value is not MISSING:
                return scope.opened(name, value)
            scope = scope.outer
        return self.module.find(name)

    def opened(self, name: str, value: Value) -> Value:
        """A value found here; an import is followed on its first use."""
        if value.__class__ is Import:
            value = self.names[name] = value.follow()
        elif value.__class__ is Poison:
            raise value.error
        return value

    def assign(self, name: str, value: Value) -> None:
        self.shared.get(name, self).names[name] = value

    def top(self) -> Scope:
        """The scope of the file."""
        scope = self
        while scope.outer is not None:
            scope = scope.outer
        return scope


class Import:
    """An imported name that nobody has used yet."""

    __slots__ = ("follow",)

    def __init__(self, follow: Callable[[], Value]) -> None:
        self.follow = follow


class Poison:
    """A name of the top level whose statement can't be followed: an error once it is used."""

    __slots__ = ("error",)

    def __init__(self, error: Refusal | Raised) -> None:
        self.error = error


class Module:
    """A file at work: its top-level statements, and which names each binds and reads."""

    def __init__(self, machine: Machine, file: SourceFile) -> None:
        self.machine = machine
        self.file = file
        self.scope = Scope(None, self, None)
        self.scope.names["__name__"] = file.name
        self.statements = [node for node in file.tree.body if not is_main_guard(node)]
        self.done: set[int] = set()
        self.binders: dict[str, list[int]] = {}
        self.stars: list[ast.ImportFrom] = []
        sources: dict[str, set[str]] = {}  # the names that a variable was made from
        for number, statement in enumerate(self.statements):
            if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
                self.stars.append(statement)
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                for name in binds(statement):
                    sources.setdefault(name, set()).update(reads(statement) - {name})
            changed = set() if is_definition(statement) else changes(statement)
            for name in with_sources(binds(statement) | changed, changed, sources):
                self.binders.setdefault(name, []).append(number)

    def has(self, name: str) -> bool:
        return name in self.binders or name in self.scope.names

    def find(self, name: str) -> Value:
        """The value of a name of this file's top level."""
        if name in self.binders:
            self.need([name])
            value = self.scope.names.get(name, MISSING)
            if value is not MISSING:
                return self.scope.opened(name, value)
        for star in self.stars:
            value = self.machine.imports.starred(self, star, name)
            if value is not MISSING:
                return value
        return self.machine.builtin(name)

    def need(self, names: Iterable[str]) -> None:
        """Work out the statements that these names depend on, in their order."""
        for number in sorted(self._slice(names)):
            self._run(number)

    def _slice(self, names: Iterable[str]) -> set[int]:
        """The numbers of the statements still to run, closed over what they read."""
        found: set[int] = set()
        waiting = list(names)
        seen = set(waiting)
        while waiting:
            for number in self.binders.get(waiting.pop(), ()):
                if number in self.done or number in found:
                    continue
                found.add(number)
                fresh = reads(self.statements[number]) - seen
                seen |= fresh
                waiting += fresh
        return found

    def _run(self, number: int) -> None:
        if number in self.done:
            return
        self.done.add(number)
        statement = self.statements[number]
        try:
            self.machine.execute(self.scope, statement)
        except (Refusal, Raised) as error:
            if isinstance(error, Refusal) and error.fatal:
                raise
            for name in binds(statement):
                self.scope.names[name] = Poison(error)


def is_definition(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)


def is_main_guard(node: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__":`."""
    if not isinstance(node, ast.If) or not isinstance(node.test, ast.Compare):
        return False
    sides = [node.test.left, *node.test.comparators]
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)


def binds(statement: ast.stmt) -> set[str]:
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
        found |= _binds_itself(node)
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


def changes(statement: ast.stmt) -> set[str]:
    """The names whose values a statement changes in place, loops over them included."""
    found: set[str] = set()
    for node in ast.walk(statement):
        if not isinstance(node, ast.Name | ast.Import | ast.ImportFrom):
            found |= _binds_itself(node)
    for node in ast.walk(statement):
        if isinstance(node, ast.For) and names_in(node.target) & found:
            found |= names_in(node.iter)
    return found


def names_in(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _binds_itself(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Name):
        return {node.id} if not isinstance(node.ctx, ast.Load) else set()
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(each.asname or each.name).partition(".")[0] for each in node.names}
    if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return {base} if (base := base_name(node)) else set()
    return _changed_by(node) if isinstance(node, ast.Call) else set()


def _changed_by(call: ast.Call) -> set[str]:
    """The name that a call changes: of `layers.append(x)`, of `setattr(net, "a", x)`."""
    if isinstance(call.func, ast.Attribute) and call.func.attr in CHANGING:
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


def is_module_file(value: Value) -> bool:
    return isinstance(value, Module)
