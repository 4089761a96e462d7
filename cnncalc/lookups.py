"""Whole numbers that embeddings look up: which steps make them, and below which they have to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cnncalc.layers.base import Layer

__all__ = ["Reading", "looked_up", "maker_of"]


class Reading(Protocol):
    """A layer at work, and the numbers of the steps that it reads."""

    @property
    def layer(self) -> Layer: ...
    @property
    def inputs(self) -> tuple[int, ...]: ...


def looked_up(steps: Sequence[Reading]) -> dict[int, int]:
    """The steps whose values are looked up, each with the entries of the least such table.

    They are inputs, and what moves these before an embedding reads them.
    """
    found: dict[int, int] = {}
    for step in steps:
        if step.layer.looks_up:
            _look(steps, step, found)
    return found


def _look(steps: Sequence[Reading], step: Reading, found: dict[int, int]) -> None:
    entries = step.layer.looks_up
    waiting = list(step.inputs)
    while waiting:
        number = waiting.pop()
        if found.get(number, entries + 1) <= entries:
            continue
        found[number] = entries
        if steps[number].layer.carries:
            waiting += steps[number].inputs


def maker_of(steps: Sequence[Reading], number: int) -> int | None:
    """The step whose values an embedding can't look up, since they are no input's; None: none."""
    waiting, seen = list(steps[number].inputs), set[int]()
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        layer = steps[at].layer
        if not layer.carries and layer.kind != "input":
            return at
        waiting += steps[at].inputs
    return None
