"""Which argument of a call is to blame for what a layer objects to."""

from __future__ import annotations

import ast
from collections.abc import Callable
from inspect import signature

from cnncalc.errors import Span
from cnncalc.frameworks.counterparts import OPTIONS

__all__ = ["argument"]

# Arguments that give an option of a layer without meaning it alone.
NAMES = {**OPTIONS, "channels": ("padding",), "interval": ("dim",)}


def argument(call: Span, option: str, reader: Callable[..., object] | None) -> Span:
    """The place of the argument that gives an option; the whole call where none is found.

    `reader` has the call's own signature, which says what its positions mean.
    """
    try:
        tree = ast.parse(call.text, mode="eval").body
    except (SyntaxError, ValueError):  # a call that its source has cut
        return call
    if not option or not isinstance(tree, ast.Call):
        return call
    wanted = (option, *NAMES.get(option, ()))
    for keyword in tree.keywords:
        if keyword.arg in wanted:
            return _place(call, keyword)
    names = list(signature(reader).parameters) if reader else []
    for name, given in zip(names, tree.args, strict=False):
        if isinstance(given, ast.Starred):
            break
        if name in wanted:
            return _place(call, given)
    return call


def _place(call: Span, node: ast.keyword | ast.expr) -> Span:
    """A node's place in the source; the parser counts columns in bytes."""
    lines = call.text.splitlines(keepends=True)
    ends = []
    for line, column in ((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)):
        before = sum(map(len, lines[: (line or 1) - 1]))
        head = lines[(line or 1) - 1].encode()[: column or 0].decode()
        ends.append(call.start + before + len(head))
    return Span(call.source, *ends)
