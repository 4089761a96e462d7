"""Calling: arguments find their parameters, and a body runs."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from cnncalc.python.classes import instantiate
from cnncalc.python.exceptions import raised
from cnncalc.python.guests import Guest
from cnncalc.python.limits import CALL_COST, MAX_ARGUMENTS
from cnncalc.python.machine import Function, Machine, Poison, Scope
from cnncalc.python.refusals import FAULTS, Raised, Refusal
from cnncalc.python.values import (
    MISSING,
    Arguments,
    Bound,
    Builtin,
    Call,
    Class,
    Foreign,
    Instance,
    Iterated,
    Keywords,
    Namespace,
    Opaque,
    Partial,
    Silent,
    StaticMethod,
    Value,
    describe,
)
from cnncalc.suggestions import suggest

__all__ = ["call", "make_function", "unexpected"]


def call(machine: Machine, function: Value, args: Arguments, kwargs: Keywords) -> Value:
    """The value of `function(*args, **kwargs)`."""
    if isinstance(function, Bound):
        args = [function.receiver, *args]
        function = function.function
    if isinstance(function, Builtin):
        return call_builtin(machine, function, function.call, args, kwargs)
    if isinstance(function, Function):
        return call_function(machine, function, args, kwargs)
    if isinstance(function, Class):
        if function.make is None:
            return instantiate(machine, function, args, kwargs)
        return call_builtin(machine, function, function.make, args, kwargs)
    if isinstance(function, Partial):
        return call(machine, function.function, [*function.args, *args], function.kwargs | kwargs)
    return call_object(machine, function, args, kwargs)


def call_object(machine: Machine, function: Value, args: Arguments, kwargs: Keywords) -> Value:
    """A call of what is neither a function nor a class."""
    if isinstance(function, Instance):
        found = function.cls.find("__call__")
        if found is not MISSING:
            return call(machine, Bound(found, function), args, kwargs)
    if isinstance(function, StaticMethod):
        return call(machine, function.function, args, kwargs)
    if isinstance(function, Silent):
        first = args[0] if args else None
        return first if isinstance(first, Guest) and first.returned else function
    if isinstance(function, Guest):
        return function.call(machine, args, kwargs)
    raise not_callable(machine, function)


def call_builtin(
    machine: Machine,
    function: Builtin | Class,
    work: Call,
    args: Arguments,
    kwargs: Keywords,
) -> Value:
    """What is worked out here; what it stumbles over, the arguments are to blame for."""
    branch, machine.branch = machine.branch, None  # what it asks for itself decides no branch
    try:
        return work(machine, args, kwargs)
    except FAULTS:
        raise Refusal(f"`{function.name}` can't be called like this") from None
    finally:
        machine.branch = branch


def not_callable(machine: Machine, function: Value) -> Refusal:
    if isinstance(function, Foreign):
        return machine.unread(function.path)
    if isinstance(function, Namespace | Opaque):
        name = function.path if isinstance(function, Namespace) else function.name
        near = machine.near_path(name)
        return Refusal(
            f"`{name}` can't be called here", help=f"did you mean `{near}`?" if near else None
        )
    advice = None
    if isinstance(function, list | tuple):
        several = any(isinstance(each, Instance | Function) for each in function)
        advice = (
            "its entries are called one after another: `for each in them: x = each(x)`"
            if several
            else "one of its entries stands in brackets: `sizes[0]`"
        )
    return Refusal(f"{describe(function)} can't be called", help=advice)


def make_function(scope: Scope, name: str, node: ast.FunctionDef | ast.Lambda) -> Function:
    """A function value, with its defaults worked out now as Python does."""
    defaults = [default_value(scope, each) for each in node.args.defaults]
    kwdefaults = {
        arg.arg: default_value(scope, each)
        for arg, each in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        if each is not None
    }
    generates = (
        isinstance(node, ast.FunctionDef)
        and "yield" in scope.module.file.text  # hardly any file has one to look for
        and has_yield(node)
    )
    # As in Python, a method doesn't see the names of the class body that it stands in.
    home: Scope = scope
    while home.names.get("__class_body__") and home.outer is not None:
        home = home.outer
    return Function(name, node, home, defaults, kwdefaults, generates)


def default_value(scope: Scope, node: ast.expr) -> Value:
    """A default; where it can't be followed it is an error once the parameter is read."""
    try:
        return scope.machine.evaluate(scope, node)
    except Refusal as refusal:
        if refusal.fatal:
            raise
        return Poison(refusal)


