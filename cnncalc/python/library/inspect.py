"""`inspect`: signatures, as far as names, kinds and defaults go."""

from __future__ import annotations

import inspect

from cnncalc.python.functions import simple
from cnncalc.python.machine import Function, Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import OBJECT, Bound, Class, Instance, Opaque, Value
from cnncalc.python.wordlists import words

__all__ = ["NAMES"]

MAX_WRAPPERS = 20
PARAMETER = Class("Parameter", (OBJECT,))
for _kind in words("POSITIONAL_ONLY POSITIONAL_OR_KEYWORD VAR_POSITIONAL KEYWORD_ONLY VAR_KEYWORD"):
    PARAMETER.names[_kind] = Opaque(f"inspect.{_kind}")


def signature(machine: Machine, function: Value) -> Opaque:
    """The parameters of a function, a method or a class."""
    if isinstance(function, Class):
        return Opaque("inspect.Signature", parameters=of_class(function))
    return Opaque("inspect.Signature", parameters=of_function(unwrapped(function)))


def of_class(cls: Class) -> dict[Value, Value]:
    """What a class takes to make an object: a library's by its vocabulary."""
    init = cls.find("__init__")
    if isinstance(init, Function):
        entries = of_function(init)
        return {name: entries[name] for name in list(entries)[1:]}
    reader = next((each.reader for each in cls.order if each.reader is not None), None)
    names = inspect.signature(reader).parameters if reader is not None else ()
    return {name: entry(name, "POSITIONAL_OR_KEYWORD") for name in names}


def unwrapped(function: Value) -> Value:
    """The function behind bound methods and `functools.wraps`."""
    for _ in range(MAX_WRAPPERS):
        if isinstance(function, Bound):
            function = function.function
        elif isinstance(function, Function) and "__wrapped__" in function.attributes:
            function = function.attributes["__wrapped__"]
    return function


def of_function(function: Value) -> dict[Value, Value]:
    if not isinstance(function, Function):
        raise Refusal("the signature of this can't be read")
    args = function.node.args
    kinds = (
        ("POSITIONAL_ONLY", args.posonlyargs),
        ("POSITIONAL_OR_KEYWORD", args.args),
        ("VAR_POSITIONAL", [args.vararg] if args.vararg else []),
        ("KEYWORD_ONLY", args.kwonlyargs),
        ("VAR_KEYWORD", [args.kwarg] if args.kwarg else []),
    )
    return {arg.arg: entry(arg.arg, kind) for kind, group in kinds for arg in group}


def entry(name: str, kind: str) -> Instance:
    """One parameter."""
    made = Instance(PARAMETER)
    made.fields.update(name=name, kind=Opaque(f"inspect.{kind}"))
    return made


NAMES: dict[str, Value] = {
    "signature": simple("signature", signature),
    "Parameter": PARAMETER,
    "isfunction": simple("isfunction", lambda m, value: isinstance(value, Function)),
    "isclass": simple("isclass", lambda m, value: isinstance(value, Class)),
}
