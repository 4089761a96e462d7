"""Small arrays of known numbers, row by row: parts of them, put together, turned, stretched."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

from cnncalc.python.values import Value

__all__ = ["MAX_FIGURES", "joined", "picked", "stretched", "turned"]

MAX_FIGURES = 4_096  # numbers of an array that are kept; a larger one has only its shape
Figures = list[Any]


def places(shape: tuple[Value, ...], chosen: list[range]) -> list[int]:
    """Where the elements with these indices lie in the rows of an array."""
    steps = [prod(shape[axis + 1 :]) for axis in range(len(shape))]
    return [
        sum(index * step for index, step in zip(each, steps, strict=True))
        for each in product(*chosen)
    ]


def picked(values: Figures, shape: tuple[Value, ...], parts: list[Value]) -> Figures:
    """The numbers that are left by indices and slices, one for each of the first axes."""
    given = [part for part in parts if part is not None]
    chosen = []
    for axis, size in enumerate(shape):
        part = given[axis] if axis < len(given) else slice(None)
        whole = range(size)
        chosen.append(whole[part] if isinstance(part, slice) else whole[part : part + 1 or None])
    return [values[place] for place in places(shape, chosen)]


def turned(values: Figures, shape: tuple[Value, ...], axes: list[int]) -> Figures:
    """The numbers with the axes in another order."""
    steps = [prod(shape[axis + 1 :]) for axis in range(len(shape))]
    return [
        values[sum(index * steps[axis] for index, axis in zip(each, axes, strict=True))]
        for each in product(*(range(shape[axis]) for axis in axes))
    ]


def stretched(
    values: Figures, shape: tuple[Value, ...], wanted: tuple[Value, ...]
) -> Figures | None:
    """The numbers with axes of size 1 repeated; None where they are too many."""
    if shape == wanted:
        return values
    if not all(isinstance(size, int) for size in wanted) or prod(wanted) > MAX_FIGURES:
        return None
    shape = (1,) * (len(wanted) - len(shape)) + tuple(shape)
    steps = [0 if size == 1 else prod(shape[axis + 1 :]) for axis, size in enumerate(shape)]
    return [
        values[sum(index * step for index, step in zip(each, steps, strict=True))]
        for each in product(*map(range, wanted))
    ]


def joined(parts: list[tuple[Figures, tuple[Value, ...]]], axis: int) -> Figures:
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
