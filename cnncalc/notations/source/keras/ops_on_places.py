"""`keras.ops` that put places of an axis elsewhere, choose some, or repeat them."""

from __future__ import annotations

from cnncalc.notations.source.entries import places_of
from cnncalc.notations.source.keras.ops_on_shapes import expand_dims, place, transpose
from cnncalc.notations.source.keras.tensors import by_layer, inner_axis, item_of, outer
from cnncalc.notations.source.longer import in_order, one_after_the_other
from cnncalc.python.functions import Method
from cnncalc.python.iteration import listed
from cnncalc.python.limits import check_count
from cnncalc.python.machine import Machine
from cnncalc.python.open_numbers import how_often
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe
from cnncalc.tracing.slices import Piece, rolled, runs
from cnncalc.tracing.tensors import Static, Tensor

__all__ = ["PLACES", "tile"]


def moveaxis(machine: Machine, tensor: Value, source: Value, destination: Value) -> Value:
    """`ops.moveaxis(x, 1, -1)`: an axis elsewhere, or several, the others in their order."""
    moved = [place(tensor, each) for each in as_list(machine, source)]
    targets = [place(tensor, each) for each in as_list(machine, destination)]
    if len(set(moved)) != len(targets) or len(set(targets)) != len(moved):
        raise Refusal("`moveaxis` takes as many places as axes, each once", code="axes")
    order = [axis for axis in range(len(tensor.shape) + 1) if axis not in moved]
    for target, axis in sorted(zip(targets, moved, strict=True)):
        order.insert(target, axis)
    return transpose(machine, tensor, order)


def flip(machine: Machine, tensor: Value, axis: Value = None) -> Value:
    """`ops.flip(x, axis)`: the places from the last to the first."""
    if axis is None:
        place(tensor, 0)  # all of them, the batch's too
    for each in as_list(machine, axis):
        places = reversed(range(how_often(size_of(machine, tensor, each))))
        tensor = along(machine, tensor, each, runs([*places]))
    return tensor


def roll(machine: Machine, tensor: Value, shift: Value, axis: Value = None) -> Value:
    """`ops.roll(x, shift, axis)`: the places moved on, the last ones to the front."""
    if axis is None:
        place(tensor, 0)
    steps, axes = as_list(machine, shift), as_list(machine, axis)
    if len(steps) != len(axes) or not all(isinstance(step, int) for step in steps):
        raise Refusal("`roll` takes a whole number for each axis")
    for step, each in zip(steps, axes, strict=True):
        size = size_of(machine, tensor, each)
        tensor = along(machine, tensor, each, rolled(size, step))
    return tensor


def take(machine: Machine, tensor: Value, indices: Value, axis: Value = None) -> Value:
    """`ops.take(x, 0, axis=1)`, or places in a list."""
    where = place(tensor, 0 if axis is None else axis)
    if isinstance(indices, int):
        return item_of(machine, tensor, (*[slice(None)] * where, indices))
    places = places_of(machine, indices, size_of(machine, tensor, where))
    return along(machine, tensor, where, runs(places))


def stack(machine: Machine, tensors: Value, axis: Value = 0) -> Value:
    """`ops.stack([x, y], axis)`: along an axis of its own."""
    parts = [expand_dims(machine, each, axis) for each in listed(machine, tensors)]
    if not parts:
        raise Refusal("`stack` of nothing")
    return joined(machine, parts, axis, "stack")


def repeat(machine: Machine, tensor: Value, repeats: Value, axis: Value = None) -> Value:
    """`ops.repeat(x, 2, axis)`: each place so many times."""
    where = place(tensor, 0 if axis is None else axis)
    if not isinstance(repeats, int) or repeats < 1:
        raise Refusal(f"{describe(repeats)} is no number of times that each place is repeated")
    check_count(repeats)
    sizes = list(outer(machine, tensor)[1:])
    apart = expand_dims(machine, tensor, where + 1)
    copies = joined(machine, [apart] * repeats, where + 1, "repeat")
    sizes[where - 1] *= repeats
    return by_layer(machine, "Reshape", copies, tuple(sizes))


def tile(machine: Machine, tensor: Value, repeats: Value) -> Value:
    """`ops.tile(w, (batch, 1, 1))`: copies along each axis."""
    times = as_list(machine, repeats)
    if isinstance(tensor, Static):
        return tiled(tensor, times)
    place(tensor, -1)
    times = [1] * (len(tensor.shape) + 1 - len(times)) + times
    if len(times) != len(tensor.shape) + 1 or times[0] != 1:
        raise Refusal("copies along the batch can't be followed", code="batch-axis")
    for axis, count in enumerate(times):
        check_count(count)
        if count > 1:
            tensor = joined(machine, [tensor] * count, axis, "tile")
    return tensor


def tiled(fixed: Static, times: list[Value]) -> Static:
    """The same of weights and constants, whose axes of one are repeated."""
    if len(times) != len(fixed.shape):
        raise Refusal("what is fixed is followed as it is repeated by a number for each axis")
    pairs = list(zip(fixed.shape, times, strict=True))
    if any(size != 1 and count != 1 for size, count in pairs):
        raise Refusal("only axes of one are followed as what is fixed is repeated")
    return fixed.shaped(tuple(count if size == 1 else size for size, count in pairs))


def joined(machine: Machine, parts: list[Value], axis: Value, word: str) -> Value:
    """Tensors that flow one after the other along an axis of Keras's."""
    where = place(parts[0], axis)
    inner = inner_axis(machine, parts[0], where)
    return one_after_the_other(machine, parts, inner, where, word)


def along(machine: Machine, tensor: Tensor, axis: Value, pieces: list[Piece]) -> Value:
    """Pieces of an axis of Keras's one behind the other."""
    inner = inner_axis(machine, tensor, axis)
    return in_order(machine, tensor, inner, place(tensor, axis), pieces)


def size_of(machine: Machine, tensor: Value, axis: Value) -> int:
    size: int = outer(machine, tensor)[place(tensor, axis)]
    return size


def as_list(machine: Machine, value: Value) -> list[Value]:
    return listed(machine, value) if isinstance(value, list | tuple) else [value]


PLACES: dict[str, Method] = {
    "moveaxis": moveaxis,
    "flip": flip,
    "roll": roll,
    "take": take,
    "stack": stack,
    "repeat": repeat,
    "tile": tile,
}
