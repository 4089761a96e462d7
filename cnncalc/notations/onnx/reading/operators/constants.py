"""What asks for sizes, makes numbers, or hands values on as they are."""

from __future__ import annotations

from math import isfinite, prod, trunc

from cnncalc.errors import LayerError
from cnncalc.notations.onnx.reading.call import Call
from cnncalc.notations.onnx.reading.model import (
    MAX_VALUES,
    Stored,
    check_bounds,
    clean,
    followed,
    stored_in,
)
from cnncalc.notations.onnx.reading.operators.base import Either, Numbers, Value, Whole, operator
from cnncalc.symbols.followed import is_open
from cnncalc.tracing.arrays import singles
from cnncalc.tracing.constants import worked_out
from cnncalc.tracing.tensors import Static, Tensor


def numbers(values: list[int]) -> Static:
    """Whole numbers that are no weights."""
    return Static((len(values),), (), [*values], True)


@operator("Shape", batch="any")
def shape(call: Call, data: Either, *, start: int = 0, end: int | None = None) -> Static:
    """The sizes of a tensor, as numbers."""
    found = numbers(list(call.sizes(data)[start:end]))
    return followed(found) if isinstance(data, Tensor) else found


@operator("Size", batch="any")
def size(call: Call, data: Either) -> Static:
    found = Static((), (), [prod(call.sizes(data))], True)
    return followed(found) if isinstance(data, Tensor) else found


@operator("Constant")
def constant(
    call: Call,
    *,
    value: Stored | None = None,
    sparse_value: Stored | None = None,
    value_int: Whole = None,
    value_ints: Whole = None,
    value_float: float | None = None,
    value_floats: Numbers = None,
) -> Static:
    """The tensor or the numbers of a Constant node."""
    for tensor in (value, sparse_value):
        if isinstance(tensor, Stored):
            label = clean(call.node.name)
            literal = Stored(label, tensor.shape, tensor.learned, True)
            return Static(tensor.shape, (literal,), tensor.values, tensor.whole)
    if value_int is not None:
        return Static((), (), [*value_int], True)
    if value_ints is not None:
        return numbers(value_ints)
    if value_float is not None:
        return Static((), (), [value_float])
    if value_floats is not None:
        return Static((len(value_floats),), (), [*value_floats])
    raise LayerError("it has no numbers", code="onnx")


@operator("ConstantOfShape", data=False)
def constant_of_shape(call: Call, sizes: Static, *, value: Stored | None = None) -> Static:
    """One number everywhere; of a stored shape it is taken for a weight."""
    made = tuple(map(trunc, call.numbers(0) or []))
    check_bounds(made)
    fill, whole = 0.0, False
    if isinstance(value, Stored) and value.values:
        fill, whole = value.values[0], value.whole
    # A shape that was worked out from the data makes zeros to compute with, no weight.
    written = not sizes.computed and any(not each.literal for each in stored_in(sizes))
    stored = not whole and written
    sources = (Stored(clean(call.node.outputs[0]), made, True),) if stored else ()
    few = not any(map(is_open, made)) and prod(made) <= (1024 if stored else MAX_VALUES)
    if few:
        call.spend(prod(made))
    return Static(made, sources, [fill] * prod(made) if few else None, whole)


@operator("Identity", batch="any")
def identity(call: Call, data: Value) -> Value:
    """The same under another name.

    torch.onnx keeps tensors of the same numbers once and copies them: all the ones and zeros of
    an untrained model, which are no shared weights and count under each of their names.
    """
    if not isinstance(data, Static):
        return call.same(call.flow())
    if data.count < 2 or data.uniform is None or data.computed:
        return data
    name = clean(call.node.outputs[0])
    copies = [Stored(name, each.shape, each.learned, each.literal) for each in stored_in(data)]
    return Static(data.shape, tuple(copies), data.values, data.whole)


# The numbers of ONNX's types, by what becomes of data in them.
FRACTIONS = (1, 10, 11, 16)
BOOLEAN = 9


@operator("Cast", batch="any")
def cast(call: Call, data: Either, *, to: int = 1) -> Either:
    """Data in another type of fractions is the same data; whole numbers are a step."""
    if isinstance(data, Tensor):
        return data if to in FRACTIONS else call.same(data)

    def compute(values: list[float]) -> list[float]:
        if to in FRACTIONS:
            return values
        if to == BOOLEAN:
            return [int(bool(each)) for each in values]
        return [trunc(each) if isfinite(each) else 0 for each in values]

    return call.made(data.shape, [data], compute, whole=to not in FRACTIONS)


@operator("CastLike", batch="any")
def cast_like(call: Call, data: Either, other: Value) -> Either:
    """The same data, or the same numbers."""
    return data


@operator("Range", data=False)
def arange(call: Call, start: Numbers, limit: Numbers, delta: Numbers) -> Static:
    first, last, step = ((each or [0])[0] for each in (start, limit, delta))
    count = max(trunc(-(-(last - first) // step)), 0) if step else 0
    if is_open(count) or count > MAX_VALUES:
        check_bounds((count,))
        made = Static((count,), whole=call.stored(0).whole)
        if made.whole and count:
            made.ends = trunc(first), trunc(first + (count - 1) * step)
        return made
    call.spend(count)
    values = [place * step + first for place in range(count)]
    whole = call.stored(0).whole
    return Static((count,), (), [*map(int, values)] if whole else singles(values), whole)


@operator("RandomNormalLike", "RandomUniformLike", batch="any")
def drawn_like(call: Call, data: Either) -> Static:
    """Noise in the sizes of data, as variational autoencoders add it: no weight."""
    return Static(call.sizes(data), computed=isinstance(data, Tensor))


@operator("RandomNormal", "RandomUniform", data=False)
def drawn(call: Call, *, shape: Whole = None) -> Static:
    """Noise in sizes that the file has."""
    check_bounds(sizes := tuple(shape or ()))
    return Static(sizes)


@operator("NonZero", data=False)
def nonzero(call: Call, data: Static) -> Static:
    """The places of the numbers that aren't 0: a row for each axis."""
    if data.values is None:
        call.refuse("the numbers of its input are not known here")
    call.spend(len(data.values) * max(len(data.shape), 1))
    found = [place for place, each in enumerate(data.values) if each]
    rows = []
    for axis, count in enumerate(data.shape):
        step = prod(data.shape[axis + 1 :])
        rows += [place // step % count for place in found]
    return Static((len(data.shape), len(found)), (), rows, True)


@operator("CumSum", "EyeLike", "Trilu", data=False)
def unseen(call: Call, data: Static) -> Static:
    """A tensor of the same sizes, whose numbers are not looked at."""
    return worked_out(None, data)
