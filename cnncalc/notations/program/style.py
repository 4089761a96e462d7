"""Python statements laid out as ruff and Black do, within 88 columns."""

from __future__ import annotations

__all__ = ["WIDTH", "statement"]

WIDTH = 88
INDENT = "    "
OPENERS = {"(": ")", "[": "]", "{": "}"}


def statement(text: str, indent: str = "", tail: str = "") -> list[str]:
    """The lines of a statement that is written on one line.

    A trailing comma in a call keeps its arguments on lines of their own.

    Args:
        text: the statement.
        indent: what stands before it.
        tail: what follows its last line, such as a comma.
    """
    opened = _last_bracket(text)
    exploded = opened is not None and _is_magic(text, opened)
    if not exploded and len(indent) + len(text) + len(tail) <= WIDTH:
        return [f"{indent}{text}{tail}"]
    if opened is None:
        return _wrapped(text, indent, tail)
    head, inner, closer = text[: opened + 1], text[opened + 1 : -1], text[-1] + tail
    deeper = indent + INDENT
    if not exploded and len(deeper) + len(inner) <= WIDTH:
        return [indent + head, deeper + inner, indent + closer]
    parts = [line for part in split(inner) for line in statement(part, deeper, ",")]
    return [indent + head, *parts, indent + closer]


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


def _last_bracket(text: str) -> int | None:
    """Where the bracket opens that the text ends with."""
    stack: list[int] = []
    quoted = ""
    last = None
    for at, character in enumerate(text):
        if quoted:
            quoted = "" if character == quoted else quoted
        elif character in "\"'":
            quoted = character
        elif character in OPENERS:
            stack.append(at)
        elif character in OPENERS.values():
            last = stack.pop()
            if not stack and at == len(text) - 1:
                return last
    return None


def _is_magic(text: str, opened: int) -> bool:
    """Whether a trailing comma asks for lines; a tuple of one needs its comma anyway."""
    one_tuple = text[opened] == "(" and not text[:opened].strip()[-1:].isidentifier()
    trailing = text[:-1].endswith(",")
    return trailing and not (one_tuple and len(split(text[opened + 1 : -1])) == 1)


def split(text: str) -> list[str]:
    """The parts between commas that no bracket or quote holds."""
    parts, depth, quoted, start = [], 0, "", 0
    for at, character in enumerate(text):
        if quoted:
            quoted = "" if character == quoted else quoted
        elif character in "\"'":
            quoted = character
        elif character in OPENERS:
            depth += 1
        elif character in OPENERS.values():
            depth -= 1
        elif character == "," and not depth:
            parts.append(text[start:at].strip())
            start = at + 1
    rest = text[start:].strip()
    return [*parts, rest] if rest else parts
