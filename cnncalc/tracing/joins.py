"""Tensors put together along an axis, also with weights and constants beside what flows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.layers import KINDS
from cnncalc.layers.base import Shape
from cnncalc.layers.padding import pad_along
from cnncalc.tracing.arithmetic import Part
from cnncalc.tracing.tensors import Static, Tensor

__all__ = ["Block", "blocks", "extended"]


class Block(NamedTuple):
    """A tensor that flows, with the fixed ones that are joined to it on either side."""

    tensor: Tensor
    before: list[Static]
    after: list[Static]


def blocks(parts: Sequence[Tensor | Static]) -> list[Block]:
    """What is joined, in order: what is fixed belongs to the tensor in front of it.

    What stands in front of all belongs to the first. At least one tensor flows.
    """
    found: list[Block] = []
    waiting: list[Static] = []
    for part in parts:
        if isinstance(part, Tensor):
            found.append(Block(part, waiting, []))
            waiting = []
        elif found:
            found[-1].after.append(part)
        else:
            waiting.append(part)
    return found


def extended(
    shape: Shape, axis: int, size: int, front: bool, fill: float | None, role: str
) -> Part:
    """What makes a tensor longer along an axis by something fixed: a pad, or learned positions.

    Args:
        shape: what flows, without the batch.
        axis: along which, 0 the channels.
        size: by how much.
        front: whether the fixed part comes first.
        fill: the number that it is everywhere; None: numbers of its own.
        role: what those are: `parameter`, `buffer` or `constant`.
    """
    if fill is None:
        last = -1 if axis == len(shape) - 1 else axis
        return Part("cat", KINDS["token"](size, last, not front, role), holds=True)
    pair = (size, 0) if front else (0, size)
    return Part("pad", pad_along(axis, len(shape), pair, fill))
