"""Assignments into a part of a tensor that flows, as what that is joined of then."""

from __future__ import annotations

from cnncalc.notations.source.axes import outer_shape
from cnncalc.notations.source.layer_steps import overwritten
from cnncalc.notations.source.slices import parts_of, taken
from cnncalc.notations.source.torch.functions.indexing import tensor_item
from cnncalc.notations.source.torch.functions.joining import cat
from cnncalc.notations.source.torch.functions.shapes import expand, unsqueeze
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe
from cnncalc.tracing.slices import Piece
from cnncalc.tracing.tensors import Batch, Static, Tensor

__all__ = ["with_item"]

Region = list[Piece | None]  # the places along each axis; None: all of them


def with_item(machine: Machine, tensor: Value, index: Value, value: Value) -> Tensor:
    """A tensor after `tensor[index] = value`; one of the two flows at least."""
    if isinstance(tensor, Tensor) and tensor.overwritten and not written_by(tensor, value):
        raise overwritten()
    holder = tensor.copy() if isinstance(tensor, Tensor) else tensor
    if isinstance(index, Static) and index.mask and isinstance(holder, Tensor):
        if isinstance(value, Tensor):
            raise Refusal("values that a mask puts into a tensor can't be followed")
        return holder.copy()  # which values they are changes no size
    region, single = places(outer_shape(holder), index)
    part = fitting(machine, outer_shape(holder), region, single, value)
    result = filled(machine, holder, region, part, 0)
    if not isinstance(result, Tensor):
        raise Refusal("this assignment into a part of a tensor can't be followed")
    return result.copy()


def written_by(tensor: Tensor, value: Value) -> bool:
    """Whether the value is the part itself, which has just been written to: `x[i] += y`."""
    return (
        isinstance(value, Tensor)
        and value.storage is tensor.storage
        and value.version == tensor.version + 1
    )


def places(shape: tuple[Value, ...], index: Value) -> tuple[Region, list[int]]:
    """The places along each axis that an index names, and the axes of which it names a number."""
    parts = parts_of(index, len(shape))
    if any(part is None for part in parts):
        raise Refusal("an assignment at an index of None can't be followed")
    parts += [slice(None)] * (len(shape) - len(parts))
    region: Region = []
    single = []
    for axis, (size, part) in enumerate(zip(shape, parts, strict=True)):
        if isinstance(part, slice) and part == slice(None):
            region.append(None)
        elif isinstance(size, Batch):
            raise Refusal(
                "this writes into a part of the batch, which can't be followed", code="batch-axis"
            )
        elif isinstance(part, int | slice):
            found = taken(part, size)
            if not found.in_a_row:
                raise Refusal("an assignment into every second place can't be followed")
            region.append(None if found.size == size else found)
            single += [axis] if isinstance(part, int) else []
        else:
            raise Refusal(f"an assignment at an index of {describe(part)} can't be followed")
    return region, single


def fitting(
    machine: Machine, shape: tuple[Value, ...], region: Region, single: list[int], value: Value
) -> Value:
    """The value in the sizes of the part that it takes."""
    sizes = tuple(
        size if chosen is None else chosen.size for size, chosen in zip(shape, region, strict=True)
    )
    if isinstance(value, int | float):
        return Static(tuple(1 if isinstance(s, Batch) else s for s in sizes), fill=float(value))
    if not isinstance(value, Tensor | Static):
        raise Refusal(f"{describe(value)} can't be put into a tensor")
    for axis in single:  # which the value doesn't have
        if len(outer_shape(value)) < len(sizes):
            value = unsqueeze(machine, value, axis)
    if isinstance(value, Static):
        return value.shaped(tuple(1 if isinstance(size, Batch) else size for size in sizes))
    while len(value.sizes) < len(sizes):
        value = unsqueeze(machine, value, 0)
    return expand(machine, value, *sizes)


def filled(machine: Machine, holder: Value, region: Region, part: Value, axis: int) -> Value:
    """A tensor with the part at its places along the axes from this one on."""
    while axis < len(region) and region[axis] is None:
        axis += 1
    if axis == len(region):
        return part
    chosen, size = region[axis], outer_shape(holder)[axis]
    assert chosen is not None
    parts, stop = [part], chosen.last + 1
    if any(each is not None for each in region[axis + 1 :]):
        inner = piece(machine, holder, axis, chosen.first, stop)
        parts = [filled(machine, inner, region, part, axis + 1)]
    if chosen.first:
        parts.insert(0, piece(machine, holder, axis, 0, chosen.first))
    if stop < size:
        parts.append(piece(machine, holder, axis, stop, size))
    return cat(machine, parts, axis)


def piece(machine: Machine, holder: Value, axis: int, start: int, stop: int) -> Value:
    whole = (slice(None),) * axis
    return tensor_item(machine, holder, (*whole, slice(start, stop)))
