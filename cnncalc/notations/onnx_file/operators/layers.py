"""Operators that are one layer of the vocabulary: convolutions, pools, norms, activations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod

from cnncalc.frameworks.onnx import READERS
from cnncalc.frameworks.onnx.activation import ACTIVATIONS, ALONG_AXIS, clip
from cnncalc.frameworks.onnx.node import plain as as_one
from cnncalc.frameworks.onnx.pooling import POOLS
from cnncalc.layers import KINDS
from cnncalc.layers.base import BATCH, Layer
from cnncalc.network import Declared
from cnncalc.notations.onnx_file.call import Call
from cnncalc.notations.onnx_file.model import Constant
from cnncalc.notations.onnx_file.records import Flow, Statistic, Value

__all__ = ["LAYERS"]

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


def weighted(call: Call) -> Flow:
    """A layer that holds tensors: they are its further inputs."""
    op = call.node.op
    names = WEIGHTS[op]
    given = {name: call.constant(place) for place, name in enumerate(names, 1)}
    sizes = [each.shape if each else None for each in given.values()]
    while sizes and sizes[-1] is None:
        sizes.pop()
    declared = READERS[op](call.attributes, sizes)
    if op not in ("Conv", "ConvTranspose"):
        declared = _as_learned(declared, given, call.tracer.stores_weights)
    return call.add(declared, [call.flow()], "", **given)


def batch_norm(call: Call) -> Flow:
    """With statistics that are stored, or with those of the batch, worked out in the file."""
    flow, statistics = call.flow(), [each for each in call.inputs if isinstance(each, Statistic)]
    if not statistics:
        return weighted(call)
    between = {step for each in statistics for step in steps_between(call, flow, each.of)}
    records = call.tracer.records
    if between == set(range(flow.number + 1, len(records))):
        del records[flow.number + 1 :]  # they only turned it round
    given = {"weight": call.constant(1), "bias": call.constant(2)}
    sizes = [each.shape if each else None for each in given.values()]
    declared = READERS[call.node.op](call.attributes, sizes * 2)
    declared = declared.replaced(layer=declared.layer.replaced(stats=False))
    declared = _as_learned(declared, given, call.tracer.stores_weights)
    return call.add(declared, [flow], "", **given)


def steps_between(call: Call, start: Flow, end: Flow) -> Iterator[int]:
    """The steps that move the values of one into the other's order."""
    number = end.number
    while number > start.number:
        yield number
        record = call.tracer.records[number]
        number = record.inputs[0] if record.layer.kind in MOVES else -1
    if number != start.number:
        call.refuse("its statistics are those of other data than it works on", code="batch")


def _as_learned(declared: Declared, given: dict[str, Constant | None], literal: bool) -> Declared:
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


def _is_held(constant: Constant | None, number: int, literal: bool) -> bool:
    """Whether a tensor is a weight, and not the number that leaves everything as it is."""
    if constant is None or not constant.sources:
        return False
    if not (literal and all(each.literal for each in constant.sources)):
        return True
    same = constant.values is not None and bool((constant.values == number).all())
    return not same and not constant.computed


def plain(call: Call) -> Flow:
    """A layer without tensors; the indices that MaxPool gives beside are not followed."""
    return call.add(READERS[call.node.op](call.attributes, []), [call.flow()])


def along_axis(call: Call) -> Flow:
    """Softmax: before operator set 13 all axes from one on are taken together."""
    kind, flow = KINDS[ALONG_AXIS[call.node.op]], call.flow()
    number = call.integer("axis", -1 if call.opset >= 13 else 1)
    if call.opset >= 13 and number in (0, -len(flow.shape) - 1):
        return call.add(kind(BATCH), [flow])
    axis = call.axis(number, flow)
    if call.opset >= 13 or prod(flow.shape[axis + 1 :]) == 1:
        return call.add(kind(axis), [flow])
    if axis:
        call.refuse("a softmax over several axes from the second on can't be followed")
    flat = call.add(KINDS["flatten"](), [flow], "/flatten")
    return call.add(KINDS["reshape"](flow.shape), [call.add(kind(), [flat])], "/reshape")


