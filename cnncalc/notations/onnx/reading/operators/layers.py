"""Operators that are one layer of the vocabulary: convolutions, pools, norms, activations."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, prod

from cnncalc.frameworks.onnx import READERS
from cnncalc.frameworks.onnx.activation import ACTIVATIONS, ALONG_AXIS
from cnncalc.frameworks.onnx.activation import clip as clipped
from cnncalc.frameworks.onnx.node import plain as as_one
from cnncalc.frameworks.onnx.pooling import POOLS
from cnncalc.frameworks.ops import names_in
from cnncalc.layers import KINDS
from cnncalc.layers.base import BATCH, Layer
from cnncalc.network import Declared
from cnncalc.notations.onnx.reading.call import Call
from cnncalc.notations.onnx.reading.model import stored_in
from cnncalc.notations.onnx.reading.operators.arithmetic import tensors_among
from cnncalc.notations.onnx.reading.operators.base import Either, Value, Whole, operator
from cnncalc.notations.onnx.reading.values import Statistic
from cnncalc.tracing.constants import worked_out
from cnncalc.tracing.tensors import Static, Tensor

MOVES = ("flatten", "permute", "reshape", "unflatten")
# The weights behind each operator's further inputs, by their names in the layer.
WEIGHTS: dict[str, tuple[str, ...]] = {
    "BatchNormalization": ("weight", "bias", "running_mean", "running_var"),
    "Conv": ("weight", "bias"),
    "ConvTranspose": ("weight", "bias"),
    "GroupNormalization": ("weight", "bias"),
    "InstanceNormalization": ("weight", "bias"),
    "LayerNormalization": ("weight", "bias"),
    "RMSNormalization": ("weight",),
}


@operator("LayerNormalization", "RMSNormalization", batch="any")
def norm_of_last(
    call: Call, data: Either, scale: Static, shift: Static | None = None, *, axis: int = -1
) -> Either:
    """A norm of the last axes, all of which stand behind the batch; of stored data its sizes."""
    if isinstance(data, Static):
        inputs = [each for each in (data, scale, shift) if each is not None]
        return call.made(data.shape, inputs, sources=tensors_among(inputs))
    if data.batch.place >= len(data.sizes) - len(scale.shape):
        call.refuse("it works along the batch axis", code="batch")
    return weighted(call, data)


@operator("Conv", "ConvTranspose", "GroupNormalization", "InstanceNormalization", constants=False)
def weighted(call: Call, data: Tensor) -> Tensor:
    """A layer that holds tensors: they are its further inputs."""
    op = call.node.op
    given = {name: call.constant(place) for place, name in enumerate(WEIGHTS[op], 1)}
    sizes = [each.shape if each else None for each in given.values()]
    while sizes and sizes[-1] is None:
        sizes.pop()
    declared = READERS[op](call.attributes, sizes)
    if op not in ("Conv", "ConvTranspose"):
        declared = _as_learned(declared, given, call.steps.stores_weights)
    return call.add(declared, [data], "", **given)


@operator("BatchNormalization", constants=False)
def batch_norm(call: Call, data: Tensor) -> Tensor:
    """With statistics that are stored, or with those of the batch, worked out in the file."""
    statistics = [each for each in call.inputs if isinstance(each, Statistic)]
    if not statistics:
        return weighted(call, data)
    between = {step for each in statistics for step in steps_between(call, data, each.of)}
    records = call.records
    if between == set(range(data.number + 1, len(records))):
        del records[data.number + 1 :]  # they only turned it round
    given = {"weight": call.constant(1), "bias": call.constant(2)}
    sizes = [each.shape if each else None for each in given.values()]
    declared = READERS[call.node.op](call.attributes, sizes * 2)
    declared = declared.replaced(layer=declared.layer.replaced(stats=False))
    declared = _as_learned(declared, given, call.steps.stores_weights)
    return call.add(declared, [data], "", **given)


def steps_between(call: Call, start: Tensor, end: Tensor) -> Iterator[int]:
    """The steps that move the values of one into the other's order."""
    number = end.number
    while number > start.number:
        yield number
        record = call.records[number]
        number = record.inputs[0] if record.layer.kind in MOVES else -1
    if number != start.number:
        call.refuse("its statistics are those of other data than it works on", code="batch")


def _as_learned(declared: Declared, given: dict[str, Static | None], literal: bool) -> Declared:
    """A norm without the scale or the shift that is made of no stored tensor.

    Where a file keeps its weights as tensors, exporters write a scale of ones and a shift of
    zeros in the program for a norm that has none.
    """
    held = {name: _is_held(each, name == "weight", literal) for name, each in given.items()}
    scale, shift = held.get("weight", False), held.get("bias", False)
    if scale and (shift or "bias" not in given):
        return declared
    options = {"scale": scale, "shift": shift} if scale or shift else {"affine": False}
    layer = declared.layer
    known = {name: on for name, on in options.items() if name in layer.options}
    return declared.replaced(layer=layer.replaced(**known))


def _is_held(constant: Static | None, number: int, literal: bool) -> bool:
    """Whether a tensor is a weight, and not the number that leaves everything as it is."""
    if constant is None or not constant.sources:
        return False
    if not (literal and all(each.literal for each in stored_in(constant))):
        return True
    return constant.uniform != number and not constant.computed


@operator(*POOLS, "LRN", constants=False)
def pool(call: Call, data: Tensor) -> Tensor:
    """A layer without tensors; the indices that MaxPool gives beside are not followed."""
    return call.add(READERS[call.node.op](call.attributes, []), [data])


