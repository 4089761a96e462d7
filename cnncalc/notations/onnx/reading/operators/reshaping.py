"""Operators that only move values: reshape, flatten, transpose, pixel shuffles, pads."""

from __future__ import annotations

from math import prod
from typing import Any

import cnncalc.notations.onnx.reading.shapes as shapes
from cnncalc.frameworks.onnx.node import plain
from cnncalc.layers import KINDS
from cnncalc.layers.base import Shape, show
from cnncalc.notations.onnx.reading.call import Call
from cnncalc.notations.onnx.reading.operators.base import Either, Value, Whole, operator
from cnncalc.notations.onnx.reading.operators.patterns import regrouped
from cnncalc.notations.onnx.reading.values import End, Ends, Frames, Merged, Rows
from cnncalc.tracing.arrays import stretched, taken
from cnncalc.tracing.constants import permuted
from cnncalc.tracing.tensors import Static, Tensor


@operator("Reshape", batch="looked up")
def reshape(
    call: Call, data: Value, shape: Whole = None, *, allowzero: int = 0
) -> Either | Frames | Merged | Rows:
    """Other sizes of the same values; 0 keeps a size, -1 is worked out."""
    sizes, zero = shape or [], bool(allowzero)
    if isinstance(data, Static):
        return call.view(data, shapes.reshaped(data.shape, sizes, zero))
    tensor = data.of if isinstance(data, Merged | Rows) else call.flow()
    before = call.sizes(tensor)
    if isinstance(data, Merged):
        before = (prod(tensor.shape),)
    elif isinstance(data, Rows):
        before = (call.batch * prod(tensor.shape[:-1]), tensor.shape[-1])
    whole = shapes.reshaped(before, sizes, zero)
    if tensor.batch:
        return _elsewhere(call, tensor, whole)
    if call.batch == 1 and len(whole) == 1 and prod(tensor.shape) > 1:
        return Merged(tensor)
    if len(whole) == 2 and len(tensor.shape) > 1 and whole[0] != call.batch:
        return Rows(_with_rows(call, tensor, whole))
    if isinstance(data, Tensor) and (axes := _merged(call, data, whole)):
        return Frames(data, axes)
    target = call.without_batch(whole)
    if isinstance(data, Rows) and target == tensor.shape:
        return _finished(call, tensor)
    return regrouped(call, tensor, target) or call.view(tensor, whole)


def _merged(call: Call, tensor: Tensor, whole: Shape) -> int:
    """How many of the first axes of data become one with the batch; 0: none do."""
    axes = len(tensor.shape) + 1 - len(whole)
    behind, count = tensor.shape[axes:], call.batch * prod(tensor.shape[:axes])
    return axes if axes > 0 and whole == (count, *behind) and count != call.batch else 0


def taken_apart(call: Call, frames: Frames) -> Tensor | None:
    """What a Reshape makes of frames that are axes again; None: they stay in the batch."""
    sizes = call.whole("shape", 1) or []
    before = (call.batch * frames.entries, *frames.one.shape)
    whole = shapes.reshaped(before, sizes, bool(call.attributes.get("allowzero")))
    if whole[:1] != (call.batch,):
        return None
    if whole[1:] == frames.of.shape:
        return _finished(call, frames.of)
    return call.view(frames.of, whole)


def _finished(call: Call, tensor: Tensor) -> Tensor:
    """Data as it is, in its own axes again: its step is this node's, if it is a part of it."""
    record = call.record(tensor)
    if record.name.startswith(f"{call.node.name}/"):
        record.name = call.node.name
    return tensor


def _with_rows(call: Call, tensor: Tensor, whole: Shape) -> Tensor:
    """Data whose last axis is that of a matrix in which the batch is no axis any more."""
    if whole[1] != tensor.shape[-1]:
        call.without_batch(whole)  # which refuses it
    return tensor


def _elsewhere(call: Call, tensor: Tensor, whole: Shape) -> Tensor | Rows:
    """Data whose batch isn't in front: in its own sizes, or as rows of its last axis."""
    if whole == call.sizes(tensor):
        return tensor
    if len(whole) != 2 or whole[1] != tensor.shape[-1]:
        call.refuse(
            f"it reshapes data whose batch is on axis {tensor.batch.place}",
            "its rows may be put together, or its batch moved to the front before",
            code="batch",
        )
    return Rows(tensor)


@operator("Flatten")
def flatten(call: Call, data: Either, *, axis: int = 1) -> Either:
    return call.view(data, shapes.flattened(call.sizes(data), axis))


@operator("Squeeze")
def squeeze(call: Call, data: Either, axes: Whole = None) -> Either:
    return call.view(data, shapes.squeezed(call.sizes(data), axes))


@operator("Unsqueeze")
def unsqueeze(call: Call, data: Either, axes: Whole = None) -> Value:
    sizes = shapes.unsqueezed(call.sizes(data), axes or [])
    if isinstance(data, Tensor) and len(data.shape) == 1 and sizes[0] != call.batch == sizes[1]:
        return Ends((End(data, None),))  # a state to start from, in front of the batch
    return call.view(data, sizes)


