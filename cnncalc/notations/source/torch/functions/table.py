"""`torch.…` functions and tensor methods: reductions, elementwise functions, new tensors."""

from __future__ import annotations

import math
from typing import Any

from cnncalc.frameworks.ops import Op, names_in
from cnncalc.layers import KINDS
from cnncalc.notations.source.arithmetic import product, tensor_operator
from cnncalc.notations.source.axes import outer_shape
from cnncalc.notations.source.layer_steps import emit
from cnncalc.notations.source.torch.functions.contents import (
    converted,
    differences,
    filled,
    item,
    to_list,
    to_whole,
)
from cnncalc.notations.source.torch.functions.creation import (
    arange,
    from_values,
    full,
    like,
    linspace,
    new_tensor,
)
from cnncalc.notations.source.torch.functions.indexing import SLICING
from cnncalc.notations.source.torch.functions.joining import cat
from cnncalc.notations.source.torch.functions.reductions import (
    extreme,
    norm,
    pair,
    product_of,
    reduction,
    spread,
)
from cnncalc.notations.source.torch.functions.shapes import RESHAPING, unsqueeze
from cnncalc.notations.source.torch.functions.view import sizes_given
from cnncalc.notations.source.torch.nn.functional import FUNCTIONAL
from cnncalc.python.limits import check_count, check_int
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import MISSING, Bound, Builtin, Opaque, Value
from cnncalc.python.wordlists import words
from cnncalc.tracing.constants import worked_out
from cnncalc.tracing.tensors import Batch, Parameter, Static, Tensor

__all__ = ["METHODS", "TORCH", "tensor_attribute"]


def elementwise(op: Op) -> Any:
    """A function value by value, which torch.nn has no class for."""

    def call(machine: Machine, value: Value, *args: Value, **rest: Value) -> Value:
        if isinstance(value, Static):
            return worked_out(op.number, value)
        return emit(machine, op.made(), [value], op=op.kind)

    return call


def clamp(machine: Machine, value: Value, min: Value = None, max: Value = None) -> Value:
    low = -math.inf if min is None else min
    high = math.inf if max is None else max
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        raise Refusal("`clamp` with bounds that aren't numbers can't be followed")
    if isinstance(value, Static):
        return Static(value.shape, value.sources)
    return emit(machine, KINDS["hardtanh"](float(low), float(high)), [value], op="clamp")


def operation(sign: str) -> Any:
    """`torch.add(x, y)` and its kind; `alpha` is a factor of the second."""

    def call(machine: Machine, input: Value, other: Value, **options: Value) -> Value:
        left, right, alpha = input, other, options.get("alpha", 1)
        if alpha != 1:
            right = (
                right * alpha
                if isinstance(right, int | float)
                else tensor_operator(machine, "*", right, alpha)
            )
        if isinstance(left, int | float) and isinstance(right, int | float):
            left = Static((), (), [left])
        result = tensor_operator(machine, sign, left, right)
        rounding = options.get("rounding_mode")
        if rounding is None:
            return result
        if rounding == "trunc" and not isinstance(result, Static):
            raise Refusal("a division that is cut to whole numbers can't be followed")
        result = ELEMENTWISE["floor"](machine, result)
        whole = all(isinstance(n, int) or getattr(n, "whole", False) for n in (left, right))
        return to_whole(machine, result) if whole else result

    return call


def swapped(sign: str) -> Any:
    return lambda machine, left, right: tensor_operator(machine, sign, right, left)


def repeat(machine: Machine, tensor: Value, *sizes: Value) -> Value:
    """`x.repeat(1, 2, 1, 1)`: copies along an axis."""
    times = sizes_given(machine, sizes)
    if isinstance(tensor, Static):
        before = (1,) * (len(times) - len(tensor.shape)) + tuple(tensor.shape)
        return tensor.shaped(tuple(times_size(a, b) for a, b in zip(before, times, strict=True)))
    while len(tensor.sizes) < len(times):
        tensor = unsqueeze(machine, tensor, 0)
    whole = all(isinstance(each, int) and each > 0 for each in times)
    if not whole or len(times) != len(tensor.sizes) or times[tensor.batch.place] != 1:
        raise Refusal("copies along the batch can't be followed", code="batch-axis")
    for axis, count in enumerate(times):
        check_count(count)
        if count > 1:
            tensor = cat(machine, [tensor] * count, axis)
    return tensor


