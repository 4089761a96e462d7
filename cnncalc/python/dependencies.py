"""Which names a statement binds, changes and reads, and what the names of a file depend on.

A file is not run from top to bottom: training loops, data sets and downloads stand beside the model
and can't be followed. Only the statements are evaluated that the model's names depend on, those
that bind a name and those that may change its value, and of these each at most once.

All of it is found in the syntax alone. `changing` are the names of methods that change what they
are called on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from cnncalc.python.wordlists import words

__all__ = ["CHANGING", "Dependencies", "binds", "called_on", "reads"]

Names = frozenset[str]

# Methods that change what they are called on, so that a name depends on the call; libraries
# have more of them.
CHANGING = frozenset(
    words(
        "add add_argument append clear extend insert pop remove reverse set_defaults setdefault "
        "sort update"
    )
)


# Fields of nodes that hold no node which binds, changes or reads a name.
LEAVES = frozenset(
    words(
        "arg asname attr conversion ctx id is_async kind kwd_attrs level module name names op ops "
        "rest simple type_comment"
    )
)
CHILDREN: dict[type, tuple[str, ...]] = {
    kind: tuple(field for field in kind._fields if field not in LEAVES)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}
CHILDREN[ast.Constant] = ()
DEFINITIONS = (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)
COMPOUND = (ast.If, ast.Try, ast.With, ast.For, ast.While, ast.Match)
OF_THEIR_OWN = (ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.DictComp)  # names are theirs


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes directly in one but for constants, of which a table of classes has thousands.

    For speed there may be None among them, which has no kind.
    """
    found: list[ast.AST] = []
    for field in CHILDREN.get(node.__class__, ()):
        value: Any = getattr(node, field, None)
        if value.__class__ is list:
            found += [each for each in value if each.__class__ is not ast.Constant]
        elif value is not None:
            found.append(value)
    return found


def walk(node: ast.AST) -> list[ast.AST]:
    """A node and all that is in it, from the outside in."""
    found = [node]
    for each in found:
        found += children(each)
    return found


def stars(statement: ast.stmt) -> list[ast.ImportFrom]:
    """The `from module import *` of a statement."""
    if is_definition(statement) or not isinstance(statement, (ast.ImportFrom, *COMPOUND)):
        return []
    found = [node for node in walk(statement) if isinstance(node, ast.ImportFrom)]
    return [node for node in found if node.names[0].name == "*"]


def is_definition(node: ast.stmt) -> bool:
    return isinstance(node, DEFINITIONS)


def is_main_guard(node: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__":`."""
    if not isinstance(node, ast.If) or not isinstance(node.test, ast.Compare):
        return False
    sides = [node.test.left, *node.test.comparators]
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)


def binds(statement: ast.stmt, changing: Names) -> set[str]:
    """The top-level names that a statement gives a value, or changes."""
    found = _misspelt(statement, changing)
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, DEFINITIONS):
            found.add(node.name)
        elif not isinstance(node, OF_THEIR_OWN):
            _add_bound(node, changing, found)
            waiting += children(node)
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
    found = _misspelt(statement, changing)
    loops: list[ast.For] = []
    for node in walk(statement):
        if isinstance(node, ast.For):
            loops.append(node)
        elif not isinstance(node, ast.Name | ast.Import | ast.ImportFrom):
            _add_bound(node, changing, found)
    for loop in loops:
        if names_in(loop.target) & found:
            found |= names_in(loop.iter)
    return found


def names_in(node: ast.AST) -> set[str]:
    return {each.id for each in walk(node) if isinstance(each, ast.Name)}


def _add_bound(node: ast.AST, changing: Names, found: set[str]) -> None:
    """Add the names that a node itself binds or changes."""
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            found.add(node.id)
    elif isinstance(node, ast.Call):
        found |= _changed_by(node, changing)
    elif isinstance(node, ast.Attribute | ast.Subscript):
        if not isinstance(node.ctx, ast.Load) and (base := base_name(node)):
            found.add(base)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        found |= {(each.asname or each.name).partition(".")[0] for each in node.names}


