"""Masks: which values count, as attention has them. They move nothing and change no size."""

from __future__ import annotations

from cnncalc.notations.source.arithmetic import broadcast, sizes_without_batch
from cnncalc.notations.source.axes import outer_shape
from cnncalc.python.functions import Method
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe
from cnncalc.tracing.tensors import Static, Tensor

__all__ = ["MASKS"]


def masked_fill(machine: Machine, tensor: Value, mask: Value, value: Value) -> Value:
    """`x.masked_fill(mask, value)` with a mask that doesn't depend on the input."""
    if not isinstance(mask, Static):
        raise Refusal(f"a mask of {describe(mask)} can't be followed")
    if isinstance(tensor, Static):
        shape = broadcast(outer_shape(tensor), outer_shape(mask))
        return Static(shape, tensor.sources)
    sizes_without_batch(tensor, mask)
    broadcast(outer_shape(tensor), outer_shape(mask))
    return tensor


def where(machine: Machine, condition: Value, input: Value, other: Value) -> Value:
    """`torch.where(mask, x, -1e9)`: with a number beside a tensor, that tensor."""
    kept = [each for each in (input, other) if isinstance(each, Tensor | Static)]
    if len(kept) == 2 and any(isinstance(each, Static) and each.count == 1 for each in kept):
        kept.sort(key=lambda each: isinstance(each, Static) and each.count == 1)
        kept.pop()
    if len(kept) != 1:
        raise Refusal("`torch.where` of two tensors can't be followed")
    return masked_fill(machine, kept[0], condition, 0)


def triangle(machine: Machine, tensor: Value, diagonal: Value = 0) -> Value:
    """`torch.tril` and `torch.triu` of what doesn't depend on the input."""
    if not isinstance(tensor, Static):
        raise Refusal("a triangle of what flows can't be followed")
    return Static(tensor.shape, tensor.sources)


MASKS: dict[str, Method] = {
    "masked_fill": masked_fill,
    "where": where,
    "tril": triangle,
    "triu": triangle,
}
