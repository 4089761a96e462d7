"""The parameters of a function of the source: found once, however often it is called."""

from __future__ import annotations

import ast

__all__ = ["Parameters"]


class Parameters:
    """What a function takes.

    Attributes:
        places: those that have a place, in order.
        keywords: those that may be given by name.
        named: those that must be, in order.
        rest: the one that takes further arguments, or None.
        others: the one that takes further keywords, or None.
    """

    __slots__ = ("keywords", "named", "others", "places", "rest")

    def __init__(self, node: ast.arguments) -> None:
        self.places = [each.arg for each in (*node.posonlyargs, *node.args)]
        self.named = [each.arg for each in node.kwonlyargs]
        self.keywords = {each.arg for each in (*node.args, *node.kwonlyargs)}
        self.rest = node.vararg.arg if node.vararg else None
        self.others = node.kwarg.arg if node.kwarg else None
