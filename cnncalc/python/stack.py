"""Python's own stack, on which one call of a source takes a dozen calls here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

__all__ = ["with_room"]

P = ParamSpec("P")
T = TypeVar("T")
ROOM = 2**16  # values of 8 bytes: more than the deepest calls take that are followed


def with_room(work: Callable[P, T]) -> Callable[P, T]:
    """A function below which calls take the same time at any depth.

    CPython's stack is made of pieces of 16 KB. A loop near the end of one asks the system for the
    next with each of its calls, and gives it back: a third of the time of a deep model. A call that
    says to need more gets a piece of the next power of two, so that as much again is left behind
    it. Of what nobody uses of that there is an address, but no memory.
    """

    def called(*args: P.args, **kwargs: P.kwargs) -> T:
        return work(*args, **kwargs)

    called.__code__ = called.__code__.replace(co_stacksize=ROOM)
    return wraps(work)(called)
