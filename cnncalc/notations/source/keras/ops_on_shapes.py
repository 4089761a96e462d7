"""`keras.ops` that move values, take parts, or work element-wise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import inf

from cnncalc.frameworks.keras.activation import rectified
from cnncalc.frameworks.ops import Form, Op, names_in
from cnncalc.layers import KINDS
from cnncalc.layers.base import REQUIRED
from cnncalc.notations.source.arithmetic import tensor_operator
from cnncalc.notations.source.keras.tensors import inner_axis, outer, outer_axis, run_class
from cnncalc.notations.source.layer_steps import emit
from cnncalc.notations.source.slices import cut, taken
from cnncalc.python.functions import Method
from cnncalc.python.iteration import listed
from cnncalc.python.limits import check_count
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value
from cnncalc.tracing.constants import worked_out
from cnncalc.tracing.tensors import Static, one_number

__all__ = ["SHAPING", "as_list", "elementwise", "expand_dims", "transpose"]


def as_list(machine: Machine, value: Value) -> list[Value]:
    """One value, or as many as a tuple or a list has."""
    return listed(machine, value) if isinstance(value, list | tuple) else [value]


def expand_dims(machine: Machine, tensor: Value, axis: Value) -> Value:
    """`ops.expand_dims(x, axis)`: an axis of one, or several of them."""
    for each in as_list(machine, axis):
        where = outer_axis(tensor, each, 1)
        sizes = list(outer(machine, tensor))
        sizes.insert(where, 1)
        tensor = run_class(machine, "Reshape", [tensor], tuple(sizes[1:]))
    return tensor


def squeeze(machine: Machine, tensor: Value, axis: Value = None) -> Value:
    """`ops.squeeze(x, axis)`: without its axes of one."""
    sizes = outer(machine, tensor)
    axes = as_list(machine, axis)
    gone = {outer_axis(tensor, each) for each in axes if each is not None}
    if axis is None:
        gone = {where for where, size in enumerate(sizes) if size == 1}
    if any(sizes[where] != 1 for where in gone):
        raise Refusal("only axes of one can be squeezed", code="axes")
    kept = tuple(size for where, size in enumerate(sizes) if where not in gone)[1:]
    return run_class(machine, "Reshape", [tensor], kept)


def transpose(machine: Machine, tensor: Value, axes: Value = None) -> Value:
    """`ops.transpose(x, axes)`; the batch stays in front."""
    order = listed(machine, axes) if axes is not None else []
    if not order or order[0] != 0:
        raise Refusal("this moves the batch from the front, where it must stay", code="batch-axis")
    return run_class(machine, "Permute", [tensor], tuple(order[1:]))


def swapaxes(machine: Machine, tensor: Value, axis1: Value, axis2: Value) -> Value:
    one, two = outer_axis(tensor, axis1), outer_axis(tensor, axis2)
    order = list(range(len(outer(machine, tensor))))
    order[one], order[two] = order[two], order[one]
    return transpose(machine, tensor, order)


def split(machine: Machine, tensor: Value, indices_or_sections: Value, axis: Value = 0) -> Value:
    """`ops.split(x, 3, axis)`: equal parts, or parts between places."""
    where = outer_axis(tensor, axis)
    size = outer(machine, tensor)[where]
    cuts = indices_or_sections
    if isinstance(cuts, int):
        check_count(cuts)
        if cuts < 1 or size % cuts:
            raise Refusal(f"an axis of {size} can't be split into {cuts} equal parts", code="slice")
        cuts = [size // cuts * n for n in range(1, cuts)]
    bounds = [0, *listed(machine, cuts), size]
    inner = inner_axis(machine, tensor, where)
    size = tensor.shape[inner]
    return [
        cut(machine, tensor, {inner: taken(slice(start, end), size)})
        for start, end in pairwise(bounds)
    ]


def values_of(form: Form, args: Sequence[Value], options: Mapping[str, Value]) -> list[Value]:
    """The options that a call of a form gives; what isn't a number leaves its default."""
    given = {**dict(zip(form.arguments, args, strict=False)), **options}
    numbers = {
        name: value
        for name, value in given.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    for name in form.arguments:
        if name not in numbers and form.defaults[name] is REQUIRED:
            raise Refusal(f"`{form.name}` is read with numbers alone, and needs `{name}`")
    return form.values(numbers)


def elementwise(op: Op, form: Form) -> Method:
    """A function element-wise, perhaps with options: `ops.exp(x)`, `ops.leaky_relu(x, 0.1)`."""

    def call(machine: Machine, tensor: Value, *args: Value, **options: Value) -> Value:
        if isinstance(tensor, Static):
            return worked_out(None if form.arguments else op.number, tensor)
        outer_axis(tensor, -1)
        if len(args) > len(form.arguments):
            raise TypeError(f"{form.name} takes {len(form.arguments)} arguments")
        values = values_of(form, args, options)
        layer = rectified(*values) if op.kind == "relu" else op.made(values)
        return emit(machine, layer, [tensor], op=layer.kind)

    return call


def joined(kind: str) -> Callable[..., Value]:
    """The larger or the smaller of two tensors, element-wise, or of one and a number."""

    def call(machine: Machine, x1: Value, x2: Value) -> Value:
        one, two = (x2, x1) if isinstance(one_number(x1), int | float) else (x1, x2)
        outer_axis(one, -1)
        bound = one_number(two)
        if isinstance(bound, int | float):
            limits = (float(bound), inf) if kind == "maximum" else (-inf, float(bound))
            return emit(machine, KINDS["hardtanh"](*limits), [one], op=kind)
        outer_axis(two, -1)
        return emit(machine, KINDS[kind](), [one, two], op=kind)

    return call


def power(machine: Machine, tensor: Value, exponent: Value) -> Value:
    return tensor_operator(machine, "**", tensor, exponent)


SHAPING: dict[str, Method] = {
    "expand_dims": expand_dims,
    "squeeze": squeeze,
    "transpose": transpose,
    "swapaxes": swapaxes,
    "split": split,
    **{form.name: elementwise(op, form) for op, form in names_in("ops")},
    "power": power,
    "pow": power,
    "maximum": joined("maximum"),
    "minimum": joined("minimum"),
}