@operator("Transpose", batch="looked up")
def transpose(call: Call, data: Either, *, perm: Whole = None) -> Either:
    """The axes in another order, by default the opposite one."""
    order = shapes.transposed(call.sizes(data), perm)
    if isinstance(data, Static):
        call.spend(len(data.values or ()))
        return permuted(data, order)
    axes, batch = data.batch.moved(order, len(data.shape))
    if axes != tuple(range(len(axes))):
        data = call.add(KINDS["permute"](axes), [data])
    elif batch == data.batch:
        return call.same(data)
    return call.placed(data, batch)


@operator("Expand")
def expand(call: Call, data: Either, shape: Whole = None) -> Either:
    """Stretched together with another shape."""
    whole = shapes.expanded(call.sizes(data), shape or [])
    if isinstance(data, Static):
        return call.made(whole, [data], lambda values: stretched(values, data.shape, whole))
    target = call.without_batch(whole)
    if len(target) > len(data.shape):
        call.refuse("it gives the data more axes", code="batch")
    return call.same(data) if target == data.shape else call.add(KINDS["expand"](target), [data])


MAX_REPEATS = 1024


@operator("Tile")
def tile(call: Call, data: Either, repeats: Whole = None) -> Either:
    """Copies along each axis."""
    times = repeats or []
    if isinstance(data, Static):
        return tiled(call, data, times)
    if len(times) != len(data.shape) + 1 or times[0] != 1 or min(times) < 1:
        call.refuse("its repeats don't fit the data", code="batch")
    for axis, count in enumerate(times[1:]):
        if count > MAX_REPEATS:
            call.refuse("it repeats the data too often", code="too-large")
        if count > 1:
            data = call.add(KINDS["cat"](axis), [data] * count)
    return data


def tiled(call: Call, data: Static, times: list[int]) -> Static:
    """The same of stored numbers."""
    if len(times) != len(data.shape) or min(times, default=0) < 0:
        call.refuse("its repeats don't fit its data")
    sizes = tuple(n * count for n, count in zip(data.shape, times, strict=True))

    def compute(values: list[Any]) -> list[Any]:
        shape = list(data.shape)
        for axis, count in enumerate(times):
            values = taken(values, tuple(shape), axis, [*range(shape[axis])] * count)
            shape[axis] *= count
        return values

    return call.made(sizes, [data], compute)


@operator("DepthToSpace", constants=False)
def depth_to_space(call: Call, data: Tensor, *, blocksize: int = 1) -> Tensor:
    """Channels become places; the order among the channels makes no difference to a shape."""
    return call.add(KINDS["pixelshuffle"](blocksize), [_plane(call, data)])


@operator("SpaceToDepth", constants=False)
def space_to_depth(call: Call, data: Tensor, *, blocksize: int = 1) -> Tensor:
    """Places become channels."""
    return call.add(KINDS["pixelunshuffle"](blocksize), [_plane(call, data)])


def _plane(call: Call, data: Tensor) -> Tensor:
    if len(data.shape) != 3:
        call.refuse(f"it works on maps of two spatial axes, not on {show(data.shape)}")
    return data


@operator("Col2Im", constants=False)
def col2im(
    call: Call,
    data: Tensor,
    image_shape: Whole = None,
    block_shape: Whole = None,
    *,
    dilations: Whole = None,
    pads: Whole = None,
    strides: Whole = None,
) -> Tensor:
    """Columns added up into a map."""
    size, kernel = image_shape or [], block_shape or []
    axes = len(size)
    pads = pads or [0] * (2 * axes)
    layer = KINDS["fold"](
        plain(tuple(kernel)),
        tuple(size),
        plain(tuple(strides or [1] * axes)),
        plain(tuple(zip(pads[:axes], pads[axes:], strict=True))),
        plain(tuple(dilations or [1] * axes)),
    )
    return call.add(layer, [data])


MODES = {"constant": "zeros", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


@operator("Pad")
def pad(
    call: Call,
    data: Either,
    pads: Whole = None,
    value: float | None = None,
    axes: Whole = None,
    *,
    paddings: Whole = None,
    mode: str = "constant",
) -> Either:
    """Pads, whose amounts are the begins of all axes (or of those named), then their ends.

    `paddings` is what operator set 1 called them.
    """
    amounts = paddings or pads or []
    rank = len(call.sizes(data))
    named = list(range(rank)) if axes is None else shapes.places(axes, rank)
    if len(amounts) != 2 * len(named):
        call.refuse("its pads don't fit the data")
    around = [(0, 0)] * rank
    for axis, before, after in zip(named, amounts, amounts[len(named) :], strict=False):
        around[axis] = (before, after)
    if isinstance(data, Static):
        sizes = (n + sum(pair) for n, pair in zip(data.shape, around, strict=True))
        return call.made(tuple(sizes), [data])
    if around[0] != (0, 0):
        call.refuse("it pads the batch axis", code="batch")
    if mode not in MODES:
        call.refuse(f"there is no pad mode `{mode[:20]}`")
    if not any(map(any, around)):
        return call.same(data)
    layer = KINDS["pad"](plain(tuple(around[2:])) or (0,), MODES[mode], value or 0, (around[1],))
    return call.add(layer, [data])


@operator("ScatterElements", "ScatterND", data=False)
def scatter(call: Call, data: Static) -> Static:
    """Numbers put in the places that indices tell: only the sizes are kept."""
    return call.made(data.shape, [data])
