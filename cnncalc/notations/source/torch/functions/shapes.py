"""Tensors in other sizes, or their axes in another order: flatten, permute, squeeze, expand."""

from __future__ import annotations

from math import prod

from cnncalc.layers import KINDS
from cnncalc.notations.source.axes import axis_of, outer_shape
from cnncalc.notations.source.layer_steps import emit, emit_view
from cnncalc.notations.source.torch.functions.view import sizes_given, unpiled, view
from cnncalc.python.functions import Method
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe
from cnncalc.python.wordlists import words
from cnncalc.tracing.batch_axis import FIRST
from cnncalc.tracing.constants import permuted, seen_as
from cnncalc.tracing.tensors import Batch, Parameter, Pile, Static, Tensor

__all__ = ["RESHAPING", "unsqueeze"]


def flatten(machine: Machine, tensor: Value, start_dim: Value = 0, end_dim: Value = -1) -> Value:
    start, end = axis_of(tensor, start_dim), axis_of(tensor, end_dim)
    if isinstance(tensor, Static):
        sizes = list(tensor.shape)
        sizes[start : end + 1] = [prod(sizes[start : end + 1])]
        return seen_as(tensor, tuple(sizes))
    if start == end:
        return tensor
    sizes = tensor.sizes
    place = tensor.batch.place
    if start <= place <= end:
        if start == 0 and end == len(sizes) - 1 and prod(tensor.shape) != 1:
            raise Refusal(
                "this flattens the batch into the features",
                help="`torch.flatten(x, 1)` keeps the batch, axis 0",
                code="batch-axis",
            )
        merged = Batch(prod(size.factor if isinstance(size, Batch) else size
            for size in sizes[start : end + 1]))  # fmt: skip
        return view(machine, tensor, *sizes[:start], merged, *sizes[end + 1 :])
    inner = [tensor.batch.inner(axis) for axis in (start, end)]
    last = -1 if inner[1] == len(tensor.shape) - 1 else inner[1]
    layer = KINDS["flatten"](inner[0], last)
    batch = tensor.batch
    if end < place:
        batch = batch._replace(front=batch.front - (end - start))
    return emit(machine, layer, [tensor], op="flatten", batch=batch)


def unflatten(machine: Machine, tensor: Value, dim: Value, sizes: Value) -> Value:
    given = sizes_given(machine, (sizes,))
    place = axis_of(tensor, dim)
    if isinstance(tensor, Static) or tensor.batch.inner(place) is None or tensor.batch != FIRST:
        outer = list(outer_shape(tensor))
        outer[place : place + 1] = given
        return view(machine, tensor, *outer)
    infer = tuple("infer" if size == -1 else size for size in given)
    return emit(machine, KINDS["unflatten"](infer, place - 1), [tensor], op="unflatten")


def permute(machine: Machine, tensor: Value, *dims: Value, **options: Value) -> Value:
    axes = [axis_of(tensor, dim) for dim in sizes_given(machine, (*dims, *options.values()))]
    if isinstance(tensor, Static):
        machine.budget.spend(len(tensor.values or ()))
        return permuted(tensor, axes)
    if isinstance(tensor, Pile):
        tensor = unpiled(machine, tensor)
    rank = len(outer_shape(tensor))
    if sorted(axes) != list(range(rank)):
        raise Refusal(f"`permute` takes each of the {rank} axes once")
    order, batch = tensor.batch.moved(axes, len(tensor.shape))
    if order != tuple(range(len(order))):
        return emit(machine, KINDS["permute"](order), [tensor], op="permute", batch=batch)
    if batch == tensor.batch:
        return tensor
    same = type(tensor)(tensor.number, tensor.shape, batch)
    same.seen_from(tensor, turned=True)
    return same


def transpose(machine: Machine, tensor: Value, dim0: Value, dim1: Value) -> Value:
    one, two = axis_of(tensor, dim0), axis_of(tensor, dim1)
    order = list(range(len(outer_shape(tensor))))
    order[one], order[two] = order[two], order[one]
    return permute(machine, tensor, *order)


