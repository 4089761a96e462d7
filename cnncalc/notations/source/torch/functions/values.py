"""Functions element-wise, and arithmetic: `torch.exp`, `clamp`, `add`, `matmul`."""

from __future__ import annotations

import math

from cnncalc.frameworks.ops import Op, names_in
from cnncalc.layers import KINDS
from cnncalc.notations.source.arithmetic import tensor_operator
from cnncalc.notations.source.layer_steps import emit, made_of
from cnncalc.notations.source.torch.functions.numbers_in_tensors import to_whole
from cnncalc.notations.source.torch.functions.reductions import extreme
from cnncalc.python.functions import Method
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value
from cnncalc.tracing.constants import worked_out
from cnncalc.tracing.tensors import Static, Tensor, one_number

__all__ = ["ELEMENTWISE"]


def elementwise(op: Op) -> Method:
    """A function element-wise, which torch.nn has no class for."""

    def call(machine: Machine, value: Value, *args: Value, **rest: Value) -> Value:
        if isinstance(value, Static):
            return worked_out(op.number, value)
        return emit(machine, op.made(), [value], op=op.kind)

    return call


def clamp(machine: Machine, value: Value, min: Value = None, max: Value = None) -> Value:
    bounds = [each for each in (min, max) if each is not None]
    if isinstance(value, Static):
        return made_of(machine, [value, *bounds], value.shape)
    for bound, function in ((min, ELEMENTWISE["maximum"]), (max, ELEMENTWISE["minimum"])):
        if isinstance(bound, Tensor | Static) and one_number(bound) is bound:
            value = function(machine, value, bound)
    low, high = one_number(min), one_number(max)
    plain = [each for each in (low, high) if isinstance(each, int | float)]
    if not plain:
        return value
    low = low if isinstance(low, int | float) else -math.inf
    high = high if isinstance(high, int | float) else math.inf
    return emit(machine, KINDS["hardtanh"](float(low), float(high)), [value], op="clamp")


def clamp_max(machine: Machine, value: Value, max: Value) -> Value:
    return clamp(machine, value, None, max)


def logarithm(base: float) -> Method:
    """`torch.log2` and `log10`: the natural one, in proportion."""

    def call(machine: Machine, value: Value) -> Value:
        if isinstance(value, Static):
            return worked_out(lambda v: math.log(v, base) if v > 0 else -math.inf, value)
        return tensor_operator(machine, "/", ELEMENTWISE["log"](machine, value), math.log(base))

    return call


def operation(sign: str) -> Method:
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


def added(sign: str) -> Method:
    """`torch.addcmul` and `addcdiv`: a product (or quotient) of two, added to the first."""

    def call(
        machine: Machine, input: Value, tensor1: Value, tensor2: Value, value: Value = 1
    ) -> Value:
        both = tensor_operator(machine, sign, tensor1, tensor2)
        if value != 1:
            both = tensor_operator(machine, "*", both, value)
        return tensor_operator(machine, "+", input, both)

    return call


def swapped(sign: str) -> Method:
    return lambda machine, left, right: tensor_operator(machine, sign, right, left)


ELEMENTWISE: dict[str, Method] = {
    **{form.name: elementwise(op) for op, form in names_in("function") if not op.torch},
    "log2": logarithm(2),
    "log10": logarithm(10),
    "clamp": clamp,
    "clip": clamp,
    "clamp_min": clamp,
    "clamp_max": clamp_max,
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
    "addcmul": added("*"),
    "addcdiv": added("/"),
    "maximum": extreme("max"),
    "minimum": extreme("min"),
}
