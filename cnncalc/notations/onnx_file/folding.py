"""Operators on constants: shape arithmetic becomes numbers, weights keep their shapes.

Numbers are worked out where they are few; else only the shape is, and what the result is
made of. Nothing here allocates more than MAX_VALUES numbers at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy

from cnncalc.errors import LayerError
from cnncalc.layers.base import Shape
from cnncalc.notations.onnx_file import shapes
from cnncalc.notations.onnx_file.call import Call
from cnncalc.notations.onnx_file.model import MAX_VALUES, Constant, Stored, clean

__all__ = ["FOLDED", "fold"]


def fold(call: Call) -> list[Constant]:
    """What an operator gives of constants alone."""
    function = FOLDED.get(call.node.op)
    if function is None:
        call.refuse(
            f"the operator `{clean(call.node.op, 60)}` of stored tensors can't be worked out",
            code="unknown-operator",
        )
    for place in range(len(call.inputs)):
        call.constant(place)  # refuses what is neither data nor a constant
    with numpy.errstate(all="ignore"):
        try:
            found = function(call)
        except (ValueError, TypeError, IndexError, OverflowError, MemoryError):
            call.refuse("its inputs don't fit together")
    return found if isinstance(found, list) else [found]


def constants(call: Call) -> list[Constant]:
    """The inputs that are given."""
    return [each for each in call.inputs if isinstance(each, Constant)]


def made(
    call: Call,
    shape: Shape,
    inputs: Sequence[Constant],
    compute: Callable[..., Any],
    sources: Sequence[Constant] | None = None,
) -> Constant:
    """A constant of a known shape, with numbers where those of the inputs are known.

    `sources`: the inputs whose stored tensors it is made of; by default all of them.
    """
    stored = [each for constant in (sources or inputs) for each in constant.sources]
    kept = tuple({id(each): each for each in stored}.values())
    values = None
    if prod(shape) <= MAX_VALUES and all(each.values is not None for each in inputs):
        call.tracer.spend(prod(shape))
        values = numpy.asarray(compute(*[each.values for each in inputs])).reshape(shape)
    return Constant(shape, values, kept)


def numbers(values: Any) -> Constant:
    """Numbers that are no weights."""
    array = numpy.asarray(values)
    return Constant(tuple(array.shape), array)


def constant(call: Call) -> Constant:
    """The tensor or the numbers of a Constant node."""
    for name in ("value", "sparse_value"):
        if isinstance(call.attributes.get(name), Constant):
            found: Constant = call.attributes[name]
            label = clean(call.node.name)
            sources = tuple(Stored(label, s.shape, s.learned, True) for s in found.sources)
            return Constant(found.shape, found.values, sources)
    for name, kind in (("value_int", "int64"), ("value_ints", "int64")):
        if name in call.attributes:
            return numbers(numpy.array(call.attributes[name], dtype=kind))
    for name in ("value_float", "value_floats"):
        if name in call.attributes:
            return numbers(numpy.array(call.attributes[name], dtype="float32"))
    raise LayerError("it has no numbers", code="onnx")


def constant_of_shape(call: Call) -> Constant:
    """One number everywhere; of a stored shape it is taken for a weight."""
    sizes = call.whole("", 0) or []
    shape = tuple(sizes)
    value = call.attributes.get("value")
    number = value.values if isinstance(value, Constant) else None
    fill = numpy.float32(0) if number is None else number.reshape(-1)[0]
    (given,) = constants(call)
    # A shape that was worked out from the data makes zeros to compute with, no weight.
    stored = fill.dtype.kind == "f" and any(not each.literal for each in given.sources)
    label = clean(call.node.outputs[0])
    sources = (Stored(label, shape, True),) if stored else ()
    few = prod(shape) <= (1024 if stored else MAX_VALUES)
    return Constant(shape, numpy.full(shape, fill) if few else None, sources)


def same(call: Call) -> Constant:
    """The same numbers."""
    return constants(call)[0]


def dequantized(call: Call) -> Constant:
    """A tensor whose scale and zero point are no weights."""
    (tensor, *_) = constants(call)
    return Constant(tensor.shape, None, tensor.sources)


TYPES = {1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 9: "bool", 10: "float16",
         11: "float64", 12: "uint32", 13: "uint64"}  # fmt: skip


def cast(call: Call) -> Constant:
    """Numbers in another type."""
    kind = TYPES.get(call.integer("to", 1), "float32")
    (given, *_) = constants(call)
    return made(call, given.shape, [given], lambda x: x.astype(kind))


def elementwise(compute: Callable[..., Any]) -> Callable[[Call], Constant]:
    def function(call: Call) -> Constant:
        given = constants(call)
        shape = shapes.broadcast([each.shape for each in given])
        return made(call, shape, given, lambda *x: numpy.broadcast_to(compute(*x), shape))

    return function


def variadic(compute: Callable[..., Any]) -> Callable[[Call], Constant]:
    def joined(*values: Any) -> Any:
        result, *rest = values
        for value in rest:
            result = compute(result, value)
        return result

    return elementwise(joined)


def divided(a: Any, b: Any) -> Any:
    """Whole numbers are divided toward zero."""
    if numpy.result_type(a, b).kind not in "iu":
        return numpy.divide(a, b)
    safe = numpy.where(b == 0, 1, b)
    quotient = numpy.abs(a) // numpy.abs(safe)
    return numpy.where((a < 0) != (safe < 0), -quotient, quotient).astype(numpy.result_type(a, b))


def power(a: Any, b: Any) -> Any:
    kind = a.dtype
    return numpy.power(a.astype("float64"), b.astype("float64")).astype(kind)


def concat(call: Call) -> Constant:
    given = constants(call)
    axis = shapes.place(call.integer("axis", 1), len(given[0].shape))
    shape = shapes.concatenated([each.shape for each in given], axis)
    return made(call, shape, given, lambda *x: numpy.concatenate(x, axis=axis))


def gather(call: Call) -> Constant:
    data, indices = constants(call)
    axis = shapes.place(call.integer("axis", 0), len(data.shape))
    shape = (*data.shape[:axis], *indices.shape, *data.shape[axis + 1 :])
    return made(call, shape, [data, indices], lambda x, i: numpy.take(x, i, axis=axis), [data])


def reshape(call: Call) -> Constant:
    data = constants(call)[0]
    target = call.whole("shape", 1) or []
    shape = shapes.reshaped(data.shape, target, bool(call.integer("allowzero", 0)))
    return made(call, shape, [data], lambda x: x.reshape(shape))


def squeeze(call: Call) -> Constant:
    data = constants(call)[0]
    shape = shapes.squeezed(data.shape, call.whole("axes", 1))
    return made(call, shape, [data], lambda x: x.reshape(shape))


def unsqueeze(call: Call) -> Constant:
    data = constants(call)[0]
    shape = shapes.unsqueezed(data.shape, call.whole("axes", 1) or [])
    return made(call, shape, [data], lambda x: x.reshape(shape))


def flatten(call: Call) -> Constant:
    data = constants(call)[0]
    shape = shapes.flattened(data.shape, call.integer("axis", 1))
    return made(call, shape, [data], lambda x: x.reshape(shape))


def transpose(call: Call) -> Constant:
    data = constants(call)[0]
    axes = shapes.transposed(data.shape, call.whole("perm"))
    return made(call, tuple(data.shape[axis] for axis in axes), [data], lambda x: x.transpose(axes))


def slice_(call: Call) -> Constant:
    data = constants(call)[0]
    kept = shapes.sliced(
        data.shape,
        call.whole("starts", 1) or [],
        call.whole("ends", 2) or [],
        call.whole("axes", 3),
        call.whole("steps", 4),
    )
    shape = tuple(len(kept[axis]) if axis in kept else size for axis, size in enumerate(data.shape))

    def compute(x: Any) -> Any:
        for axis, indices in kept.items():
            x = numpy.take(x, list(indices), axis=axis)
        return x

    return made(call, shape, [data], compute)


def split(call: Call) -> list[Constant]:
    data = constants(call)[0]
    axis = shapes.place(call.integer("axis", 0), len(data.shape))
    sizes = shapes.part_sizes(data.shape[axis], call.whole("split", 1), len(call.node.outputs))
    parts, start = [], 0
    for size in sizes:
        shape = (*data.shape[:axis], size, *data.shape[axis + 1 :])
        part = range(start, start + size)
        parts.append(
            made(call, shape, [data], lambda x, part=part: numpy.take(x, list(part), axis=axis))
        )
        start += size
    return parts


def expand(call: Call) -> Constant:
    data = constants(call)[0]
    shape = shapes.expanded(data.shape, call.whole("shape", 1) or [])
    return made(call, shape, [data], lambda x: numpy.broadcast_to(x, shape))


def tile(call: Call) -> Constant:
    data = constants(call)[0]
    repeats = call.whole("repeats", 1) or []
    if len(repeats) != len(data.shape) or min(repeats, default=0) < 0:
        call.refuse("its repeats don't fit its data")
    shape = tuple(n * times for n, times in zip(data.shape, repeats, strict=True))
    return made(call, shape, [data], lambda x: numpy.tile(x, repeats))


def arange(call: Call) -> Constant:
    start, stop, step = (call.numbers(place) or [0.0] for place in range(3))
    whole = constants(call)[0].values.dtype
    count = -(-(stop[0] - start[0]) // step[0]) if step[0] else 0
    if not 0 <= count <= MAX_VALUES:
        call.refuse("it counts too far", code="too-large")
    call.tracer.spend(int(count))
    return numbers((numpy.arange(int(count)) * step[0] + start[0]).astype(whole))


def nonzero(call: Call) -> Constant:
    values = constants(call)[0].values
    if values is None:
        call.refuse("the numbers of its input are not known here")
    call.tracer.spend(values.size)
    return numbers(numpy.stack(numpy.nonzero(values)).astype("int64"))


def scatter(call: Call) -> Constant:
    """Numbers put in the places that indices tell: only the shape is kept."""
    data = constants(call)[0]
    return Constant(data.shape, None, data.sources)


def reduction(compute: Callable[..., Any]) -> Callable[[Call], Constant]:
    def function(call: Call) -> Constant:
        data = constants(call)[0]
        axes = call.whole("axes", 1) or []
        if not axes and not call.integer("noop_with_empty_axes", 0):
            axes = list(range(len(data.shape)))
        keep = bool(call.integer("keepdims", 1))
        shape = shapes.reduced(data.shape, axes, keep)
        return made(call, shape, [data], lambda x: compute(x, axis=tuple(axes), keepdims=keep))

    return function


def size(call: Call) -> Constant:
    return numbers(numpy.int64(prod(constants(call)[0].shape)))


def shape_(call: Call) -> Constant:
    return numbers(part_of_shape(call, constants(call)[0].shape))


def part_of_shape(call: Call, shape: Shape) -> Any:
    """What Shape gives, between its `start` and `end`."""
    start, end = call.attributes.get("start", 0), call.attributes.get("end")
    return numpy.array(shape[start:end], dtype="int64")


def matmul(call: Call) -> Constant:
    """The product of two stored matrices: only its shape is kept."""
    a, b = constants(call)[:2]
    if len(a.shape) != 2 or len(b.shape) != 2 or a.shape[1] != b.shape[0]:
        call.refuse("the product of these stored tensors can't be worked out")
    return made(call, (a.shape[0], b.shape[1]), [a, b], numpy.matmul)


def pad(call: Call) -> Constant:
    data = constants(call)[0]
    amounts = call.whole("pads", 1) or []
    if len(amounts) != 2 * len(data.shape) or call.has(3):
        call.refuse("its pads don't fit its data")
    rank = len(data.shape)
    shape = tuple(
        n + before + after
        for n, before, after in zip(data.shape, amounts[:rank], amounts[rank:], strict=True)
    )
    return Constant(shape, None, data.sources)


FOLDED: dict[str, Callable[[Call], Constant | list[Constant]]] = {
    "Abs": elementwise(numpy.abs),
    "Add": elementwise(numpy.add),
    "And": elementwise(numpy.logical_and),
    "Cast": cast,
    "CastLike": same,
    "Ceil": elementwise(numpy.ceil),
    "Clip": elementwise(lambda x, *ends: numpy.clip(x, *ends) if len(ends) == 2 else x),
    "Concat": concat,
    "Constant": constant,
    "ConstantOfShape": constant_of_shape,
    "DequantizeLinear": dequantized,
    "Div": elementwise(divided),
    "Dropout": same,
    "Equal": elementwise(numpy.equal),
    "Exp": elementwise(numpy.exp),
    "Expand": expand,
    "Flatten": flatten,
    "Floor": elementwise(numpy.floor),
    "Gather": gather,
    "Greater": elementwise(numpy.greater),
    "GreaterOrEqual": elementwise(numpy.greater_equal),
    "Identity": same,
    "Less": elementwise(numpy.less),
    "LessOrEqual": elementwise(numpy.less_equal),
    "Log": elementwise(numpy.log),
    "MatMul": matmul,
    "Max": variadic(numpy.maximum),
    "Min": variadic(numpy.minimum),
    "Mod": elementwise(lambda a, b: numpy.mod(a, numpy.where(b == 0, 1, b))),
    "Mul": elementwise(numpy.multiply),
    "Neg": elementwise(numpy.negative),
    "NonZero": nonzero,
    "Not": elementwise(numpy.logical_not),
    "Or": elementwise(numpy.logical_or),
    "Pad": pad,
    "Pow": elementwise(power),
    "QuantizeLinear": dequantized,
    "Range": arange,
    "Reciprocal": elementwise(lambda x: 1 / x),
    "ReduceL2": reduction(
        lambda x, axis, keepdims: numpy.sqrt((x * x).sum(axis=axis, keepdims=keepdims))
    ),
    "ReduceMax": reduction(numpy.max),
    "ReduceMean": reduction(numpy.mean),
    "ReduceMin": reduction(numpy.min),
    "ReduceProd": reduction(numpy.prod),
    "ReduceSum": reduction(numpy.sum),
    "Relu": elementwise(lambda x: numpy.maximum(x, 0)),
    "Reshape": reshape,
    "Round": elementwise(numpy.round),
    "ScatterElements": scatter,
    "ScatterND": scatter,
    "Shape": shape_,
    "Sign": elementwise(numpy.sign),
    "Size": size,
    "Slice": slice_,
    "Split": split,
    "Sqrt": elementwise(numpy.sqrt),
    "Squeeze": squeeze,
    "Sub": elementwise(numpy.subtract),
    "Sum": variadic(numpy.add),
    "Tile": tile,
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
    "Where": elementwise(numpy.where),
    "Xor": elementwise(numpy.logical_xor),
}
