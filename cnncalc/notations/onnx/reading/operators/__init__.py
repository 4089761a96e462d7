"""ONNX's operators: one function each, for data and for tensors that don't depend on it.

On data an operator becomes a step, or a few; of stored tensors and numbers its result is worked
out where they are few, else only its sizes are. `OPERATORS` has them by their type.
"""

from __future__ import annotations

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
from cnncalc.notations.onnx.reading.operators.base import OPERATORS, Operator
from cnncalc.tracing.batch_axis import FIRST, BatchAxis
from cnncalc.tracing.tensors import Static, Tensor

__all__ = ["OPERATORS", "batch_behind"]

FILES = (
    arithmetic, attention, constants, dense, joining, layers, recurrent, reducing, reshaping,
    resizing, slicing,
)  # fmt: skip


def batch_behind(call: Call, operator: Operator) -> BatchAxis:
    """Where the batch stands in what an operator gives; LayerError where it has to be in front."""
    flows = [each for each in call.inputs if isinstance(each, Tensor)]
    places = {each.batch for each in flows}
    batch = next((each for each in places if each), FIRST)
    if not batch or operator.batch == "looked up":
        return FIRST
    lined_up = [each for each in call.inputs if isinstance(each, Static) and len(each.shape) > 1]
    if call.node.op == "MatMul":
        lined_up = lined_up[1:] if isinstance(call.inputs[0], Tensor) else lined_up
    last = batch.place == len(flows[0].shape)
    fits = operator.batch == "any" or (operator.batch == "not last" and not last and not lined_up)
    if len(places) > 1 or not fits:
        call.refuse(
            f"its input has the batch on axis {batch.place}, and this wants it in front",
            "a Transpose moves it there",
            code="batch",
        )
    return batch
