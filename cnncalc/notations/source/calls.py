"""Calling: arguments find their parameters, and a body runs."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from cnncalc.layers.shapes import count_of
from cnncalc.notations.source.describing import describe
from cnncalc.notations.source.machine import FAULTS, Machine
from cnncalc.notations.source.raising import raised
from cnncalc.notations.source.scopes import Poison, Scope
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.values import (
    MISSING,
    Bound,
    Builtin,
    Class,
    Foreign,
    Function,
    Instance,
    Iterated,
    Namespace,
    Opaque,
    Partial,
    Silent,
    StaticMethod,
    Value,
)
from cnncalc.suggestions import suggest
from cnncalc.tracing.tensors import Static

__all__ = ["call", "make_function", "unexpected"]

LISTED = "`cnncalc layers` lists the layers that are read"
CALL_COST = 8  # in fuel
MAX_ARGUMENTS = 4_000


def call(machine: Machine, function: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The value of `function(*args, **kwargs)`."""
    if isinstance(function, Bound):
        args = [function.receiver, *args]
        function = function.function
    if isinstance(function, Builtin):
        return call_builtin(machine, function, function.call, args, kwargs)
    if isinstance(function, Function):
        return call_function(machine, function, args, kwargs)
    if isinstance(function, Class):
        from cnncalc.notations.source.classes import instantiate

        if function.make is None:
            return instantiate(machine, function, args, kwargs)
        return call_builtin(machine, function, function.make, args, kwargs)
    if isinstance(function, Partial):
        return call(machine, function.function, [*function.args, *args], function.kwargs | kwargs)
    return call_object(machine, function, args, kwargs)


def call_object(
    machine: Machine, function: Value, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """A call of what is neither a function nor a class."""
    if isinstance(function, Instance):
        found = function.cls.find("__call__")
        if found is not MISSING:
            return call(machine, Bound(found, function), args, kwargs)
    if isinstance(function, StaticMethod):
        return call(machine, function.function, args, kwargs)
    if isinstance(function, Silent):
        return args[0] if args and isinstance(args[0], Static) else function
    raise not_callable(function)


def call_builtin(
    machine: Machine,
    function: Builtin | Class,
    work: Callable[[Any, list[Value], dict[str, Value]], Value],
    args: list[Value],
    kwargs: dict[str, Value],
) -> Value:
    """What is worked out here; what it stumbles over, the arguments are to blame for."""
    try:
        return work(machine, args, kwargs)
    except FAULTS:
        raise Refusal(f"`{function.name}` can't be called like this") from None


def not_callable(function: Value) -> Refusal:
    if isinstance(function, Foreign):
        return foreign(function.path)
    if isinstance(function, Namespace | Opaque):
        from cnncalc.notations.source.suggested import library_name

        name = function.path if isinstance(function, Namespace) else function.name
        near = library_name(name)
        return Refusal(
            f"`{name}` can't be called here", help=f"did you mean `{near}`?" if near else None
        )
    return Refusal(f"{describe(function)} can't be called")


def foreign(path: str) -> Refusal:
    """Something of a package that isn't read here."""
    package = path.partition(".")[0]
    if package in ("torch", "keras", "tensorflow") and ".applications." not in path:
        from cnncalc.notations.source.suggested import library_name

        near = library_name(path)
        return Refusal(
            f"`{path}` has no counterpart in this calculator",
            help=f"did you mean `{near}`?" if near else LISTED,
            code="unsupported",
        )
    advice = "only files of the same folder or package are read, and nothing is executed"
    if near := suggest(package, ("torch", "keras", "tensorflow")):
        advice = f"did you mean `{near}`?"
    if package == "torchvision":
        advice = "torchvision's own files can be read: `torchvision/models/resnet.py:resnet18`"
    return Refusal(
        f"`{path}` can't be followed: `{package}` is not part of this source tree",
        help=advice,
        code="foreign",
    )


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


def call_function(
    machine: Machine, function: Function, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """Run the body of a function of the source."""
    scope = Scope(function.scope, function.scope.module, function)
    named = function.name
    if named == "__init__" and function.owner is not None:
        named = function.owner.name
    bind(named, function.node.args, function, scope.names, args, kwargs)
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
    name: str,
    parameters: ast.arguments,
    function: Any,
    names: dict[str, Value],
    args: list[Value],
    kwargs: dict[str, Value],
) -> None:
    """Give each parameter its argument or default, as Python does."""
    places = [arg.arg for arg in (*parameters.posonlyargs, *parameters.args)]
    if len(args) > MAX_ARGUMENTS:
        raise Refusal(f"more than {MAX_ARGUMENTS:,} arguments", code="too-large")
    names.update(zip(places, args, strict=False))
    if parameters.vararg:
        names[parameters.vararg.arg] = tuple(args[len(places) :])
    elif len(args) > len(places):
        hidden = places[:1] in (["self"], ["cls"])
        got = len(args) - hidden
        raise raised(
            "TypeError",
            f"`{name}` takes {count_of(len(places) - hidden, 'argument')} but {got} "
            f"{'is' if got == 1 else 'are'} given",
        )
    keywords = {arg.arg for arg in (*parameters.args, *parameters.kwonlyargs)}
    rest = {}
    for given, value in kwargs.items():
        if given in keywords and given not in names:
            names[given] = value
        elif parameters.kwarg and given not in names:
            rest[given] = value
        else:
            raise unexpected(name, given, given in names, keywords)
    if parameters.kwarg:
        names[parameters.kwarg.arg] = rest
    _defaults(name, places, parameters, function, names)


def unexpected(name: str, given: str, twice: bool, known: Any) -> Any:
    if twice:
        return raised("TypeError", f"`{name}` is given `{given}` twice")

    def hint() -> str:
        near = suggest(given, known)
        return f"; did you mean `{near}`?" if near else ""

    return raised("TypeError", f"`{name}` has no parameter `{given}`", hint)


def _defaults(
    name: str,
    places: list[str],
    parameters: ast.arguments,
    function: Any,
    names: dict[str, Value],
) -> None:
    first = len(places) - len(function.defaults)
    missing = []
    for place, parameter in enumerate(places):
        if parameter not in names:
            if place < first:
                missing.append(parameter)
            else:
                names[parameter] = function.defaults[place - first]
    for arg in parameters.kwonlyargs:
        if arg.arg not in names:
            if arg.arg in function.kwdefaults:
                names[arg.arg] = function.kwdefaults[arg.arg]
            else:
                missing.append(arg.arg)
    if missing:
        wanted = ", ".join(f"`{each}`" for each in missing)
        raise raised("TypeError", f"`{name}` is called without {wanted}")
