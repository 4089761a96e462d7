"""New tensors: of sizes, of values, and parameters."""

from __future__ import annotations

import math
from math import prod

from cnncalc.notations.source.axes import outer_shape
from cnncalc.notations.source.entries import arange
from cnncalc.notations.source.torch.functions.view import sizes_given
from cnncalc.python.exceptions import raised
from cnncalc.python.functions import Method
from cnncalc.python.iteration import content_of, listed
from cnncalc.python.limits import check_count
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.run_values import run_value_among
from cnncalc.python.values import Iterated, Opaque, Value, describe
from cnncalc.python.wordlists import words
from cnncalc.symbols.followed import is_open
from cnncalc.tracing.arrays import MAX_NUMBERS, is_small, single, stretched
from cnncalc.tracing.tensors import Batch, Parameter, Static, Tensor

__all__ = ["CREATION", "NEW", "from_values", "parameter"]


def new_tensor(fill: float | None = None) -> Method:
    """`torch.zeros`, `torch.randn` …: a tensor of a size."""

    def call(machine: Machine, *sizes: Value, **options: Value) -> Static:
        given = options.get("size", sizes[0] if len(sizes) == 1 else sizes)
        given = sizes or (given,) if isinstance(given, int | Batch) else (given,)
        shape = tuple(sizes_given(machine, given))
        if (unknown := run_value_among(shape)) is not None:
            raise unknown.needed("the size of this tensor")
        if not all(isinstance(each, int | Batch) and not isinstance(each, bool) for each in shape):
            raise Refusal("the sizes of this tensor aren't known")
        return Static(shape, fill=fill)

    return call


def full(machine: Machine, size: Value, fill_value: Value, **options: Value) -> Value:
    known = isinstance(fill_value, int | float) and not is_open(fill_value)
    return new_tensor(float(fill_value) if known else None)(machine, size)


def like(fill: Value = None) -> Method:
    """`torch.zeros_like` and its kind."""

    def call(machine: Machine, tensor: Value, *args: Value, **options: Value) -> Static:
        known = float(fill) if isinstance(fill, int | float) and not is_open(fill) else None
        made = Static(outer_shape(tensor), fill=known)
        made.like = tensor if isinstance(tensor, Tensor) else None
        return made

    return call


MAX_AXES = 8


def from_values(machine: Machine, values: Value, *args: Value, **options: Value) -> Static:
    """`torch.tensor`, `torch.as_tensor`; few numbers are kept."""
    if isinstance(values, Static | Tensor):
        return values  # type: ignore[return-value]
    values = content_of(values)
    if isinstance(values, int | float):
        return Static((), (), [values], isinstance(values, int))
    shape = nested_shape(machine, values, MAX_AXES)
    made = Static(shape)
    if is_small(shape):
        made.values = flat(machine, values)
        made.whole = all(isinstance(each, int | Batch) for each in made.values)
    return made


def flat(machine: Machine, values: Value) -> list[Value]:
    """The numbers of lists in lists, row by row."""
    values = content_of(values)
    if isinstance(values, int | float | Batch):
        return [values]
    if isinstance(values, Static):
        return list(values.values or [math.nan] * prod(values.shape))
    return [number for row in listed(machine, values) for number in flat(machine, row)]


def nested_shape(machine: Machine, values: Value, depth: int) -> tuple[Value, ...]:
    """The sizes of lists in lists; its rows are of one size."""
    values = content_of(values)
    if isinstance(values, Static):
        return values.shape
    if isinstance(values, int | float | Batch):
        return ()
    if depth == 0 or not isinstance(values, list | tuple | range | Iterated):
        raise Refusal("a tensor of these values can't be followed")
    rows = listed(machine, values)
    machine.budget.spend(2 * len(rows))
    shapes = {nested_shape(machine, row, depth - 1) for row in rows}
    if len(shapes) > 1:
        raise raised("ValueError", "the rows of this tensor have different sizes")
    return (len(rows), *(shapes.pop() if shapes else ()))


