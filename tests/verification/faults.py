"""Wrong formulas, planted one at a time: what verification has to find."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from cnncalc.axis.windows import Window
from cnncalc.layers import KINDS

__all__ = ["FAULTS", "Moved", "tweaked"]


def tweaked(
    monkeypatch: pytest.MonkeyPatch, kind: str, method: str, change: Callable[[Any], Any]
) -> None:
    """Change what a method of a layer kind says."""
    right = getattr(KINDS[kind], method)
    monkeypatch.setattr(KINDS[kind], method, lambda self, *shapes: change(right(self, *shapes)))


class Moved:
    """A window that reads one index further than it should, whose length is right."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.period = window.period
        slope, low, high = window.hull
        self.hull = slope, low + 1, high + 1

    def length(self, n: int) -> int:
        return self.window.length(n)

    def reads(self, o: int) -> Sequence[int]:
        return [index + 1 for index in self.window.reads(o)]


# Kind of layer, the formula that goes wrong, and how; what verification says of the step.
FAULTS = {
    "shape": ("conv", "output", lambda shape: (shape[0] + 1, *shape[1:]), "shape"),
    "count": ("conv", "weights", lambda weights: weights[:1], "weight bias"),
    "field": ("maxpool", "windows", lambda windows: tuple(map(Moved, windows)), "receptive_field"),
}
