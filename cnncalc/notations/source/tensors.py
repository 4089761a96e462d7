"""Tensors as the source sees them: sizes with a batch axis in front, and methods."""

from __future__ import annotations

from typing import Any

from cnncalc.layers.base import Shape
from cnncalc.notations.source.describing import describe
from cnncalc.notations.source.raising import raised
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.values import MISSING, Bound, Builtin, Opaque, Value
from cnncalc.tracing.tensors import Batch, Parameter, Static, Tensor

__all__ = ["axis_of", "inner_axis", "inner_shape", "outer_shape", "tensor_attribute"]


def outer_shape(value: Value) -> tuple[Value, ...]:
    """A tensor's sizes as its source sees them, the batch first."""
    # (Keras has its own order; see keras_layers.)
    if isinstance(value, Tensor):
        return (Batch(), *value.shape)
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


def axis_of(value: Value, axis: Value) -> int:
    """An axis number from the front, the batch being 0."""
    rank = len(outer_shape(value))
    if isinstance(axis, bool) or not isinstance(axis, int):
        raise Refusal(f"{describe(axis)} is no axis")
    if not -rank <= axis < rank:
        raise raised("IndexError", f"a tensor of {rank} axes has no axis {axis}")
    return axis % rank


def inner_axis(value: Value, axis: Value, what: str) -> int:
    """An axis of a flowing tensor without counting the batch; the batch is refused."""
    place = axis_of(value, axis)
    if place == 0:
        raise Refusal(
            f"`{what}` along axis 0 mixes the samples of a batch",
            help="axis 0 is the batch, 1 the channels",
            code="batch-axis",
        )
    return place - 1


FIXED: dict[str, Value] = {
    "dtype": Opaque("torch.float32"),
    "device": Opaque("torch.device", type="cpu", index=None),
    "requires_grad": False,
    "is_cuda": False,
    "is_quantized": False,
    "grad": None,
    "layout": Opaque("torch.strided"),
}


def tensor_attribute(machine: Any, value: Value, name: str) -> Value:
    """`tensor.name`."""
    if name == "shape":
        return outer_shape(value)
    if name == "ndim":
        return len(outer_shape(value))
    if name == "data":
        return value
    if isinstance(value, Parameter) and name == "requires_grad":
        return value.trainable
    if name in FIXED:
        return FIXED[name]
    if name == "__class__":
        return MISSING
    if name == "T" and len(outer_shape(value)) == 2:
        name = "t"
        return machine.call(tensor_attribute(machine, value, name), [], {})
    from cnncalc.notations.source.torch_functions import METHODS

    stem = name[:-1] if name.endswith("_") and not name.endswith("__") else name
    found = METHODS.get(stem)
    if found is None:
        return MISSING
    return Bound(Builtin(name, lambda m, args, kwargs: found(m, *args, **kwargs)), value)
