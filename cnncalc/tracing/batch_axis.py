"""Where the batch stands among the axes of a tensor.

The network knows one sample: its shape has no batch. A source may move the batch from the
front, as recurrent layers want it (steps, batch, features), or merge it with axes beside it, as
`x.view(b * t, c, h, w)` does. The axes of a sample keep their order all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import prod
from typing import NamedTuple

from cnncalc.layers.base import Shape

__all__ = ["FIRST", "BatchAxis", "viewed"]


class BatchAxis(NamedTuple):
    """Where the batch stands, and which axes of the sample are one axis with it.

    Attributes:
        front: how many axes of the sample stand before it.
        before: how many of those, the last ones, are one axis with it.
        after: how many of the axes behind it are.
    """

    front: int = 0
    before: int = 0
    after: int = 0

    def __bool__(self) -> bool:
        """Whether it is anywhere but in front."""
        return any(self)

    @property
    def place(self) -> int:
        """Which axis of the tensor it is in."""
        return self.front - self.before

    @property
    def merged(self) -> range:
        """The axes of the sample that are one axis with it."""
        return range(self.front - self.before, self.front + self.after)

    def inner(self, axis: int) -> int | None:
        """The axis of the sample that an axis of the tensor is; None: the batch is in it."""
        if axis == self.place:
            return None
        return axis if axis < self.place else axis - 1 + len(self.merged)

    def outer(self, axis: int) -> int:
        """The axis of the tensor that an axis of the sample is, or is part of."""
        if axis < self.merged.start:
            return axis
        return self.place if axis in self.merged else axis + 1 - len(self.merged)

    def groups(self, rank: int) -> list[tuple[int, ...]]:
        """For each axis of the tensor the axes of the sample in it; `rank`: of the sample."""
        count = rank + 1 - len(self.merged)
        axes = ((axis, self.inner(axis)) for axis in range(count))
        return [tuple(self.merged) if inner is None else (inner,) for _, inner in axes]

    def without(self, gone: Collection[int]) -> BatchAxis:
        """Where it stands once some axes of the sample are gone."""
        front = self.front - sum(axis < self.front for axis in gone)
        before = self.before - sum(axis in self.merged and axis < self.front for axis in gone)
        after = self.after - sum(axis in self.merged and axis >= self.front for axis in gone)
        return BatchAxis(front, before, after)

    def moved(self, order: Sequence[int], rank: int) -> tuple[tuple[int, ...], BatchAxis]:
        """What a permutation of the tensor's axes does to those of the sample, and to this."""
        groups = self.groups(rank)
        axes = tuple(axis for each in order for axis in groups[each])
        ahead = list(order).index(self.place)
        front = sum(len(groups[each]) for each in order[:ahead]) + self.before
        return axes, BatchAxis(front, self.before, self.after)


FIRST = BatchAxis()


def viewed(
    shape: Shape, batch: BatchAxis, sizes: Sequence[int], place: int, factor: int
) -> tuple[Shape, BatchAxis] | None:
    """A sample seen as other axes, in the same order; None where that would tear the batch.

    Args:
        shape: the sample's.
        batch: where the batch stands in it.
        sizes: the axes that are wanted, without the one that the batch is in; their product
            with the factor is the sample's.
        place: how many of them stand before that one.
        factor: how often the batch is taken in it.

    Returns:
        The sample's new shape, and where the batch stands in it.
    """
    ahead = prod(shape[: batch.front])
    before, rest = divmod(ahead, prod(sizes[:place]))
    if rest or factor % before:
        return None
    after = factor // before
    merged = [size for size in (before, after) if size != 1]
    target = (*sizes[:place], *merged, *sizes[place:])
    parts = int(before != 1), int(after != 1)
    return target, BatchAxis(place + parts[0], *parts)
