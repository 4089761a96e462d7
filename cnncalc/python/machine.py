"""The machine that reads a source, and the names that it looks up: in scopes and in files.

Of a file's top level only the statements that the wanted names depend on are worked out,
in their order: a training script around a model is never touched.
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import TypeVar

from cnncalc.errors import Span
from cnncalc.python.dependencies import Dependencies, binds, called_on
from cnncalc.python.limits import Budget
from cnncalc.python.parameters import Parameters
from cnncalc.python.patches import Patches
from cnncalc.python.refusals import Raised, Refusal
from cnncalc.python.source_tree import SourceFile
from cnncalc.python.values import (
    MISSING,
    Arguments,
    Bound,
    Class,
    Described,
    Instance,
    Keywords,
    Value,
)

# A function, and the decorator of it that says what else it is.
Adaptation = Callable[[ast.FunctionDef, ast.expr], ast.FunctionDef]

__all__ = ["Function", "Import", "Machine", "Module", "Poison", "Scope"]

MAX_SITES = 4  # calls that are told of the way to a place
Part = TypeVar("Part")


class Function(Described):
    """A function of the source, with the scope that it closes over."""

    __slots__ = (
        "attributes",
        "defaults",
        "generates",
        "kwdefaults",
        "name",
        "node",
        "owner",
        "parameters",
        "scope",
    )
    described = "a function"

    def __init__(
        self,
        name: str,
        node: ast.FunctionDef | ast.Lambda,
        scope: Scope,
        defaults: list[Value],
        kwdefaults: dict[str, Value],
        generates: bool,
    ) -> None:
        self.name = name
        self.node = node
        self.parameters = Parameters(node.args)
        self.scope = scope
        self.defaults = defaults
        self.kwdefaults = kwdefaults
        self.generates = generates
        self.owner: Class | None = None
        self.attributes: dict[str, Value] = {}


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
        self.home: Scope | None = None  # of a comprehension, where `:=` binds: the scope around
        self.shared: dict[str, Scope] = {}  # names declared global or nonlocal
        self.result: Value = None
        self.yields: list[Value] = []

    def find(self, name: str) -> Value:
        """The value of a name."""
        scope: Scope | None = self
        while scope is not None:
            value = scope.names.get(name, MISSING)
            if value is not MISSING:
                return scope.opened(name, value) if value.__class__ in WAITING else value
            scope = scope.outer
        # The scope of a file holds only what of it has been worked out so far.
        try:
            return self.module.find(name)
        except (Refusal, Raised) as stop:
            if stop.span is None:
                self.hint(stop, name)
            raise

    def hint(self, stop: Refusal | Raised, name: str) -> None:
        """Say which name was meant by one that nothing defines."""
        if isinstance(stop, Raised) and stop.hint is None:
            stop.hint = lambda: self.meant(name, called_at(stop))
        elif isinstance(stop, Refusal) and stop.code == "unknown-layer":
            lacking, near = self.machine.brought(name), self.near(name)
            meant = f"did you mean `{near}`?" if near else stop.help
            stop.help = f"`{lacking}` brings it" if lacking else meant

    def meant(self, name: str, called: bool) -> str:
        """What is added to the message on a name that nothing defines."""
        if lacking := self.machine.brought(name):
            return f"; `{lacking}` brings it"
        near = self.near(name, called)
        return f"; did you mean `{near}`?" if near else ""

    def near(self, name: str, called: bool = False) -> str | None:
        """The known name that is nearest to one that nothing defines, and that may be called."""
        known: dict[str, None] = {}
        scope: Scope | None = self
        while scope is not None:
            known |= dict.fromkeys(scope.names)
            scope = scope.outer
        known |= dict.fromkeys(self.module.binders)
        return self.machine.near(name, known, called)

    def opened(self, name: str, value: Value) -> Value:
        """A value found here; an import is followed on its first use."""
        if value.__class__ is Import:
            if value.busy:
                raise Refusal(f"`{name}` is imported in a circle", code="import")
            value.busy = True
            value = self.names[name] = value.follow()
        elif value.__class__ is Poison:
            # where it stands there it would end the whole file: no `except` and no `hasattr` here
            # takes it for something that isn't there
            raise value.error.refusal() if isinstance(value.error, Raised) else value.error
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


WAITING = frozenset([Import, Poison])  # what stands in the place of a value until it is used


class Module(Described):
    """A file at work: its names, each worked out with what it depends on when it is asked for.

    Statements run in the order of the file, each at most once; one that can't be followed poisons
    the names that it binds, and nothing else. So a file may do whatever it likes around its model.
    """

    described = "a module file"

    def __init__(self, machine: Machine, file: SourceFile) -> None:
        self.machine = machine
        self.file = file
        self.scope = Scope(None, self, None)
        self.scope.names["__name__"] = file.name
        self.needs = Dependencies(file.tree, machine.changing)
        self.done: set[int] = set()

    @property
    def statements(self) -> list[ast.stmt]:
        """The statements of the top level, but for what runs in a script alone."""
        return self.needs.statements

    @property
    def binders(self) -> dict[str, list[int]]:
        """For each name the numbers of the statements that bind or change it."""
        return self.needs.binders

    @property
    def stars(self) -> list[ast.ImportFrom]:
        """The `from module import *` of the file."""
        return self.needs.stars

    def has(self, name: str) -> bool:
        return name in self.binders or name in self.scope.names

    def follows(self, name: str) -> bool:
        """Whether a name is an import that is being followed just now."""
        value = self.scope.names.get(name)
        return isinstance(value, Import) and value.busy

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
        return self.machine.starred(self, name) if self.stars else MISSING

    def need(self, names: Iterable[str]) -> None:
        """Work out the statements that these names depend on, in their order.

        The order is that of the file, not that of need: a later statement may change what an
        earlier one has bound, and names are bound to something else on the way.
        """
        for number in sorted(self.needs.of(names, self.done)):
            self._run(number)

    def _run(self, number: int) -> None:
        if number in self.done:
            return
        statement = self.statements[number]
        if isinstance(statement, ast.Expr):
            # `net.fit(data)` is passed over, and isn't noted as done: what its name holds may not
            # have been worked out yet, and counts once it is an object that keeps what it is given.
            holder = called_on(statement, self.machine.changing)
            if holder is not None and not keeps_records(self.scope.names.get(holder)):
                return
        self.done.add(number)  # before it has run, as it may need a name that it binds itself
        try:
            self.machine.evaluate(self.scope, statement)
        except (Refusal, Raised) as error:
            if isinstance(error, Refusal) and error.fatal:
                raise
            # It stops the reading only where one of its names is used: most of what can't be
            # followed at the top level of a file has nothing to do with the model.
            for name in binds(statement, self.machine.changing):
                self.scope.names[name] = Poison(error)


class Machine(ABC):
    """All that one reading of a source shares; `Interpreter` is the one that reads.

    It holds every state there is: nothing that a source does is kept anywhere else.

    Attributes:
        changing: names of methods that change what they are called on.
        sites: the calls under way, innermost last.
        modules: the files at work.
        branch: the test of the branch that is being decided, if one is.
        guarded: how many `try` are under way that expect an import to fail.
        passed_over: why registries couldn't be followed, whose classes and functions stay as they
            are: a name that is missing later may be one of theirs.
        patches: what the source has changed of a library's classes and values.
    """

    changing: frozenset[str]

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.sites: list[tuple[Module, ast.AST]] = []
        self.modules: dict[SourceFile, Module] = {}
        self.branch: tuple[Module, ast.AST] | None = None
        self.guarded = 0
        self.passed_over: list[Refusal] = []
        self.patches = Patches()
        self._parts: dict[type, object] = {}
        self._makers: dict[type, Callable[[], object]] = {}

    def part(self, kind: type[Part]) -> Part:
        """The one object of a class in which a library keeps what it knows of this reading."""
        found = self._parts.get(kind)
        if found is None:
            found = self._parts[kind] = self._makers.get(kind, kind)()
        return found  # type: ignore[return-value]

    def keep(self, kind: type[Part], make: Callable[[], Part]) -> None:
        """Say what makes the object that `part(kind)` is to find, once it is asked for."""
        self._makers[kind] = make

    def module(self, file: SourceFile) -> Module:
        """A file at work; nothing of it has run yet."""
        if file not in self.modules:
            self.modules[file] = Module(self, file)
        return self.modules[file]

    @abstractmethod
    def evaluate(self, scope: Scope, node: ast.expr | ast.stmt) -> Value:
        """The value of an expression; of a statement, a signal where it ends the block."""

    def run(self, scope: Scope, body: list[ast.stmt]) -> object:
        """Run statements until one of them ends the block."""
        for statement in body:
            signal = self.evaluate(scope, statement)
            if signal is not None:
                return signal
        return None

    @abstractmethod
    def is_model(self, value: Value) -> bool:
        """Whether a value is a model of one of the libraries."""

    @abstractmethod
    def call(self, function: Value, args: Arguments, kwargs: Keywords) -> Value:
        """The value of `function(*args, **kwargs)`."""

    def special(self, value: Value, name: str, *args: Value) -> Value:
        """What an object's own method gives, such as `__len__`; MISSING: it has none."""
        found = value.cls.find(name) if isinstance(value, Instance) else MISSING
        return MISSING if found is MISSING else self.call(Bound(found, value), list(args), {})

    def call_at(
        self, scope: Scope, node: ast.AST, function: Callable[..., Value], *args: Value
    ) -> Value:
        """The value of `function(*args)`, worked out as the call that stands at a node."""
        # What a library is made of here is no place that a user knows.
        if not scope.module.file.shown:
            return function(*args)
        self.sites.append((scope.module, node))
        try:
            return function(*args)
        except (Refusal, Raised) as stop:
            stop.called_from(scope.module.file.span(node))
            raise
        finally:
            self.sites.pop()

    def spans(self) -> tuple[Span, ...]:
        """The places of the calls under way, innermost first."""
        return tuple([module.file.span(node) for module, node in self.sites[: -MAX_SITES - 1 : -1]])

    def decided(self, test: Callable[[], bool]) -> bool:
        """A test that a library makes, whose branch stands where it was called."""
        before, self.branch = self.branch, self.sites[-1] if self.sites else None
        try:
            return test()
        finally:
            self.branch = before

    def deciding(self) -> Span | None:
        """The test of the branch that is being decided, if one is."""
        if self.branch is None or not self.branch[0].file.shown:
            return None
        return self.branch[0].file.span(self.branch[1])

    @abstractmethod
    def builtin(self, name: str) -> Value:
        """What a name means that no file defines."""

    @abstractmethod
    def library(self, path: str) -> Value:
        """What a dotted library name stands for."""

    @abstractmethod
    def names(self, path: str) -> list[str] | None:
        """The names of a library's module; None where nobody tells."""

    @abstractmethod
    def method(self, value: Value, name: str) -> Value:
        """A method of plain data that a library adds, bound; MISSING if none does."""

    @abstractmethod
    def imported(self, importer: Module, name: str, whole: str) -> Value:
        """`import whole as …`: the module called `name`."""

    @abstractmethod
    def imported_from(self, importer: Module, node: ast.ImportFrom, name: str) -> Value:
        """`from module import name`."""

    @abstractmethod
    def starred(self, module: Module, name: str) -> Value:
        """What a file's `from … import *` bring; MISSING without any."""

    @abstractmethod
    def submodule(self, module: Module, name: str) -> Value:
        """`package.name` where `name` is a file of the package; MISSING without one."""

    @abstractmethod
    def unread(self, path: str) -> Refusal:
        """What is said of something of a package that isn't read."""

    @abstractmethod
    def brought(self, name: str) -> str | None:
        """The import that brings a name which nothing defines, where a library knows it."""

    @abstractmethod
    def near(self, name: str, known: Iterable[str], called: bool) -> str | None:
        """The name that may have been meant by one that nothing defines, of those `known`."""

    @abstractmethod
    def near_path(self, path: str) -> str | None:
        """The same of a library's dotted name."""

    @abstractmethod
    def adaptation(self, decorator: str) -> Adaptation | None:
        """What makes of a function what a library's decorator of this name makes of it."""


def called_at(stop: Raised) -> bool:
    """Whether a parenthesis follows the name that stopped the reading."""
    span = stop.span
    return span is not None and span.source.text[span.end : span.end + 1] == "("


def keeps_records(value: Value) -> bool:
    """Whether a call on an object may leave something in it that a model asks for later.

    What is called on a model or on a library's object trains, saves or shows it.
    """
    if not isinstance(value, Instance) or value.cls.library:
        return False
    return not any(base.model for base in value.cls.order)
