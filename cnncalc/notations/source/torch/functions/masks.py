"""Masks: values that are left out, or taken from elsewhere, where something fixed says so.

Which values those are changes no size and no count, so a mask is no step of its own.
"""

from __future__ import annotations

from cnncalc.notations.source.arithmetic import broadcast, sizes_without_batch
from cnncalc.notations.source.axes import outer_shape
from cnncalc.notations.source.torch.functions.shapes import expand
from cnncalc.python.functions import Method
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import MISSING, Value, describe
from cnncalc.tracing.arrays import is_small
from cnncalc.tracing.tensors import CONTENT, Static, Tensor, compared

__all__ = ["MASKING", "WHERE"]


def masked_fill(machine: Machine, tensor: Value, mask: Value, value: Value) -> Value:
    """`x.masked_fill(mask, -inf)` with a mask that doesn't depend on the input."""
    return masked(machine, tensor, mask)


def where(machine: Machine, condition: Value, input: Value, other: Value) -> Value:
    """`torch.where(mask, x, y)`, one of which flows at most."""
    flowing = [each for each in (input, other) if isinstance(each, Tensor)]
    if len(flowing) > 1:
        raise Refusal("a choice between two tensors that flow can't be followed")
    if flowing:
        fixed = other if flowing[0] is input else input
        tensor = masked(machine, flowing[0], condition)
        return masked(machine, tensor, fixed) if isinstance(fixed, Static) else tensor
    sides = [each.shape for each in (condition, input, other) if isinstance(each, Static)]
    shape: tuple[Value, ...] = ()
    for each in sides:
        shape = broadcast(shape, each)
    return Static(shape)


def masked(machine: Machine, tensor: Value, mask: Value) -> Value:
    """A tensor some of whose values are others, as large as the two are together."""
    if not isinstance(mask, Static):
        raise Refusal(f"a mask that is {describe(mask)} can't be followed")
    before = outer_shape(tensor)
    after = broadcast(before, mask.shape)
    if isinstance(tensor, Static):
        return Static(after, tensor.sources)
    sizes_without_batch(tensor, mask)
    if after != before:
        return expand(machine, tensor, *after)
    return tensor.copy()


def triangle(lower: bool) -> Method:
    """`torch.tril` and `triu`: zeros above the diagonal, or below it."""

    def call(machine: Machine, input: Value, diagonal: Value = 0) -> Value:
        if isinstance(input, Tensor):
            return input.copy()
        if not isinstance(diagonal, int):
            raise Refusal(f"a diagonal of {describe(diagonal)} can't be followed")
        made = Static(input.shape, input.sources)
        values = input.values
        if values is None and input.fill is not None and is_small(input.shape):
            values = [input.fill] * input.count
        if values is not None and len(input.shape) == 2:
            machine.budget.spend(len(values))
            columns = input.shape[1]
            made.values = [
                value if (place % columns - place // columns <= diagonal) is lower
                or (place % columns - place // columns == diagonal) else 0
                for place, value in enumerate(values)
            ]  # fmt: skip
            made.whole = input.whole
        return made

    return call


def comparison(sign: str) -> Method:
    """`torch.eq(mask, 0)` and its kind, of what doesn't depend on the input."""

    def call(machine: Machine, input: Value, other: Value) -> Value:
        found = compared(machine, sign, input, other)
        if found is MISSING:
            raise Refusal(CONTENT)
        return found

    return call


def truth(machine: Machine, tensor: Value) -> Value:
    """`mask.bool()`, of what doesn't depend on the input."""
    return MASKING["ne"](machine, tensor, 0)


COMPARISONS = {
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "not_equal": "!=",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
}
MASKING: dict[str, Method] = {
    **{name: comparison(sign) for name, sign in COMPARISONS.items()},
    "bool": truth,
    "masked_fill": masked_fill,
    "tril": triangle(lower=True),
    "triu": triangle(lower=False),
}
WHERE: dict[str, Method] = {"where": where}
