"""Tables of how each kind of node is evaluated."""

from __future__ import annotations

import ast
from collections.abc import Callable

from cnncalc.python.values import Value

__all__ = ["Handler", "Handlers"]

Handler = Callable[..., Value]  # (scope, node), each of its own kind of node


class Handlers(dict[type[ast.AST], Handler]):
    """How kinds of expressions are evaluated, or kinds of statements are run."""

    def of(self, *kinds: type[ast.AST]) -> Callable[[Handler], Handler]:
        """Enter the function that is decorated for these kinds."""

        def enter(function: Handler) -> Handler:
            self.update(dict.fromkeys(kinds, function))
            return function

        return enter
