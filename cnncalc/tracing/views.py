"""The same values in other sizes: the plainest layer between two shapes."""

from __future__ import annotations

from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shape

__all__ = ["between"]


def between(shape: Shape, target: Shape) -> Layer | None:
    """The plainest layer that gives the values of one shape another; None: they have it.

    One rule for every way to write it (view, squeeze, unsqueeze, flatten, an index that takes
    its axis away): the layer that names the fewest sizes, since that one holds at other sizes
    of the input too. Neighbours that become one are a `flatten`, one axis that becomes several
    an `unflatten`, axes of size 1 that only change their places a `permute`, all else a
    `reshape`. An axis of size 1 that comes or goes belongs to the axis before it, or where
    there is none to the one behind: 8 to 8×1 is `unflatten:8x1`, 1×8 to 8×1 `permute:1x0`.

    Args:
        shape: sizes without the batch.
        target: those that are wanted, of the same product.
    """
    if shape == target:
        return None
    if not shape or not target:  # one number of each sample
        return KINDS["reshape"](target)
    if len(target) == 1:
        return KINDS["flatten"]()
    if len(shape) == len(target) and long(shape) == long(target):
        return KINDS["permute"](order_of_ones(shape, target))
    old, new = changed(shape, target)
    if len(new) == 1 and len(old) > 1:
        return KINDS["flatten"](old.start, old.stop - 1 if old.stop < len(shape) else -1)
    if len(old) == 1 and len(new) > 1:
        return KINDS["unflatten"](target[new.start : new.stop], old.start)
    return KINDS["reshape"](target)


def changed(shape: Shape, target: Shape) -> tuple[range, range]:
    """The axes of each that are not the same in front and at the back."""
    front = common(shape, target)
    back = common(shape[front:][::-1], target[front:][::-1])
    old, new = (range(front, len(each) - back) for each in (shape, target))
    if not old or not new:  # only axes of size 1 come or go
        less, more = (1, 0) if front else (0, 1)
        old, new = (range(each.start - less, each.stop + more) for each in (old, new))
    return old, new


def long(shape: Shape) -> Shape:
    """Without the axes of size 1."""
    return tuple(size for size in shape if size != 1)


def order_of_ones(shape: Shape, target: Shape) -> tuple[int, ...]:
    """Where the axes are taken from, if only those of size 1 change their places."""
    ones = iter([axis for axis, size in enumerate(shape) if size == 1])
    others = iter([axis for axis, size in enumerate(shape) if size != 1])
    return tuple(next(ones if size == 1 else others) for size in target)


def common(one: Shape, two: Shape) -> int:
    """How many sizes two shapes begin with alike."""
    count = 0
    while count < min(len(one), len(two)) and one[count] == two[count]:
        count += 1
    return count
