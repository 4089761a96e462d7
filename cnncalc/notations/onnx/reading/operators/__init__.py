"""ONNX's operators: one function each, for data and for tensors that don't depend on it.

On data an operator becomes a step, or a few; of stored tensors and numbers its result is worked
out where they are few, else only its sizes are. `OPERATORS` has them by their type.
"""

from __future__ import annotations

from cnncalc.frameworks.onnx.activation import ACTIVATIONS
from cnncalc.notations.onnx.reading.operators import (
    arithmetic,
    constants,
    dense,
    joining,
    layers,
    reducing,
    reshaping,
    resizing,
    slicing,
)
from cnncalc.notations.onnx.reading.operators.base import OPERATORS

__all__ = ["OPERATORS", "ROW_BY_ROW"]

FILES = (arithmetic, constants, dense, joining, layers, reducing, reshaping, resizing, slicing)

# Those that do the same to each row of a matrix, so that it makes no difference to them
# whether its rows are those of one sample or of all.
ROW_BY_ROW = frozenset(ACTIVATIONS) | {"Add", "Clip", "Div", "Gemm", "MatMul", "Mul", "Sub"}
