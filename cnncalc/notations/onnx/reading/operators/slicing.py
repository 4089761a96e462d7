"""Parts of tensors: slices, splits, and places that are picked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod, trunc

import cnncalc.notations.onnx.reading.shapes as shapes
from cnncalc.layers import KINDS
from cnncalc.layers.base import show
from cnncalc.notations.onnx.reading.call import Call
from cnncalc.notations.onnx.reading.operators.base import Either, Value, Whole, operator
from cnncalc.tracing.arrays import Numbers, taken
from cnncalc.tracing.slices import Piece, cuts, runs
from cnncalc.tracing.tensors import Static, Tensor


@operator("Slice", batch="any")
def slice_(
    call: Call,
    data: Either,
    starts: Whole = None,
    ends: Whole = None,
    axes: Whole = None,
    steps: Whole = None,
) -> Either:
    """One step for each axis that is cut, or one crop of the map."""
    kept = shapes.sliced(call.sizes(data), starts or [], ends or [], axes, steps)
    if isinstance(data, Static):
        return parted(call, data, kept)
    batch = data.batch
    samples = call.sizes(data)[batch.place]
    if kept.pop(batch.place, Piece(0, samples)).places() != range(samples):
        call.refuse("it cuts the batch axis", code="batch")
    if not all(piece.size for piece in kept.values()):
        call.refuse("nothing would be left", code="empty-output")
    inner = {call.axis(axis, data): piece for axis, piece in kept.items()}
    forwards = {axis: piece for axis, piece in inner.items() if piece.step > 0 or piece.size == 1}
    found = cut(call, data, forwards, "/cut" if len(forwards) < len(inner) else "")
    for axis in inner.keys() - forwards.keys():
        found = _in_order(call, found or data, axis, list(inner[axis].places()))
    return found or call.same(data)


def cut(call: Call, data: Tensor, kept: Mapping[int, Piece], last: str = "") -> Tensor | None:
    """Some axes cut to the places that stay; None where all stay."""
    layers = cuts(data.shape, kept)
    for place, layer in enumerate(layers, 1):
        data = call.add(layer, [data], last if place == len(layers) else f"/{place}")
    return data if layers else None


def parted(call: Call, data: Static, kept: Mapping[int, Piece]) -> Static:
    """The same of stored numbers."""
    sizes = tuple(kept[a].size if a in kept else size for a, size in enumerate(data.shape))
    known = all(piece.is_plain for piece in kept.values())

    def compute(values: Numbers) -> Numbers:
        shape = list(data.shape)
        for axis, piece in kept.items():
            values = taken(values, tuple(shape), axis, piece.places())
            shape[axis] = piece.size
        return values

    return call.made(sizes, [data], compute if known else None)


@operator("Split", batch="any")
def split(call: Call, data: Either, split: Whole = None, *, axis: int = 0) -> list[Value]:
    """One part after another along an axis."""
    names = call.node.outputs
    if isinstance(data, Static):
        place = shapes.place(axis, len(data.shape))
        sizes = shapes.part_sizes(data.shape[place], split, len(names))
        return [parted(call, data, {place: part}) for part in in_a_row(sizes)]
    place = call.axis(axis, data, "splits")
    if split is None and call.opset < 18 and data.shape[place] % len(names):
        call.refuse(f"{data.shape[place]} are no {len(names)} equal parts", code="slice")
    sizes = shapes.part_sizes(data.shape[place], split, len(names))
    if not all(sizes):
        call.refuse("a part of it would be empty", code="empty-output")
    return [
        call.add(KINDS["slice"]((part.first, part.last + 1), place), [data], f".{number}")
        if names[number]
        else None
        for number, part in enumerate(in_a_row(sizes))
    ]


def in_a_row(sizes: Sequence[int]) -> list[Piece]:
    """Parts of these sizes, one behind the other."""
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    return [Piece(start, size) for start, size in zip(starts, sizes, strict=True)]


@operator("Gather", batch="any")
def gather(call: Call, data: Value, indices: Value, *, axis: int = 0) -> Either:
    """Places of an axis: one, whose axis goes, or several; rows that data looks up."""
    if isinstance(indices, Tensor) and isinstance(data, Static):
        return _looked_up(call, data, indices, axis)
    indices = call.stored(1)
    if isinstance(data, Static):
        return picked(call, data, indices, shapes.place(axis, len(data.shape)))
    tensor = call.flow()
    if len(tensor.sizes) == 1 == call.batch:
        return _values_of_one(call, tensor, indices)
    place = call.axis(axis, tensor, "picks from")
    if len(indices.shape) > 1:
        call.refuse("positions picked along more than one axis can't be followed")
    size = tensor.shape[place]
    places = [trunc(each) for each in call.numbers(1) or []]
    places = [each + size if each < 0 else each for each in places]
    if not places or min(places) < 0 or max(places) >= size:
        call.refuse(f"it picks positions that are not among the {size}", code="slice")
    if indices.shape:
        return _in_order(call, tensor, place, places)
    one = cut(call, tensor, {place: Piece(places[0], 1)}, "/slice") or tensor
    left = (*tensor.shape[:place], *tensor.shape[place + 1 :])
    return call.seen(one, left, tensor.batch.without([place]))


MAX_PIECES = 1024  # that places in an order of their own are put together of


def _looked_up(call: Call, table: Static, numbers: Tensor, axis: int) -> Tensor:
    """The rows of a stored matrix that whole numbers name: an embedding."""
    if len(table.shape) != 2 or axis % 2:
        call.refuse(
            f"its data looks positions up in {show(table.shape)} along axis {axis}, where the rows "
            "of a matrix are read"
        )
    layer = KINDS["embedding"](*table.shape, axis=-1 if numbers.shape else 0)
    return call.add(layer, [numbers], weight=table)


def _in_order(call: Call, data: Tensor, axis: int, places: list[int]) -> Tensor:
    """Places along an axis, as one slice or several that are joined."""
    pieces = runs(places)
    if len(pieces) > MAX_PIECES:
        call.refuse("it picks too many positions in an order of their own", code="too-large")
    if len(pieces) == 1:
        return cut(call, data, {axis: pieces[0]}) or call.same(data)
    parts = [cut(call, data, {axis: piece}, f"/{n}") for n, piece in enumerate(pieces, 1)]
    return call.add(KINDS["cat"](axis), [part or data for part in parts])


def picked(call: Call, data: Static, indices: Static, axis: int) -> Static:
    """The same of stored numbers."""
    sizes = (*data.shape[:axis], *indices.shape, *data.shape[axis + 1 :])
    size = data.shape[axis]

    def compute(values: Numbers, places: list[int]) -> Numbers:
        return taken(values, data.shape, axis, [range(size)[each] for each in places])

    return call.made(sizes, [data, indices], compute, [data], data.whole)


def _values_of_one(call: Call, data: Tensor, indices: Static) -> Tensor:
    """All values of one sample in their order, in a shape with a batch again (as_strided)."""
    total = prod(data.shape)
    known = indices.values is not None
    if indices.count != total or (known and call.numbers(1) != list(range(total))):
        call.refuse("values picked from the whole data can't be followed")
    return call.view(data, indices.shape)


@operator("GatherElements", data=False)
def gather_elements(call: Call, data: Static, indices: Static) -> Static:
    """A number for each index: only the sizes are kept."""
    return call.made(indices.shape, [data])


@operator("GatherND", data=False)
def gather_nd(call: Call, data: Static, indices: Static, *, batch_dims: int = 0) -> Static:
    """A part for each tuple of indices: only the sizes are kept."""
    last = indices.shape[-1] if indices.shape else 0
    if not 0 < last <= len(data.shape) - batch_dims:
        call.refuse("its indices don't fit its data")
    return call.made((*indices.shape[:-1], *data.shape[batch_dims + last :]), [data])
