"""How each kind of statement is run.

A statement that ends its block gives a signal: RETURN (the value is in the scope's
`result`), BREAK or CONTINUE.
"""

from __future__ import annotations

import ast

from cnncalc.python.assignment import assign
from cnncalc.python.attributes import delete_attribute, get_attribute
from cnncalc.python.comparison import chosen, is_true
from cnncalc.python.exceptions import as_raised, caught, matches, raised
from cnncalc.python.guests import Unread
from cnncalc.python.handlers import Handlers
from cnncalc.python.items import delete_item
from cnncalc.python.iteration import iterate
from cnncalc.python.limits import RAISE_COST
from cnncalc.python.machine import Machine, Scope
from cnncalc.python.operators import in_place
from cnncalc.python.refusals import Raised, Refusal
from cnncalc.python.texts import text_of
from cnncalc.python.values import MISSING, Foreign, Instance, Opaque, Value

__all__ = ["STATEMENTS"]

STATEMENTS = Handlers()
RETURN, BREAK, CONTINUE = "return", "break", "continue"


@STATEMENTS.of(ast.Pass)
def nothing(scope: Scope, node: ast.Pass) -> None:
    return None


@STATEMENTS.of(ast.Expr)
def expression_statement(scope: Scope, node: ast.Expr) -> None:
    if not isinstance(node.value, ast.Constant):
        scope.machine.evaluate(scope, node.value)


@STATEMENTS.of(ast.Assign)
def assignment(scope: Scope, node: ast.Assign) -> None:
    try:
        value = scope.machine.evaluate(scope, node.value)
    except Refusal as stop:
        value = put_off(scope, node.targets, stop)
    for target in node.targets:
        assign(scope, target, value)


def put_off(scope: Scope, targets: list[ast.expr], stop: Refusal) -> Unread:
    """A part of a model that can't be read stops those alone who need it."""
    parts = [each.value for each in targets if isinstance(each, ast.Attribute)]
    if len(parts) != 1 or len(targets) != 1 or stop.fatal or not stop.unfollowed:
        raise stop
    if not scope.machine.is_model(scope.machine.evaluate(scope, parts[0])):
        raise stop
    return Unread(stop)


@STATEMENTS.of(ast.AnnAssign)
def annotated_assignment(scope: Scope, node: ast.AnnAssign) -> None:
    if node.value is not None:
        assign(scope, node.target, scope.machine.evaluate(scope, node.value))
    if isinstance(node.target, ast.Name) and "__fields__" in scope.names:
        scope.names["__fields__"].append(node.target.id)


@STATEMENTS.of(ast.AugAssign)
def augmented_assignment(scope: Scope, node: ast.AugAssign) -> None:
    machine = scope.machine
    target = node.target
    # The tree has the target as something to be stored into: to be read first it takes a twin.
    loaded = ast.copy_location(_loading(target), target)
    before = machine.evaluate(scope, loaded)
    value = machine.evaluate(scope, node.value)
    # A list grows itself, and whoever else holds it sees that.
    result = machine.call_at(scope, node, lambda: in_place(machine, type(node.op), before, value))
    assign(scope, target, result)


def _loading(target: ast.expr) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.Name(target.id, ast.Load())
    if isinstance(target, ast.Attribute):
        return ast.Attribute(target.value, target.attr, ast.Load())
    assert isinstance(target, ast.Subscript)
    return ast.Subscript(target.value, target.slice, ast.Load())


@STATEMENTS.of(ast.Delete)
def deletion(scope: Scope, node: ast.Delete) -> None:
    machine = scope.machine
    for target in node.targets:
        if isinstance(target, ast.Name):
            scope.names.pop(target.id, None)
        elif isinstance(target, ast.Attribute):
            delete_attribute(machine, machine.evaluate(scope, target.value), target.attr)
        elif isinstance(target, ast.Subscript):
            holder = machine.evaluate(scope, target.value)
            delete_item(machine, holder, machine.evaluate(scope, target.slice))


@STATEMENTS.of(ast.Return)
def return_statement(scope: Scope, node: ast.Return) -> str:
    scope.result = node.value and scope.machine.evaluate(scope, node.value)
    return RETURN


@STATEMENTS.of(ast.Break)
def break_statement(scope: Scope, node: ast.Break) -> str:
    return BREAK


@STATEMENTS.of(ast.Continue)
def continue_statement(scope: Scope, node: ast.Continue) -> str:
    return CONTINUE


@STATEMENTS.of(ast.If)
def if_statement(scope: Scope, node: ast.If) -> object:
    machine = scope.machine
    if refuses(node.body) or refuses(node.orelse):  # where sizes are checked nothing is chosen
        holds = is_true(machine, machine.evaluate(scope, node.test))
    else:
        holds = chosen(scope, node.test)
    return machine.run(scope, node.body if holds else node.orelse)


def refuses(body: list[ast.stmt]) -> bool:
    """Whether statements end in an exception."""
    return bool(body) and isinstance(body[-1], ast.Raise)


