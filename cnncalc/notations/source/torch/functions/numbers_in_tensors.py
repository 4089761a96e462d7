"""What is in a tensor: numbers taken out of weights and constants, or put into them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

from cnncalc.layers import KINDS
from cnncalc.notations.source.axes import axis_of
from cnncalc.notations.source.layer_steps import emit
from cnncalc.notations.source.unread import unsupported
from cnncalc.python.functions import Method
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.run_values import drawn
from cnncalc.python.values import Value, describe
from cnncalc.tracing.arrays import is_small
from cnncalc.tracing.tensors import CONTENT, Batch, Static, Tensor, static_rows

__all__ = ["NUMBERS_IN_TENSORS", "to_whole"]


def item(machine: Machine, tensor: Value) -> Value:
    if isinstance(tensor, Static) and tensor.values is not None and len(tensor.values) == 1:
        return plain_number(tensor, tensor.values[0])
    if isinstance(tensor, Static) and tensor.values is None and all(n == 1 for n in tensor.shape):
        return drawn(machine, "item") if tensor.fill is None else tensor.fill
    raise Refusal("what is in a tensor isn't known here, only its shape")


def plain_number(tensor: Static, value: Value) -> Value:
    """One number of an array as Python has it; the batch stays unknown."""
    if isinstance(value, Batch):
        return value
    return int(value) if tensor.whole else float(value)


def to_list(machine: Machine, tensor: Value) -> Value:
    if isinstance(tensor, Static) and tensor.values is not None:
        if len(tensor.shape) > 1:
            return [to_list(machine, row) for row in static_rows(machine, tensor)]
        return [plain_number(tensor, value) for value in tensor.values]
    if isinstance(tensor, Static) and len(tensor.shape) == 1 and is_small(tensor.shape):
        machine.budget.spend(tensor.count)
        one = drawn(machine, "tolist") if tensor.fill is None else tensor.fill
        return [one] * tensor.count
    raise Refusal("what is in a tensor isn't known here, only its shape")


def to_whole(machine: Machine, tensor: Value, *args: Value) -> Value:
    if isinstance(tensor, Static) and tensor.values is not None:
        numbers: list[Any] = [v if isinstance(v, Batch) else math.trunc(v) for v in tensor.values]
        return Static(tensor.shape, tensor.sources, numbers, True)
    return tensor


def differences(machine: Machine, tensor: Value) -> Value:
    if not isinstance(tensor, Static) or tensor.values is None:
        raise Refusal("`torch.diff` of an unknown tensor")
    if len(tensor.shape) != 1:
        raise Refusal("`torch.diff` of more axes than one")
    values = [b - a for a, b in zip(tensor.values, tensor.values[1:], strict=False)]
    return Static((len(values),), (), values, tensor.whole)


def running_sums(machine: Machine, tensor: Value, dim: Value = 0, **options: Value) -> Value:
    """`x.cumsum(1)` of what doesn't depend on the input."""
    if not isinstance(tensor, Static):
        raise unsupported("torch.cumsum", None)
    axis_of(tensor, dim)
    return Static(tensor.shape, tensor.sources)


def unique(
    machine: Machine,
    tensor: Value,
    sorted: Value = True,
    return_inverse: Value = False,
    return_counts: Value = False,
    dim: Value = None,
) -> Value:
    """`torch.unique`: each number once, in their order."""
    if not isinstance(tensor, Static) or tensor.values is None:
        raise Refusal("how many different values a tensor holds isn't known here")
    if dim is not None or return_inverse or any(isinstance(v, Batch) for v in tensor.values):
        raise Refusal("`torch.unique` can be followed for the numbers alone")
    found = Counter(tensor.values)
    machine.budget.spend(2 * len(tensor.values))
    numbers = [*found]
    numbers.sort()
    made = Static((len(numbers),), (), numbers, tensor.whole)
    counts = [found[each] for each in numbers]
    return (made, Static((len(counts),), (), [*counts], True)) if return_counts else made


def filled(machine: Machine, tensor: Value, value: Value = 0.0) -> Value:
    """`x.fill_(1)` and `x.zero_()` of weights and constants; of what flows, other numbers."""
    if isinstance(tensor, Tensor):
        return emit(
            machine, KINDS["rescale"]((0.0,), (float(to_number(value)),)), [tensor], op="fill"
        )
    if isinstance(tensor, Static):
        fill = float(value) if isinstance(value, int | float) else None
        tensor.hold(Static(tensor.shape, fill=fill))
    return tensor


def to_number(value: Value) -> float:
    if not isinstance(value, int | float):
        raise Refusal(f"{describe(value)} is no number to fill a tensor with")
    return value


def converted(machine: Machine, tensor: Value, kind: Value = None, *args: Value) -> Value:
    """`astype`: whole numbers where they are asked for."""
    whole = getattr(kind, "name", "") in ("int", "int32", "int64") or kind in ("int", "int32")
    return to_whole(machine, tensor) if whole else tensor


def truths(together: Callable[[list[Any]], bool]) -> Method:
    """`mask.any()` and `mask.all()`, of numbers that are known."""

    def call(machine: Machine, tensor: Value, *args: Value, **options: Value) -> Value:
        if args or options or not isinstance(tensor, Static) or tensor.values is None:
            raise Refusal(CONTENT)
        machine.budget.spend(len(tensor.values))
        made = Static((), (), [int(together(tensor.values))], True)
        made.mask = True
        return made

    return call


NUMBERS_IN_TENSORS: dict[str, Method] = {
    "all": truths(all),
    "any": truths(any),
    "astype": converted,
    "item": item,
    "tolist": to_list,
    "int": to_whole,
    "long": to_whole,
    "cumsum": running_sums,
    "diff": differences,
    "unique": unique,
    "fill": filled,
    "zero": filled,
}
