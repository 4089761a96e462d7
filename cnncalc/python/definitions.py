"""Statements that bind names: functions, classes, imports; and `match`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial

from cnncalc.python.calls import make_function
from cnncalc.python.classes import make_class
from cnncalc.python.comparison import equal, is_true
from cnncalc.python.handlers import Handlers
from cnncalc.python.machine import Function, Import, Scope
from cnncalc.python.refusals import Raised, Refusal
from cnncalc.python.values import Bound, Class, Foreign, Opaque, Value

__all__ = ["DEFINITIONS"]

DEFINITIONS = Handlers()


@DEFINITIONS.of(ast.FunctionDef)
def function_definition(scope: Scope, node: ast.FunctionDef) -> None:
    function = make_function(scope, node.name, adapted(scope, node))
    if "__class_body__" in scope.names:
        scope.names["__functions__"].append(function)
    scope.assign(node.name, decorated(scope, node.decorator_list, function))


def adapted(scope: Scope, node: ast.FunctionDef) -> ast.FunctionDef:
    """A function as those of its decorators leave it that a library knows by name."""
    for each in reversed(node.decorator_list):
        change = scope.machine.adaptation(last_name(each))
        node = node if change is None else change(node, each)
    return node


def decorated(scope: Scope, decorators: list[ast.expr], value: Value) -> Value:
    """A function or class after its decorators.

    Those of packages not read are left out, and so are those whose work `adapted` has done, and
    registries that can't be followed: they keep a name for it.
    """
    machine = scope.machine
    for node in reversed(decorators):
        if machine.adaptation(last_name(node)):
            continue
        if last_name(node).startswith("register"):
            value = registered(scope, node, value)
            continue
        decorator = machine.evaluate(scope, node.func if isinstance(node, ast.Call) else node)
        if isinstance(decorator, Foreign | Opaque):
            continue
        decorator = machine.evaluate(scope, node)
        if isinstance(decorator, Foreign | Opaque):
            continue
        value = machine.call_at(scope, node, machine.call, decorator, [value], {})
    return value


def registered(scope: Scope, node: ast.expr, value: Value) -> Value:
    """What a registry gives back; the value itself where the registry can't be followed."""
    machine = scope.machine
    try:
        decorator = machine.evaluate(scope, node)
        if not isinstance(decorator, Function | Bound):
            return value
        result = machine.call_at(scope, node, machine.call, decorator, [value], {})
    except (Refusal, Raised) as stop:
        if isinstance(stop, Refusal) and stop.fatal:
            raise
        refusal = stop.refusal() if isinstance(stop, Raised) else stop
        refusal.span = refusal.span or scope.module.file.span(node)
        machine.passed_over.append(refusal)
        return value
    return result if isinstance(result, Class | Function) else value


def last_name(node: ast.expr) -> str:
    """The word that a decorator goes by: `register` of `@MODELS.register()`."""
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


@DEFINITIONS.of(ast.ClassDef)
def class_definition(scope: Scope, node: ast.ClassDef) -> None:
    scope.assign(node.name, decorated(scope, node.decorator_list, make_class(scope, node)))


@DEFINITIONS.of(ast.Global)
def global_statement(scope: Scope, node: ast.Global) -> None:
    for name in node.names:
        scope.shared[name] = scope.top()


@DEFINITIONS.of(ast.Nonlocal)
def nonlocal_statement(scope: Scope, node: ast.Nonlocal) -> None:
    for name in node.names:
        at = scope.outer
        while at is not None and name not in at.names:
            at = at.outer
        scope.shared[name] = at or scope


@DEFINITIONS.of(ast.Import)
def import_statement(scope: Scope, node: ast.Import) -> None:
    machine = scope.machine
    for each in node.names:
        name = each.asname or each.name.partition(".")[0]
        wanted = each.name if each.asname else name
        bind_import(scope, name, partial(machine.imported, scope.module, wanted, each.name))


@DEFINITIONS.of(ast.ImportFrom)
def import_from_statement(scope: Scope, node: ast.ImportFrom) -> None:
    machine = scope.machine
    for each in node.names:
        if each.name != "*":
            follow = partial(machine.imported_from, scope.module, node, each.name)
            bind_import(scope, each.asname or each.name, follow)


def bind_import(scope: Scope, name: str, follow: Callable[[], Value]) -> None:
    """Remember an import until its name is used; at once where a `try` waits for it to fail."""
    scope.assign(name, follow() if scope.machine.guarded else Import(follow))


@DEFINITIONS.of(ast.Match)
def match_statement(scope: Scope, node: ast.Match) -> object:
    machine = scope.machine
    subject = machine.evaluate(scope, node.subject)
    for case in node.cases:
        if _fits(scope, case.pattern, subject) and (
            case.guard is None or is_true(machine, machine.evaluate(scope, case.guard))
        ):
            return machine.run(scope, case.body)
    return None


def _fits(scope: Scope, pattern: ast.pattern, subject: Value) -> bool:
    machine = scope.machine
    if isinstance(pattern, ast.MatchValue):
        return equal(machine, subject, machine.evaluate(scope, pattern.value))
    if isinstance(pattern, ast.MatchSingleton):
        return subject is pattern.value
    if isinstance(pattern, ast.MatchOr):
        return any(_fits(scope, each, subject) for each in pattern.patterns)
    if isinstance(pattern, ast.MatchAs) and (
        pattern.pattern is None or _fits(scope, pattern.pattern, subject)
    ):
        if pattern.name:
            scope.assign(pattern.name, subject)
        return True
    if isinstance(pattern, ast.MatchAs):
        return False
    raise Refusal("this pattern of `match` can't be followed")