def lp_normalization(call: Call) -> Flow:
    """LpNormalization along an axis that is not the batch."""
    flow = call.flow()
    axis = call.axis(call.integer("axis", -1), flow)
    return call.add(READERS["LpNormalization"](call.attributes | {"axis": axis + 1}, []), [flow])


def mean_variance(call: Call) -> Flow:
    flow = call.flow()
    axes = [axis % (len(flow.shape) + 1) for axis in call.whole("axes") or [0, 2, 3]]
    return call.add(READERS["MeanVarianceNormalization"]({"axes": axes}, []), [flow])


def clipped(call: Call) -> Flow:
    """Clip, whose bounds are attributes or inputs."""
    bounds = [_bound(call, name, place) for place, name in enumerate(("min", "max"), 1)]
    return call.add(clip(*bounds), [call.flow()])


def _bound(call: Call, name: str, place: int) -> float | None:
    bound = call.number(name, place)
    # Exporters write the largest number where they mean no bound.
    return None if bound is None or abs(bound) > 3e38 else _whole(bound)


def _whole(number: float) -> float:
    return int(number) if number % 1 == 0 else number


def dropout(call: Call) -> Flow:
    """The identity here; its ratio is an attribute or an input."""
    ratio = call.number("ratio", 1)
    return call.add(KINDS["dropout"](0.5 if ratio is None else ratio), [call.flow()])


def prelu(call: Call) -> Flow:
    """ReLU with learned slopes, lined up with the data at the last axes."""
    flow, slope = call.flow(), call.stored(1)
    return call.add(_prelu(flow, slope), [flow], weight=slope)


def _prelu(flow: Flow, slope: Constant) -> Layer:
    kind, rank = KINDS["prelu"], len(flow.shape)
    sizes = (1,) * (rank - len(slope.shape)) + slope.shape[-rank:]
    channels = flow.shape[0] if rank > 1 else 0
    if slope.count == 1:
        return kind(1)
    if sizes[0] == channels == slope.count:
        return kind(channels)
    shared = tuple(axis for axis, size in enumerate(sizes) if size == 1)
    return kind(shared=shared or ("none",))


def max_unpool(call: Call) -> Flow:
    """MaxUnpool, whose indices a MaxPool gave."""
    flow = call.flow()
    kernel = call.whole("kernel_shape") or []
    pads = call.whole("pads") or [0] * (2 * len(kernel))
    strides = call.whole("strides") or [1] * len(kernel)
    sizes = call.whole("output_shape", 2)
    around = tuple(zip(pads[: len(kernel)], pads[len(kernel) :], strict=True))
    size = None if sizes is None else tuple(call.without_batch(tuple(sizes))[1:])
    layer = KINDS["maxunpool"](as_one(tuple(kernel)), as_one(tuple(strides)), as_one(around), size)
    return call.add(layer, [flow])


def quantized(call: Call) -> Flow:
    """Numbers rounded to a few steps, or back: the identity."""
    return call.add(KINDS["identity"](), [call.flow()])


FRACTIONS = (1, 10, 11, 16)  # the numbers of the types of fractions


def cast(call: Call) -> Flow:
    """Data in another type of fractions is the same data; whole numbers are a step."""
    if call.attributes.get("to", 1) in FRACTIONS:
        return call.flow()
    return call.add(KINDS["identity"](), [call.flow()])


LAYERS: dict[str, Callable[[Call], Value | list[Value]]] = {
    **dict.fromkeys((*ACTIVATIONS, *POOLS, "LRN"), plain),
    **dict.fromkeys(WEIGHTS, weighted),
    **dict.fromkeys(ALONG_AXIS, along_axis),
    **dict.fromkeys(("DequantizeLinear", "QuantizeLinear"), quantized),
    **dict.fromkeys(("Cast", "CastLike"), cast),
    "Clip": clipped,
    "Dropout": dropout,
    "LpNormalization": lp_normalization,
    "MaxUnpool": max_unpool,
    "BatchNormalization": batch_norm,
    "MeanVarianceNormalization": mean_variance,
    "PRelu": prelu,
}