def has_yield(function: ast.FunctionDef) -> bool:
    """Whether a function is a generator; inner functions don't count."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)
    return False


def call_function(machine: Machine, function: Function, args: Arguments, kwargs: Keywords) -> Value:
    """Run the body of a function of the source."""
    scope = Scope(function.scope, function.scope.module, function)
    named = function.name
    # People call the class, so messages about arguments name that.
    if named == "__init__" and function.owner is not None:
        named = function.owner.name
    bind(named, function, scope.names, args, kwargs)
    machine.budget.enter()
    machine.budget.spend(CALL_COST)
    try:
        if isinstance(function.node, ast.Lambda):
            return machine.evaluate(scope, function.node.body)
        machine.run(scope, function.node.body)
    finally:
        machine.budget.leave()
    return Iterated(scope.yields) if function.generates else scope.result


def bind(
    name: str, function: Function, names: dict[str, Value], args: Arguments, kwargs: Keywords
) -> None:
    """Give each parameter its argument or default, as Python does."""
    parameters = function.parameters
    places = parameters.places
    if len(args) > MAX_ARGUMENTS:
        raise Refusal(f"more than {MAX_ARGUMENTS:,} arguments", code="too-large")
    names.update(zip(places, args, strict=False))
    if parameters.rest:
        names[parameters.rest] = tuple(args[len(places) :])
    elif len(args) > len(places):
        raise too_many(name, places, len(args))
    others: dict[str, Value] = {}
    for given, value in kwargs.items():
        if given in parameters.keywords and given not in names:
            names[given] = value
        elif parameters.others and given not in names:
            others[given] = value
        else:
            raise unexpected(name, given, given in names, parameters.keywords)
    if parameters.others:
        names[parameters.others] = others
    _defaults(name, function, names)


def too_many(name: str, places: list[str], got: int) -> Raised:
    """More arguments than places; `self` counts as neither."""
    hidden = places[:1] in (["self"], ["cls"])
    got -= hidden
    return raised(
        "TypeError",
        f"`{name}` takes {counted(len(places) - hidden)} but {got} "
        f"{'is' if got == 1 else 'are'} given",
    )


def counted(count: int) -> str:
    return f"{count} argument{'' if count == 1 else 's'}"


def unexpected(name: str, given: str, twice: bool, known: Iterable[str]) -> Raised:
    if twice:
        return raised("TypeError", f"`{name}` is given `{given}` twice")

    def hint() -> str:
        near = suggest(given, known)
        return f"; did you mean `{near}`?" if near else ""

    return raised("TypeError", f"`{name}` has no parameter `{given}`", hint)


def _defaults(name: str, function: Function, names: dict[str, Value]) -> None:
    places = function.parameters.places
    first = len(places) - len(function.defaults)
    missing = []
    for place, parameter in enumerate(places):
        if parameter not in names:
            if place < first:
                missing.append(parameter)
            else:
                names[parameter] = function.defaults[place - first]
    for parameter in function.parameters.named:
        if parameter not in names:
            if parameter in function.kwdefaults:
                names[parameter] = function.kwdefaults[parameter]
            else:
                missing.append(parameter)
    if missing:
        wanted = ", ".join(f"`{each}`" for each in missing)
        raise raised("TypeError", f"`{name}` is called without {wanted}")
