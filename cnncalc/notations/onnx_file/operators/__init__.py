"""ONNX's operators on data: each becomes a step, or a few.

`OPERATORS` maps an operator's type to its handler, a function of a `Call` that gives the output
(or a list of them). Handlers are found in this folder by the table that each file fills.
"""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.frameworks.onnx.activation import ACTIVATIONS
from cnncalc.notations.onnx_file.call import Call
from cnncalc.notations.onnx_file.operators.dense import DENSE
from cnncalc.notations.onnx_file.operators.elementwise import ELEMENTWISE
from cnncalc.notations.onnx_file.operators.joining import JOINING
from cnncalc.notations.onnx_file.operators.layers import LAYERS
from cnncalc.notations.onnx_file.operators.reducing import REDUCING
from cnncalc.notations.onnx_file.operators.reshaping import RESHAPING
from cnncalc.notations.onnx_file.operators.resizing import RESIZING
from cnncalc.notations.onnx_file.operators.slicing import SLICING
from cnncalc.notations.onnx_file.records import Value

__all__ = ["OPERATORS", "ROW_BY_ROW", "Handler"]

Handler = Callable[[Call], Value | list[Value]]

OPERATORS: dict[str, Handler] = {
    **LAYERS,
    **DENSE,
    **ELEMENTWISE,
    **JOINING,
    **REDUCING,
    **RESHAPING,
    **RESIZING,
    **SLICING,
}

# Those that do the same to each row of a matrix, so that it makes no difference to them
# whether its rows are those of one sample or of all.
ROW_BY_ROW = frozenset(ACTIVATIONS) | {"Add", "Clip", "Div", "Gemm", "MatMul", "Mul", "Sub"}
