"""One axis put in front of the batch, as `qkv.permute(2, 0, 3, 1, 4)` has it: a pile of tensors."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.layers import KINDS
from cnncalc.notations.source.axes import outer_shape
from cnncalc.notations.source.steps import emit
from cnncalc.notations.source.viewing import emit_view
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value
from cnncalc.tracing.slices import cuts
from cnncalc.tracing.tensors import Pile, Tensor

__all__ = ["permuted_to_pile"]

MOST_PARTS = 64


def permuted_to_pile(machine: Machine, tensor: Tensor, axes: Sequence[int]) -> Value:
    """A tensor of which another axis comes in front and the batch behind it: one for each place.

    Args:
        machine: of this reading.
        tensor: what flows.
        axes: the order of its axes, the batch being 0.
    """
    front, batch, *rest = axes
    if batch != 0 or tensor.shape[front - 1] > MOST_PARTS:
        raise Refusal(
            "this moves the batch from the front, where it must stay",
            help="0 first, as in `x.permute(0, 2, 3, 1)`",
            code="batch-axis",
        )
    left = [axis for axis in range(1, len(axes)) if axis != front]
    order = tuple(left.index(axis) for axis in rest)
    parts: list[Tensor] = []
    for place in range(tensor.shape[front - 1]):
        part: Value = tensor
        for layer in cuts(tensor.shape, {front - 1: range(place, place + 1)}):
            part = emit(machine, layer, [part], op="getitem")
        sizes = tuple(size for axis, size in enumerate(part.shape, 1) if axis != front)
        part = emit_view(machine, part, sizes, "getitem")
        if order != tuple(range(len(order))):
            part = emit(machine, KINDS["permute"](order), [part], op="permute")
        parts.append(part)
    return Pile(parts, (len(parts), *outer_shape(parts[0])))
