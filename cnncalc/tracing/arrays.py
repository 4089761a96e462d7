"""Small arrays of known numbers, row by row: parts of them, put together, turned, stretched.

No NumPy: what a source or a file works sizes out with are a few numbers, and loading it costs
more than they do.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from math import inf, prod
from typing import Any

from cnncalc.symbols.followed import is_open

__all__ = [
    "MAX_NUMBERS",
    "is_small",
    "joined",
    "picked",
    "reduced",
    "single",
    "singles",
    "stretched",
    "taken",
    "turned",
]

MAX_NUMBERS = 4_096  # of an array that a source makes; of a larger one only the shape is kept

Numbers = list[float]
Sizes = tuple[Any, ...]  # the batch of a source may be among them


def is_small(shape: Sizes) -> bool:
    """Whether the numbers of an array are kept.

    One with the batch in its shape, or with a size that depends on names, has none.
    """
    return all(type(size) is int for size in shape) and prod(shape) <= MAX_NUMBERS


def strides(shape: Sizes) -> list[int]:
    """How far apart in the rows neighbours along each axis lie."""
    return [prod(shape[axis + 1 :]) for axis in range(len(shape))]


def places(steps: Iterable[int], chosen: Iterable[Iterable[int]]) -> list[int]:
    """Where the elements with these indices lie: axis by axis, so many steps apart."""
    found = [0]
    for step, indices in zip(steps, chosen, strict=True):
        offsets = [index * step for index in indices]
        found = [place + offset for place in found for offset in offsets]
    return found


def picked(values: Numbers, shape: Sizes, parts: Sequence[int | slice | None]) -> Numbers:
    """The numbers that are left by indices and slices, one for each of the first axes."""
    given = [part for part in parts if part is not None]
    chosen = []
    for axis, size in enumerate(shape):
        part = given[axis] if axis < len(given) else slice(None)
        whole = range(size)
        chosen.append(whole[part] if isinstance(part, slice) else whole[part : part + 1 or None])
    return [values[place] for place in places(strides(shape), chosen)]


def taken(values: Numbers, shape: Sizes, axis: int, indices: Iterable[int]) -> Numbers:
    """The numbers at some indices of an axis, in their order."""
    chosen: list[Iterable[int]] = [range(size) for size in shape]
    chosen[axis] = indices
    return [values[place] for place in places(strides(shape), chosen)]


def turned(values: Numbers, shape: Sizes, axes: Sequence[int]) -> Numbers:
    """The numbers with the axes in another order."""
    steps = strides(shape)
    found = places([steps[axis] for axis in axes], [range(shape[axis]) for axis in axes])
    return [values[place] for place in found]


def stretched(values: Numbers, shape: Sizes, wanted: Sizes) -> Numbers:
    """The numbers with axes of size 1 repeated."""
    if shape == wanted:
        return values
    if len(values) == 1:
        return values * prod(wanted)
    shape = (1,) * (len(wanted) - len(shape)) + tuple(shape)
    steps = [0 if size == 1 else step for size, step in zip(shape, strides(shape), strict=True)]
    return [values[place] for place in places(steps, map(range, wanted))]


def joined(parts: list[tuple[Numbers, Sizes]], axis: int) -> Numbers:
    """The numbers of arrays one after another along an axis."""
    (_, first), *_ = parts
    rows = prod(first[:axis])
    blocks = [(values, prod(shape[axis:])) for values, shape in parts]
    return [
        value
        for row in range(rows)
        for values, size in blocks
        for value in values[row * size : (row + 1) * size]
    ]


def reduced(
    values: Numbers, shape: Sizes, axes: Sequence[int], function: Callable[[Numbers], float]
) -> Numbers:
    """What a function makes of the numbers along some axes."""
    kept = [axis for axis in range(len(shape)) if axis not in axes]
    along = [axis for axis in range(len(shape)) if axis in axes]
    rows = turned(values, shape, [*kept, *along])
    size = prod(shape[axis] for axis in along)
    return [function(rows[start : start + size]) for start in range(0, len(rows), size or 1)]


def singles(values: Iterable[float]) -> Numbers:
    """Numbers as float32 keeps them; those that depend on names stay what they are."""
    numbers = list(values)
    kept = array("f", numbers).tolist()
    return [a if is_open(a) else b for a, b in zip(numbers, kept, strict=True)]


def single(value: float) -> float:
    """A number as float32 keeps it, as torch computes with it."""
    if is_open(value) or (isinstance(value, int) and abs(value) < 2**24):
        return value
    try:
        return singles([value])[0]
    except OverflowError:  # a whole number beyond all floats
        return inf if value > 0 else -inf
