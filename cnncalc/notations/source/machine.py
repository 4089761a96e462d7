"""The interpreter's state, and the one door through which every node is evaluated."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cnncalc.errors import Span, SpecError
from cnncalc.notations.source.limits import Budget
from cnncalc.notations.source.scopes import Module, Scope
from cnncalc.notations.source.stops import Raised, Refusal
from cnncalc.notations.source.values import Instance, Value

if TYPE_CHECKING:
    from cnncalc.layers.base import Shape
    from cnncalc.notations.source.files import SourceFile, Tree
    from cnncalc.notations.source.imports import Imports
    from cnncalc.notations.source.trace import Trace

__all__ = ["FAULTS", "Machine", "handles"]

PYTHON_FRAMES = 9_000  # for this interpreter's own recursion; calls are bounded by the budget
MAX_SITES = 4

# What the interpreter may stumble over where a source makes no sense.
FAULTS: tuple[type[Exception], ...] = (
    ArithmeticError,
    AttributeError,
    LookupError,
    StopIteration,
    TypeError,
    ValueError,
)


class Machine:
    """All that one reading of a source shares.

    Attributes:
        notation: which framework names without an import belong to.
        sites: the calls under way, innermost last.
        running: the modules whose forward is under way, innermost last.
        trace: the steps so far, while the model runs.
    """

    def __init__(self, tree: Tree, budget: Budget, notation: str) -> None:
        from cnncalc.notations.source.imports import Imports

        self.tree = tree
        self.budget = budget
        self.notation = notation
        self.layout = "channels-last" if notation == "keras" else "channels-first"
        self.modules: dict[SourceFile, Module] = {}
        self.imports: Imports = Imports(self)
        self.sites: list[tuple[Module, ast.AST]] = []
        self.running: list[Instance] = []
        self.trace: Trace | None = None
        self.counts: dict[str, int] = {}  # names that Keras has given out
        self.inputs_made = 0  # how many inputs a Keras source has made so far
        self.wanted: dict[int, Shape] = {}  # sizes for them from outside
        self.default_input: Shape | None = None  # for inputs whose size is left open
        self._frame: Any = None

    def start(self, file: SourceFile) -> None:
        """Look at the main file before any of it runs: which layout a Keras model is in."""
        if "channels_first" in file.source.text and self.notation == "keras":
            from cnncalc.frameworks.keras import CHANNELS_FIRST
            from cnncalc.notations.source.keras_names import says_channels_first

            if says_channels_first(file.tree):
                self._frame = CHANNELS_FIRST
                self.layout = CHANNELS_FIRST.layout

    @property
    def frame(self) -> Any:
        """Where Keras's axes are inside."""
        if self._frame is None:
            from cnncalc.frameworks.keras import CHANNELS_LAST

            self._frame = CHANNELS_LAST
        return self._frame

    def keras_readers(self) -> Any:
        """Keras's vocabulary in the layout of this source; steps are kept from now on."""
        from cnncalc.frameworks.keras import readers

        self.keras_trace()
        return readers(self.frame)

    def keras_trace(self) -> Trace:
        """The steps that Keras layers have made so far."""
        from cnncalc.notations.source.keras_layers import KerasTensor
        from cnncalc.notations.source.trace import Trace

        if self.trace is None:
            self.trace = Trace({}, "/", KerasTensor)
        return self.trace

    def module(self, file: SourceFile) -> Module:
        """A file at work; nothing of it has run yet."""
        if file not in self.modules:
            self.modules[file] = Module(self, file)
        return self.modules[file]

    def builtin(self, name: str) -> Value:
        from cnncalc.notations.source.builtin import find_builtin

        return find_builtin(self, name)

    def evaluate(self, scope: Scope, node: ast.expr | ast.stmt) -> Value:
        """The value of an expression; of a statement, a signal where it ends the block."""
        budget = self.budget
        budget.fuel -= 1
        if budget.fuel < 0:
            budget.spend(0)
        handler = HANDLERS.get(node.__class__)
        try:
            if handler is None:
                raise Refusal(f"{name_of(node)} can't be followed")
            return handler(scope, node)
        except (Refusal, Raised) as stop:
            if stop.span is None:
                stop.span = scope.module.file.span(node)
            raise

    def run(self, scope: Scope, body: list[ast.stmt]) -> object:
        """Run statements until one of them ends the block."""
        for statement in body:
            signal = self.evaluate(scope, statement)
            if signal is not None:
                return signal
        return None

    def call(self, function: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
        from cnncalc.notations.source.calls import call

        return call(self, function, args, kwargs)

    def call_at(
        self,
        scope: Scope,
        node: ast.AST,
        function: Callable[[], Value],
    ) -> Value:
        """Work something out as the call that stands at a node."""
        self.sites.append((scope.module, node))
        try:
            return function()
        except (Refusal, Raised) as stop:
            stop.called_from(scope.module.file.span(node))
            raise
        finally:
            self.sites.pop()

    def spans(self) -> tuple[Span, ...]:
        """The places of the calls under way, innermost first."""
        return tuple(module.file.span(node) for module, node in self.sites[: -MAX_SITES - 1 : -1])

    def stumbled(self) -> Refusal:
        """What the interpreter itself could not make sense of, where it stood."""
        refusal = Refusal("this can't be followed")
        refusal.span = next(iter(self.spans()), None)
        return refusal

    def told(self, refusal: Refusal) -> SpecError:
        """What the user sees of a refusal, and what the layers until there want of the input."""
        error = refusal.error()
        error.wants = self.trace.wants() if self.trace is not None else None
        return error

    @contextmanager
    def deep(self) -> Iterator[None]:
        """Room for the interpreter's own recursion, and one kind of error coming out of it."""
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, PYTHON_FRAMES))
        try:
            yield
        except SpecError:
            raise
        except RecursionError:
            raise Refusal("this source is nested too deeply", code="too-deep").error() from None
        except MemoryError:
            raise Refusal("reading this source takes too much memory").error() from None
        except Raised as raised:
            raise self.told(raised.refusal()) from None
        except Refusal as refusal:
            from cnncalc.notations.source.mistakes import (
                with_others,  # only a wrong source needs it
            )

            raise with_others(self, self.told(refusal)) from None
        except FAULTS:
            raise self.told(self.stumbled()) from None
        finally:
            sys.setrecursionlimit(limit)


Handler = Callable[..., Value]
HANDLERS: dict[type[ast.AST], Handler] = {}

NAMES = {
    "Await": "`await`",
    "AsyncFunctionDef": "an async function",
    "AsyncFor": "an async loop",
    "AsyncWith": "an async `with`",
    "Match": "this form of `match`",
    "TemplateStr": "a template string",
    "TypeAlias": "a type alias",
    "TryStar": "`except*`",
}


def name_of(node: ast.AST) -> str:
    """What people call a kind of node."""
    return NAMES.get(type(node).__name__, f"this {type(node).__name__}")


def handles(*kinds: type[ast.AST]) -> Callable[[Handler], Handler]:
    """Register how kinds of expressions are evaluated, or kinds of statements are run."""

    def register(function: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(kinds, function))
        return function

    return register
