"""Tensor methods that move values: view, flatten, permute, squeeze, cat, chunk and slices."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.layers import KINDS
from cnncalc.notations.source.axes import axis_of, inner_axis, outer_shape
from cnncalc.notations.source.layer_steps import emit
from cnncalc.notations.source.torch.functions.view import emit_view, sizes_given, view
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe
from cnncalc.python.wordlists import words
from cnncalc.tracing.constants import permuted, seen_as
from cnncalc.tracing.tensors import Batch, Parameter, Static, Tensor

__all__ = ["RESHAPING", "unsqueeze"]


def flatten(machine: Machine, tensor: Value, start_dim: Value = 0, end_dim: Value = -1) -> Value:
    start, end = axis_of(tensor, start_dim), axis_of(tensor, end_dim)
    if isinstance(tensor, Static):
        sizes = list(tensor.shape)
        sizes[start : end + 1] = [prod(sizes[start : end + 1])]
        return seen_as(tensor, tuple(sizes))
    if start == 0 and end > 0 and prod(tensor.shape[:end]) == 1:
        return emit_view(machine, tensor, tensor.shape[end:])
    if start == 0 and end > 0:
        raise Refusal(
            "this flattens the batch into the features",
            help="`torch.flatten(x, 1)` keeps the batch, axis 0",
            code="batch-axis",
        )
    if start == end:
        return tensor
    last = -1 if end == len(tensor.shape) else end - 1
    return emit(machine, KINDS["flatten"](start - 1, last), [tensor], op="flatten")


def unflatten(machine: Machine, tensor: Value, dim: Value, sizes: Value) -> Value:
    axis = inner_axis(tensor, dim, "unflatten")
    given = tuple("infer" if size == -1 else size for size in sizes_given(machine, (sizes,)))
    return emit(machine, KINDS["unflatten"](given, axis), [tensor], op="unflatten")


def permute(machine: Machine, tensor: Value, *dims: Value, **options: Value) -> Value:
    axes = [axis_of(tensor, dim) for dim in sizes_given(machine, (*dims, *options.values()))]
    if isinstance(tensor, Static):
        machine.budget.spend(len(tensor.values or ()))
        return permuted(tensor, axes)
    if axes and axes[0] != 0:
        raise Refusal(
            "this moves the batch from the front, where it must stay",
            help="0 first, as in `x.permute(0, 2, 3, 1)`",
            code="batch-axis",
        )
    order = tuple(axis - 1 for axis in axes[1:])
    if sorted(order) != list(range(len(tensor.shape))):
        raise Refusal(f"`permute` takes each of the {len(tensor.shape) + 1} axes once")
    if order == tuple(range(len(order))):
        return tensor
    return emit(machine, KINDS["permute"](order), [tensor], op="permute")


def transpose(machine: Machine, tensor: Value, dim0: Value, dim1: Value) -> Value:
    one, two = axis_of(tensor, dim0), axis_of(tensor, dim1)
    order = list(range(len(outer_shape(tensor))))
    order[one], order[two] = order[two], order[one]
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
    if place == 0:
        raise Refusal("an axis in front of the batch can't be followed", code="batch-axis")
    return emit_view(machine, tensor, tuple(sizes[1:]), "unsqueeze")


def squeeze(machine: Machine, tensor: Value, dim: Value = None) -> Value:
    sizes = outer_shape(tensor)
    dims = dim if isinstance(dim, tuple | list) else range(len(sizes)) if dim is None else (dim,)
    gone = {axis_of(tensor, each) for each in dims}
    kept = [size for place, size in enumerate(sizes) if place not in gone or size != 1]
    if isinstance(tensor, Static):
        return seen_as(tensor, tuple(kept))
    if len(kept) == len(sizes):
        return tensor
    return emit_view(machine, tensor, tuple(kept[1:]), "squeeze")


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
    if not ones or after[0] != Batch() or len(after) != len(tensor.shape) + 1:
        raise Refusal("this `expand` can't be followed")
    return emit(machine, KINDS["expand"](after[1:]), [tensor], op="expand")


def expand_as(machine: Machine, tensor: Value, other: Value) -> Value:
    return expand(machine, tensor, *outer_shape(other))


def view_as(machine: Machine, tensor: Value, other: Value) -> Value:
    return view(machine, tensor, *outer_shape(other))


def size(machine: Machine, tensor: Value, dim: Value = None) -> Value:
    sizes = outer_shape(tensor)
    return sizes if dim is None else sizes[axis_of(tensor, dim)]


def count(machine: Machine, tensor: Value) -> Value:
    """`numel`."""
    total = prod(each for each in outer_shape(tensor) if isinstance(each, int))
    return Batch(total) if isinstance(tensor, Tensor) else total


def same(machine: Machine, tensor: Value, *args: Value, **kwargs: Value) -> Value:
    """What leaves values and shape alone: contiguous, clone, to, float and so on."""
    return tensor


def requires_grad(machine: Machine, tensor: Value, requires_grad: Value = True) -> Value:
    """A parameter frozen or thawed in place; of other tensors it says nothing."""
    if isinstance(tensor, Parameter):
        tensor.trainable = bool(requires_grad)
    return tensor


RESHAPING: dict[str, Any] = {
    "view": view,
    "reshape": view,
    "flatten": flatten,
    "ravel": flatten,
    "unflatten": unflatten,
    "permute": permute,
    "transpose": transpose,
    "swapaxes": transpose,
    "swapdims": transpose,
    "t": transposed,
    "unsqueeze": unsqueeze,
    "squeeze": squeeze,
    "expand": expand,
    "expand_as": expand_as,
    "view_as": view_as,
    "reshape_as": view_as,
    "size": size,
    "numel": count,
    "nelement": count,
    "dim": lambda machine, tensor: len(outer_shape(tensor)),
    "requires_grad": requires_grad,
    "ndimension": lambda machine, tensor: len(outer_shape(tensor)),
    **dict.fromkeys(
        words(
            "contiguous clone detach to cuda cpu float double half bfloat16 type type_as "
            "retain_grad float32 data copy_ normal uniform fmod_ erfinv copy type_ is_contiguous "
            "xavier_normal kaiming_normal trunc_normal xavier_uniform kaiming_uniform constant"
        ),
        same,
    ),
}
