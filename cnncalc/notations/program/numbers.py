"""The whole numbers in a call, and the arguments that they belong to."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import NamedTuple

__all__ = ["Slot", "filled", "slots"]

Names = Callable[[str], tuple[str, ...]]


class Slot(NamedTuple):
    """A number, the argument that it is of (or in), and where it stands in the call."""

    value: int
    name: str
    start: int
    end: int


def slots(call: str | None, names: Names) -> list[Slot]:
    """The numbers of a call, from left to right.

    Args:
        call: such as `nn.Conv2d(3, 16, 3, padding=1)`.
        names: the parameters of a class, by the call's last word.
    """
    if call is None:
        return []
    return sorted(_found(ast.parse(call, mode="eval").body, "size", names), key=lambda s: s.start)


def _found(node: ast.expr, name: str, names: Names) -> Iterator[Slot]:
    if isinstance(node, ast.Constant):
        if type(node.value) is int:
            yield Slot(node.value, name, node.col_offset, node.end_col_offset or 0)
    elif isinstance(node, ast.Tuple):
        for each in node.elts:
            yield from _found(each, name, names)
    elif isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        known = names(called)
        for place, argument in enumerate(node.args):
            yield from _found(argument, known[place] if place < len(known) else name, names)
        for keyword in node.keywords:
            yield from _found(keyword.value, keyword.arg or name, names)


def filled(call: str | None, words: Iterator[str | None] | None) -> str | None:
    """The call with a word in each number's place (None leaves it); without words, with `_`."""
    if call is None:
        return None
    parts, at = [], 0
    for slot in slots(call, lambda name: ()):
        word = next(words) if words else "_"
        parts += [call[at : slot.start], call[slot.start : slot.end] if word is None else word]
        at = slot.end
    return "".join([*parts, call[at:]])
