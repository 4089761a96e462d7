"""Long loops that make nothing but what they keep."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

__all__ = ["keeps_all"]

P = ParamSpec("P")
T = TypeVar("T")


def keeps_all(work: Callable[P, T]) -> Callable[P, T]:
    """A function during which Python doesn't look for unreachable cycles, since there are none.

    The search visits all that was made so far, again and again as it grows: a network of 100,000
    layers would cost half as much again for each of them as one of 1,000.
    """

    @wraps(work)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        if not gc.isenabled():
            return work(*args, **kwargs)
        gc.disable()
        try:
            return work(*args, **kwargs)
        finally:
            gc.enable()

    return wrapped
