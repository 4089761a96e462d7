"""Logs, which nobody reads."""

from __future__ import annotations

from cnncalc.python.values import Silent, Value

__all__ = ["NAMES", "OTHERS"]

NAMES: dict[str, Value] = {"": Silent("logging")}
OTHERS = Silent
