"""Nodes of a graph in the words of PyTorch's source: functions, operators, arguments."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping

from cnncalc.live.literals import literal, subscript
from cnncalc.live.objects import Torch
from cnncalc.live.program import Unfollowed

__all__ = ["argument", "call", "function_words", "given", "item"]

Text = Callable[[object], str]  # a node's words

OPERATORS = {
    operator.add: "+",
    operator.sub: "-",
    operator.mul: "*",
    operator.truediv: "/",
    operator.floordiv: "//",
    operator.mod: "%",
    operator.pow: "**",
    operator.matmul: "@",
    operator.iadd: "+",
    operator.isub: "-",
    operator.imul: "*",
    operator.itruediv: "/",
    operator.eq: "==",
    operator.ne: "!=",
    operator.lt: "<",
    operator.le: "<=",
    operator.gt: ">",
    operator.ge: ">=",
}
BUILTINS = (int, float, bool, len, min, max, abs, round, tuple, list, sum)


def argument(value: object, text: Text) -> str:
    """An argument of a node: other nodes by their words, all else as plain data."""
    if hasattr(value, "users") and hasattr(value, "op"):
        return text(value)
    if isinstance(value, tuple):
        return f"({''.join(argument(each, text) + ', ' for each in value)})"
    if isinstance(value, list):
        return f"[{', '.join(argument(each, text) for each in value)}]"
    if isinstance(value, slice):
        parts = (value.start, value.stop, value.step)
        return f"slice({', '.join(argument(each, text) for each in parts)})"
    if value is ...:
        return "..."
    if type(value).__module__ == "torch":  # a dtype, a device, a memory format
        return repr(str(value)) if type(value).__name__ == "device" else str(value)
    if isinstance(value, Mapping):
        return f"dict({_keywords(value, text)})"
    if value is None or isinstance(value, bool | int | float | str):
        return literal(value)
    raise Unfollowed(f"an argument of the kind `{type(value).__name__}` is not known", code="live")


def item(holder: str, index: object, text: Text) -> str:
    """`x[index]`."""
    return f"{holder}[{subscript(index, lambda value: argument(value, text))}]"


def _keywords(options: Mapping[str, object], text: Text) -> str:
    said = {key: value for key, value in options.items() if key != "out" or value is not None}
    return ", ".join(f"{key}={argument(value, text)}" for key, value in said.items())


def given(args: Iterable[object], kwargs: Mapping[str, object], text: Text) -> str:
    """What stands in the brackets of a call."""
    words = [*(argument(each, text) for each in args), _keywords(kwargs, text)]
    return ", ".join(filter(None, words))


def call(words: str, args: Iterable[object], kwargs: Mapping[str, object], text: Text) -> str:
    """A call of a function."""
    return f"{words}({given(args, kwargs, text)})"


def function_words(torch: Torch, node: Torch, text: Text) -> str:
    """What a node computes with a function of Python or of torch."""
    target, args = node.target, node.args
    if target in OPERATORS:
        one, two = (argument(each, text) for each in args)
        return f"{one} {OPERATORS[target]} {two}"
    if target is operator.getitem:
        return item(argument(args[0], text), args[1], text)
    if target is operator.neg:
        return f"-{argument(args[0], text)}"
    if target is getattr:
        return f"{argument(args[0], text)}.{args[1]}"
    return call(_name(torch, target), args, node.kwargs, text)


def _name(torch: Torch, target: Torch) -> str:
    """The dotted name of a function that sources may call."""
    name = getattr(target, "__name__", str(target))
    if target in BUILTINS:
        return str(name)
    homes = {"nn.functional": torch.nn.functional, "torch": torch, "math": math}
    homes |= {f"torch.{each}": getattr(torch, each) for each in ("special", "linalg")}
    for words, home in homes.items():
        if getattr(home, name, None) is target:
            return f"{words}.{name}"
    home = getattr(target, "__module__", None) or "builtins"
    raise Unfollowed(f"the function `{home}.{name}` is not known here", code="live")
