"""The interpreter: the machine with all that it can evaluate, and the libraries that it knows."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from cnncalc.errors import SpecError
from cnncalc.python import calls
from cnncalc.python.builtins import BUILTINS, BY_TEXT, FORBIDDEN, forbidden
from cnncalc.python.definitions import DEFINITIONS
from cnncalc.python.dependencies import CHANGING
from cnncalc.python.exceptions import raised
from cnncalc.python.expressions import EXPRESSIONS
from cnncalc.python.imports import Imports
from cnncalc.python.limits import PYTHON_FRAMES, Budget
from cnncalc.python.machine import Adaptation, Machine, Module, Scope
from cnncalc.python.protocols import Library
from cnncalc.python.refusals import FAULTS, Raised, Refusal
from cnncalc.python.source_tree import SourceFile, Tree
from cnncalc.python.statements import STATEMENTS
from cnncalc.python.values import (
    MISSING,
    Bound,
    Builtin,
    Foreign,
    Namespace,
    Value,
)
from cnncalc.suggestions import suggest

__all__ = ["Interpreter"]

HANDLERS = {**EXPRESSIONS, **STATEMENTS, **DEFINITIONS}

# Nodes that can't be followed, as people call them.
NODES = {
    "Await": "`await`",
    "AsyncFunctionDef": "an async function",
    "AsyncFor": "an async loop",
    "AsyncWith": "an async `with`",
    "Match": "this form of `match`",
    "TemplateStr": "a template string",
    "TypeAlias": "a type alias",
    "TryStar": "`except*`",
}
MAX_KNOWN = 500  # names among which the one that was meant is looked for
WORDS = ("True", "False", "None")
OTHER_LANGUAGES = {"nil": "None", "null": "None", "nullptr": "None", "this": "self"}


class Interpreter(Machine):
    """A machine that reads Python, with libraries for what a source imports.

    Attributes:
        libraries: in the order in which they are asked for names that nothing defines.
        let: values from outside for such names.
    """

    def __init__(
        self,
        tree: Tree,
        budget: Budget,
        libraries: Sequence[Library],
        let: Mapping[str, Value] | None = None,
    ) -> None:
        super().__init__(budget)
        self.let = let or {}
        self.libraries = libraries
        self.imports = Imports(self, tree, libraries)
        self.changing = CHANGING.union(*(each.changing for each in libraries))
        self.methods: dict[type, Mapping[str, Builtin]] = {}
        for library in libraries:
            for kind, table in library.methods.items():
                self.methods[kind] = {**self.methods.get(kind, {}), **table}

    def start(self, file: SourceFile) -> Module:
        """The main file, before any of it runs."""
        for library in self.libraries:
            library.start(self, file)
        return self.module(file)

    def evaluate(self, scope: Scope, node: ast.expr | ast.stmt) -> Value:
        """The value of an expression; of a statement, a signal where it ends the block."""
        # This runs for every node: fuel is taken here, and `spend` is asked only where it refuses.
        budget = self.budget
        budget.fuel -= 1
        if budget.fuel < 0:
            budget.spend(0)
        handler = HANDLERS.get(node.__class__)
        try:
            if handler is None:
                raise Refusal(f"{name_of(node)} can't be followed")
            return handler(scope, node)
        except (Refusal, Raised) as stop:
            # The innermost place is told; the nodes around it leave that as it is.
            if stop.span is None and scope.module.file.shown:
                stop.span = scope.module.file.span(node)
            raise

    call = calls.call

    def builtin(self, name: str) -> Value:
        """What a name means that no file defines."""
        if name in self.let:
            return self.let[name]
        if name in BUILTINS:
            return BUILTINS[name]
        if name in BY_TEXT:
            return BY_TEXT[name]
        if name in FORBIDDEN:
            raise forbidden(name)
        return self._assumed(name)

    def _assumed(self, name: str) -> Value:
        """What a name means that nothing defines: one of a library's, as in a snippet."""
        for library in self.libraries:
            if (found := library.assume(self, name)) is not MISSING:
                return found
        for home in (home for library in self.libraries for home in library.homes):
            found = self.library(f"{home}.{name}")
            if not isinstance(found, Foreign | Namespace):
                return found
        for library in self.libraries:
            if (refusal := library.unknown(name)) is not None:
                raise refusal
        error = raised("NameError", f"`{name}` is not defined in this source")
        error.open_name = name
        raise error

    def library(self, path: str) -> Value:
        """What a dotted library name stands for."""
        return self.imports.library(path)

    def names(self, path: str) -> list[str] | None:
        """The names of a library's module; None where nobody tells."""
        found = (library.names(path) for library in self.libraries)
        return next((names for names in found if names is not None), None)

    def method(self, value: Value, name: str) -> Value:
        """A method of plain data that a library adds, bound; MISSING if none does."""
        for kind, table in self.methods.items():
            if isinstance(value, kind) and name in table:
                return Bound(table[name], value)
        return MISSING

    def imported(self, importer: Module, name: str, whole: str) -> Value:
        """`import whole as …`: the module called `name`."""
        return self.imports.module(name, whole)

    def imported_from(self, importer: Module, node: ast.ImportFrom, name: str) -> Value:
        """`from module import name`."""
        return self.imports.member(importer, node, name)

    def starred(self, module: Module, name: str) -> Value:
        """What a file's `from … import *` bring; MISSING without any."""
        return self.imports.through_stars(module, name)

    def submodule(self, module: Module, name: str) -> Value:
        """`package.name` where `name` is a file of the package; MISSING without one."""
        return self.imports.submodule(module, name)

    def unread(self, path: str) -> Refusal:
        """What is said of something of a package that isn't read."""
        return self.imports.unread(path)

    def brought(self, name: str) -> str | None:
        """The import that brings a name which nothing defines, where a library knows it."""
        found = (library.brought(name) for library in self.libraries)
        return next((each for each in found if each), None)

    def near(self, name: str, known: Iterable[str], called: bool) -> str | None:
        """The name that may have been meant by one that nothing defines, of those `known`."""
        for library in self.libraries:
            if (near := library.exactly(name, called)) is not None:
                return near
        names = [each for each in known if each != name and not each.startswith("__")][:MAX_KNOWN]
        near = suggest(name, [*names, *WORDS, *BUILTINS], OTHER_LANGUAGES)
        others = (library.near(name, called) for library in self.libraries)
        return near or next((each for each in others if each), None)

    def near_path(self, path: str) -> str | None:
        """The name that is nearest to a library's dotted one."""
        found = (library.near_path(path) for library in self.libraries)
        return next((each for each in found if each), None)

    def adaptation(self, decorator: str) -> Adaptation | None:
        """What makes of a function what a library's decorator of this name makes of it."""
        found = (library.adapting.get(decorator) for library in self.libraries)
        return next((each for each in found if each), None)

    def is_model(self, value: Value) -> bool:
        """Whether a value is a model of one of the libraries."""
        return any(library.is_model(value) for library in self.libraries)

    @contextmanager
    def deep(self) -> Iterator[None]:
        """Room for the interpreter's own recursion, and one kind of error coming out of it."""
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, PYTHON_FRAMES))
        # What ends the reading, in any way, comes out as one kind of error. The interpreter's own
        # faults are the last: they are met where a source has what nobody thought of.
        try:
            with self.patches:
                yield
        except SpecError:
            raise
        except RecursionError:
            raise Refusal("this source is nested too deeply", code="too-deep").error() from None
        except MemoryError:
            raise Refusal("reading this source takes too much memory").error() from None
        except Raised as error:
            raise self.told(error.refusal()) from None
        except Refusal as refusal:
            raise self.told(refusal) from None
        except FAULTS:
            raise self.told(self._stumbled()) from None
        finally:
            sys.setrecursionlimit(limit)

    def _stumbled(self) -> Refusal:
        """What the interpreter itself could not make sense of, where it stood."""
        refusal = Refusal("this can't be followed")
        refusal.span = next(iter(self.spans()), None)
        return refusal

    def told(self, refusal: Refusal) -> SpecError:
        """What the user sees of a refusal, with what the libraries know besides."""
        error = refusal.error()
        if refusal.code == "raised":
            error.notes += [passed_over(each) for each in self.passed_over[:1]]
        for library in self.libraries:
            error = library.told(self, error)
        return error


def passed_over(stop: Refusal) -> str:
    """The note that a registry couldn't be followed, whose names may be missed."""
    assert stop.span is not None
    file, line, *_ = stop.span.place()
    where = f"{file}, line {line}" if file else f"line {line}"
    return f"the registry at {where} was passed over: {stop.message}"


def name_of(node: ast.AST) -> str:
    """What people call a kind of node."""
    return NODES.get(type(node).__name__, f"this {type(node).__name__}")
