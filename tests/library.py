"""The shipped examples, the recorded oracles and the report's fields, as tests read them."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cnncalc import Report, analyze
from cnncalc.rows import Row

Document = dict[str, Any]

EXAMPLES = Path(__file__).parents[1] / "examples"
ORACLES = Path(__file__).parent / "oracles"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.cnn"))


def text(name: str) -> str:
    """The text of a shipped example."""
    return (EXAMPLES / f"{name}.cnn").read_text(encoding="utf-8")


@cache
def report(name: str) -> Report:
    """A shipped example at its own input size."""
    return analyze(text(name))


@contextmanager
def traced() -> Iterator[Callable[[], tuple[int, int]]]:
    """What the objects made in a block take, now and at most, in bytes."""
    tracemalloc.start()
    try:
        yield tracemalloc.get_traced_memory
    finally:
        tracemalloc.stop()


@cache
def oracle(file: str) -> Any:
    """What a file of recorded results holds: a document, or the list of its lines."""
    content = (ORACLES / file).read_text(encoding="utf-8")
    if file.endswith(".jsonl"):
        return [json.loads(line) for line in content.splitlines() if line]
    return json.loads(content)


def examples(quick: float, slow: float = 0) -> list[Any]:
    """The shipped examples as parameters, marked by their MACs.

    Up to `quick` they have no mark, above that up to `slow` they are slow, else thorough.
    """

    def marks(macs: int) -> Any:
        return () if macs <= quick else pytest.mark.slow if macs <= slow else pytest.mark.thorough

    return [pytest.param(name, marks=marks(report(name).total.macs)) for name in NAMES]


def field(report: Report, row: Row) -> Document:
    """The document's `receptive_field` of a row."""
    return report.fields[row.index].to_dict(report.input)


def interval(seen: Document, axis: int, o: int) -> list[int]:
    """First and last input index that output `o` sees, as the contract has it."""
    jump = seen["jump"][axis]
    if seen["phases"] is None:
        first, size = seen["start"][axis] + jump * o, seen["size"][axis]
    else:
        phases = seen["phases"][axis]
        turn, phase = divmod(o, len(phases))
        start, size = phases[phase]
        first = start + len(phases) * jump * turn
    return [first, first + size - 1]


def named(report: Report, name: str) -> Row:
    """The one row of a name."""
    (row,) = (row for row in report.rows if row.name == name)
    return row
