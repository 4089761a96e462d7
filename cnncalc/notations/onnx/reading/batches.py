"""Where the batch is in the sizes that a file gives: a number among others."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from cnncalc.errors import LayerError
from cnncalc.layers.base import Shape
from cnncalc.tracing.batch_axis import FIRST, BatchAxis, viewed
from cnncalc.tracing.tensors import Tensor

__all__ = ["viewed_at"]


def viewed_at(data: Tensor, sizes: Shape, batch: int) -> tuple[Shape, BatchAxis]:
    """Data seen in other sizes: its sample's shape, and where the batch is then.

    A batch of one sample may be in any axis. It is alone where it can be, else in no last axis,
    which is that of the features, else where it was, or as far in front as it can be.

    Args:
        data: what is seen in them.
        sizes: all of them, of as many values.
        batch: the size of the batch.

    Raises:
        LayerError: the batch would be torn, or is in none of them.
    """
    last, before = len(sizes) - 1, data.batch.place
    places = sorted(
        (place for place, size in enumerate(sizes) if size and size % batch == 0),
        key=lambda at: (sizes[at] != batch, at == last, at != before, at),
    )
    if not prod(sizes) and sizes[:1] == (batch,) and not data.batch:
        return sizes[1:], data.batch
    if not sizes and batch == 1:  # the only number of the only sample
        return (), FIRST
    found = next(_seen(data, sizes, batch, places), None)
    if found is None:
        raise LayerError(
            "the batch axis doesn't stay whole",
            help="a batch that is an axis, or a whole part of one, is followed",
            code="batch",
        )
    return found


def _seen(
    data: Tensor, sizes: Shape, batch: int, places: list[int]
) -> Iterator[tuple[Shape, BatchAxis]]:
    """The ways to see data in sizes, with the batch at each of some places."""
    for place in places:
        rest, factor = (*sizes[:place], *sizes[place + 1 :]), sizes[place] // batch
        found = _apart(data, rest, place, factor) or viewed(
            data.shape, data.batch, rest, place, factor
        )
        if found is not None:
            yield found


def _apart(data: Tensor, rest: Shape, place: int, factor: int) -> tuple[Shape, BatchAxis] | None:
    """The sample as it is, some whole axes of it beside the batch in one with that."""
    shape, front = data.shape, data.batch.front
    before = front - place
    after = len(shape) - len(rest) - before
    if min(before, after) < 0 or (factor == 1 and before + after):
        return None
    kept = (*shape[:place], *shape[front + after :])
    joined = prod(shape[place : front + after])
    return (shape, BatchAxis(front, before, after)) if (kept, joined) == (rest, factor) else None
