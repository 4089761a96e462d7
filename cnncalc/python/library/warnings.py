"""Warnings, which nobody waits for."""

from __future__ import annotations

from cnncalc.python.values import Silent, Value

__all__ = ["NAMES", "OTHERS"]

NAMES: dict[str, Value] = {"": Silent("warnings")}
OTHERS = Silent
