"""The entries of a fixed table that whole numbers name."""

from __future__ import annotations

from math import prod

from cnncalc.python.exceptions import raised
from cnncalc.python.iteration import listed
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe
from cnncalc.tracing.arrays import is_small, taken
from cnncalc.tracing.tensors import Static, one_number

__all__ = ["entries", "places_of"]


def places_of(machine: Machine, part: Value, size: int) -> list[int]:
    """The places that a list of numbers, or an array of them, names along an axis."""
    if isinstance(part, Static) and (len(part.shape) != 1 or part.values is None or not part.whole):
        raise Refusal(f"an index of {describe(part)} can't be followed")
    places = [one_number(each) for each in listed(machine, part)]
    if not all(isinstance(each, int) and not isinstance(each, bool) for each in places):
        raise Refusal(f"an index of {describe(part)} can't be followed")
    if not places:
        raise Refusal(f"this slice of an axis of {size} is empty", code="slice")
    wrong = next((each for each in places if not -size <= each < size), None)
    if wrong is not None:
        raise raised("IndexError", f"index {wrong} is out of an axis of {size}")
    return [each + size if each < 0 else each for each in places]


def entries(machine: Machine, table: Static, index: Static | list[Value]) -> Static:
    """`table[index]`: one entry for each number; those of a weight stay parts of it."""
    array = index if isinstance(index, Static) else Static((len(index),), values=list(index))
    shape = (*array.shape, *table.shape[1:])
    values = None
    if array.ends is not None:
        places_of(machine, Static((2,), values=list(array.ends), whole=True), table.shape[0])
    if array.values:
        row = Static((prod(array.shape),), values=array.values, whole=True)
        places = places_of(machine, row, table.shape[0])
        if table.values is not None and is_small(shape):
            machine.budget.spend(2 * prod(shape))
            values = taken(table.values, table.shape, 0, places)
    return Static(shape, table.sources, values, table.whole, table.fill)
