"""Keras tensors: their attributes, axes and slices, and the trace of the steps that make them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnncalc.errors import LayerError
from cnncalc.frameworks.keras import readers
from cnncalc.network import Declared
from cnncalc.notations.source.keras.state import keras_of
from cnncalc.notations.source.layer_arguments import refused
from cnncalc.notations.source.layer_steps import emit
from cnncalc.notations.source.model_trace import ModelTrace
from cnncalc.notations.source.slices import cut, taken
from cnncalc.notations.source.state import state_of
from cnncalc.python.exceptions import raised
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import MISSING, OBJECT, Builtin, Opaque, Value, describe
from cnncalc.tracing.slices import Piece
from cnncalc.tracing.tensors import Operations, Tensor

__all__ = ["KerasTensor", "by_layer", "inner_axis", "keras_readers", "keras_trace", "outer"]


def outer(machine: Machine, tensor: Tensor) -> tuple[Value, ...]:
    """A shape as Keras shows it: None for the batch, then its own order of axes."""
    shape = tensor.shape
    return (None, *keras_of(machine).frame.outside(shape))


def inner_axis(machine: Machine, tensor: Tensor, axis: Value) -> int:
    """Keras's axis number as the axis inside; the batch is refused."""
    rank = len(tensor.shape) + 1
    if isinstance(axis, bool) or not isinstance(axis, int) or not -rank <= axis < rank:
        raise Refusal(f"{describe(axis)} is no axis of a tensor of {rank}")
    if axis % rank == 0:
        raise Refusal("axis 0 is the batch, which can't be followed", code="batch-axis")
    inside: int = keras_of(machine).frame.inside(axis % rank - 1, rank - 1)
    return inside


def attribute_of(machine: Machine, value: Tensor, name: str) -> Value:
    """`tensor.shape` and its kind."""
    if name in ("shape", "_keras_shape"):
        return outer(machine, value)
    if name == "get_shape":
        return Builtin(name, lambda m, args, kwargs: outer(m, value))
    if name in ("ndim", "rank"):
        return len(value.shape) + 1
    if name == "dtype":
        return "float32"
    if name == "name":
        return state_of(machine).steps.records[value.number].name
    if name in ("_keras_history", "op"):
        return Opaque(name)
    if name == "numpy":
        raise Refusal("what is in a tensor isn't known here, only its shape")
    return MISSING


def item_of(machine: Machine, tensor: Tensor, index: Value) -> Value:
    """`x[..., :8]`, `x[:, 0]` and `x[:, None]`: slices, numbers, new axes."""
    parts = list(index) if isinstance(index, tuple) else [index]
    rank = len(tensor.shape) + 1
    named = sum(part is not None and part is not ... for part in parts)
    if ... in [part for part in parts if part is ...]:
        place = next(i for i, part in enumerate(parts) if part is ...)
        parts[place : place + 1] = [slice(None)] * (rank - named)
    if named > rank:
        raise raised("IndexError", f"too many indices for a tensor of {rank} axes")
    if parts[0] != slice(None):
        raise Refusal("this takes a part of the batch, which can't be followed", code="batch-axis")
    kept: dict[int, Piece] = {}
    left: list[int | None] = []  # the axes that stay, and new ones
    for part in parts[1:]:
        axis = len(kept) + 1
        if part is not None:
            inner = inner_axis(machine, tensor, axis)
            kept[inner] = taken(part, tensor.shape[inner])
        if not isinstance(part, int):
            left.append(axis if part is not None else None)
    left += range(len(kept) + 1, rank)
    result = cut(machine, tensor, kept)
    if left == list(range(1, rank)):
        return result
    sizes = outer(machine, result)
    return by_layer(machine, "Reshape", result, tuple(sizes[axis] if axis else 1 for axis in left))


def by_layer(machine: Machine, cls: str, tensor: Value, setting: Value) -> Value:
    """One step of a layer of Keras's vocabulary."""
    try:
        (step,) = keras_readers(machine)[cls](setting)
    except LayerError as error:
        raise refused(error) from None
    return emit(machine, step, [tensor], op=step.layer.kind)


class KerasOperations(Operations):
    """What Keras does with its tensors; arithmetic is the same as that of all others."""

    def attribute(self, machine: Machine, tensor: Tensor, name: str) -> Value:
        return attribute_of(machine, tensor, name)

    def item(self, machine: Machine, tensor: Tensor, index: Value) -> Value:
        return item_of(machine, tensor, index)

    def last_axis(self, machine: Machine) -> int:
        return 0 if keras_of(machine).frame.order == "last" else -1

    def inner_sizes(self, machine: Machine, sizes: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(keras_of(machine).frame.sizes(sizes))


class KerasTensor(Tensor):
    """A tensor of a Keras model; inside its axes are channels first like all others."""

    __slots__ = ()
    operations = KerasOperations
    cls = OBJECT

    def near_attribute(self, machine: Machine, name: str) -> str | None:
        return machine.part(Operations).near_attribute(name)


def keras_trace(machine: Machine) -> ModelTrace:
    """The steps that Keras layers have made so far."""
    state = state_of(machine)
    if state.trace is None:
        state.trace = ModelTrace({}, "/", KerasTensor)
    return state.trace


def keras_readers(machine: Machine) -> Mapping[str, Callable[..., tuple[Declared, ...]]]:
    """Keras's vocabulary in the layout of this source; steps are kept from now on."""
    keras_trace(machine)
    return readers(keras_of(machine).frame)
