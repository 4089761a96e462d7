"""Names and where they are looked up: functions, classes, and files read by need.

Of a file's top level only the statements that the wanted names depend on are worked out,
in their order: a training script around a model is never touched.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from cnncalc.notations.source.slices import (
    base_name,
    binds,
    changes,
    is_definition,
    is_main_guard,
    reads,
    stars,
    with_sources,
)
from cnncalc.notations.source.stops import Raised, Refusal
from cnncalc.notations.source.values import MISSING, Function, Value

if TYPE_CHECKING:
    from cnncalc.notations.source.files import SourceFile
    from cnncalc.notations.source.machine import Machine

__all__ = ["Import", "Module", "Poison", "Scope"]


MODELS = ("Module", "Layer", "Model")


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
        try:
            return self.module.find(name)
        except (Refusal, Raised) as stop:
            if stop.span is None:
                self.hint(stop, name)
            raise

    def hint(self, stop: Refusal | Raised, name: str) -> None:
        """Say which name was meant by one that nothing defines."""
        if isinstance(stop, Raised) and stop.hint is None:
            stop.hint = lambda: (
                f"; did you mean `{near}`?" if (near := self.near(name, called_at(stop))) else ""
            )
        elif isinstance(stop, Refusal) and stop.code == "unknown-layer":
            near = self.near(name)
            stop.help = f"did you mean `{near}`?" if near else stop.help

    def near(self, name: str, called: bool = False) -> str | None:
        """The known name that is nearest to one that nothing defines, and that may be called."""
        known: dict[str, None] = {}
        scope: Scope | None = self
        while scope is not None:
            known |= dict.fromkeys(scope.names)
            scope = scope.outer
        known |= dict.fromkeys(self.module.binders)
        from cnncalc.notations.source.suggested import source_name

        return source_name(name, known, self.machine.notation if called else "")

    def opened(self, name: str, value: Value) -> Value:
        """A value found here; an import is followed on its first use."""
        if value.__class__ is Import:
            if value.busy:
                raise Refusal(f"`{name}` is imported in a circle", code="import")
            value.busy = True
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
    """An imported name that nobody has used yet; `busy` while it is being followed."""

    __slots__ = ("busy", "follow")

    def __init__(self, follow: Callable[[], Value]) -> None:
        self.follow = follow
        self.busy = False


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
        self.readers: dict[str, list[int]] = {}
        self.done: set[int] = set()
        self.binders: dict[str, list[int]] = {}
        self.stars: list[ast.ImportFrom] = []
        self.calls: dict[str, list[int]] = {}  # statements that may change what a name holds
        sources: dict[str, set[str]] = {}  # the names that a variable was made from
        for number, statement in enumerate(self.statements):
            self.stars += stars(statement)
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                for name in binds(statement):
                    sources.setdefault(name, set()).update(reads(statement) - {name})
            if (holder := called_on(statement)) is not None:
                self.calls.setdefault(holder, []).append(number)
            changed = set() if is_definition(statement) else changes(statement)
            for name in with_sources(binds(statement) | changed, changed, sources):
                self.binders.setdefault(name, []).append(number)
        self._note_registries()

    def _note_registries(self) -> None:
        """Definitions whose decorators, functions of this file, put them into its tables."""
        tables: dict[str, set[str]] = {}
        for statement in self.statements:
            if isinstance(statement, ast.FunctionDef):
                tables[statement.name] = changes(statement) & self.binders.keys()
        for number, statement in enumerate(self.statements):
            for name in decorators(statement):
                for table in tables.get(name, ()):
                    self.calls.setdefault(table, []).append(number)

    def has(self, name: str) -> bool:
        return name in self.binders or name in self.scope.names

    def find(self, name: str) -> Value:
        """The value of a name of this file's top level."""
        value = self.look(name)
        return self.machine.builtin(name) if value is MISSING else value

    def look(self, name: str) -> Value:
        """The same, or MISSING where neither the file nor its `import *` has the name."""
        if name in self.binders:
            self.need([name])
            value = self.scope.names.get(name, MISSING)
            if value is not MISSING:
                return self.scope.opened(name, value)
        return self.machine.imports.through_stars(self, name) if self.stars else MISSING

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
            name = waiting.pop()
            for number in (*self.binders.get(name, ()), *self._between(name)):
                if number in self.done or number in found:
                    continue
                found.add(number)
                fresh = reads(self.statements[number]) - seen
                seen |= fresh
                waiting += fresh
            found |= {n for n in self.calls.get(name, ()) if n not in self.done}
        return found

    def _between(self, name: str) -> Iterable[int]:
        """The statements that read a name before it is bound anew, and would miss that value."""
        binders = self.binders.get(name, ())
        if len(binders) < 2:
            return ()
        readers = self._readers().get(name, ())
        first, last = min(binders), max(binders)
        return [number for number in readers if first < number < last]

    def _readers(self) -> dict[str, list[int]]:
        """For each name the statements that read it, definitions apart: worked out once."""
        if not self.readers:
            for number, statement in enumerate(self.statements):
                for name in () if is_definition(statement) else reads(statement):
                    self.readers.setdefault(name, []).append(number)
        return self.readers

    def _run(self, number: int) -> None:
        if number in self.done:
            return
        statement = self.statements[number]
        holder = called_on(statement) if isinstance(statement, ast.Expr) else None
        if holder is not None and not keeps_records(self.scope.names.get(holder)):
            return
        self.done.add(number)
        try:
            self.machine.evaluate(self.scope, statement)
        except (Refusal, Raised) as error:
            if isinstance(error, Refusal) and error.fatal:
                raise
            for name in binds(statement):
                self.scope.names[name] = Poison(error)


def called_at(stop: Raised) -> bool:
    """Whether a parenthesis follows the name that stopped the reading."""
    span = stop.span
    return span is not None and span.source.text[span.end : span.end + 1] == "("


def decorators(statement: ast.stmt) -> list[str]:
    """The plain names of a definition's decorators."""
    if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return []
    nodes = [n.func if isinstance(n, ast.Call) else n for n in statement.decorator_list]
    return [node.id for node in nodes if isinstance(node, ast.Name)]


def called_on(statement: ast.stmt) -> str | None:
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
            return name if not isinstance(statement, ast.Expr) or not changes(statement) else None
    return None


def keeps_records(value: Value) -> bool:
    """Whether a call on an object may leave something in it that a model asks for later.

    What is called on a model or on a library's object trains, saves or shows it.
    """
    from cnncalc.notations.source.values import Instance

    if not isinstance(value, Instance) or value.cls.library:
        return False
    return not any(base.library and base.name in MODELS for base in value.cls.order)