@STATEMENTS.of(ast.For)
def for_statement(scope: Scope, node: ast.For) -> object:
    machine = scope.machine
    for item in iterate(machine, machine.evaluate(scope, node.iter)):
        machine.budget.spend(1)
        assign(scope, node.target, item)
        signal = machine.run(scope, node.body)
        if signal is BREAK:
            return None
        if signal is RETURN:
            return signal
    return machine.run(scope, node.orelse)


@STATEMENTS.of(ast.While)
def while_statement(scope: Scope, node: ast.While) -> object:
    machine = scope.machine
    while chosen(scope, node.test):
        machine.budget.spend(1)
        signal = machine.run(scope, node.body)
        if signal is BREAK:
            return None
        if signal is RETURN:
            return signal
    return machine.run(scope, node.orelse)


@STATEMENTS.of(ast.With)
def with_statement(scope: Scope, node: ast.With) -> object:
    return opened(scope, node.items, node.body)


def opened(scope: Scope, items: list[ast.withitem], body: list[ast.stmt]) -> object:
    """Statements within what some items open, each within those before it."""
    machine = scope.machine
    if not items:
        return machine.run(scope, body)
    item, *others = items
    value = machine.evaluate(scope, item.context_expr)
    bare = isinstance(value, Opaque | Foreign | None)  # nothing that says more of a network
    entered = value if bare else entering(machine, value)
    if item.optional_vars is not None:
        assign(scope, item.optional_vars, entered)
    if bare:
        return opened(scope, others, body)
    try:
        signal = opened(scope, others, body)
    except (Raised, Refusal) as stop:
        error = caught(stop)
        if error is None:
            raise
        machine.budget.spend(RAISE_COST * (error.frames + 1))
        if not is_true(machine, leaving(machine, value, error.value.cls, error.value, None)):
            raise
        return None
    leaving(machine, value, None, None, None)
    return signal


def entering(machine: Machine, value: Value) -> Value:
    """What `with value as …` gives: what its `__enter__` makes."""
    needed = ("__enter__", "__exit__")
    if not isinstance(value, Instance) or MISSING in map(value.cls.find, needed):
        raise Refusal("this `with` can't be followed: what it opens isn't known")
    return machine.call(get_attribute(machine, value, "__enter__"), [], {})


def leaving(machine: Machine, value: Value, *error: Value) -> Value:
    """What `__exit__` answers: true where an exception goes no further."""
    return machine.call(get_attribute(machine, value, "__exit__"), list(error), {})


@STATEMENTS.of(ast.Assert)
def assert_statement(scope: Scope, node: ast.Assert) -> None:
    machine = scope.machine
    if not is_true(machine, machine.evaluate(scope, node.test)):
        text = ""
        if node.msg is not None:
            text = text_of(machine, machine.evaluate(scope, node.msg))
        text = text or f"`{ast.unparse(node.test)[:80]}` doesn't hold"
        raise raised("AssertionError", text, own=True)


@STATEMENTS.of(ast.Raise)
def raise_statement(scope: Scope, node: ast.Raise) -> None:
    if node.exc is None:
        raise scope.find("__exception__")
    raise as_raised(scope.machine, scope.machine.evaluate(scope, node.exc))


@STATEMENTS.of(ast.Try)
def try_statement(scope: Scope, node: ast.Try) -> object:
    machine = scope.machine
    # Inside of it an import of what isn't read raises, as where the package is missing, so that the
    # file's own fallback runs. Elsewhere it waits, as most of what is imported is never used.
    guards = any(expects_import(handler) for handler in node.handlers)
    machine.guarded += guards
    try:
        signal = machine.run(scope, node.body)
        if signal is None:
            signal = machine.run(scope, node.orelse)
    except (Raised, Refusal) as error:
        signal = handle(scope, node, error)
    finally:
        machine.guarded -= guards
    # Not run where an exception goes on: cleaning up says nothing of a network.
    ending = machine.run(scope, node.finalbody)
    return ending if ending is not None else signal


def expects_import(handler: ast.ExceptHandler) -> bool:
    """Whether an `except` is there for a package that may be missing."""
    names = {each.id for each in ast.walk(handler.type or handler) if isinstance(each, ast.Name)}
    return handler.type is None or bool(names & {"ImportError", "ModuleNotFoundError", "Exception"})


def handle(scope: Scope, node: ast.Try, stop: Raised | Refusal) -> object:
    """Run the first handler that takes an exception, or let it pass."""
    error = caught(stop)
    if error is None:
        raise stop
    # Dearer the further it came: else a loop of exceptions out of the depth would cost next to no
    # fuel, and much time.
    scope.machine.budget.spend(RAISE_COST * (error.frames + 1))
    for handler in node.handlers:
        kind = handler.type and scope.machine.evaluate(scope, handler.type)
        if kind is None or matches(error, kind):
            if handler.name:
                scope.assign(handler.name, error.value)
            scope.names["__exception__"] = error
            return scope.machine.run(scope, handler.body)
    raise stop
