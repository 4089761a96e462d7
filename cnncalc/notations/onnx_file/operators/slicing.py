"""Parts of data, and what asks for shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import prod

import cnncalc.notations.onnx_file.shapes as shapes
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer
from cnncalc.notations.onnx_file.call import Call
from cnncalc.notations.onnx_file.folding import numbers, part_of_shape
from cnncalc.notations.onnx_file.model import Constant
from cnncalc.notations.onnx_file.operators.reshaping import to_shape
from cnncalc.notations.onnx_file.records import Flow, Merged, Value

__all__ = ["SLICING"]


def shape(call: Call) -> Constant:
    """The sizes of data, as numbers."""
    return numbers(part_of_shape(call, call.with_batch(call.flow()))).followed()


def size(call: Call) -> Constant:
    total = 1
    for each in call.with_batch(call.flow()):
        total *= each
    return numbers(total).followed()


def part(call: Call, axis: int, taken: Sequence[int]) -> Layer:
    """The layer that takes evenly spaced places of an axis."""
    step = taken[1] - taken[0] if len(taken) > 1 else 1
    even = all(b - a == step for a, b in pairwise(taken))
    if step < 1 or not even:
        call.refuse("places that go backwards or are not evenly spaced can't be followed")
    return KINDS["slice"]((taken[0], taken[-1] + 1), axis, step)


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
    cut = {
        axis - 1: taken
        for axis, taken in sorted(kept.items())
        if axis and taken != range(flow.shape[axis - 1])
    }
    if not all(cut.values()):
        call.refuse("nothing would be left", code="empty-output")
    if not cut:
        return call.add(KINDS["identity"](), [flow])
    if len(cut) > 1 and 0 not in cut and all(taken.step == 1 for taken in cut.values()):
        return call.add(_crop(flow, cut), [flow])
    for place, (axis, taken) in enumerate(cut.items()):
        suffix = "" if place == len(cut) - 1 else f"/{place + 1}"
        flow = call.add(part(call, axis, taken), [flow], suffix)
    return flow


def _crop(flow: Flow, cut: dict[int, range]) -> Layer:
    around = [
        (cut[axis].start, n - cut[axis].stop) if axis in cut else (0, 0)
        for axis, n in enumerate(flow.shape)
    ]
    return KINDS["crop"](tuple(around[1:]))


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
    picked = flow
    if taken != list(range(n)):
        picked = call.add(part(call, axis, taken), [flow], "" if indices.shape else "/slice")
    if indices.shape:
        return picked if picked is not flow else call.add(KINDS["identity"](), [flow])
    rest = (call.batch, *flow.shape[:axis], *flow.shape[axis + 1 :])
    return to_shape(call, picked, rest)


def _parted(call: Call, flow: Flow) -> Flow:
    """All values of one sample in their order, in a shape with a batch again (as_strided)."""
    indices, total = call.stored(1), prod(flow.shape)
    known = indices.values is not None
    if indices.count != total or (known and call.numbers(1) != list(range(total))):
        call.refuse("values picked from the whole data can't be followed")
    return to_shape(call, flow, indices.shape)


SLICING: dict[str, Callable[[Call], Value | list[Value]]] = {
    "Gather": gather,
    "Shape": shape,
    "Size": size,
    "Slice": slice_,
    "Split": split,
}
