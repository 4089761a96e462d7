"""`torch.…` functions and tensor methods: reductions, elementwise functions, new tensors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from cnncalc.layers import KINDS
from cnncalc.notations.source.data import content_of, listed
from cnncalc.notations.source.elementwise import broadcast, single, tensor_operator
from cnncalc.notations.source.functional import FUNCTIONAL
from cnncalc.notations.source.limits import check_count
from cnncalc.notations.source.reshaping import RESHAPING, sizes_given
from cnncalc.notations.source.scopes import describe
from cnncalc.notations.source.slicing import SLICING, cat
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.tensors import axis_of, inner_axis, outer_shape
from cnncalc.notations.source.trace import emit
from cnncalc.notations.source.values import Batch, Opaque, Parameter, Static, Tensor, Value

__all__ = ["METHODS", "TORCH"]


def reduction(how: str) -> Any:
    """`mean`, `sum`, `amax` … over some axes."""

    def call(
        machine: Any, tensor: Value, dim: Value = None, keepdim: Value = False, **options: Value
    ) -> Value:
        dim = options.get("axis", dim)
        keep = bool(options.get("keepdims", keepdim))
        rank = len(outer_shape(tensor))
        dims = list(range(rank)) if dim is None else sizes_given(machine, (dim,))
        if isinstance(tensor, Static):
            return static_reduction(tensor, {axis_of(tensor, each) for each in dims}, keep)
        axes = tuple(sorted(inner_axis(tensor, each, how) for each in dims))
        spatial = axes == tuple(range(1, rank - 1))
        if how in ("mean", "max") and spatial:
            return emit(machine, KINDS["gap" if how == "mean" else "gmp"](keep), [tensor], op=how)
        layer = KINDS["reduce"](how, axes, keep)
        return emit(machine, layer, [tensor], op=how)

    return call


def static_reduction(tensor: Static, axes: set[int], keep: bool) -> Static:
    sizes = [
        1 if place in axes else size
        for place, size in enumerate(tensor.shape)
        if keep or place not in axes
    ]
    return Static(tuple(sizes), tensor.sources)


def extreme(how: str) -> Any:
    """`max` or `min`: of one tensor along an axis (with indices), or of two."""
    reduce = reduction(how)

    def call(machine: Any, tensor: Value, *args: Value, **options: Value) -> Value:
        if args and isinstance(args[0], Tensor | Static):
            kind = KINDS["maximum" if how == "max" else "minimum"]
            return emit(machine, kind(), [tensor, args[0]], op=how)
        if isinstance(tensor, Static) and tensor.values and not args and not options:
            return Static((), (), [max(tensor.values) if how == "max" else min(tensor.values)])
        return reduce(machine, tensor, *args, **options), Opaque("indices")

    return call


def pair(how: str) -> Any:
    """`std_mean`, `var_mean`."""

    def call(
        machine: Any, tensor: Value, dim: Value = None, *args: Value, **options: Value
    ) -> Value:
        options = {key: value for key, value in options.items() if key == "keepdim"}
        return (
            reduction(how)(machine, tensor, dim, **options),
            reduction("mean")(machine, tensor, dim, **options),
        )

    return call


def spread(how: str) -> Any:
    """`std` and `var`, whose second argument may be a correction."""

    def call(
        machine: Any, tensor: Value, dim: Value = None, *args: Value, **options: Value
    ) -> Value:
        keep = bool(options.get("keepdim", args[-1] if args else False))
        return reduction(how)(machine, tensor, None if isinstance(dim, bool) else dim, keep)

    return call


def elementwise(kind: str, number: Callable[[float], float] | None = None, *options: float) -> Any:
    """A function value by value."""

    def call(machine: Any, value: Value, *args: Value, **rest: Value) -> Value:
        if isinstance(value, Static):
            known = value.values is not None and number is not None
            values = [single(number(each)) for each in value.values] if known else None  # type: ignore[union-attr,misc]
            return Static(value.shape, value.sources, values)
        return emit(machine, KINDS[kind](*options), [value], op=kind)

    return call


def clamp(machine: Any, value: Value, min: Value = None, max: Value = None) -> Value:
    low = -math.inf if min is None else min
    high = math.inf if max is None else max
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        raise Refusal("`clamp` with bounds that aren't numbers can't be followed")
    if isinstance(value, Static):
        return Static(value.shape, value.sources)
    return emit(machine, KINDS["hardtanh"](float(low), float(high)), [value], op="clamp")


def operation(sign: str) -> Any:
    """`torch.add(x, y)` and its kind; `alpha` is a factor of the second."""

    def call(machine: Any, left: Value, right: Value, **options: Value) -> Value:
        alpha = options.get("alpha", 1)
        if alpha != 1:
            right = (
                right * alpha
                if isinstance(right, int | float)
                else tensor_operator(machine, "*", right, alpha)
            )
        if isinstance(left, int | float) and isinstance(right, int | float):
            left = Static((), (), [left])
        return tensor_operator(machine, sign, left, right)

    return call


def swapped(sign: str) -> Any:
    return lambda machine, left, right: tensor_operator(machine, sign, right, left)


def repeat(machine: Any, tensor: Value, *sizes: Value) -> Value:
    """`x.repeat(1, 2, 1, 1)`: copies along an axis."""
    times = sizes_given(machine, sizes)
    if isinstance(tensor, Static):
        before = (1,) * (len(times) - len(tensor.shape)) + tuple(tensor.shape)
        return Static(tuple(a * b if a != 1 else b for a, b in zip(before, times, strict=True)),
            tensor.sources)  # fmt: skip
    if times[:1] != [1] or not all(isinstance(each, int) and each > 0 for each in times):
        raise Refusal("copies along the batch can't be followed", code="batch-axis")
    for axis, count in enumerate(times):
        check_count(count)
        if count > 1:
            tensor = cat(machine, [tensor] * count, axis)
    return tensor


def item(machine: Any, tensor: Value) -> Value:
    if isinstance(tensor, Static) and tensor.values is not None and len(tensor.values) == 1:
        value = tensor.values[0]
        return int(value) if tensor.whole else float(value)
    raise Refusal("what is in a tensor isn't known here, only its shape")


def to_list(machine: Any, tensor: Value) -> Value:
    if isinstance(tensor, Static) and tensor.values is not None:
        return [int(value) if tensor.whole else float(value) for value in tensor.values]
    raise Refusal("what is in a tensor isn't known here, only its shape")


def to_whole(machine: Any, tensor: Value, *args: Value) -> Value:
    if isinstance(tensor, Static) and tensor.values is not None:
        return Static(tensor.shape, tensor.sources, [math.trunc(v) for v in tensor.values], True)
    return tensor


def differences(machine: Any, tensor: Value) -> Value:
    if not isinstance(tensor, Static) or tensor.values is None:
        raise Refusal("`torch.diff` of an unknown tensor")
    values = [b - a for a, b in zip(tensor.values, tensor.values[1:], strict=False)]
    return Static((len(values),), (), values, tensor.whole)


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
    numbers = [b.values[0] if isinstance(b, Static) and b.values else b for b in bounds]
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


def product_of(machine: Any, tensor: Value, *args: Value, **options: Value) -> Value:
    if isinstance(tensor, Static) and tensor.values is not None:
        return Static((), (), [math.prod(tensor.values)], tensor.whole)
    raise Refusal("a product over a tensor can't be followed")


def attention(machine: Any, *args: Value, **options: Value) -> Value:
    from cnncalc.notations.source.elementwise import product

    return product(machine, args[0], args[1] if len(args) > 1 else None)


def shapes_only(machine: Any, *tensors: Value) -> Value:
    shape = outer_shape(tensors[0])
    for tensor in tensors[1:]:
        shape = broadcast(shape, outer_shape(tensor))
    return Static(shape)


REDUCTIONS = {
    "mean": reduction("mean"),
    "sum": reduction("sum"),
    "amax": reduction("max"),
    "amin": reduction("min"),
    "logsumexp": reduction("logsumexp"),
    "max": extreme("max"),
    "min": extreme("min"),
    "std": spread("std"),
    "var": spread("var"),
    "var_mean": pair("var"),
    "std_mean": pair("std"),
    "prod": product_of,
}
ELEMENTWISE = {
    "exp": elementwise("exponential", math.exp),
    "log": elementwise("log", lambda v: math.log(v) if v > 0 else -math.inf),
    "sqrt": elementwise("sqrt", lambda v: math.sqrt(max(v, 0))),
    "rsqrt": elementwise("power", None, -0.5),
    "square": elementwise("power", lambda v: v * v, 2.0),
    "reciprocal": elementwise("reciprocal"),
    "abs": elementwise("abs", abs),
    "neg": elementwise("rescale", lambda v: -v, -1.0),
    "sin": elementwise("sin", math.sin),
    "cos": elementwise("cos", math.cos),
    "round": elementwise("round", lambda v: float(round(v))),
    "floor": elementwise("floor", lambda v: float(math.floor(v))),
    "ceil": elementwise("ceil", lambda v: float(math.ceil(v))),
    "clamp": clamp,
    "clip": clamp,
    "clamp_min": lambda machine, value, min: clamp(machine, value, min),
    "add": operation("+"),
    "sub": operation("-"),
    "subtract": operation("-"),
    "mul": operation("*"),
    "multiply": operation("*"),
    "div": operation("/"),
    "divide": operation("/"),
    "true_divide": operation("/"),
    "pow": operation("**"),
    "rsub": swapped("-"),
    "maximum": extreme("max"),
    "minimum": extreme("min"),
    "matmul": attention,
    "mm": attention,
    "bmm": attention,
    "einsum": attention,
}


def converted(machine: Any, tensor: Value, kind: Value = None, *args: Value) -> Value:
    """`astype`: whole numbers where they are asked for."""
    whole = getattr(kind, "name", "") in ("int", "int32", "int64") or kind in ("int", "int32")
    return to_whole(machine, tensor) if whole else tensor


VALUES = {
    "astype": converted,
    "item": item,
    "tolist": to_list,
    "int": to_whole,
    "long": to_whole,
    "diff": differences,
    "repeat": repeat,
    "tile": repeat,
    "new_zeros": lambda machine, tensor, *sizes, **o: new_tensor(machine, *sizes),
    "new_ones": lambda machine, tensor, *sizes, **o: new_tensor(machine, *sizes),
}
METHODS: dict[str, Any] = {
    **RESHAPING,
    **SLICING,
    **REDUCTIONS,
    **ELEMENTWISE,
    **VALUES,
    **{name: FUNCTIONAL[name] for name in (
        "relu sigmoid tanh softmax log_softmax hardshrink unfold prelu".split())},
}  # fmt: skip
for _name in ("cat", "stack", "concat", "concatenate", "einsum"):
    METHODS.pop(_name, None)
TORCH: dict[str, Any] = {
    **METHODS,
    **SLICING,
    **FUNCTIONAL,
    "einsum": attention,
    **dict.fromkeys("zeros ones rand randn empty".split(), new_tensor),
    **dict.fromkeys("zeros_like ones_like rand_like randn_like empty_like full_like".split(), like),
    "full": full,
    "eye": lambda machine, n, m=None, **options: new_tensor(machine, n, n if m is None else m),
    "tensor": from_values,
    "as_tensor": from_values,
    "FloatTensor": lambda machine, *a, **o: (
        new_tensor(machine, *a)
        if all(isinstance(each, int) for each in a)
        else from_values(machine, *a)
    ),
    "from_numpy": from_values,
    "arange": arange,
    "linspace": linspace,
    "is_tensor": lambda machine, value: isinstance(value, Tensor | Static),
    "numel": METHODS["numel"],
    "_assert": lambda machine, *args: None,
    "broadcast_tensors": lambda machine, *tensors: tensors,
}
for _name in ("to", "cuda", "cpu", "type", "copy", "data", "size", "view", "dim", "item", "tolist"):
    TORCH.pop(_name, None)
