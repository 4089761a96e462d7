"""Values in another order along an axis: flip, fliplr, roll, rot90."""

from __future__ import annotations

from cnncalc.notations.source.axes import axis_of, inner_axis
from cnncalc.notations.source.longer import in_order
from cnncalc.notations.source.torch.functions.indexing import chosen
from cnncalc.notations.source.torch.functions.shapes import transpose
from cnncalc.notations.source.torch.functions.view import sizes_given
from cnncalc.python.exceptions import raised
from cnncalc.python.functions import Method
from cnncalc.python.machine import Machine
from cnncalc.python.open_numbers import how_often
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe
from cnncalc.tracing.slices import rolled
from cnncalc.tracing.tensors import Static

__all__ = ["ORDER"]


def flip(machine: Machine, input: Value, *dims: Value, **options: Value) -> Value:
    """`torch.flip(x, (2, 3))`: the values from the last to the first."""
    if not dims and not options:
        raise raised("TypeError", "`flip` takes the axes, as in `torch.flip(x, dims=(2, 3))`")
    return backwards(machine, input, sizes_given(machine, (*dims, *options.values())), "flip")


def flipped_along(dim: int) -> Method:
    """`torch.fliplr` and `flipud`: flip along the second axis, and along the first."""
    return lambda machine, tensor: flip(machine, tensor, dim)


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
        axis = inner_axis(tensor, dim, "roll")
        if not isinstance(step, int):
            raise Refusal(f"{describe(step)} is no whole number to roll by")
        pieces = rolled(tensor.shape[axis], step)
        tensor = in_order(machine, tensor, axis, axis_of(tensor, dim), pieces)
    return tensor


def rot90(machine: Machine, input: Value, k: Value = 1, dims: Value = (0, 1)) -> Value:
    """`torch.rot90(x, 1, (2, 3))`: the plane of two axes turned by k quarters."""
    axes: list[Value] = [axis_of(input, dim) for dim in sizes_given(machine, (dims,))]
    if len(set(axes)) != 2 or len(axes) != 2:
        raise Refusal("`rot90` turns a plane of two axes")
    if not isinstance(k, int):
        raise Refusal(f"{describe(k)} is no number of quarter turns")
    quarters, (first, second) = k % 4, axes
    if quarters == 2:
        return backwards(machine, input, axes, "rot90")
    if quarters:
        turned = backwards(machine, input, [second if quarters == 1 else first], "rot90")
        return transpose(machine, turned, first, second)
    return input


def backwards(machine: Machine, tensor: Value, dims: list[Value], what: str) -> Value:
    """The values along some axes from the last to the first."""
    if isinstance(tensor, Static):
        return reordered(tensor, dims)
    for dim in dims:
        size = tensor.shape[inner_axis(tensor, dim, what)]
        places = [*reversed(range(how_often(size)))]
        tensor = chosen(machine, tensor, axis_of(tensor, dim), places)
    return tensor


def reordered(tensor: Static, dims: list[Value]) -> Static:
    """Weights or constants in another order: what is the same everywhere stays known."""
    for dim in dims:
        axis_of(tensor, dim)
    return tensor.shaped(tensor.shape)


ORDER: dict[str, Method] = {
    "flip": flip,
    "fliplr": flipped_along(1),
    "flipud": flipped_along(0),
    "roll": roll,
    "rot90": rot90,
}
