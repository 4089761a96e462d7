"""What a model may ask of `sys`."""

from __future__ import annotations

from cnncalc.python.values import Value

__all__ = ["NAMES"]

NAMES: dict[str, Value] = {"maxsize": 2**63 - 1}
