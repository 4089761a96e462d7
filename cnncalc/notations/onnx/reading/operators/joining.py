"""Data put together along an axis, also with tensors that don't depend on it."""

from __future__ import annotations

from collections.abc import Sequence

import cnncalc.notations.onnx.reading.shapes as shapes
from cnncalc.layers import KINDS
from cnncalc.layers.base import show
from cnncalc.notations.onnx.reading.call import Call, plain
from cnncalc.notations.onnx.reading.model import MAX_VALUES, check_bounds
from cnncalc.notations.onnx.reading.operators.arithmetic import is_weight
from cnncalc.notations.onnx.reading.operators.base import Either, operator
from cnncalc.tracing.constants import one_after_another
from cnncalc.tracing.joins import blocks, extended
from cnncalc.tracing.tensors import Static, Tensor


@operator("Concat", batch="any")
def concat(call: Call, *inputs: Either, axis: int = 1) -> Either:
    """Joined along an axis; beside data, tensors without elements are left out."""
    fixed = [each for each in inputs if isinstance(each, Static)]
    if len(fixed) == len(inputs):
        return joined(call, fixed, shapes.place(axis, len(fixed[0].shape)))
    parts = [each for each in inputs if isinstance(each, Tensor) or each.count]
    first = next(each for each in parts if isinstance(each, Tensor))
    call.batch_axis()  # refused where it differs
    place = call.axis(axis, first, "joins along")
    if len(parts) == 1:
        return call.same(first)
    tensors = []
    for block in blocks(parts):
        tensor = longer(call, block.tensor, block.after, place, False)
        tensors.append(longer(call, tensor, block.before, place, True))
    return call.add(KINDS["cat"](place), tensors) if len(tensors) > 1 else tensors[0]


def joined(call: Call, parts: Sequence[Static], axis: int) -> Static:
    """Tensors that don't depend on the data, one after another."""
    check_bounds(shapes.concatenated([each.shape for each in parts], axis))
    call.spend(sum(4 * len(each.sources) + len(each.values or ()) for each in parts))
    return one_after_another(parts, axis, MAX_VALUES)


def longer(call: Call, data: Tensor, fixed: list[Static], axis: int, front: bool) -> Tensor:
    """Data that is longer along an axis by tensors that don't depend on it."""
    if not fixed:
        return data
    whole = fixed[0] if len(fixed) == 1 else joined(call, fixed, data.batch.outer(axis))
    sizes = call.of_sample(whole.shape, data)
    rest = data.shape[:axis], data.shape[axis + 1 :]
    if len(sizes) != len(data.shape) or (sizes[:axis], sizes[axis + 1 :]) != rest:
        call.refuse(f"{show(data.shape)} and {show(sizes)} can't be joined", code="branches")
    stored = is_weight(whole)
    fill = None if stored or whole.uniform is None else plain(whole.uniform)
    role = "parameter" if stored else "constant"
    part = extended(data.shape, axis, sizes[axis], front, fill, role)
    return call.add_all(data, [part], call.view(whole, sizes) if stored else None)