def _misspelt(statement: ast.stmt, changing: Names) -> set[str]:
    """The name of `net.Add(layer)`, a statement of its own that means to change it."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return set()
    near = call.func.attr.lower()
    holder = call.func.value
    return {holder.id} if near in changing and isinstance(holder, ast.Name) else set()


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
        elif isinstance(node, ast.AnnAssign):
            waiting += [part for part in (node.target, node.value) if part is not None]
        elif isinstance(node, ast.FunctionDef):
            waiting += [node.args, *node.body, *node.decorator_list]
        elif not isinstance(node, ast.arg):  # an annotation says nothing about the network
            waiting += children(node)
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


class Dependencies:
    """Which statements of a file's top level its names depend on, found in their syntax alone.

    A name depends on the statements that bind it or change what it holds (`layers.append(x)`), on
    calls of its methods and definitions decorated with them, since they may leave something in
    it, and on what all of these read in turn.

    Attributes:
        statements: those of the top level, but for what runs in a script alone.
        binders: for each name the numbers of the statements that bind or change it.
        calls: the same of those that may leave something in what it holds.
        stars: the `from module import *`.
    """

    def __init__(self, tree: ast.Module, changing: Names) -> None:
        self.changing = changing
        # Numbers of statements stand for them, so that sorting them gives the order of the file.
        self.statements = [node for node in tree.body if not is_main_guard(node)]
        self.binders: dict[str, list[int]] = {}
        self.calls: dict[str, list[int]] = {}
        self.stars: list[ast.ImportFrom] = []
        self._read: dict[int, set[str]] = {}
        self._readers: dict[str, list[int]] = {}
        sources: dict[str, set[str]] = {}  # the names that a variable was made from
        for number, statement in enumerate(self.statements):
            self._note(number, statement, sources)
        self._note_registries()

    def _note(self, number: int, statement: ast.stmt, sources: dict[str, set[str]]) -> None:
        """What a statement binds and changes."""
        self.stars += stars(statement)
        bound = binds(statement, self.changing)
        # `head = net.head` and then `head.append(…)` change `net`: what a variable was made from is
        # kept for all statements behind it.
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            for name in bound:
                sources.setdefault(name, set()).update(self._reads(number) - {name})
        if (holder := called_on(statement, self.changing)) is not None:
            self.calls.setdefault(holder, []).append(number)
        changed = set() if is_definition(statement) else changes(statement, self.changing)
        for name in with_sources(bound | changed, changed, sources):
            self.binders.setdefault(name, []).append(number)

    def _note_registries(self) -> None:
        """Definitions whose decorators, functions of this file, put them into its tables."""
        decorated = {n: names for n, s in enumerate(self.statements) if (names := decorators(s))}
        used = {name for names in decorated.values() for name in names}
        tables = {
            statement.name: changes(statement, self.changing) & self.binders.keys()
            for statement in self.statements
            if isinstance(statement, ast.FunctionDef) and statement.name in used
        }
        for number, names in decorated.items():
            for name in names:
                for table in tables.get(name, ()):
                    self.calls.setdefault(table, []).append(number)

    def of(self, names: Iterable[str], done: set[int]) -> set[int]:
        """The numbers of the statements that names depend on, without those that are done."""
        found: set[int] = set()
        waiting = list(names)
        seen = set(waiting)
        while waiting:
            name = waiting.pop()
            # All that bind the name, not the last alone: `x = 1`, `layers = [x]`, `x = 2` takes
            # both.
            for number in (*self.binders.get(name, ()), *self._between(name)):
                if number in done or number in found:
                    continue
                found.add(number)
                fresh = self._reads(number) - seen
                seen |= fresh
                waiting += fresh
            # What a call on the name reads is looked up when it runs: it may never be needed.
            found |= {number for number in self.calls.get(name, ()) if number not in done}
        return found

    def _reads(self, number: int) -> set[str]:
        """The names that a statement reads, found once."""
        if number not in self._read:
            self._read[number] = reads(self.statements[number])
        return self._read[number]

    def _between(self, name: str) -> Iterable[int]:
        """The statements that read a name before it is bound anew, and would miss that value."""
        binders = self.binders.get(name, ())
        if len(binders) < 2:
            return ()
        first, last = min(binders), max(binders)
        return [number for number in self._readers_of(name) if first < number < last]

    def _readers_of(self, name: str) -> list[int]:
        """The statements that read a name, definitions apart: worked out once for all names."""
        if not self._readers:
            for number, statement in enumerate(self.statements):
                for each in () if is_definition(statement) else self._reads(number):
                    self._readers.setdefault(each, []).append(number)
        return self._readers.get(name, [])
