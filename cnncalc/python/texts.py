"""Text made from values: `str`, `%`, `format` and f-strings, with widths kept small."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cnncalc.python.guests import Guest
from cnncalc.python.iteration import content_of
from cnncalc.python.limits import check_text
from cnncalc.python.machine import Function, Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.run_values import RunValue
from cnncalc.python.values import (
    MISSING,
    Class,
    Instance,
    Opaque,
    SetValue,
    Value,
    describe,
)

__all__ = ["format_text", "format_value", "percent", "text_of"]

PERCENT = re.compile(r"%(?:\((\w{1,40})\))?([-+ 0#]{0,3})(\d{0,2})(?:\.(\d{1,2}))?([sdifrgexX%])")
SPEC = re.compile(r"([^{}]?[<>=^])?[-+ ]?#?0?\d{0,2},?(?:\.\d{1,2})?[sdfgexX%n]?")
FIELD = re.compile(r"\{\{|\}\}|\{(\w{0,40})(?:!([rs]))?(?::([^{}]{0,20}))?\}")


def text_of(machine: Machine, value: Value, quoted: bool = False) -> str:
    """A value as `str` (or, quoted, `repr`) shows it, within bounds."""
    machine.budget.spend(1)
    value = content_of(value)
    if isinstance(value, str):
        return repr(value) if quoted else value
    if value is None or isinstance(value, int | float | range | slice):
        return repr(value)
    if isinstance(value, list):
        return f"[{_joined(machine, value)}]"
    if isinstance(value, tuple):
        return f"({_joined(machine, value)}{',' if len(value) == 1 else ''})"
    if isinstance(value, SetValue):
        return f"{{{_joined(machine, list(value.items))}}}" if value.items else "set()"
    if isinstance(value, dict):
        pairs = [
            f"{text_of(machine, k, True)}: {text_of(machine, v, True)}" for k, v in value.items()
        ]
        return _checked(f"{{{', '.join(pairs)}}}")
    if isinstance(value, Guest):
        return value.text()
    return _named(machine, value)


def _joined(machine: Machine, values: Iterable[Value]) -> str:
    return _checked(", ".join(text_of(machine, each, True) for each in values))


def _checked(text: str) -> str:
    check_text(len(text))
    return text


def _named(machine: Machine, value: Value) -> str:
    """How objects show themselves."""
    if isinstance(value, Class):
        return f"<class '{value.name}'>"
    if isinstance(value, Function):
        return f"<function {value.name}>"
    if isinstance(value, Opaque):
        return value.name
    if isinstance(value, Instance):
        for name in ("__str__", "__repr__"):
            found = machine.special(value, name)
            if found is not MISSING:
                return text_of(machine, found)
        return value.text() or f"{value.cls.name}()"
    return describe(value)


def percent(machine: Machine, form: str, values: Value) -> str:
    """`form % values`."""
    named = values if isinstance(values, dict) else {}
    queue = list(values) if isinstance(values, tuple) else [values]

    def replace(match: re.Match[str]) -> str:
        name, flags, width, precision, kind = match.groups()
        if kind == "%":
            return "%"
        if not (queue or name in named):
            raise Refusal("the text has more places than there are values")
        value = named[name] if name else queue.pop(0)
        if isinstance(value, RunValue):
            return value.text()
        if not isinstance(value, int | float | str):
            value = text_of(machine, value)
        try:
            dot = f".{precision}" if precision else ""
            return f"%{flags}{width}{dot}{kind}" % (value,)
        except (TypeError, ValueError, OverflowError):
            raise Refusal(f"`%{kind}` can't show this value") from None

    if "%" in PERCENT.sub("", form):
        raise Refusal("this `%` format can't be followed")
    text = PERCENT.sub(replace, form)
    check_text(len(text))
    return text


def format_value(machine: Machine, value: Value, form: str) -> str:
    """A value as `{value:form}` writes it."""
    if not form or isinstance(value, RunValue):
        return text_of(machine, value)
    if not SPEC.fullmatch(form):
        raise Refusal(f"the format `{form[:20]}` can't be followed")
    if not isinstance(value, int | float | str):
        value = text_of(machine, value)
    try:
        return format(value, form)
    except (TypeError, ValueError, OverflowError):
        raise Refusal(f"the format `{form[:20]}` doesn't fit this value") from None


def format_text(machine: Machine, form: str, args: list[Value], kwargs: dict[str, Value]) -> str:
    """`form.format(...)`; names and numbers only, no attributes."""
    place = iter(range(len(args)))

    def replace(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        name, conversion, spec = match.groups()
        try:
            number = int(name) if name.isdecimal() else next(place) if not name else None
            value = kwargs[name] if number is None else args[number]
        except (KeyError, IndexError, StopIteration):
            raise Refusal(f"there is no value for `{{{name}}}`") from None
        if conversion:
            value = text_of(machine, value, quoted=conversion == "r")
        return format_value(machine, value, spec or "")

    check_text(len(form))
    if set("{}") & set(FIELD.sub("", form)):
        raise Refusal("this format can't be followed", help="names and numbers in braces only")
    text = FIELD.sub(replace, form)
    check_text(len(text))
    return text
