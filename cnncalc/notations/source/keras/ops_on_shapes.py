"""`keras.ops` that move values, take parts, or work element-wise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import inf

from cnncalc.frameworks.ops import Form, Op, names_in
from cnncalc.layers import KINDS
from cnncalc.layers.base import REQUIRED
from cnncalc.notations.source.arithmetic import tensor_operator
from cnncalc.notations.source.keras.state import keras_of
from cnncalc.notations.source.keras.tensors import by_layer, outer
from cnncalc.notations.source.layer_steps import emit
from cnncalc.notations.source.slices import cut, taken
from cnncalc.python.functions import Method
from cnncalc.python.iteration import listed
from cnncalc.python.limits import check_count
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe
from cnncalc.tracing.tensors import Tensor, one_number

__all__ = ["SHAPING", "expand_dims", "place", "transpose", "values_of"]


def place(tensor: Value, axis: Value, more: int = 0) -> int:
    """An axis of Keras's tensor, counted from its batch (0); `more` axes are to come."""
    if not isinstance(tensor, Tensor):
        raise Refusal(f"this works on tensors that flow, not on {describe(tensor)}")
    rank = len(tensor.shape) + 1 + more
    if isinstance(axis, bool) or not isinstance(axis, int) or not -rank <= axis < rank:
        told = axis if isinstance(axis, int) else describe(axis)
        raise Refusal(f"{told} is no axis of a tensor of {rank}")
    if axis % rank == 0:
        raise Refusal("axis 0 is the batch, which can't be followed", code="batch-axis")
    return axis % rank


def expand_dims(machine: Machine, tensor: Value, axis: Value) -> Value:
    """`ops.expand_dims(x, axis)`: an axis of one, or several of them."""
    for each in listed(machine, axis) if isinstance(axis, list | tuple) else [axis]:
        where = place(tensor, each, 1)
        sizes = list(outer(machine, tensor))
        sizes.insert(where, 1)
        tensor = by_layer(machine, "Reshape", tensor, tuple(sizes[1:]))
    return tensor


def squeeze(machine: Machine, tensor: Value, axis: Value = None) -> Value:
    """`ops.squeeze(x, axis)`: without its axes of one."""
    sizes = outer(machine, tensor)
    axes = listed(machine, axis) if isinstance(axis, list | tuple) else [axis]
    gone = {place(tensor, each) for each in axes if each is not None}
    if axis is None:
        gone = {where for where, size in enumerate(sizes) if size == 1}
    if any(sizes[where] != 1 for where in gone):
        raise Refusal("only axes of one can be squeezed", code="axes")
    kept = tuple(size for where, size in enumerate(sizes) if where not in gone)[1:]
    return by_layer(machine, "Reshape", tensor, kept)


def transpose(machine: Machine, tensor: Value, axes: Value = None) -> Value:
    """`ops.transpose(x, axes)`; the batch stays in front."""
    order = listed(machine, axes) if axes is not None else []
    if not order or order[0] != 0:
        raise Refusal("this moves the batch from the front, where it must stay", code="batch-axis")
    return by_layer(machine, "Permute", tensor, tuple(order[1:]))


def swapaxes(machine: Machine, tensor: Value, axis1: Value, axis2: Value) -> Value:
    one, two = place(tensor, axis1), place(tensor, axis2)
    order = list(range(len(outer(machine, tensor))))
    order[one], order[two] = order[two], order[one]
    return transpose(machine, tensor, order)


def split(machine: Machine, tensor: Value, indices_or_sections: Value, axis: Value = 0) -> Value:
    """`ops.split(x, 3, axis)`: equal parts, or parts between places."""
    where = place(tensor, axis)
    size = outer(machine, tensor)[where]
    cuts = indices_or_sections
    if isinstance(cuts, int):
        check_count(cuts)
        if cuts < 1 or size % cuts:
            raise Refusal(f"an axis of {size} can't be split into {cuts} equal parts", code="slice")
        cuts = [size // cuts * n for n in range(1, cuts)]
    bounds = [0, *listed(machine, cuts), size]
    inner = keras_of(machine).frame.inside(where - 1, len(tensor.shape))
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


def valued(op: Op, form: Form) -> Callable[..., Value]:
    """A function element-wise."""

    def call(machine: Machine, tensor: Value, *args: Value, **rest: Value) -> Value:
        place(tensor, -1)
        if len(args) > len(form.arguments):
            raise TypeError(f"{form.name} takes {len(form.arguments)} arguments")
        return emit(machine, op.made(values_of(form, args, rest)), [tensor], op=op.kind)

    return call


def joined(kind: str) -> Callable[..., Value]:
    """The larger or the smaller of two tensors, element-wise, or of one and a number."""

    def call(machine: Machine, x1: Value, x2: Value) -> Value:
        one, two = (x2, x1) if isinstance(one_number(x1), int | float) else (x1, x2)
        place(one, -1)
        bound = one_number(two)
        if isinstance(bound, int | float):
            limits = (float(bound), inf) if kind == "maximum" else (-inf, float(bound))
            return emit(machine, KINDS["hardtanh"](*limits), [one], op=kind)
        place(two, -1)
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
    **{form.name: valued(op, form) for op, form in names_in("ops")},
    "power": power,
    "pow": power,
    "maximum": joined("maximum"),
    "minimum": joined("minimum"),
}
