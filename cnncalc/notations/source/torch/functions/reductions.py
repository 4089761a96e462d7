"""Reductions of tensors along axes."""

from __future__ import annotations

import math

from cnncalc.layers import KINDS
from cnncalc.network import Declared
from cnncalc.notations.source.axes import inner_axis, outer_shape
from cnncalc.notations.source.layer_steps import emit
from cnncalc.notations.source.torch.functions.view import axes_given
from cnncalc.python.functions import Method
from cnncalc.python.machine import Machine
from cnncalc.python.records import tuple_class
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import MISSING, Opaque, Value
from cnncalc.tracing.reductions import along
from cnncalc.tracing.tensors import Operations, Pile, Static, Tensor, one_number

__all__ = ["REDUCTIONS", "extreme"]


def reduction(how: str, biased: bool = False) -> Method:
    """`mean`, `sum`, `amax` … over some axes."""

    def call(
        machine: Machine, tensor: Value, dim: Value = None, keepdim: Value = False, *,
        axis: Value = None, keepdims: Value = False, dtype: Value = None, out: Value = None,
    ) -> Value:  # fmt: skip
        dim = axis if dim is None else dim
        keep = bool(keepdim or keepdims)
        rank = len(outer_shape(tensor))
        if dim is None and isinstance(tensor, Tensor | Pile):
            raise whole_batch(how)
        dims = list(range(rank)) if dim is None else axes_given(machine, tensor, dim)
        if isinstance(tensor, Pile):
            return over_pile(machine, how, tensor, dims, keep)
        if isinstance(tensor, Static):
            return static_reduction(tensor, set(dims), keep)
        axes = [inner_axis(tensor, each, how) for each in dims]
        batch = tensor.batch if keep else tensor.batch.without(set(axes))
        layer = Declared(along(how, tensor.shape, axes, keep, biased), reduced=True)
        return emit(machine, layer, [tensor], op=how, batch=batch)

    return call


def whole_batch(how: str) -> Refusal:
    return Refusal(
        f"this `{how}` is one number for the whole batch, and what is in a tensor isn't known here",
        help=f"branches on shapes can be followed; for each sample it is `x.{how}(dim=1)`",
        code="batch-axis",
    )


MERGES = {"sum": "add", "mean": "mean", "max": "maximum", "min": "minimum", "prod": "mul"}


def over_pile(machine: Machine, how: str, pile: Pile, axes: list[int], keep: bool) -> Value:
    """`torch.stack(xs).sum(0)`: the tensors joined element-wise."""
    if axes != [0] or keep or how not in MERGES:
        raise Refusal(
            f"this `{how}` of tensors stacked in front of the batch can't be followed",
            help=f"`torch.stack(tensors, dim=1).{how}(dim=1)` keeps the batch in front",
            code="batch-axis",
        )
    return emit(machine, KINDS[MERGES[how]](), pile.parts, op=how)


def static_reduction(tensor: Static, axes: set[int], keep: bool) -> Static:
    sizes = [
        1 if place in axes else size
        for place, size in enumerate(tensor.shape)
        if keep or place not in axes
    ]
    return Static(tuple(sizes), tensor.sources)


def extreme(how: str) -> Method:
    """`max` or `min`: of one tensor along an axis (with indices), or of two."""
    reduce = reduction(how)

    def call(machine: Machine, tensor: Value, *args: Value, **options: Value) -> Value:
        other = options.get("other", args[0] if args else None)
        if isinstance(other, Tensor | Static):
            return larger(machine, how, tensor, other)
        if isinstance(tensor, Static) and tensor.values and not args and not options:
            return Static((), (), [max(tensor.values) if how == "max" else min(tensor.values)])
        if isinstance(tensor, Static) and not args and not options:
            return Static((), tensor.sources)
        made = reduce(machine, tensor, *args, **options)
        return machine.call(WITH_INDICES, [made, Opaque("indices")], {})

    return call


WITH_INDICES = tuple_class("torch.return_types.max", {"values": MISSING, "indices": MISSING})
BOTH_ENDS = tuple_class("torch.return_types.aminmax", {"min": MISSING, "max": MISSING})


def aminmax(machine: Machine, tensor: Value, *, dim: Value = None, keepdim: Value = False) -> Value:
    """`x.aminmax(dim=1)`: the smallest and the largest."""
    ends = [reduction(how)(machine, tensor, dim, keepdim) for how in ("min", "max")]
    return machine.call(BOTH_ENDS, ends, {})


def larger(machine: Machine, how: str, one: Value, two: Value) -> Value:
    """The larger of two tensors at each place, or the smaller: the same with either first."""
    if isinstance(one, Static):
        one, two = two, one
    if isinstance(one, Tensor) and isinstance(two, Static):
        return bounded(machine, how, one, two)
    return emit(machine, KINDS[MERGES[how]](), [one, two], op=how)


def bounded(machine: Machine, how: str, tensor: Tensor, bound: Static) -> Value:
    """What flows with a bound t that the model keeps.

    max(x, t) = x + relu(t - x), and min(x, t) = t - relu(t - x): in both t is added as it is.
    """
    number = one_number(bound)
    if isinstance(number, int | float):
        limits = (float(number), math.inf) if how == "max" else (-math.inf, float(number))
        return emit(machine, KINDS["hardtanh"](*limits), [tensor], op=how)
    binary = machine.part(Operations).binary
    missing = emit(machine, KINDS["relu"](), [binary(machine, "-", bound, tensor)], op="relu")
    if how == "max":
        return binary(machine, "+", tensor, missing)
    return binary(machine, "-", bound, missing)


def pair(how: str) -> Method:
    """`std_mean`, `var_mean`."""

    def call(
        machine: Machine, tensor: Value, dim: Value = None, *args: Value, **options: Value
    ) -> Value:
        mean = {key: value for key, value in options.items() if key == "keepdim"}
        return (
            spread(how)(machine, tensor, dim, *args, **options),
            reduction("mean")(machine, tensor, dim, *args[1:], **mean),
        )

    return call


def spread(how: str) -> Method:
    """`std` and `var`, which divide by the number of values less a correction."""

    def call(
        machine: Machine,
        tensor: Value,
        dim: Value = None,
        unbiased: Value = True,
        keepdim: Value = False,
        **options: Value,
    ) -> Value:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        correction = options.pop("correction", None)
        if correction is None:
            correction = int(bool(unbiased))
        if correction not in (0, 1):
            raise Refusal(f"`{how}` with a correction other than 0 and 1 can't be followed")
        return reduction(how, biased=correction == 0)(machine, tensor, dim, keepdim, **options)

    return call


def product_of(machine: Machine, tensor: Value, *args: Value, **options: Value) -> Value:
    if isinstance(tensor, Static) and tensor.values is not None:
        return Static((), (), [math.prod(tensor.values)], tensor.whole)
    return reduction("prod")(machine, tensor, *args, **options)


def norm(
    machine: Machine, tensor: Value, p: Value = 2, dim: Value = None, *args: Value, **options: Value
) -> Value:
    """`x.norm(p=2, dim=1)`: the sum of sizes, or the root of the sum of squares."""
    p = options.pop("ord", p)  # as torch.linalg has it
    order = 2 if p in (None, "fro") else p
    if order not in (1, 2):
        raise Refusal("only norms with p=1 or p=2 can be followed")
    return reduction(f"norm{int(order)}")(machine, tensor, dim, *args, **options)


REDUCTIONS: dict[str, Method] = {
    "mean": reduction("mean"),
    "sum": reduction("sum"),
    "amax": reduction("max"),
    "amin": reduction("min"),
    "aminmax": aminmax,
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
