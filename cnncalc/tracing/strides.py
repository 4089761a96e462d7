"""How values lie behind a tensor whose axes were put in another order, and which views that allows.

A view copies nothing, so that axes become one only where their values lie one behind the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.symbols.followed import is_open
from cnncalc.tracing.arrays import Sizes
from cnncalc.tracing.tensors import Batch

__all__ = ["can_view"]

SAMPLES = 1_000_003  # a batch of a size that no other is a multiple of


def can_view(sizes: Sizes, order: Sequence[int], wanted: Sizes) -> bool:
    """Whether values can be seen in other sizes without a copy.

    Args:
        sizes: those of a tensor, the batch among them.
        order: which axis of a tensor whose values lie in a row each of its axes was.
        wanted: as many values; sizes that are computed from the input's are let pass.
    """
    if any(map(is_open, (*sizes, *wanted))):
        return True
    rest = [counted(size) for size in wanted]
    for chunk in in_a_row([counted(size) for size in sizes], order):
        taken = 1
        while rest and (taken < chunk or rest[-1] == 1):
            taken *= rest.pop()
        if taken != chunk:
            return False
    return True


def in_a_row(sizes: list[int], order: Sequence[int]) -> list[int]:
    """How many values lie in a row, for each run of neighbouring axes; the last one first."""
    before = [sizes[order.index(axis)] for axis in range(len(sizes))]
    strides = [prod(before[axis + 1 :]) for axis in order]
    runs = []
    count, base = 1, None
    for size, stride in reversed(list(zip(sizes, strides, strict=True))):
        if size == 1:
            continue
        if base is not None and stride != count * base:
            runs.append(count)
            count, base = 1, None
        base = stride if base is None else base
        count *= size
    return [*runs, count]


def counted(size: int | Batch) -> int:
    return size.factor * SAMPLES if isinstance(size, Batch) else size
