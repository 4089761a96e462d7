"""Operators on constants that work something out, or make new ones."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy

import cnncalc.notations.onnx_file.shapes as shapes
from cnncalc.errors import LayerError
from cnncalc.frameworks.onnx.activation import ACTIVATIONS, ALONG_AXIS
from cnncalc.notations.onnx_file.call import Call
from cnncalc.notations.onnx_file.folding.base import (
    Fold,
    constants,
    made,
    numbers,
    part_of_shape,
)
from cnncalc.notations.onnx_file.model import MAX_VALUES, Constant, Stored, clean

__all__ = ["ARITHMETIC"]


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
    written = not given.computed and any(not each.literal for each in given.sources)
    stored = fill.dtype.kind == "f" and written
    label = clean(call.node.outputs[0])
    sources = (Stored(label, shape, True),) if stored else ()
    few = prod(shape) <= (1024 if stored else MAX_VALUES)
    return Constant(shape, numpy.full(shape, fill) if few else None, sources)


def same(call: Call) -> Constant:
    """The same numbers."""
    return constants(call)[0]


def copied(call: Call) -> Constant:
    """The same numbers under another name.

    torch.onnx keeps tensors of the same numbers once and copies them: all the ones and zeros of
    an untrained model, which are no shared weights and count under each of their names.
    """
    (tensor,) = constants(call)
    values, name = tensor.values, clean(call.node.outputs[0])
    uniform = tensor.count > 1 and values is not None and (values == values.flat[0]).all()
    if not uniform or tensor.computed:
        return tensor
    sources = tuple(Stored(name, s.shape, s.learned, s.literal) for s in tensor.sources)
    return Constant(tensor.shape, values, sources)


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
        weights = [each for each in given if _is_weight(each)]
        if not weights and not any(each.computed for each in given):
            weights = given  # numbers alone
        return made(call, shape, given, lambda *x: numpy.broadcast_to(compute(*x), shape), weights)

    return function


def _is_weight(constant: Constant) -> bool:
    """Whether it is no number of the program, as the ε beside a weight that is standardised."""
    return bool(constant.shape) and not all(each.literal for each in constant.sources)


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


def arange(call: Call) -> Constant:
    start, stop, step = (call.numbers(place) or [0.0] for place in range(3))
    whole = constants(call)[0].values.dtype
    count = max(int(-(-(stop[0] - start[0]) // step[0])), 0) if step[0] else 0
    if count > MAX_VALUES:
        return Constant((count,))
    call.tracer.spend(count)
    return numbers((numpy.arange(count) * step[0] + start[0]).astype(whole))


def nonzero(call: Call) -> Constant:
    values = constants(call)[0].values
    if values is None:
        call.refuse("the numbers of its input are not known here")
    call.tracer.spend(values.size)
    return numbers(numpy.stack(numpy.nonzero(values)).astype("int64"))


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


def unseen(call: Call) -> Constant:
    """A tensor of the same shape, whose numbers are not looked at."""
    data = constants(call)[0]
    return Constant(data.shape, None, data.sources)


def size(call: Call) -> Constant:
    return numbers(numpy.int64(prod(constants(call)[0].shape)))


def shape_(call: Call) -> Constant:
    return numbers(part_of_shape(call, constants(call)[0].shape))


TRIGONOMETRY: dict[str, Callable[..., Any]] = {
    "Acos": numpy.arccos, "Acosh": numpy.arccosh, "Asin": numpy.arcsin, "Asinh": numpy.arcsinh,
    "Atan": numpy.arctan, "Atanh": numpy.arctanh, "Cos": numpy.cos, "Cosh": numpy.cosh,
    "Sin": numpy.sin, "Sinh": numpy.sinh, "Tan": numpy.tan, "Tanh": numpy.tanh,
}  # fmt: skip
UNSEEN = ("CumSum", "EyeLike", "Trilu")


def matmul(call: Call) -> Constant:
    """The product of two stored matrices: only its shape is kept."""
    a, b = constants(call)[:2]
    if len(a.shape) != 2 or len(b.shape) != 2 or a.shape[1] != b.shape[0]:
        call.refuse("the product of these stored tensors can't be worked out")
    return made(call, (a.shape[0], b.shape[1]), [a, b], numpy.matmul)


ARITHMETIC: dict[str, Fold] = {
    **dict.fromkeys((*ACTIVATIONS, *ALONG_AXIS, *UNSEEN), unseen),
    **{name: elementwise(compute) for name, compute in TRIGONOMETRY.items()},
    "Abs": elementwise(numpy.abs),
    "Add": elementwise(numpy.add),
    "And": elementwise(numpy.logical_and),
    "Cast": cast,
    "CastLike": same,
    "Ceil": elementwise(numpy.ceil),
    "Clip": elementwise(lambda x, *ends: numpy.clip(x, *ends) if len(ends) == 2 else x),
    "Constant": constant,
    "ConstantOfShape": constant_of_shape,
    "DequantizeLinear": dequantized,
    "Div": elementwise(divided),
    "Dropout": same,
    "Equal": elementwise(numpy.equal),
    "Exp": elementwise(numpy.exp),
    "Floor": elementwise(numpy.floor),
    "Greater": elementwise(numpy.greater),
    "GreaterOrEqual": elementwise(numpy.greater_equal),
    "Identity": copied,
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
    "Round": elementwise(numpy.round),
    "Shape": shape_,
    "Sign": elementwise(numpy.sign),
    "Size": size,
    "Sqrt": elementwise(numpy.sqrt),
    "Sub": elementwise(numpy.subtract),
    "Sum": variadic(numpy.add),
    "Where": elementwise(numpy.where),
    "Xor": elementwise(numpy.logical_xor),
}
