"""Text made from values: `%`, `format` and f-strings, with widths kept small."""

from __future__ import annotations

import re
from typing import Any

from cnncalc.notations.source.data import text_of
from cnncalc.notations.source.limits import check_text
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.values import Value

__all__ = ["format_text", "format_value", "percent"]

PERCENT = re.compile(r"%(?:\((\w{1,40})\))?([-+ 0#]{0,3})(\d{0,2})(?:\.(\d{1,2}))?([sdifrgexX%])")
SPEC = re.compile(r"([^{}]?[<>=^])?[-+ ]?#?0?\d{0,2},?(?:\.\d{1,2})?[sdfgexX%n]?")
FIELD = re.compile(r"\{\{|\}\}|\{(\w{0,40})(?:!([rs]))?(?::([^{}]{0,20}))?\}")


def percent(machine: Any, form: str, values: Value) -> str:
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


def format_value(machine: Any, value: Value, form: str) -> str:
    """A value as `{value:form}` writes it."""
    if not form:
        return text_of(machine, value)
    if not SPEC.fullmatch(form):
        raise Refusal(f"the format `{form[:20]}` can't be followed")
    if not isinstance(value, int | float | str):
        value = text_of(machine, value)
    try:
        return format(value, form)
    except (TypeError, ValueError, OverflowError):
        raise Refusal(f"the format `{form[:20]}` doesn't fit this value") from None


def format_text(machine: Any, form: str, args: list[Value], kwargs: dict[str, Value]) -> str:
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
