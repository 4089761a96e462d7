"""Operators that only move values: reshape, flatten, transpose, pixel shuffles, pads."""

from __future__ import annotations

import cnncalc.notations.onnx.reading.shapes as shapes
from cnncalc.frameworks.onnx.node import plain
from cnncalc.layers import KINDS
from cnncalc.layers.base import Shape, show
from cnncalc.notations.onnx.reading.batches import viewed_at
from cnncalc.notations.onnx.reading.call import Call
from cnncalc.notations.onnx.reading.operators.base import Either, Value, Whole, operator
from cnncalc.notations.onnx.reading.operators.patterns import regrouped
from cnncalc.notations.onnx.reading.values import End, Ends
from cnncalc.tracing.arrays import Numbers, taken
from cnncalc.tracing.arrays import stretched as repeated
from cnncalc.tracing.constants import permuted
from cnncalc.tracing.tensors import Static, Tensor


@operator("Reshape", batch="any")
def reshape(call: Call, data: Either, shape: Whole = None, *, allowzero: int = 0) -> Either:
    """Other sizes of the same values; 0 keeps a size, -1 is worked out."""
    whole = shapes.reshaped(call.sizes(data), shape or [], bool(allowzero))
    if isinstance(data, Static):
        return call.view(data, whole)
    target, batch = viewed_at(data, whole, call.batch)
    if target == data.shape and (data.batch or batch):
        return call.finished(call.placed(data, batch))
    plain = not (data.batch or batch)
    return (regrouped(call, data, target) if plain else None) or call.seen(data, target, batch)


@operator("Flatten", batch="any")
def flatten(call: Call, data: Either, *, axis: int = 1) -> Either:
    return call.view(data, shapes.flattened(call.sizes(data), axis))


@operator("Squeeze", batch="any")
def squeeze(call: Call, data: Either, axes: Whole = None) -> Either:
    sizes = call.sizes(data)
    whole = shapes.squeezed(sizes, axes)
    if isinstance(data, Static):
        return call.view(data, whole)
    ones = [axis for axis, size in enumerate(sizes) if size == 1] if axes is None else axes
    gone = shapes.places(ones, len(sizes))
    if data.batch.place in gone:
        return call.view(data, whole)
    kept = [each for axis, each in enumerate(call.axes(data)) if axis not in gone]
    return call.with_axes(data, kept)


@operator("Unsqueeze", batch="any")
def unsqueeze(call: Call, data: Either, axes: Whole = None) -> Value:
    sizes = shapes.unsqueezed(call.sizes(data), axes or [])
    if isinstance(data, Static):
        return call.view(data, sizes)
    new, old = shapes.places(axes or [], len(sizes)), iter(call.axes(data))
    if len(data.shape) == 1 and not data.batch and new == [0]:
        return Ends((End(data, None),))  # a state to start from, in front of the batch
    return call.with_axes(data, [1 if axis in new else next(old) for axis in range(len(sizes))])


@operator("Transpose", batch="any")
def transpose(call: Call, data: Either, *, perm: Whole = None) -> Either:
    """The axes in another order, by default the opposite one."""
    order = shapes.transposed(call.sizes(data), perm)
    if isinstance(data, Static):
        call.spend(len(data.values or ()))
        return permuted(data, order)
    turned = call.turned(data, order)
    return call.same(data) if turned is data else turned


@operator("Expand", batch="any")
def expand(call: Call, data: Either, shape: Whole = None) -> Either:
    """Stretched together with another shape."""
    whole = shapes.expanded(call.sizes(data), shape or [])
    if isinstance(data, Static):
        return call.made(whole, [data], lambda values: repeated(values, data.shape, whole))
    made = stretched(call, data, whole)
    return call.same(data) if made is data else made


def stretched(call: Call, data: Tensor, whole: Shape) -> Tensor:
    """Data in larger sizes, where it has axes of size 1."""
    data = call.lined_up(data, len(whole))
    place, sizes = data.batch.place, call.sizes(data)
    if whole[place] != sizes[place]:
        call.refuse("it stretches the batch axis", code="batch")
    merged = (data.shape[axis] for axis in data.batch.merged)
    target = (*whole[:place], *merged, *whole[place + 1 :])
    if target == data.shape:
        return data
    return call.add(KINDS["expand"](target), [data])


MAX_REPEATS = 1024


@operator("Tile", batch="any")
def tile(call: Call, data: Either, repeats: Whole = None) -> Either:
    """Copies along each axis."""
    times = repeats or []
    if isinstance(data, Static):
        return tiled(call, data, times)
    place = data.batch.place
    if len(times) != len(data.sizes) or times[place] != 1 or min(times) < 1:
        call.refuse("its repeats don't fit the data", code="batch")
    if max(times) > MAX_REPEATS:
        call.refuse("it repeats the data too often", code="too-large")
    batch = data.batch
    for outer, count in enumerate(times):
        if count > 1 and (axis := batch.inner(outer)) is not None:
            data = call.add(KINDS["cat"](axis), [data] * count)
    return data


def tiled(call: Call, data: Static, times: list[int]) -> Static:
    """The same of stored numbers."""
    if len(times) != len(data.shape) or min(times, default=0) < 0:
        call.refuse("its repeats don't fit its data")
    sizes = tuple(n * count for n, count in zip(data.shape, times, strict=True))

    def compute(values: Numbers) -> Numbers:
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
