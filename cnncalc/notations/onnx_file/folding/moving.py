"""Operators on constants that only move numbers."""

from __future__ import annotations

from typing import Any

import numpy

import cnncalc.notations.onnx_file.shapes as shapes
from cnncalc.notations.onnx_file.call import Call
from cnncalc.notations.onnx_file.folding.base import Fold, constants, made
from cnncalc.notations.onnx_file.model import Constant

__all__ = ["MOVING", "joined"]


def concat(call: Call) -> Constant:
    given = constants(call)
    return joined(call, given, shapes.place(call.integer("axis", 1), len(given[0].shape)))


def joined(call: Call, given: list[Constant], axis: int) -> Constant:
    """Constants one after another along an axis."""
    shape = shapes.concatenated([each.shape for each in given], axis)
    return made(call, shape, given, lambda *x: numpy.concatenate(x, axis=axis))


def gather(call: Call) -> Constant:
    data, indices = constants(call)
    axis = shapes.place(call.integer("axis", 0), len(data.shape))
    shape = (*data.shape[:axis], *indices.shape, *data.shape[axis + 1 :])
    return made(call, shape, [data, indices], lambda x, i: numpy.take(x, i, axis=axis), [data])


def gather_elements(call: Call) -> Constant:
    """A number for each index: only the shape is kept."""
    data, indices = constants(call)
    return Constant(indices.shape, None, data.sources)


def gather_nd(call: Call) -> Constant:
    """A part for each tuple of indices: only the shape is kept."""
    data, indices = constants(call)
    before = call.integer("batch_dims", 0)
    taken = indices.shape[-1] if indices.shape else 0
    if not 0 < taken <= len(data.shape) - before:
        call.refuse("its indices don't fit its data")
    return Constant((*indices.shape[:-1], *data.shape[before + taken :]), None, data.sources)


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


def scatter(call: Call) -> Constant:
    """Numbers put in the places that indices tell: only the shape is kept."""
    data = constants(call)[0]
    return Constant(data.shape, None, data.sources)


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


MOVING: dict[str, Fold] = {
    "Concat": concat,
    "Expand": expand,
    "Flatten": flatten,
    "Gather": gather,
    "GatherElements": gather_elements,
    "GatherND": gather_nd,
    "Pad": pad,
    "Reshape": reshape,
    "ScatterElements": scatter,
    "ScatterND": scatter,
    "Slice": slice_,
    "Split": split,
    "Squeeze": squeeze,
    "Tile": tile,
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
}
