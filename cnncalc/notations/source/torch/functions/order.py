"""Values in another order along an axis: flip, roll."""

from __future__ import annotations

from cnncalc.notations.source.axes import axis_of, inner_axis
from cnncalc.notations.source.torch.functions.indexing import chosen
from cnncalc.notations.source.torch.functions.view import sizes_given
from cnncalc.python.functions import Method
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe
from cnncalc.tracing.tensors import Static

__all__ = ["ORDER"]


def flip(machine: Machine, input: Value, *dims: Value, **options: Value) -> Value:
    """`torch.flip(x, (2, 3))`: the values from the last to the first."""
    axes = sizes_given(machine, (*dims, *options.values()))
    if isinstance(input, Static):
        return reordered(input, axes)
    tensor = input
    for dim in axes:
        size = tensor.shape[inner_axis(tensor, dim, "flip")]
        tensor = chosen(machine, tensor, axis_of(tensor, dim), [*reversed(range(size))])
    return tensor


def roll(machine: Machine, input: Value, shifts: Value, dims: Value = None) -> Value:
    """`torch.roll(x, 1, 2)`: the values moved on, the last ones to the front."""
    if dims is None:
        raise Refusal(
            "this `roll` runs through all values, and so mixes the samples of a batch",
            help="`torch.roll(x, shift, dim)` keeps to one axis",
            code="batch-axis",
        )
    steps, axes = sizes_given(machine, (shifts,)), sizes_given(machine, (dims,))
    if len(steps) != len(axes):
        raise Refusal(f"`roll` has {len(steps)} shifts for {len(axes)} axes")
    if isinstance(input, Static):
        return reordered(input, axes)
    tensor = input
    for step, dim in zip(steps, axes, strict=True):
        size = tensor.shape[inner_axis(tensor, dim, "roll")]
        if not isinstance(step, int):
            raise Refusal(f"{describe(step)} is no whole number to roll by")
        places = [(place - step) % size for place in range(size)]
        tensor = chosen(machine, tensor, axis_of(tensor, dim), places)
    return tensor


def reordered(tensor: Static, dims: list[Value]) -> Static:
    """Weights or constants in another order: what is the same everywhere stays known."""
    for dim in dims:
        axis_of(tensor, dim)
    return tensor.shaped(tensor.shape)


ORDER: dict[str, Method] = {"flip": flip, "roll": roll}
