"""Tensors put together along an axis: cat, stack, repeat."""

from __future__ import annotations

from cnncalc.layers.base import show
from cnncalc.notations.source.axes import axis_of, inner_axis, outer_shape
from cnncalc.notations.source.longer import one_after_the_other, static_cat
from cnncalc.notations.source.torch.functions.shapes import expand, unsqueeze
from cnncalc.notations.source.torch.functions.view import sizes_given, view
from cnncalc.python.functions import Method
from cnncalc.python.iteration import listed
from cnncalc.python.limits import check_count, check_int
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe
from cnncalc.tracing.tensors import Batch, Pile, Static, Tensor

__all__ = ["JOINING", "cat"]


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
    first = next(part for part in parts if isinstance(part, Tensor))
    axis = inner_axis(first, dim, "torch.cat")
    return one_after_the_other(machine, parts, axis, first.batch.outer(axis), "torch.cat")


def stack(machine: Machine, tensors: Value, dim: Value = 0) -> Value:
    """Tensors along a new axis; in front of the batch they stay a pile."""
    parts = listed(machine, tensors)
    if dim == 0 and parts and all(isinstance(each, Tensor) and not each.batch for each in parts):
        return piled(parts)
    return cat(machine, [unsqueeze(machine, part, dim) for part in parts], dim)


def cat_along(dim: int) -> Method:
    """`torch.vstack`, `hstack` and `dstack`: cat along the first, second and third axis."""

    def call(machine: Machine, tensors: Value) -> Value:
        parts = listed(machine, tensors)
        if any(len(outer_shape(part)) <= max(dim, 1) for part in parts):
            raise Refusal("of tensors with fewer axes this can't be followed", help="torch.stack")
        return cat(machine, parts, dim)

    return call


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
    return tensor.copy()


def repeat_interleave(
    machine: Machine, tensor: Value, repeats: Value, dim: Value = None, **options: Value
) -> Value:
    """`x.repeat_interleave(2, dim=1)`: each place along an axis so many times."""
    check_count(repeats)
    if dim is None:
        if not isinstance(tensor, Static):
            raise Refusal("copies along the batch can't be followed", code="batch-axis")
        tensor, dim = view(machine, tensor, -1), 0
    axis, sizes = axis_of(tensor, dim), list(outer_shape(tensor))
    if isinstance(tensor, Static):
        sizes[axis] = times_size(sizes[axis], repeats)
        return tensor.shaped(tuple(sizes))
    inner_axis(tensor, axis, "repeat_interleave")
    stretched = expand(
        machine, unsqueeze(machine, tensor, axis + 1), *sizes[: axis + 1], repeats,
        *sizes[axis + 1 :],
    )  # fmt: skip
    sizes[axis] *= repeats
    return view(machine, stretched, *sizes)


def times_size(size: Value, count: Value) -> Value:
    """A size so many times; either may be the batch."""
    if size == 1 or count == 1:
        return count if size == 1 else size
    if isinstance(size, Batch) or isinstance(count, Batch):
        raise Refusal("copies along the batch can't be followed", code="batch-axis")
    return check_int(size * count)


JOINING: dict[str, Method] = {
    "cat": cat,
    "concat": cat,
    "concatenate": cat,
    "stack": stack,
    "vstack": cat_along(0),
    "row_stack": cat_along(0),
    "hstack": cat_along(1),
    "column_stack": cat_along(1),
    "dstack": cat_along(2),
    "repeat": repeat,
    "tile": repeat,
    "repeat_interleave": repeat_interleave,
}
