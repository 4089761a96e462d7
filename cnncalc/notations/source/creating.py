"""New tensors: of sizes, of values, and parameters."""

from __future__ import annotations

from typing import Any

from cnncalc.notations.source.data import content_of, listed
from cnncalc.notations.source.describing import describe
from cnncalc.notations.source.elementwise import single
from cnncalc.notations.source.flowing import Batch, Parameter, Static, Tensor
from cnncalc.notations.source.limits import check_count
from cnncalc.notations.source.reshaping import sizes_given
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.tensors import outer_shape
from cnncalc.notations.source.values import Opaque, Value

__all__ = ["arange", "from_values", "full", "like", "linspace", "new_tensor", "parameter"]


def new_tensor(machine: Any, *sizes: Value, **options: Value) -> Static:
    """`torch.zeros`, `torch.randn` …: a tensor of a size."""
    given = options.get("size", sizes[0] if len(sizes) == 1 else sizes)
    shape = tuple(
        sizes_given(machine, (given,) if not isinstance(given, int | Batch) else sizes or (given,))
    )
    if not all(isinstance(each, int | Batch) and not isinstance(each, bool) for each in shape):
        raise Refusal("the sizes of this tensor aren't known")
    return Static(shape)


def full(machine: Any, size: Value, value: Value, **options: Value) -> Static:
    return new_tensor(machine, size)


def like(machine: Any, tensor: Value, *args: Value, **options: Value) -> Static:
    return Static(outer_shape(tensor))


def from_values(machine: Any, values: Value, **options: Value) -> Static:
    """`torch.tensor`, `torch.as_tensor`."""
    if isinstance(values, Static | Tensor):
        return values  # type: ignore[return-value]
    values = content_of(values)
    if isinstance(values, int | float):
        return Static((), (), [values], isinstance(values, int))
    items = listed(machine, values)
    if any(isinstance(each, list | tuple) for each in items):
        rows = [listed(machine, each) for each in items]
        return Static((len(rows), len(rows[0])))
    if not all(isinstance(each, int | float) for each in items):
        raise Refusal("a tensor of these values can't be followed")
    return Static((len(items),), (), items, all(isinstance(each, int) for each in items))


def arange(machine: Any, *bounds: Value, **options: Value) -> Static:
    numbers: list[Any] = [b.values[0] if isinstance(b, Static) and b.values else b for b in bounds]
    if not all(isinstance(each, int) for each in numbers):
        raise Refusal("`torch.arange` of these bounds can't be followed")
    values = range(*numbers)
    check_count(len(values))
    machine.budget.spend(len(values))
    return Static((len(values),), (), list(values), True)


def linspace(
    machine: Any, start: Value, end: Value, steps: Value = 100, **options: Value
) -> Static:
    check_count(steps)
    machine.budget.spend(steps)
    gap = (end - start) / max(steps - 1, 1)
    return Static((steps,), (), [single(start + gap * place) for place in range(steps)])


def parameter(machine: Any, data: Value = None, requires_grad: Value = True) -> Parameter:
    """`nn.Parameter(data)`."""
    tensor = data
    if isinstance(tensor, Opaque):
        raise Refusal("the size of this parameter isn't known")
    if not isinstance(tensor, Static) or not all(isinstance(s, int) for s in tensor.shape):
        raise Refusal(f"a parameter is made of a tensor of known size, not of {describe(tensor)}")
    made = Parameter(tensor.shape)
    made.trainable = bool(requires_grad)
    return made
