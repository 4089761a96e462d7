"""Python statements laid out as ruff and Black do, within 88 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnncalc.frameworks.calls import LINES

__all__ = ["INDENT", "WIDTH", "parameters", "split", "statement"]

WIDTH = 88
INDENT = "    "
TURNS = " for _ in "  # of a list of modules
OPENERS = {"(": ")", "[": "]", "{": "}"}


def statement(text: str, indent: str = "", tail: str = "") -> list[str]:
    """The lines of a statement that is written on one line.

    Args:
        text: the statement; after a bracket `LINES` asks for lines of their own inside it.
        indent: what stands before it.
        tail: what follows its last line, such as a comma.
    """
    flat = LINES not in text
    if flat and len(indent) + len(text) + len(tail) <= WIDTH:
        return [f"{indent}{text}{tail}"]
    opened = _last_bracket(text)
    if opened is None:
        return _wrapped(text, indent, tail)
    head, inner = text[: opened + 1], text[opened + 1 : -1]
    if len(indent) + len(head) > WIDTH and head[-2] in OPENERS.values():
        return statement(head[:-1], indent, text[opened:] + tail)  # the call before is broken
    name, equals, value = text.partition(" = ")
    wide = flat and len(indent) + len(head) > WIDTH and equals
    if wide and len(indent) + len(INDENT) + len(value) <= WIDTH:  # names that are very long
        return [f"{indent}{name} = (", f"{indent}{INDENT}{value}", f"{indent}){tail}"]
    deeper = indent + INDENT
    if flat and len(deeper) + len(inner) <= WIDTH:
        return [indent + head, deeper + inner, f"{indent}{text[-1]}{tail}"]
    parts = split(inner.removeprefix(LINES))
    element, repeated, source = parts[-1].rpartition(TURNS)
    if repeated and len(parts) == 1 and _is_whole(element):
        lines = [*statement(element, deeper), f"{deeper}{TURNS.lstrip()}{source}"]
        return [indent + head, *lines, f"{indent}{text[-1]}{tail}"]
    hugged = len(parts) == 1 and parts[0][0] in OPENERS
    comma = "" if hugged else ","  # a list that is the one argument needs none
    lines = [line for part in parts for line in statement(part, deeper, comma)]
    return [indent + head, *lines, f"{indent}{text[-1]}{tail}"]


def parameters(first: str, others: Mapping[str, int | None]) -> str:
    """The parameters of a function, with their defaults."""
    named = [name if value is None else f"{name}={value}" for name, value in others.items()]
    return ", ".join([first, *named])


def _wrapped(text: str, indent: str, tail: str) -> list[str]:
    """A sum, a product or a bare tuple in parentheses of its own."""
    head, equals, value = text.rpartition(" = ")
    if not equals:
        head, equals, value = text.partition("return ")[1], "", text.removeprefix("return ")
    deeper = indent + INDENT
    if len(split(value)) > 1:
        parts = [f"{deeper}{part}," for part in split(value)]
    else:
        operator = next((sign for sign in (" + ", " * ") if sign in value), None)
        if operator is None:
            return [f"{indent}{text}{tail}"]  # names this long can't be broken
        first, *others = value.split(operator)
        parts = [deeper + first, *(f"{deeper}{operator.lstrip()}{each}" for each in others)]
    return [f"{indent}{head}{equals}(", *parts, f"{indent}){tail}"]


def _unquoted(text: str) -> Iterator[tuple[int, str]]:
    """The characters that no quote holds, with their places."""
    quoted = ""
    for at, character in enumerate(text):
        if quoted:
            quoted = "" if character == quoted else quoted
        elif character in "\"'":
            quoted = character
        else:
            yield at, character


def _last_bracket(text: str) -> int | None:
    """Where the bracket opens that the text ends with."""
    stack: list[int] = []
    last = None
    for at, character in _unquoted(text):
        if character in OPENERS:
            stack.append(at)
        elif character in OPENERS.values():
            last = stack.pop()
            if not stack and at == len(text) - 1:
                return last
    return None


def _is_whole(text: str) -> bool:
    """Whether every bracket that opens also closes."""
    return all(text.count(opened) == text.count(closed) for opened, closed in OPENERS.items())


def split(text: str) -> list[str]:
    """The parts between commas that no bracket or quote holds."""
    parts, depth, start = [], 0, 0
    for at, character in _unquoted(text):
        if character in OPENERS:
            depth += 1
        elif character in OPENERS.values():
            depth -= 1
        elif character == "," and not depth:
            parts.append(text[start:at].strip())
            start = at + 1
    rest = text[start:].strip()
    return [*parts, rest] if rest else parts
