"""Tensors one after the other along an axis: that flow, weights and constants beside them."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.layers import KINDS
from cnncalc.layers.base import show
from cnncalc.notations.source.arithmetic import owner_of, size_text, sizes_without_batch
from cnncalc.notations.source.layer_steps import batch_of, emit
from cnncalc.notations.source.slices import cut
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value
from cnncalc.tracing.arrays import MAX_NUMBERS
from cnncalc.tracing.constants import one_after_another
from cnncalc.tracing.joins import blocks, extended
from cnncalc.tracing.slices import Piece
from cnncalc.tracing.tensors import Static, Tensor
from cnncalc.tracing.weights import Held

__all__ = ["in_order", "one_after_the_other", "static_cat"]


def in_order(
    machine: Machine, tensor: Tensor, axis: int, outer: int, pieces: Sequence[Piece]
) -> Value:
    """Pieces of an axis one behind the other; the axis as in `one_after_the_other`."""
    parts = [cut(machine, tensor, {axis: piece}) for piece in pieces]
    return one_after_the_other(machine, parts, axis, outer, "index_select")


def one_after_the_other(
    machine: Machine, parts: Sequence[Tensor | Static], axis: int, outer: int, word: str
) -> Value:
    """Tensors along an axis, at least one of which flows.

    Args:
        machine: that reads the source.
        parts: in order.
        axis: along which, without the batch, as the network keeps it.
        outer: the same axis as the source has it.
        word: the source's function, for messages.
    """
    joined = []
    parts = [each for each in parts if isinstance(each, Tensor) or 0 not in each.shape]
    for block in blocks(parts):
        tensor = longer(machine, block.tensor, block.after, (axis, outer), False, word)
        joined.append(longer(machine, tensor, block.before, (axis, outer), True, word))
    if len(joined) == 1:
        return joined[0]
    return emit(machine, KINDS["cat"](axis), joined, op="cat", batch=batch_of(joined))


def static_cat(machine: Machine, parts: list[Static], axis: int) -> Static:
    """The same of weights and constants."""
    machine.budget.spend(sum(len(part.sources) + len(part.values or ()) for part in parts))
    return one_after_another(parts, axis, MAX_NUMBERS)


def longer(
    machine: Machine,
    tensor: Tensor,
    fixed: list[Static],
    axes: tuple[int, int],
    front: bool,
    word: str,
) -> Tensor:
    """A tensor that is longer along an axis by weights and constants, on one side."""
    if not fixed:
        return tensor
    axis, outer = axes
    static = fixed[0] if len(fixed) == 1 else static_cat(machine, fixed, outer)
    sizes = sizes_without_batch(tensor, static)
    sizes = machine.part(tensor.operations).inner_sizes(machine, sizes)
    same = len(sizes) == len(tensor.shape) and all(
        place == axis or size == have
        for place, (size, have) in enumerate(zip(sizes, tensor.shape, strict=True))
    )
    if not same or not isinstance(sizes[axis], int):
        raise Refusal(
            f"`{word}` can't join {show(tensor.shape)} and {'×'.join(map(size_text, sizes))}",
            code="branches",
        )
    fill = None if static.sources else static.uniform
    owner, role = owner_of(static)
    part = extended(tensor.shape, axis, sizes[axis], front, fill, role)
    whose = owner if part.holds else None
    held: Held | None = {"weight": static} if part.holds else None
    output: Tensor = emit(
        machine, part.layer, [tensor], op="cat", owner=whose, held=held, batch=tensor.batch
    )
    return output
