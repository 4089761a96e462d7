"""ONNX's operators: one function each, for data and for tensors that don't depend on it.

On data an operator becomes a step, or a few; of stored tensors and numbers its result is worked
out where they are few, else only its sizes are. `OPERATORS` has them by their type.
"""

from __future__ import annotations

from cnncalc.notations.onnx.reading.operators import (
    arithmetic,
    attention,
    constants,
    dense,
    joining,
    layers,
    masks,
    recurrent,
    reducing,
    reshaping,
    resizing,
    slicing,
)
from cnncalc.notations.onnx.reading.operators.base import OPERATORS, Operator

__all__ = ["OPERATORS", "Operator"]

FILES = (
    arithmetic, attention, constants, dense, joining, layers, masks, recurrent, reducing,
    reshaping, resizing, slicing,
)  # fmt: skip
