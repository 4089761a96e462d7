"""Tensors put together along an axis: cat, stack, repeat."""

from __future__ import annotations

from cnncalc.layers import KINDS
from cnncalc.layers.base import show
from cnncalc.notations.source.arithmetic import owner_of, size_text, sizes_without_batch
from cnncalc.notations.source.axes import axis_of, inner_axis, outer_shape
from cnncalc.notations.source.layer_steps import batch_of, emit
from cnncalc.notations.source.torch.functions.shapes import unsqueeze
from cnncalc.notations.source.torch.functions.view import sizes_given
from cnncalc.python.iteration import listed
from cnncalc.python.limits import check_count, check_int
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe
from cnncalc.tracing.arrays import MAX_NUMBERS
from cnncalc.tracing.constants import one_after_another
from cnncalc.tracing.joins import blocks, extended
from cnncalc.tracing.tensors import Batch, Pile, Static, Tensor
from cnncalc.tracing.weights import Held

__all__ = ["cat", "repeat", "stack"]


def cat(machine: Machine, tensors: Value, dim: Value = 0, **options: Value) -> Value:
    """Tensors one after another along an axis."""
    dim = options.get("axis", dim)
    parts = listed(machine, tensors)
    if not parts:
        raise Refusal("`torch.cat` of nothing")
    for part in parts:
        if not isinstance(part, Tensor | Static):
            raise Refusal(f"`torch.cat` joins tensors, not {describe(part)}")
    if not any(isinstance(part, Tensor) for part in parts):
        return static_cat(machine, parts, axis_of(parts[0], dim))
    axis = inner_axis(next(part for part in parts if isinstance(part, Tensor)), dim, "torch.cat")
    joined = []
    for block in blocks(parts):
        tensor = longer(machine, block.tensor, block.after, axis, False)
        joined.append(longer(machine, tensor, block.before, axis, True))
    if len(joined) == 1:
        return joined[0]
    return emit(machine, KINDS["cat"](axis), joined, op="cat", batch=batch_of(joined))


def static_cat(machine: Machine, parts: list[Static], axis: int) -> Static:
    """The same of weights and constants."""
    machine.budget.spend(sum(len(part.sources) + len(part.values or ()) for part in parts))
    return one_after_another(parts, axis, MAX_NUMBERS)


def longer(machine: Machine, tensor: Tensor, fixed: list[Static], axis: int, front: bool) -> Tensor:
    """A tensor that is longer along an axis by weights and constants, on one side."""
    if not fixed:
        return tensor
    outer = tensor.batch.outer(axis)
    static = fixed[0] if len(fixed) == 1 else static_cat(machine, fixed, outer)
    sizes = sizes_without_batch(tensor, static)
    same = len(sizes) == len(tensor.shape) and all(
        place == axis or size == have
        for place, (size, have) in enumerate(zip(sizes, tensor.shape, strict=True))
    )
    if not same or not isinstance(sizes[axis], int):
        raise Refusal(
            f"`torch.cat` can't join {show(tensor.shape)} and {'×'.join(map(size_text, sizes))}",
            code="branches",
        )
    fill = None if static.sources else static.uniform
    owner, role = owner_of(static)
    shape = (*tensor.shape[:axis], tensor.shape[axis] + sizes[axis], *tensor.shape[axis + 1 :])
    held: Held = {"weight": Static((1, *shape), static.sources)}
    batch = tensor.batch
    for part in extended(tensor.shape, axis, sizes[axis], front, fill, role):
        whose, what = (owner, held) if part.holds else (None, None)
        op = part.word if part.holds else "cat"
        tensor = emit(machine, part.layer, [tensor], op=op, owner=whose, held=what, batch=batch)
    return tensor


def stack(machine: Machine, tensors: Value, dim: Value = 0) -> Value:
    """Tensors along a new axis; in front of the batch they stay a pile."""
    parts = listed(machine, tensors)
    if dim == 0 and parts and all(isinstance(each, Tensor) and not each.batch for each in parts):
        return piled(parts)
    return cat(machine, [unsqueeze(machine, part, dim) for part in parts], dim)


def piled(parts: list[Tensor]) -> Pile:
    sizes = {part.shape: None for part in parts}
    if len(sizes) > 1:
        message = f"`torch.stack` can't join {' and '.join(show(each) for each in sizes)}"
        raise Refusal(message, code="branches")
    return Pile(parts, (len(parts), *outer_shape(parts[0])))


def repeat(machine: Machine, tensor: Value, *sizes: Value) -> Value:
    """`x.repeat(1, 2, 1, 1)`: copies along an axis."""
    times = sizes_given(machine, sizes)
    if isinstance(tensor, Static):
        before = (1,) * (len(times) - len(tensor.shape)) + tuple(tensor.shape)
        return tensor.shaped(tuple(times_size(a, b) for a, b in zip(before, times, strict=True)))
    while len(tensor.sizes) < len(times):
        tensor = unsqueeze(machine, tensor, 0)
    whole = all(isinstance(each, int) and each > 0 for each in times)
    if not whole or len(times) != len(tensor.sizes) or times[tensor.batch.place] != 1:
        raise Refusal("copies along the batch can't be followed", code="batch-axis")
    for axis, count in enumerate(times):
        check_count(count)
        if count > 1:
            tensor = cat(machine, [tensor] * count, axis)
    return tensor


def times_size(size: Value, count: Value) -> Value:
    """A size so many times; either may be the batch."""
    if size == 1 or count == 1:
        return count if size == 1 else size
    if isinstance(size, Batch) or isinstance(count, Batch):
        raise Refusal("copies along the batch can't be followed", code="batch-axis")
    return check_int(size * count)
