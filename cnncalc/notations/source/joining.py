"""Tensors put together along an axis: cat, stack."""

from __future__ import annotations

from math import prod

from cnncalc.layers import KINDS
from cnncalc.layers.base import show
from cnncalc.layers.padding import pad_along
from cnncalc.notations.source.elementwise import learned, size_text
from cnncalc.notations.source.figures import MAX_FIGURES, joined
from cnncalc.notations.source.flowing import Pile, Static, Tensor
from cnncalc.notations.source.reshaping import unsqueeze
from cnncalc.notations.source.tensors import axis_of, inner_axis, outer_shape
from cnncalc.notations.source.trace import emit
from cnncalc.python.iteration import listed
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe

__all__ = ["cat", "stack"]


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
    parts = absorbed(machine, parts, axis)
    return emit(machine, KINDS["cat"](axis), parts, op="cat") if len(parts) > 1 else parts[0]


def static_cat(machine: Machine, parts: list[Value], axis: int) -> Static:
    """The same of weights and constants."""
    machine.budget.spend(sum(len(part.sources) + len(part.values or ()) for part in parts))
    sizes = list(parts[0].shape)
    sizes[axis] = sum(part.shape[axis] for part in parts)
    sources = dict.fromkeys(source for part in parts for source in part.sources)
    fills = {part.fill for part in parts}
    made = Static(tuple(sizes), tuple(sources), fill=fills.pop() if len(fills) == 1 else None)
    if all(part.values is not None for part in parts) and prod(sizes) <= MAX_FIGURES:
        made.values = joined([(part.values, part.shape) for part in parts], axis)
        made.whole = all(part.whole for part in parts)
    return made


def absorbed(machine: Machine, parts: list[Value], axis: int) -> list[Value]:
    """What is joined, with the weights and constants made a part of the tensor beside them."""
    found: list[Value] = []
    waiting: list[Static] = []  # constants in front of the first tensor
    for part in parts:
        if isinstance(part, Tensor):
            for static in reversed(waiting):
                part = extended(machine, part, static, axis, True)
            waiting = []
            found.append(part)
        elif found:
            found[-1] = extended(machine, found[-1], part, axis, False)
        else:
            waiting.append(part)
    return found


def extended(machine: Machine, tensor: Tensor, static: Static, axis: int, before: bool) -> Value:
    """A tensor that is longer along an axis by something fixed, on one side.

    It is padded; numbers that aren't all the same are then added to it.
    """
    sizes = tuple(static.shape[1:])
    same = len(sizes) == len(tensor.shape) and all(
        place == axis or size == have
        for place, (size, have) in enumerate(zip(sizes, tensor.shape, strict=True))
    )
    if not same or not isinstance(sizes[axis], int):
        raise Refusal(
            f"`torch.cat` can't join {show(tensor.shape)} and {'×'.join(map(size_text, sizes))}",
            code="branches",
        )
    pair = (sizes[axis], 0) if before else (0, sizes[axis])
    layer = pad_along(axis, len(tensor.shape), pair, static.fill or 0.0)
    padded: Tensor = emit(machine, layer, [tensor], op="cat")
    if static.fill is not None:
        return padded
    return learned(machine, "+", padded, Static((1, *padded.shape), static.sources), False)


def stack(machine: Machine, tensors: Value, dim: Value = 0) -> Value:
    """Tensors along a new axis; in front of the batch they stay a pile."""
    parts = listed(machine, tensors)
    if dim == 0 and parts and all(isinstance(part, Tensor) for part in parts):
        return piled(parts)
    return cat(machine, [unsqueeze(machine, part, dim) for part in parts], dim)


def piled(parts: list[Tensor]) -> Pile:
    sizes = {part.shape: None for part in parts}
    if len(sizes) > 1:
        message = f"`torch.stack` can't join {' and '.join(show(each) for each in sizes)}"
        raise Refusal(message, code="branches")
    return Pile(parts, (len(parts), *outer_shape(parts[0])))
