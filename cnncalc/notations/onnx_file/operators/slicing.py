"""Parts of data, and what asks for shapes."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import cnncalc.notations.onnx_file.shapes as shapes
from cnncalc.layers import KINDS
from cnncalc.notations.onnx_file.call import Call
from cnncalc.notations.onnx_file.folding import numbers, part_of_shape
from cnncalc.notations.onnx_file.model import Constant
from cnncalc.notations.onnx_file.operators.reshaping import to_shape
from cnncalc.notations.onnx_file.records import Flow, Merged, Value
from cnncalc.tracing.slices import cuts, runs

__all__ = ["SLICING"]


def shape(call: Call) -> Constant:
    """The sizes of data, as numbers."""
    return numbers(part_of_shape(call, call.with_batch(call.flow()))).followed()


def size(call: Call) -> Constant:
    total = 1
    for each in call.with_batch(call.flow()):
        total *= each
    return numbers(total).followed()


def slice_(call: Call) -> Flow:
    """One step for each axis that is cut, or one crop of the map."""
    flow = call.flow()
    kept = shapes.sliced(
        call.with_batch(flow),
        call.whole("starts", 1) or [],
        call.whole("ends", 2) or [],
        call.whole("axes", 3),
        call.whole("steps", 4),
    )
    if kept.get(0, range(call.batch)) != range(call.batch):
        call.refuse("it cuts the batch axis", code="batch")
    taken = {axis - 1: places for axis, places in kept.items() if axis}
    if not all(taken.values()):
        call.refuse("nothing would be left", code="empty-output")
    if any(places.step < 1 and len(places) > 1 for places in taken.values()):
        call.refuse("places that go backwards can't be followed")
    return cut(call, flow, taken) or call.add(KINDS["identity"](), [flow])


def cut(call: Call, flow: Flow, kept: dict[int, range], last: str = "") -> Flow | None:
    """Some axes cut to the places that stay; None where all stay."""
    layers = cuts(flow.shape, kept)
    for place, layer in enumerate(layers, 1):
        flow = call.add(layer, [flow], last if place == len(layers) else f"/{place}")
    return flow if layers else None


def split(call: Call) -> list[Value]:
    """One slice for each part."""
    flow, names = call.flow(), call.node.outputs
    axis = call.axis(call.integer("axis", 0), flow, "splits")
    given = call.whole("split", 1)
    if given is None and call.opset < 18 and flow.shape[axis] % len(names):
        call.refuse(f"{flow.shape[axis]} are no {len(names)} equal parts", code="slice")
    sizes = shapes.part_sizes(flow.shape[axis], given, len(names))
    parts: list[Value] = []
    start = 0
    for place, each in enumerate(sizes):
        if not each:
            call.refuse("a part of it would be empty", code="empty-output")
        layer = KINDS["slice"]((start, start + each), axis)
        wanted = bool(names[place])
        parts.append(call.add(layer, [flow], f".{place}") if wanted else None)
        start += each
    return parts


def gather(call: Call) -> Flow:
    """Places of an axis: one, whose axis goes, or several evenly spaced ones."""
    if isinstance(call.inputs[0], Merged):
        return _parted(call, call.inputs[0].of)
    flow, indices = call.flow(), call.stored(1)
    axis = call.axis(call.integer("axis", 0), flow, "picks from")
    if len(indices.shape) > 1:
        call.refuse("places picked along more than one axis can't be followed")
    n = flow.shape[axis]
    taken = [int(each) for each in call.numbers(1) or []]
    taken = [each + n if each < 0 else each for each in taken]
    if not taken or min(taken) < 0 or max(taken) >= n:
        call.refuse(f"it picks places that are not among the {n}", code="slice")
    pieces = runs(taken)
    if len(pieces) > MAX_PIECES:
        call.refuse("it picks places in too wild an order")
    if not indices.shape:
        picked = cut(call, flow, {axis: pieces[0]}, "/slice") or flow
    elif len(pieces) == 1:
        return cut(call, flow, {axis: pieces[0]}) or call.add(KINDS["identity"](), [flow])
    else:
        parts = [cut(call, flow, {axis: piece}, f"/{n}") for n, piece in enumerate(pieces, 1)]
        return call.add(KINDS["cat"](axis), [part or flow for part in parts])
    rest = (call.batch, *flow.shape[:axis], *flow.shape[axis + 1 :])
    return to_shape(call, picked, rest)


def _parted(call: Call, flow: Flow) -> Flow:
    """All values of one sample in their order, in a shape with a batch again (as_strided)."""
    indices, total = call.stored(1), prod(flow.shape)
    known = indices.values is not None
    if indices.count != total or (known and call.numbers(1) != list(range(total))):
        call.refuse("values picked from the whole data can't be followed")
    return to_shape(call, flow, indices.shape)


MAX_PIECES = 1024  # that places in an order of their own are put together of

SLICING: dict[str, Callable[[Call], Value | list[Value]]] = {
    "Gather": gather,
    "Shape": shape,
    "Size": size,
    "Slice": slice_,
    "Split": split,
}
