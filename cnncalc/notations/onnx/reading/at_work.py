"""An operator at work on data, wherever the batch stands in it."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from cnncalc.errors import LayerError
from cnncalc.notations.onnx.reading.call import Call
from cnncalc.notations.onnx.reading.operators import Operator
from cnncalc.notations.onnx.reading.operators.base import Made
from cnncalc.notations.onnx.reading.values import Value
from cnncalc.tracing.batch_axis import BatchAxis
from cnncalc.tracing.tensors import Static, Tensor

__all__ = ["of_data", "results"]


def of_data(call: Call, operator: Operator) -> list[Value]:
    """What an operator gives of data.

    Raises:
        LayerError: it wants the batch in front, and that is elsewhere.
    """
    if operator.batch == "any":
        return results(call, operator)
    batch = call.batch_axis()
    if not batch or (batch.place and operator.batch == "first, or any alone"):
        return results(call, operator)
    if batch.place:
        call.refuse(
            f"its input has the batch on axis {batch.place}, and this wants it in front",
            "a Transpose moves it there",
            code="batch",
        )
    return _on_frames(call, operator, batch)


def _on_frames(call: Call, operator: Operator, batch: BatchAxis) -> list[Value]:
    """The same at every one of the frames that are one axis with the batch."""
    axes = len(batch.merged)
    flows = [each for each in call.inputs if isinstance(each, Tensor)]
    frames = {each.shape[:axes] for each in flows}
    others = [each for each in call.inputs if not isinstance(each, Tensor | Static | None)]
    if len(frames) > 1 or others:
        call.refuse("it joins data with frames in its batch and other data", code="batch")
    call.inputs = [
        Tensor(each.number, each.shape[axes:]) if isinstance(each, Tensor) else each
        for each in call.inputs
    ]
    call.batch *= prod(frames.pop())
    call.steps.frames = axes
    try:
        found = results(call, operator)
    finally:
        call.steps.frames = 0
    if not all(isinstance(each, Tensor | Static | None) for each in found):
        call.refuse("it works across the frames in a batch", code="batch")
    return [_with_frames(call, each, batch) for each in found]


def _with_frames(call: Call, value: Value, batch: BatchAxis) -> Value:
    """Data of one frame as that of all in the batch."""
    if not isinstance(value, Tensor):
        return value
    return Tensor(value.number, call.records[value.number].shape, batch)


def results(
    call: Call,
    operator: Operator | Callable[[Call], Made],
    wrong: str = "its attributes and inputs don't fit together",
) -> list[Value]:
    """What an operator gives; LayerError for a node that makes no sense."""
    try:
        found = operator(call)
    except LayerError:
        raise
    except (ArithmeticError, LookupError, MemoryError, TypeError, ValueError):
        raise LayerError(wrong, code="onnx") from None
    return list(found) if isinstance(found, list) else [found]
