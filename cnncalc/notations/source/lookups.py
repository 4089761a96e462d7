"""What files ask of tables: `json`, `keyword`, and names that are kept in texts."""

from __future__ import annotations

import json
import re
from keyword import iskeyword
from typing import Any

from cnncalc.notations.source.attributes import get_attribute
from cnncalc.notations.source.builtin import forbidden, simple
from cnncalc.notations.source.classes import OBJECT
from cnncalc.notations.source.limits import check_count, check_int, check_text
from cnncalc.notations.source.raising import raised
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.values import Builtin, Class, Instance, Value

__all__ = ["LOOKUPS", "NAMES"]

DOTTED = re.compile(r"[A-Za-z_]\w{0,60}(?:\.[A-Za-z_]\w{0,60}){0,5}")


def loads(machine: Any, text: Value, **options: Value) -> Value:
    """`json.loads` of a text in the source."""
    if not isinstance(text, str):
        raise Refusal("`json.loads` takes a text")
    check_text(len(text))
    machine.budget.spend(len(text))
    try:
        value = json.loads(text, parse_int=lambda digits: check_int(int(digits)))
    except ValueError as error:
        raise raised("ValueError", f"this is no JSON: {error}") from None
    check_count(len(value) if isinstance(value, list | dict) else 0)
    return value


def is_keyword(machine: Any, text: Value) -> bool:
    return isinstance(text, str) and iskeyword(text)


def global_names(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """`globals()`: the names of the file, each worked out when it is asked for."""
    table = Instance(GLOBALS)
    table.fields["__module__"] = machine.sites[-1][0]
    return table


def named(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """`eval("nn.ReLU")`: what a name stands for; any other text is refused."""
    if len(args) != 1 or not isinstance(args[0], str) or not DOTTED.fullmatch(args[0]):
        raise forbidden("eval")
    first, *rest = args[0].split(".")
    value = machine.sites[-1][0].find(first)
    for name in rest:
        value = get_attribute(machine, value, name)
    return value


def find(table: Instance, name: Value) -> Any:
    """The value of a name of the file, in a list of one; nothing if it has none."""
    module = table.fields["__module__"]
    return [module.find(name)] if isinstance(name, str) and module.has(name) else []


def item(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    found = find(args[0], args[1])
    if not found:
        raise raised("KeyError", f"{args[1]!r} is not defined in this source")
    return found[0]


def get(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return next(iter(find(args[0], args[1])), args[2] if len(args) > 2 else None)


def contains(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return bool(find(args[0], args[1]))


GLOBALS = Class(
    "dict",
    (OBJECT,),
    {
        "__getitem__": Builtin("__getitem__", item),
        "get": Builtin("get", get),
        "__contains__": Builtin("__contains__", contains),
    },
)
NAMES = {"globals": Builtin("globals", global_names), "eval": Builtin("eval", named)}
LOOKUPS: dict[str, Value] = {
    "json.loads": simple("loads", loads),
    "keyword.iskeyword": simple("iskeyword", is_keyword),
}
