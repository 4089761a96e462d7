"""Room on Python's own stack: calls cost the same at any depth."""

from __future__ import annotations

import platform
from collections.abc import Callable

import pytest

from cnncalc.python.stack import with_room

resource = pytest.importorskip("resource")  # of Unix alone
pytestmark = pytest.mark.skipif(
    platform.python_implementation() != "CPython", reason="only CPython's stack has such pieces"
)
CALLS = 2_000


def leaf(depth: int) -> int:
    return leaf(depth - 1) if depth else 0


def looping(depth: int) -> int:
    """A loop of calls, so many calls deep."""
    return looping(depth - 1) if depth else sum(leaf(3) for _ in range(CALLS))


def most_pages(work: Callable[[int], int]) -> int:
    """The pages that a loop is given at the depth where it is given most."""
    most = 0
    for depth in range(0, 300, 3):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        work(depth)
        most = max(most, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    return most


def test_calls_take_no_pages_at_any_depth() -> None:
    assert most_pages(with_room(looping)) < CALLS // 4


def test_without_room_they_do() -> None:
    """Once this fails, `with_room` can go."""
    assert most_pages(looping) >= CALLS


def test_a_function_stays_what_it_is() -> None:
    @with_room
    def added(a: int, *, b: int = 1) -> int:
        """A sum."""
        return a + b

    assert (added(1), added(1, b=2), added.__name__, added.__doc__) == (2, 3, "added", "A sum.")
