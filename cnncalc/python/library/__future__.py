"""Switches of Python itself, which say nothing about a network."""

from __future__ import annotations

from cnncalc.python.values import Opaque, Value

__all__ = ["NAMES", "OTHERS"]

NAMES: dict[str, Value] = {}
OTHERS = Opaque