def times_size(size: Value, count: Value) -> Value:
    """A size so many times; either may be the batch."""
    if size == 1 or count == 1:
        return count if size == 1 else size
    if isinstance(size, Batch) or isinstance(count, Batch):
        raise Refusal("copies along the batch can't be followed", code="batch-axis")
    return check_int(size * count)


def attention(machine: Machine, *args: Value, **options: Value) -> Value:
    return product(machine, args[0], args[1] if len(args) > 1 else None)


def window_attention(machine: Machine, *args: Value, **options: Value) -> Value:
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
    "norm": norm,
    "prod": product_of,
}
ELEMENTWISE = {
    **{form.name: elementwise(op) for op, form in names_in("function") if not op.torch},
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


VALUES = {
    "astype": converted,
    "item": item,
    "tolist": to_list,
    "int": to_whole,
    "long": to_whole,
    "diff": differences,
    "repeat": repeat,
    "tile": repeat,
    "new_zeros": lambda machine, tensor, *sizes, **o: new_tensor(0.0)(machine, *sizes, **o),
    "new_ones": lambda machine, tensor, *sizes, **o: new_tensor(1.0)(machine, *sizes, **o),
    "new_empty": lambda machine, tensor, *sizes, **o: new_tensor()(machine, *sizes, **o),
    "fill": filled,
    "zero": filled,
    "new_full": lambda machine, tensor, *args, **o: full(machine, *args, **o),
    "new_tensor": lambda machine, tensor, values, **o: from_values(machine, values),
}
METHODS: dict[str, Any] = {
    **RESHAPING,
    **SLICING,
    **REDUCTIONS,
    **ELEMENTWISE,
    **VALUES,
    **{form.name: FUNCTIONAL[form.name] for op, form in names_in("function") if op.method},
    "prelu": FUNCTIONAL["prelu"],
}
for _name in ("cat", "stack", "concat", "concatenate", "einsum"):
    METHODS.pop(_name, None)
TORCH: dict[str, Any] = {
    **METHODS,
    **SLICING,
    **FUNCTIONAL,
    "einsum": attention,
    "meshgrid": window_attention,
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
    "FloatTensor": lambda machine, *a, **o: (
        new_tensor()(machine, *a)
        if all(isinstance(each, int | Batch) for each in a)
        else from_values(machine, *a)
    ),
    "from_numpy": from_values,
    "arange": arange,
    "randperm": arange,  # one order of all there are, as good as any other
    "linspace": linspace,
    "is_tensor": lambda machine, value: isinstance(value, Tensor | Static),
    "numel": METHODS["numel"],
    "_assert": lambda machine, *args: None,
    "broadcast_tensors": lambda machine, *tensors: tensors,
}
for _name in ("to", "cuda", "cpu", "type", "copy", "data", "size", "view", "dim", "item", "tolist"):
    TORCH.pop(_name, None)


FIXED: dict[str, Value] = {
    "dtype": Opaque("torch.float32"),
    "device": Opaque("torch.device", type="cpu", index=None),
    "requires_grad": False,
    "is_cuda": False,
    "is_quantized": False,
    "grad": None,
    "layout": Opaque("torch.strided"),
}


def tensor_attribute(machine: Machine, value: Value, name: str) -> Value:
    """`tensor.name`."""
    if name == "shape":
        return outer_shape(value)
    if name == "ndim":
        return len(outer_shape(value))
    if name == "data":
        return value
    if isinstance(value, Parameter) and name == "requires_grad":
        return value.trainable
    if name in FIXED:
        return FIXED[name]
    if name == "__class__":
        return MISSING
    if name == "T" and len(outer_shape(value)) == 2:
        name = "t"
        return machine.call(tensor_attribute(machine, value, name), [], {})
    stem = name[:-1] if name.endswith("_") and not name.endswith("__") else name
    found = METHODS.get(stem)
    if found is None:
        return MISSING
    return Bound(Builtin(name, lambda m, args, kwargs: found(m, *args, **kwargs)), value)
