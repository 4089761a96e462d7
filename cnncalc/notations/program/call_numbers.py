"""The calls of a program as text whose whole numbers can be read, left out and put in."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from cnncalc.frameworks.base import form_of

__all__ = [
    "Signatures",
    "Slot",
    "bare",
    "completed",
    "defaults",
    "filled",
    "once",
    "repeated",
    "signature_of",
    "slots",
]

# The parameters of a class or function with their defaults (None: none that is a whole number).
Signatures = Callable[[str], Mapping[str, int | None]]

REPEAT = "_repeat"  # which is no block: their names begin with a letter


class Slot(NamedTuple):
    """A number, the argument that it is of (or in), and where it stands in the call."""

    value: int
    name: str
    start: int
    end: int


def slots(call: str | None, signatures: Signatures) -> list[Slot]:
    """The numbers of a call such as `nn.Conv2d(3, 16, 3, padding=1)`, from left to right."""
    if call is None:
        return []
    return sorted(_found(_parsed(call), "size", signatures), key=lambda slot: slot.start)


def _parsed(call: str) -> ast.expr:
    return ast.parse(call, mode="eval").body


def _found(node: ast.expr, name: str, signatures: Signatures) -> Iterator[Slot]:
    if isinstance(node, ast.Constant):
        if type(node.value) is int:
            yield Slot(node.value, name, node.col_offset, node.end_col_offset or 0)
    elif isinstance(node, ast.Tuple):
        for each in node.elts:
            yield from _found(each, name, signatures)
    elif isinstance(node, ast.Call):
        known = tuple(_signature(node, signatures))
        for place, argument in enumerate(node.args):
            yield from _found(argument, known[place] if place < len(known) else name, signatures)
        for keyword in node.keywords:
            yield from _found(keyword.value, keyword.arg or name, signatures)


def _signature(node: ast.Call, signatures: Signatures) -> Mapping[str, int | None]:
    called = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
    return {"block": None, "blocks": None} if called == REPEAT else signatures(called)


def filled(call: str | None, words: Iterator[str | None] | None) -> str | None:
    """The call with a word in each number's place (None leaves it); without words, with `_`."""
    if call is None:
        return None
    parts, at = [], 0
    for slot in slots(call, lambda name: {}):
        word = next(words) if words else "_"
        parts += [call[at : slot.start], call[slot.start : slot.end] if word is None else word]
        at = slot.end
    return "".join([*parts, call[at:]])


def bare(call: str | None, signatures: Signatures) -> tuple[str | None, dict[str, int]]:
    """The call without the numbers that it could leave out, and those numbers by their names."""
    if call is None:
        return None, {}
    inner, times = once(call)
    node = _parsed(inner)
    if not isinstance(node, ast.Call):
        return call, {}
    known = _signature(node, signatures)
    optional = {
        each.arg: each.value.value
        for each in node.keywords
        if each.arg and isinstance(each.value, ast.Constant)
        and type(each.value.value) is int and known.get(each.arg) is not None
    }  # fmt: skip
    kept = {each.arg: each.value for each in node.keywords if each.arg and each.arg not in optional}
    return _again(_written(inner, node, kept, known), times), optional


def defaults(call: str | None, signatures: Signatures) -> dict[str, int]:
    """The numbers that a call of this class or function may leave out."""
    node = _parsed(once(call or "0")[0])
    known = _signature(node, signatures) if isinstance(node, ast.Call) else {}
    return {name: number for name, number in known.items() if number is not None}


def signature_of(function: Callable[..., object]) -> dict[str, int | None]:
    """The parameters of a function, with those defaults that are whole numbers."""
    return {
        name: each.default if type(each.default) is int else None
        for name, each in form_of(function).parameters.items()
    }


def completed(call: str | None, given: Mapping[str, int], signatures: Signatures) -> str | None:
    """A bare call with numbers that it left out, each at its parameter's place."""
    if call is None or not given:
        return call
    inner, times = once(call)
    node = _parsed(inner)
    assert isinstance(node, ast.Call)
    kept = {each.arg: each.value for each in node.keywords if each.arg}
    return _again(_written(inner, node, kept | dict(given), _signature(node, signatures)), times)


def _written(
    call: str, node: ast.Call, keywords: Mapping[str, ast.expr | int], known: Mapping[str, object]
) -> str:
    """The call with these keyword arguments, in the order of its parameters."""
    order = {name: place for place, name in enumerate(known)}
    named = sorted(keywords, key=lambda name: order.get(name, len(order)))
    arguments = [_text(call, each) for each in node.args]
    arguments += [f"{name}={_text(call, keywords[name])}" for name in named]
    return f"{_text(call, node.func)}({', '.join(arguments)})"


def _text(call: str, node: ast.expr | int) -> str:
    return str(node) if isinstance(node, int) else call[node.col_offset : node.end_col_offset]


def repeated(call: str, times: int) -> str:
    """A call that is made some times, one after another."""
    return f"{REPEAT}({call}, {times})"


def once(call: str) -> tuple[str, str]:
    """A call that may be repeated, and how often: a number or a parameter's name."""
    match = re.fullmatch(rf"{REPEAT}\((.*), (\w+)\)", call, re.DOTALL)
    return (match[1], match[2]) if match else (call, "")


def _again(call: str, times: str) -> str:
    return f"{REPEAT}({call}, {times})" if times else call
