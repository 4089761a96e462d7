"""Tensors' sizes and axes as the source sees them, with the batch among them."""

from __future__ import annotations

from cnncalc.layers.base import Shape
from cnncalc.python.exceptions import raised
from cnncalc.python.iteration import content_of
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import (
    Instance,
    SetValue,
    Value,
    describe,
)
from cnncalc.tracing.batch_axis import FIRST
from cnncalc.tracing.tensors import Pile, Static, Tensor

__all__ = ["axis_of", "inner_axis", "inner_shape", "outer_shape", "sample_shape", "tensors_in"]


def outer_shape(value: Value) -> tuple[Value, ...]:
    """A tensor's sizes as its source sees them, with that of the batch."""
    # (Keras has its own order; see keras/tensors.)
    if isinstance(value, Tensor):
        return value.sizes
    return tuple(value.shape)


def inner_shape(value: Value) -> Shape:
    """A tensor's sizes without the batch, as layers see them."""
    if isinstance(value, Tensor):
        return value.shape
    if not isinstance(value, Static):
        raise Refusal(f"a tensor is wanted here, not {describe(value)}")
    if len(value.shape) < 2:
        raise Refusal("a layer works on a batch of samples; this tensor has no axis for it")
    return tuple(value.shape[1:])


def sample_shape(value: Value) -> Shape:
    """What a layer that wants the batch in front sees of a tensor: all but the axis it is in."""
    if not isinstance(value, Tensor):
        return inner_shape(value)
    return value.shape[: value.batch.place] + value.shape[value.batch.merged.stop :]


def axis_of(value: Value, axis: Value) -> int:
    """An axis number from the front, the batch counted."""
    rank = len(outer_shape(value))
    if isinstance(axis, bool) or not isinstance(axis, int):
        raise Refusal(f"{describe(axis)} is no axis")
    if not -rank <= axis < rank:
        raise raised("IndexError", f"a tensor of {rank} axes has no axis {axis}")
    return axis % rank


def inner_axis(value: Value, axis: Value, what: str) -> int:
    """An axis of a flowing tensor without counting the batch; the batch is refused."""
    place = axis_of(value, axis)
    inner = (value.batch if isinstance(value, Tensor) else FIRST).inner(place)
    if inner is None:
        raise Refusal(
            f"`{what}` along axis {place} mixes the samples of a batch",
            help="axis 0 is the batch, 1 the channels" if place == 0 else None,
            code="batch-axis",
        )
    return inner


def tensors_in(value: Value, depth: int = 0) -> list[Tensor]:
    """The tensors in what a forward returns, in order."""
    value = content_of(value)
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Pile) and value.separate:
        value = value.parts
    if depth > 4:
        return []
    if isinstance(value, dict):
        value = list(value.values())
    elif isinstance(value, SetValue):
        value = list(value.items)
    elif isinstance(value, Instance):
        value = list(value.fields.values())
    if isinstance(value, list | tuple):
        return [tensor for each in value for tensor in tensors_in(each, depth + 1)]
    return []
