"""What the algebra promises, over drawn shapes and places."""

from __future__ import annotations

from math import prod

import numpy
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.layers.base import Shape
from cnncalc.tracing.arrays import joined, picked, reduced, stretched, turned
from cnncalc.tracing.slices import Piece, cuts, piece_of, runs
from cnncalc.tracing.views import between

SIZES = st.lists(st.sampled_from([1, 1, 2, 3, 4]), max_size=5)


@st.composite
def grouped(draw: st.DrawFn) -> tuple[Shape, Shape]:
    """Two shapes of the same values: the same factors put together in two ways."""
    factors = draw(st.lists(st.sampled_from([1, 2, 2, 3, 5]), max_size=5))

    def shape() -> Shape:
        ends = sorted(draw(st.lists(st.integers(0, len(factors)), max_size=4)))
        starts = [0, *ends]
        return tuple(prod(factors[a:b]) for a, b in zip(starts, [*ends, len(factors)], strict=True))

    return shape(), shape()


@given(grouped())
def test_a_view_is_the_shape_that_is_wanted(shapes: tuple[Shape, Shape]) -> None:
    shape, target = shapes
    layer = between(shape, target)

    assert (target if layer is None else layer.output(shape)) == target
    assert (layer is None) == (shape == target)


@given(grouped())
def test_a_view_keeps_the_order_of_the_values(shapes: tuple[Shape, Shape]) -> None:
    """Also where it is called a permutation."""
    shape, target = shapes
    layer = between(shape, target)
    if layer is not None and layer.kind == "permute":
        values = numpy.arange(prod(shape)).reshape(shape)
        assert (values.transpose(layer.axes).reshape(-1) == values.reshape(-1)).all()  # type: ignore[attr-defined]


@given(st.lists(st.integers(0, 12), min_size=1, max_size=9))
def test_places_are_put_together_of_pieces(places: list[int]) -> None:
    pieces = runs(places)

    assert [place for piece in pieces for place in piece.places()] == places
    assert all(piece.step > 0 for piece in pieces)


@given(st.data())
def test_cuts_leave_what_is_kept(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.integers(1, 7), min_size=1, max_size=4)))
    kept = {}
    for axis, size in enumerate(shape):
        start = data.draw(st.integers(0, size - 1))
        stop = data.draw(st.integers(start + 1, size))
        kept[axis] = piece_of(slice(start, stop, 1 + axis % 2), size)
    found = shape
    for layer in cuts(shape, kept):
        found = layer.output(found)

    assert found == tuple(piece.size for piece in kept.values())


@given(st.integers(0, 9), *[st.none() | st.integers(-12, 12)] * 2, st.integers(1, 4))
def test_a_piece_is_what_python_s_slice_leaves(
    size: int, start: int | None, stop: int | None, step: int
) -> None:
    part = slice(start, stop, step)
    piece = piece_of(part, size)

    assert list(piece.places()) == list(range(size))[part]
    if piece.size:
        assert piece.last == list(range(size))[part][-1]
        assert Piece(*piece).is_plain


@given(SIZES, st.data())
def test_small_arrays_are_numpys(sizes: list[int], data: st.DataObject) -> None:
    shape = tuple(sizes)
    values = list(range(prod(shape)))
    array = numpy.array(values).reshape(shape)
    order = data.draw(st.permutations(range(len(shape))))
    wanted = tuple(data.draw(st.integers(1, 3)) if size == 1 else size for size in shape)

    assert turned(values, shape, order) == array.transpose(order).reshape(-1).tolist()
    assert stretched(values, shape, wanted) == numpy.broadcast_to(array, wanted).ravel().tolist()
    for axis in range(len(shape)):
        twice = numpy.concatenate([array, array], axis=axis)
        assert joined([(values, shape)] * 2, axis) == twice.ravel().tolist()
        assert reduced(values, shape, [axis], sum) == array.sum(axis=axis).ravel().tolist()
        last = [slice(None)] * axis + [slice(-1, None)]
        assert picked(values, shape, list(last)) == array[tuple(last)].ravel().tolist()