OF_THEIR_OWN = ("Cast", "Dropout", "Identity")  # which are worked out, or have inputs


@operator(*(name for name in ACTIVATIONS if name not in OF_THEIR_OWN), batch="any")
def activation(call: Call, data: Either) -> Either:
    """A function of each value."""
    if isinstance(data, Tensor):
        return call.add(READERS[call.node.op](call.attributes, []), [data])
    call.spend(len(data.values or ()))
    return worked_out(None if call.attributes else NUMBERS.get(call.node.op), data)


# What those without attributes make of one number, where that is worked out.
NUMBERS = {form.name: op.number for op, form in names_in("onnx")}


@operator(*ALONG_AXIS, batch="any")
def along_axis(call: Call, data: Either, *, axis: int | None = None) -> Either:
    """Softmax: before operator set 13 all axes from one on are taken together."""
    if isinstance(data, Static):
        return worked_out(None, data)
    kind, new = KINDS[ALONG_AXIS[call.node.op]], call.opset >= 13
    number = (-1 if new else 1) if axis is None else axis
    rank = len(data.sizes)
    if new and not data.batch.merged and number % rank == data.batch.place:
        return call.add(kind(BATCH), [data])
    place = call.axis(number, data)
    if new or prod(call.sizes(data)[number % rank + 1 :]) == 1:
        return call.add(kind(place), [data])
    if place or data.batch:
        call.refuse("a softmax over several axes from the second on can't be followed")
    flat = call.add(KINDS["flatten"](), [data], "/flatten")
    return call.add(KINDS["reshape"](data.shape), [call.add(kind(), [flat])], "/reshape")


@operator("LpNormalization", constants=False, batch="any")
def lp_normalization(call: Call, data: Tensor, *, axis: int = -1) -> Tensor:
    """LpNormalization along an axis that is not the batch."""
    place = call.axis(axis, data)
    return call.add(READERS["LpNormalization"](call.attributes | {"axis": place + 1}, []), [data])


@operator("MeanVarianceNormalization", constants=False)
def mean_variance(call: Call, data: Tensor, *, axes: Whole = None) -> Tensor:
    places = [axis % (len(data.shape) + 1) for axis in axes or [0, 2, 3]]
    return call.add(READERS["MeanVarianceNormalization"]({"axes": places}, []), [data])


@operator("Clip", batch="any")
def clip(call: Call, data: Either, min: float | None = None, max: float | None = None) -> Either:
    """Values cut off at one end or both."""
    if isinstance(data, Tensor):
        return call.add(clipped(_bound(min), _bound(max)), [data])
    low, high = -inf if min is None else min, inf if max is None else max
    return worked_out(lambda v: sorted((low, v, high))[1], data)


def _bound(bound: float | None) -> float | None:
    """A bound; exporters write the largest number where they mean none."""
    if bound is None or abs(bound) > 3e38:
        return None
    return int(bound) if bound % 1 == 0 else bound


@operator("Dropout", batch="any")
def dropout(call: Call, data: Either, ratio: float | None = None) -> Either:
    """The identity here."""
    if isinstance(data, Static):
        return data
    return call.add(KINDS["dropout"](0.5 if ratio is None else ratio), [data])


@operator("PRelu", constants=False)
def prelu(call: Call, data: Tensor, slope: Static) -> Tensor:
    """ReLU with learned slopes, lined up with the data at the last axes.

    Before operator set 7 one axis of slopes is that of the channels; later files still hold such.
    """
    rank, sizes = len(data.shape), slope.shape
    old = call.opset < 7 or (rank > 1 and len(sizes) == 1 and sizes[0] != data.shape[-1])
    if old and sizes == data.shape[:1]:
        slope = call.view(slope, (*sizes, *(1,) * (rank - 1)))
    return call.add(_prelu(data, slope), [data], weight=slope)


def _prelu(data: Tensor, slope: Static) -> Layer:
    kind, rank = KINDS["prelu"], len(data.shape)
    sizes = (1,) * (rank - len(slope.shape)) + slope.shape[-rank:]
    channels = data.shape[0] if rank > 1 else 0
    if slope.count == 1:
        return kind(1)
    if sizes[0] == channels == slope.count:
        return kind(channels)
    shared = tuple(axis for axis, size in enumerate(sizes) if size == 1)
    return kind(shared=shared or ("none",))


@operator("MaxUnpool", constants=False)
def max_unpool(
    call: Call,
    data: Tensor,
    indices: Value,
    output_shape: Whole = None,
    *,
    kernel_shape: Whole = None,
    pads: Whole = None,
    strides: Whole = None,
) -> Tensor:
    """MaxUnpool, whose indices a MaxPool gave."""
    kernel = kernel_shape or []
    pads, strides = pads or [0] * (2 * len(kernel)), strides or [1] * len(kernel)
    around = tuple(zip(pads[: len(kernel)], pads[len(kernel) :], strict=True))
    size = None
    if output_shape is not None:
        size = tuple(output_shape[2:])
    layer = KINDS["maxunpool"](as_one(tuple(kernel)), as_one(tuple(strides)), as_one(around), size)
    return call.add(layer, [data])


@operator("DequantizeLinear", "QuantizeLinear", batch="any")
def quantized(call: Call, data: Either) -> Either:
    """Numbers rounded to a few steps, or back: the identity.

    The scale and the zero point beside a stored tensor are no weights.
    """
    return worked_out(None, data) if isinstance(data, Static) else call.same(data)
