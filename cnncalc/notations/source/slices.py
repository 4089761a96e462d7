"""Slices of what flows, as Python's own say them."""

from __future__ import annotations

from cnncalc.notations.source.layer_steps import emit
from cnncalc.python.exceptions import raised
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe
from cnncalc.tracing.slices import Piece, cuts, piece_of
from cnncalc.tracing.tensors import Tensor

__all__ = ["cut", "taken"]


def cut(machine: Machine, tensor: Tensor, kept: dict[int, Piece]) -> Tensor:
    """Some axes cut to the places that stay."""
    for layer in cuts(tensor.shape, kept):
        tensor = emit(machine, layer, [tensor], op="getitem", batch=tensor.batch)
    return tensor


def taken(part: Value, size: int) -> Piece:
    """The places of an axis that a slice or a number names."""
    if isinstance(part, bool) or not isinstance(part, int | slice):
        raise Refusal(f"an index of {describe(part)} can't be followed")
    if isinstance(part, int):
        if not -size <= part < size:
            raise raised("IndexError", f"index {part} is out of an axis of {size}")
        return Piece(part + size if part < 0 else part, 1)
    if any(not isinstance(each, int | None) for each in (part.start, part.stop, part.step)):
        raise Refusal("a slice with bounds that aren't numbers can't be followed")
    if part.step is not None and part.step < 1:
        raise Refusal("PyTorch has no slices with a negative step")
    piece = piece_of(part, size)
    if not piece.size:
        raise Refusal(f"this slice of an axis of {size} is empty", code="slice")
    return piece
