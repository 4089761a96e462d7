"""Calls of Keras's classes as text."""

from __future__ import annotations

from cnncalc.frameworks.calls import Calls, Writer, one
from cnncalc.frameworks.keras import READERS

__all__ = ["CALLS", "Writer", "axes_of", "call", "no_class", "one", "same", "taken"]

CALLS = Calls("Keras", "layers", READERS)
axes_of, call, no_class = CALLS.axes_of, CALLS.call, CALLS.no_class
same, taken = CALLS.same, CALLS.taken
