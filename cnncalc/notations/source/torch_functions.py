"""`torch.…` functions and tensor methods: reductions, elementwise functions, new tensors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from cnncalc.layers import KINDS
from cnncalc.notations.source.creating import (
    arange,
    from_values,
    full,
    like,
    linspace,
    new_tensor,
)
from cnncalc.notations.source.elementwise import single, tensor_operator
from cnncalc.notations.source.flowing import Static, Tensor
from cnncalc.notations.source.functional import FUNCTIONAL
from cnncalc.notations.source.limits import check_count
from cnncalc.notations.source.reducing import (
    extreme,
    pair,
    product_of,
    reduction,
    spread,
)
from cnncalc.notations.source.reshaping import RESHAPING, sizes_given
from cnncalc.notations.source.slicing import SLICING, cat
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.trace import emit
from cnncalc.notations.source.values import Value
from cnncalc.notations.source.words import words

__all__ = ["METHODS", "TORCH"]


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


def attention(machine: Any, *args: Value, **options: Value) -> Value:
    from cnncalc.notations.source.elementwise import product

    return product(machine, args[0], args[1] if len(args) > 1 else None)


def window_attention(machine: Any, *args: Value, **options: Value) -> Value:
    raise Refusal(
        "places relative to one another, as attention over windows needs them, can't be followed",
        help="networks of convolutions, pools, linear and elementwise layers are read",
        code="attention",
    )


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
    "clamp_min": clamp,
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
        words("relu sigmoid tanh softmax log_softmax hardshrink unfold prelu"))},
}  # fmt: skip
for _name in ("cat", "stack", "concat", "concatenate", "einsum"):
    METHODS.pop(_name, None)
TORCH: dict[str, Any] = {
    **METHODS,
    **SLICING,
    **FUNCTIONAL,
    "einsum": attention,
    "meshgrid": window_attention,
    **dict.fromkeys(words("zeros ones rand randn empty"), new_tensor),
    **dict.fromkeys(words("zeros_like ones_like rand_like randn_like empty_like full_like"), like),
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
