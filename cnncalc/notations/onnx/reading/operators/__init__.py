"""ONNX's operators: one function each, for data and for tensors that don't depend on it.

On data an operator becomes a step, or a few; of stored tensors and numbers its result is worked
out where they are few, else only its sizes are. `OPERATORS` has them by their type.
"""

from __future__ import annotations

from cnncalc.frameworks.onnx.activation import ACTIVATIONS, ALONG_AXIS
from cnncalc.notations.onnx.reading.call import Call
from cnncalc.notations.onnx.reading.operators import (
    arithmetic,
    attention,
    constants,
    dense,
    joining,
    layers,
    recurrent,
    reducing,
    reshaping,
    resizing,
    slicing,
)
from cnncalc.notations.onnx.reading.operators.base import OPERATORS
from cnncalc.tracing.batch_axis import FIRST, BatchAxis
from cnncalc.tracing.tensors import Static, Tensor

__all__ = ["OPERATORS", "ROW_BY_ROW", "batch_behind"]

FILES = (
    arithmetic, attention, constants, dense, joining, layers, recurrent, reducing, reshaping,
    resizing, slicing,
)  # fmt: skip

# Those that do the same to each row of a matrix, so that it makes no difference to them
# whether its rows are those of one sample or of all.
ROW_BY_ROW = frozenset(ACTIVATIONS) | {"Add", "Clip", "Div", "Gemm", "MatMul", "Mul", "Sub"}

# Those that look themselves where the batch stands, and those that do the same wherever it does.
ANY_ORDER = frozenset(
    ["GRU", "Gather", "LSTM", "RNN", "Reshape", "Shape", "Size", "Slice", "Transpose"]
)
POINT_BY_POINT = frozenset(ACTIVATIONS) | frozenset(ALONG_AXIS) | {"Clip"}
ALONG_LAST = frozenset(["Add", "Div", "MatMul", "Mul", "Sub"])


def batch_behind(call: Call) -> BatchAxis:
    """Where the batch stands in what an operator gives; LayerError where it has to be in front."""
    flows = [each for each in call.inputs if isinstance(each, Tensor)]
    op, places = call.node.op, {each.batch for each in flows}
    batch = next((each for each in places if each), FIRST)
    if not batch or op in ANY_ORDER:
        return FIRST
    lined_up = [each for each in call.inputs if isinstance(each, Static) and len(each.shape) > 1]
    if op == "MatMul":
        lined_up = lined_up[1:] if isinstance(call.inputs[0], Tensor) else lined_up
    last = batch.place == len(flows[0].shape)
    fits = op in POINT_BY_POINT or (op in ALONG_LAST and not last and not lined_up)
    if len(places) > 1 or not fits:
        call.refuse(
            f"its input has the batch on axis {batch.place}, and this wants it in front",
            "a Transpose moves it there",
            code="batch",
        )
    return batch
