"""The abstract numbers."""

from __future__ import annotations

from cnncalc.python.abstract_types import abstract
from cnncalc.python.values import Opaque, Value

__all__ = ["NAMES", "OTHERS"]

NAMES: dict[str, Value] = {
    "Number": abstract("Number", lambda value: isinstance(value, int | float)),
    "Integral": abstract("Integral", lambda value: isinstance(value, int)),
}
OTHERS = Opaque
