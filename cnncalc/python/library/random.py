"""The seed of `random`; what it draws is not known here."""

from __future__ import annotations

from cnncalc.python.values import Silent, Value

__all__ = ["NAMES"]

NAMES: dict[str, Value] = {"seed": Silent("random.seed")}
