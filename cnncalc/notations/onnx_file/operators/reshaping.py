"""Operators that only move values: reshape, flatten, transpose, pixel shuffles, pads."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import cnncalc.notations.onnx_file.shapes as shapes
from cnncalc.frameworks.onnx.node import plain
from cnncalc.layers import KINDS
from cnncalc.layers.base import Shape, show
from cnncalc.notations.onnx_file.call import Call
from cnncalc.notations.onnx_file.operators.patterns import regrouped
from cnncalc.notations.onnx_file.records import Flow, Merged, Rows, Value
from cnncalc.tracing.views import between

__all__ = ["RESHAPING", "to_shape"]


def to_shape(call: Call, flow: Flow, whole: Shape, suffix: str = "") -> Flow:
    """Data in another shape; the batch must stay first."""
    target = call.without_batch(whole)
    layer = between(flow.shape, target) or KINDS["identity"]()
    return call.add(layer, [flow], suffix)


def reshape(call: Call) -> Flow | Merged | Rows:
    value = call.inputs[0]
    flow = value.of if isinstance(value, Merged | Rows) else call.flow()
    before = call.with_batch(flow)
    if isinstance(value, Merged):
        before = (prod(flow.shape),)
    elif isinstance(value, Rows):
        before = (call.batch * prod(flow.shape[:-1]), flow.shape[-1])
    sizes = call.whole("shape", 1) or []
    whole = shapes.reshaped(before, sizes, bool(call.integer("allowzero", 0)))
    if call.batch == 1 and len(whole) == 1 and prod(flow.shape) > 1:
        return Merged(flow)
    if len(whole) == 2 and len(flow.shape) > 1 and whole[0] != call.batch:
        return Rows(_with_rows(call, flow, whole))
    target = call.without_batch(whole)
    if isinstance(value, Rows) and target == flow.shape:
        return flow
    return regrouped(call, flow, target) or to_shape(call, flow, whole)


def _with_rows(call: Call, flow: Flow, whole: Shape) -> Flow:
    """Data whose last axis is that of a matrix in which the batch is no axis any more."""
    if whole[1] != flow.shape[-1]:
        call.without_batch(whole)  # which refuses it
    return flow


def flatten(call: Call) -> Flow:
    flow = call.flow()
    return to_shape(call, flow, shapes.flattened(call.with_batch(flow), call.integer("axis", 1)))


def squeeze(call: Call) -> Flow:
    flow = call.flow()
    return to_shape(call, flow, shapes.squeezed(call.with_batch(flow), call.whole("axes", 1)))


def unsqueeze(call: Call) -> Flow:
    flow = call.flow()
    axes = call.whole("axes", 1) or []
    return to_shape(call, flow, shapes.unsqueezed(call.with_batch(flow), axes))


def transpose(call: Call) -> Flow:
    flow = call.flow()
    order = shapes.transposed(call.with_batch(flow), call.whole("perm"))
    if order[0] != 0:
        call.refuse("it moves the batch axis", code="batch")
    axes = tuple(axis - 1 for axis in order[1:])
    same = axes == tuple(range(len(axes)))
    return call.add(KINDS["identity"]() if same else KINDS["permute"](axes), [flow])


def expand(call: Call) -> Flow:
    flow = call.flow()
    whole = shapes.expanded(call.with_batch(flow), call.whole("shape", 1) or [])
    target = call.without_batch(whole)
    if len(target) > len(flow.shape):
        call.refuse("it gives the data more axes", code="batch")
    same = target == flow.shape
    return call.add(KINDS["identity"]() if same else KINDS["expand"](target), [flow])


def tile(call: Call) -> Flow:
    flow = call.flow()
    repeats = call.whole("repeats", 1) or []
    if len(repeats) != len(flow.shape) + 1 or repeats[0] != 1 or min(repeats) < 1:
        call.refuse("its repeats don't fit the data", code="batch")
    for axis, times in enumerate(repeats[1:]):
        if times > MAX_REPEATS:
            call.refuse("it repeats the data too often", code="too-large")
        if times > 1:
            flow = call.add(KINDS["cat"](axis), [flow] * times)
    return flow


MAX_REPEATS = 1024


def depth_to_space(call: Call) -> Flow:
    """Channels become places; the order among the channels makes no difference to a shape."""
    return call.add(KINDS["pixelshuffle"](call.integer("blocksize", 1)), [_plane(call)])


def space_to_depth(call: Call) -> Flow:
    return call.add(KINDS["pixelunshuffle"](call.integer("blocksize", 1)), [_plane(call)])


def _plane(call: Call) -> Flow:
    flow = call.flow()
    if len(flow.shape) != 3:
        call.refuse(f"it works on maps of two spatial axes, not on {show(flow.shape)}")
    return flow


def col2im(call: Call) -> Flow:
    """Columns added up into a map."""
    flow = call.flow()
    size, kernel = call.whole("", 1) or [], call.whole("", 2) or []
    axes = len(size)
    pads = call.whole("pads") or [0] * (2 * axes)
    layer = KINDS["fold"](
        plain(tuple(kernel)),
        tuple(size),
        plain(tuple(call.whole("strides") or [1] * axes)),
        plain(tuple(zip(pads[:axes], pads[axes:], strict=True))),
        plain(tuple(call.whole("dilations") or [1] * axes)),
    )
    return call.add(layer, [flow])


MODES = {"constant": "zeros", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


def pad(call: Call) -> Flow:
    """Pad, whose amounts are the begins of all axes (or of those named), then their ends."""
    flow = call.flow()
    rank = len(flow.shape) + 1
    amounts = call.whole("pads" if call.opset > 1 else "paddings", 1) or []
    named = call.whole("axes", 3)
    axes = list(range(rank)) if named is None else shapes.places(named, rank)
    if len(amounts) != 2 * len(axes):
        call.refuse("its pads don't fit the data")
    around = [(0, 0)] * rank
    for axis, before, after in zip(axes, amounts, amounts[len(axes) :], strict=False):
        around[axis] = (before, after)
    if around[0] != (0, 0):
        call.refuse("it pads the batch axis", code="batch")
    mode = MODES.get(call.text("mode", "constant"))
    if mode is None:
        call.refuse(f"there is no pad mode `{call.text('mode', '')[:20]}`")
    if not any(map(any, around)):
        return call.add(KINDS["identity"](), [flow])
    value = call.number("value", 2) or 0
    layer = KINDS["pad"](plain(tuple(around[2:])) or (0,), mode, value, (around[1],))
    return call.add(layer, [flow])


RESHAPING: dict[str, Callable[[Call], Value | list[Value]]] = {
    "Col2Im": col2im,
    "DepthToSpace": depth_to_space,
    "Expand": expand,
    "Flatten": flatten,
    "Pad": pad,
    "Reshape": reshape,
    "SpaceToDepth": space_to_depth,
    "Squeeze": squeeze,
    "Tile": tile,
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
}