def movedim(machine: Machine, tensor: Value, source: Value, destination: Value) -> Value:
    """`torch.movedim(x, 1, -1)`: axes moved to other places, the rest in the order they had."""
    sources, places = (
        [axis_of(tensor, dim) for dim in sizes_given(machine, (each,))]
        for each in (source, destination)
    )
    if not len(sources) == len({*sources}) == len(places) == len({*places}):
        raise Refusal("`movedim` takes a place for each axis that it moves, and each of them once")
    order = [axis for axis in range(len(outer_shape(tensor))) if axis not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return permute(machine, tensor, *order)


def transposed(machine: Machine, tensor: Value) -> Value:
    return transpose(machine, tensor, 0, 1)


def unsqueeze(machine: Machine, tensor: Value, dim: Value) -> Value:
    rank = len(outer_shape(tensor)) + 1
    if not isinstance(dim, int) or not -rank <= dim < rank:
        raise Refusal(f"{describe(dim)} is no place for a new axis")
    place = dim % rank
    sizes = list(outer_shape(tensor))
    sizes.insert(place, 1)
    if isinstance(tensor, Static):
        return seen_as(tensor, tuple(sizes))
    batch = tensor.batch
    behind = place > batch.place
    axis = place - 1 + len(batch.merged) if behind else place
    shape = (*tensor.shape[:axis], 1, *tensor.shape[axis:])
    batch = batch if behind else batch._replace(front=batch.front + 1)
    return emit_view(machine, tensor, shape, "unsqueeze", batch)


def squeeze(machine: Machine, tensor: Value, dim: Value = None) -> Value:
    sizes = outer_shape(tensor)
    dims = dim if isinstance(dim, tuple | list) else range(len(sizes)) if dim is None else (dim,)
    gone = {axis_of(tensor, each) for each in dims}
    if isinstance(tensor, Pile) and 0 in gone and sizes[0] == 1:
        return tensor.parts[0]
    kept = [size for place, size in enumerate(sizes) if place not in gone or size != 1]
    if isinstance(tensor, Static):
        return seen_as(tensor, tuple(kept))
    if len(kept) == len(sizes):
        return tensor
    inner = {tensor.batch.inner(place) for place in gone if sizes[place] == 1}
    shape = tuple(size for axis, size in enumerate(tensor.shape) if axis not in inner)
    batch = tensor.batch.without([axis for axis in inner if axis is not None])
    return emit_view(machine, tensor, shape, "squeeze", batch)


def expand(machine: Machine, tensor: Value, *sizes: Value) -> Value:
    """`expand`, of tensors that don't depend on the input or where nothing is stretched."""
    wanted = sizes_given(machine, sizes)
    before = outer_shape(tensor)
    before = (1,) * (len(wanted) - len(before)) + before
    after = tuple(old if new == -1 else new for new, old in zip(wanted, before, strict=True))
    if isinstance(tensor, Static):
        return tensor.shaped(after)
    if after == before:
        return tensor
    ones = all(old in (new, 1) for new, old in zip(after, before, strict=True))
    place = tensor.batch.place
    if not ones or len(after) != len(tensor.sizes) or after[place] != tensor.sizes[place]:
        raise Refusal("this `expand` can't be followed")
    merged = [tensor.shape[axis] for axis in tensor.batch.merged]
    shape = (*after[:place], *merged, *after[place + 1 :])
    return emit(machine, KINDS["expand"](shape), [tensor], op="expand", batch=tensor.batch)


def expand_as(machine: Machine, tensor: Value, other: Value) -> Value:
    return expand(machine, tensor, *outer_shape(other))


def view_as(machine: Machine, tensor: Value, other: Value) -> Value:
    return view(machine, tensor, *outer_shape(other))


def size(machine: Machine, tensor: Value, dim: Value = None) -> Value:
    sizes = outer_shape(tensor)
    return sizes if dim is None else sizes[axis_of(tensor, dim)]


def count(machine: Machine, tensor: Value) -> Value:
    """`numel`."""
    if isinstance(tensor, Tensor):
        return Batch(prod(tensor.shape))
    return prod(each for each in outer_shape(tensor) if isinstance(each, int))


def same(machine: Machine, tensor: Value, *args: Value, **kwargs: Value) -> Value:
    """What leaves values and shape alone: contiguous, clone, to, float and so on."""
    return tensor


def contiguous(machine: Machine, tensor: Value, *args: Value, **options: Value) -> Value:
    """A tensor whose values lie in their order: a copy of one that is a view."""
    return tensor.copy() if isinstance(tensor, Tensor) and tensor.storage else tensor


def clone(machine: Machine, tensor: Value, *args: Value, **options: Value) -> Value:
    """The same values in a tensor of their own."""
    if isinstance(tensor, Tensor):
        return tensor.copy()
    if not isinstance(tensor, Static) or tensor.values is None:
        return tensor
    made = seen_as(tensor, tensor.shape)
    made.values, made.part_of = list(tensor.values), None
    return made


def rewritten(machine: Machine, tensor: Value, *args: Value, **options: Value) -> Value:
    """`w.normal_()`, `w.copy_(v)`: other values, which aren't looked at; the shape stays."""
    if isinstance(tensor, Static):
        tensor.hold(None)
    return tensor


def requires_grad(machine: Machine, tensor: Value, requires_grad: Value = True) -> Value:
    """A parameter frozen or thawed in place; of other tensors it says nothing."""
    if isinstance(tensor, Parameter):
        tensor.trainable = bool(requires_grad)
    return tensor


RESHAPING: dict[str, Method] = {
    "view": view,
    "reshape": view,
    "flatten": flatten,
    "ravel": flatten,
    "unflatten": unflatten,
    "permute": permute,
    "transpose": transpose,
    "swapaxes": transpose,
    "swapdims": transpose,
    "movedim": movedim,
    "moveaxis": movedim,
    "t": transposed,
    "unsqueeze": unsqueeze,
    "squeeze": squeeze,
    "expand": expand,
    "broadcast_to": expand,
    "expand_as": expand_as,
    "view_as": view_as,
    "reshape_as": view_as,
    "size": size,
    "numel": count,
    "nelement": count,
    "dim": lambda machine, tensor: len(outer_shape(tensor)),
    "requires_grad": requires_grad,
    "ndimension": lambda machine, tensor: len(outer_shape(tensor)),
    "get_device": lambda machine, tensor: -1,  # that of a CPU
    **dict.fromkeys(
        words(
            "detach to cuda cpu float double half bfloat16 type type_as retain_grad data "
            "is_contiguous"
        ),
        same,
    ),
    "clone": clone,
    "contiguous": contiguous,
    **dict.fromkeys(words("copy normal uniform erfinv"), rewritten),
}
