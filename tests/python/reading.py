"""How the tests of the interpreter read a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.errors import Source
from cnncalc.python.interpreter import Interpreter
from cnncalc.python.iteration import content_of
from cnncalc.python.library import Python
from cnncalc.python.limits import Budget
from cnncalc.python.protocols import Library
from cnncalc.python.source_tree import Tree
from cnncalc.python.values import Iterated, SetValue

__all__ = ["answer", "machine_for"]


def machine_for(libraries: Sequence[Library] = (Python(),)) -> Interpreter:
    """A machine without any files but those that it is given."""
    budget = Budget()
    return Interpreter(Tree(None, budget), budget, libraries)


def answer(text: str, libraries: Sequence[Library] = (Python(),)) -> Any:
    """What a text leaves in `r`, as Python's own, once all of its statements have run."""
    machine = machine_for(libraries)
    with machine.deep():
        module = machine.start(Tree(None, machine.budget).main(Source(text), None))
        for statement in module.statements:
            machine.evaluate(module.scope, statement)
        return plain(module.scope.find("r"))


def plain(value: Any) -> Any:
    """An interpreted value as Python's own."""
    value = content_of(value)
    if isinstance(value, tuple | list):
        return type(value)(plain(each) for each in value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, SetValue):
        return set(value.items)
    if isinstance(value, Iterated):
        return [plain(each) for each in value.items]
    return value
