"""Products with stored matrices: linear layers."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.layers.base import show
from cnncalc.layers.linear import Linear
from cnncalc.notations.onnx_file.call import Call
from cnncalc.notations.onnx_file.model import Constant
from cnncalc.notations.onnx_file.records import Flow, Value

__all__ = ["DENSE"]


def gemm(call: Call) -> Flow:
    """Data times a stored matrix, plus a bias."""
    flow, weight, bias = call.flow(), call.stored(1), call.constant(2)
    if call.integer("transA", 0) or (len(flow.shape) != 1 and not call.by_rows):
        call.refuse(f"it multiplies {show(flow.shape)}, where a vector for each sample is read")
    outputs, inputs = matrix(call, weight, bool(call.integer("transB", 0)))
    if flow.shape[-1] != inputs:
        mismatch(call, flow.shape[-1], inputs)
    if bias is not None and bias.count != outputs:
        call.refuse(f"its bias has {bias.count} values for {outputs} outputs", code="declared")
    layer = Linear(outputs, bias is not None, -1 if call.by_rows else None)
    return call.add(layer, [flow], weight=weight, bias=bias)


def matrix(call: Call, weight: Constant, turned: bool) -> tuple[int, int]:
    """Outputs and inputs of a stored matrix, which has the inputs first unless it is turned."""
    if len(weight.shape) != 2:
        call.refuse(f"its weight is {show(weight.shape)}, where a matrix is read")
    rows, columns = weight.shape
    return (rows, columns) if turned else (columns, rows)


def mismatch(call: Call, features: int, inputs: int) -> None:
    call.refuse(
        f"its weight takes {inputs} features but {features} come in",
        "another input size, such as the one that the model was exported at",
        code="declared",
    )


def matmul(call: Call) -> Flow:
    """Data times a stored matrix along the last axis, or a matrix times data along the one before.

    A product of two data, as attention has it, is refused.
    """
    if all(isinstance(each, Flow) for each in call.inputs):
        call.refuse(
            "a product of two data, as attention has it, can't be followed",
            "networks of convolutions, pools, linear layers and elementwise functions are read",
            code="attention",
        )
    first = isinstance(call.inputs[0], Constant)
    flow, weight = (call.flow(1), call.stored(0)) if first else (call.flow(0), call.stored(1))
    outputs, inputs = matrix(call, weight, turned=first)
    axis = len(flow.shape) - (2 if first else 1)
    if axis < 0:
        call.refuse("it multiplies along the batch axis", code="batch")
    if flow.shape[axis] != inputs:
        mismatch(call, flow.shape[axis], inputs)
    layer = Linear(outputs, False, None if len(flow.shape) == 1 else axis - len(flow.shape))
    return call.add(layer, [flow], weight=weight)


DENSE: dict[str, Callable[[Call], Value | list[Value]]] = {"Gemm": gemm, "MatMul": matmul}
