"""Slices of what flows, as Python's own say them."""

from __future__ import annotations

from cnncalc.notations.source.layer_steps import emit
from cnncalc.python.exceptions import raised
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.run_values import run_value_among
from cnncalc.python.values import Value, describe
from cnncalc.tracing.slices import Piece, cuts, piece_of
from cnncalc.tracing.tensors import Batch, Tensor

__all__ = ["check_bounds", "cut", "taken"]


def cut(machine: Machine, tensor: Tensor, kept: dict[int, Piece]) -> Tensor:
    """Some axes cut to the places that stay."""
    for layer in cuts(tensor.shape, kept):
        tensor = emit(machine, layer, [tensor], op="getitem", batch=tensor.batch)
    return tensor


def check_bounds(part: slice) -> None:
    """Refuse a slice whose bounds are no numbers."""
    bounds = (part.start, part.stop, part.step)
    if (unknown := run_value_among(bounds)) is not None:
        raise unknown.needed("a bound of this slice")
    if any(isinstance(each, Batch) for each in bounds):
        raise Refusal(
            "this slice cuts by the number of samples, which is no size of a sample",
            help="the axis in front is the batch; sizes of a sample begin with `x.size(1)`",
            code="batch-axis",
        )
    if any(not isinstance(each, int | None) for each in bounds):
        raise Refusal("a slice with bounds that aren't numbers can't be followed")


def taken(part: Value, size: int) -> Piece:
    """The places of an axis that a slice or a number names."""
    if isinstance(part, bool) or not isinstance(part, int | slice):
        raise Refusal(f"an index of {describe(part)} can't be followed")
    if isinstance(part, int):
        if not -size <= part < size:
            raise raised("IndexError", f"index {part} is out of an axis of {size}")
        return Piece(part + size if part < 0 else part, 1)
    check_bounds(part)
    if part.step is not None and part.step < 1:
        raise Refusal("PyTorch has no slices with a negative step")
    piece = piece_of(part, size)
    if not piece.size:
        raise Refusal(f"this slice of an axis of {size} is empty", code="slice")
    return piece