def linspace(
    machine: Machine, start: Value, end: Value, steps: Value = 100, **options: Value
) -> Static:
    if is_open(steps):
        return Static((steps,))
    check_count(steps)
    machine.budget.spend(steps)
    gap = (end - start) / max(steps - 1, 1)
    return Static((steps,), (), [single(start + gap * place) for place in range(steps)])


def meshgrid(machine: Machine, *tensors: Value, indexing: Value = "ij") -> Value:
    """Arrays of one axis as those of a grid: each along an axis of its own, the same elsewhere."""
    given = tensors
    if len(given) == 1 and not isinstance(given[0], Static):
        given = tuple(listed(machine, given[0]))
    if not given or not all(isinstance(each, Static) and len(each.shape) < 2 for each in given):
        raise Refusal("a grid is made of arrays of one axis that don't depend on the input")
    sizes = [each.shape[0] if each.shape else 1 for each in given]
    order = list(range(len(given)))
    if indexing == "xy":
        order[:2] = order[:2][::-1]
    shape = tuple(sizes[axis] for axis in order)
    machine.budget.spend(len(given) * min(prod(s for s in shape if type(s) is int), MAX_NUMBERS))
    made = []
    for number, each in enumerate(given):
        place = order.index(number)
        row = tuple(size if axis == place else 1 for axis, size in enumerate(shape))
        known = each.values is not None and is_small(shape)
        values = stretched(each.values or [], row, shape) if known else None
        made.append(Static(shape, each.sources, values, each.whole))
    return tuple(made)


def parameter(machine: Machine, data: Value = None, requires_grad: Value = True) -> Parameter:
    """`nn.Parameter(data)`."""
    tensor = data
    if isinstance(tensor, Opaque):
        raise Refusal("the size of this parameter isn't known")
    if not isinstance(tensor, Static) or not all(isinstance(s, int) for s in tensor.shape):
        raise Refusal(f"a parameter is made of a tensor of known size, not of {describe(tensor)}")
    made = Parameter(tensor.shape)
    made.trainable = bool(requires_grad)
    return made


def float_tensor(machine: Machine, *given: Value, **options: Value) -> Value:
    """`torch.FloatTensor` and `x.new`: of sizes, or of values."""
    if all(isinstance(each, int | Batch) for each in given):
        return new_tensor()(machine, *given)
    return from_values(machine, *given)


def randint(machine: Machine, *given: Value, size: Value = None, **options: Value) -> Static:
    """`torch.randint(high, size)`, or with `low` in front."""
    sizes = given[-1] if size is None and given else size
    made: Static = new_tensor()(machine, sizes)
    return made


CREATION: dict[str, Method] = {
    "randint": randint,
    **dict.fromkeys(words("rand randn empty normal"), new_tensor()),
    **dict.fromkeys(words("rand_like randn_like empty_like"), like()),
    "zeros": new_tensor(0.0),
    "ones": new_tensor(1.0),
    "zeros_like": like(0.0),
    "ones_like": like(1.0),
    "full_like": lambda machine, tensor, fill_value, **o: like(fill_value)(machine, tensor),
    "full": full,
    "eye": lambda machine, n, m=None, **options: new_tensor()(machine, n, n if m is None else m),
    "tensor": from_values,
    "as_tensor": from_values,
    "FloatTensor": float_tensor,
    "from_numpy": from_values,
    "arange": arange,
    "randperm": arange,  # one order of all there are, as good as any other
    "linspace": linspace,
    "meshgrid": meshgrid,
}
# Methods of a tensor that make another one.
NEW: dict[str, Method] = {
    "new": lambda machine, tensor, *given, **o: float_tensor(machine, *given),
    "new_zeros": lambda machine, tensor, *sizes, **o: new_tensor(0.0)(machine, *sizes, **o),
    "new_ones": lambda machine, tensor, *sizes, **o: new_tensor(1.0)(machine, *sizes, **o),
    "new_empty": lambda machine, tensor, *sizes, **o: new_tensor()(machine, *sizes, **o),
    "new_full": lambda machine, tensor, *args, **o: full(machine, *args, **o),
    "new_tensor": lambda machine, tensor, values, **o: from_values(machine, values),
}
