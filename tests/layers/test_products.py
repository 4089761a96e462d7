"""Products of maps: each goes a route of its own, then they meet element-wise."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from cnncalc.errors import LayerError
from cnncalc.layers import KINDS
from cnncalc.layers.base import Shape
from cnncalc.layers.merge import common
from cnncalc.layers.product import Product

PAIRS: list[tuple[dict[str, Any], Shape, Shape]] = [
    ({}, (2, 3), (3, 4)),
    ({"transpose": True}, (2, 3), (4, 3)),
    ({"order": "last"}, (3, 2), (4, 3)),  # channels last they are 2×3 and 3×4
    ({"order": "last", "transpose": True}, (3, 2), (3, 4)),
    ({}, (5, 2, 3), (5, 3, 4)),
    ({}, (5, 2, 3), (1, 3, 4)),
    ({}, (2, 3), (5, 3, 4)),
    ({"transpose": True}, (5, 2, 3), (4, 3)),
    ({}, (1, 2, 3), (5, 3, 4)),
    ({"order": "last"}, (3, 5, 2), (4, 5, 3)),
    ({"order": "last"}, (3, 2), (4, 5, 3)),
    ({"order": "last", "transpose": True}, (3, 1, 5, 2), (3, 5, 4)),
]
SEVERAL: list[tuple[str, dict[str, Any], tuple[Shape, ...], Shape]] = [
    ("mha", {"heads": 2}, ((8, 9), (6, 5)), (8, 9)),
    ("mha", {"heads": 2}, ((8, 9), (6, 5), (4, 5)), (8, 9)),
    ("mha", {"heads": 2, "axis": 1}, ((9, 8), (5, 6)), (9, 8)),
    ("mha", {"heads": 2, "key": 3, "out": 7, "axis": -1}, ((9, 8), (5, 6)), (9, 7)),
    ("mha", {"heads": 2, "key": 3, "out": 7, "axis": -2}, ((8, 9), (6, 5)), (7, 9)),
    ("gru", {"hidden": 5}, ((8, 9), (5,)), (5, 9)),
    ("gru", {"hidden": 5, "axis": 1}, ((9, 8), (5,)), (9, 5)),
    ("gru", {"hidden": 5, "axis": -1}, ((9, 8), (5,)), (9, 5)),
    ("gru", {"hidden": 5, "axis": -2}, ((8, 9), (5,)), (5, 9)),
    ("gru", {"hidden": 5, "axis": -1, "last": True}, ((9, 8), (5,)), (5,)),
    ("lstm", {"hidden": 5, "last": True, "bidirectional": True}, ((8, 9), *((5,),) * 4), (10,)),
    (
        "lstm",
        {"hidden": 5, "proj": 3, "bidirectional": True},
        ((8, 9), (3,), (3,), (5,), (5,)),
        (6, 9),
    ),
]


def matrix_product(a: Any, b: Any, transpose: bool = False, order: str = "first") -> Any:
    """NumPy's, of maps with their channels in front."""
    if order == "last":
        a, b = (np.moveaxis(each, 0, -1) for each in (a, b))
    made = a @ (b.swapaxes(-1, -2) if transpose else b)
    return np.moveaxis(made, -1, 0) if order == "last" else made


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(("options", "a", "b"), PAIRS)
def test_what_reads_a_value_of_a_matrix(
    options: dict[str, Any], a: Shape, b: Shape, which: int
) -> None:
    """The units that change with it lie where its axes go, and all along those stretched."""
    layer: Product = KINDS["matmul"](**options)
    route, met = layer.routes(a, b)[which], layer.summed(a, b)[which]
    values = [np.ones(a), np.ones(b)]
    before = matrix_product(*values, **options)
    assert layer.output(a, b) == before.shape
    assert route.shape == (a, b)[which]
    for index in np.ndindex(route.shape):
        values[which] = np.ones(route.shape)
        values[which][index] = 2
        changed = matrix_product(*values, **options) != before
        own = {to: index[axis] for axis, to in enumerate(route.moves) if axis not in route.mixes}
        assert np.array_equal(
            changed,
            np.fromfunction(
                lambda *at, own=own: np.logical_and.reduce(
                    [at[to] == i for to, i in own.items() if met[to] > 1], initial=True
                ),
                before.shape,
            ),
        )


@pytest.mark.parametrize(("options", "a", "b"), PAIRS)
def test_the_work_of_a_matrix_product(options: dict[str, Any], a: Shape, b: Shape) -> None:
    """One product for each of the three values that are summed up."""
    counted = matrix_product(np.ones(a), np.ones(b), **options)

    assert KINDS["matmul"](**options).macs(a, b) == counted.sum() == 3 * counted.size


@pytest.mark.parametrize(
    ("kind", "options", "shapes"),
    [*(("matmul", options, (a, b)) for options, a, b in PAIRS), *(each[:3] for each in SEVERAL)],
)
def test_maps_meet_in_the_output(
    kind: str, options: dict[str, Any], shapes: tuple[Shape, ...]
) -> None:
    """With as many axes, of its sizes or 1: an axis that isn't read whole keeps its size.

    That over which matrices are summed is left as one of size 1.
    """
    layer: Any = KINDS[kind](**options)
    output, met, routes = layer.output(*shapes), layer.summed(*shapes), layer.routes(*shapes)

    assert [len(shape) for shape in met] == [len(output)] * len(shapes)
    assert np.broadcast_shapes(*met) == output
    for shape, route, stands in zip(shapes, routes, met, strict=True):
        assert route.shape == shape
        for axis, to in enumerate(route.moves):
            if axis not in route.mixes:
                assert to is not None
                assert stands[to] == shape[axis]
            elif kind == "matmul":
                assert to is not None
                assert stands[to] == 1
        assert len(set(route.moves) - {None}) == len([to for to in route.moves if to is not None])


@pytest.mark.parametrize(("kind", "options", "shapes", "output"), SEVERAL)
def test_what_comes_out(
    kind: str, options: dict[str, Any], shapes: tuple[Shape, ...], output: Shape
) -> None:
    assert KINDS[kind](**options).output(*shapes) == output


@pytest.mark.parametrize("out", [None, 7])
@pytest.mark.parametrize("value", [None, 4])
@pytest.mark.parametrize("axis", [0, 1])
def test_the_work_of_attention(axis: int, value: int | None, out: int | None) -> None:
    """Of four layers, and of each head's two products: by the sizes of the matrices."""
    heads, key, asked, answers = 2, 3, 9, 5
    each = value or key
    shapes = [(8, asked), (6, answers), (4, answers)]
    products = [
        (asked, 8, heads * key), (answers, 6, heads * key), (answers, 4, heads * each),
        *[(asked, key, answers), (asked, answers, each)] * heads,
        (asked, heads * each, out or 8),
    ]  # fmt: skip
    layer = KINDS["mha"](heads, key=key, value=value, out=out, axis=axis)

    assert layer.macs(*(shape[:: -1 if axis else 1] for shape in shapes)) == sum(
        rows * inner * columns for rows, inner, columns in products
    )


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(("axis", "features"), [(0, 0), (1, 1), (-1, 1), (-2, 0)])
def test_states_go_where_the_features_are(axis: int, features: int, last: bool) -> None:
    layer: Any = KINDS["gru"](5, axis=axis, last=last)
    _, state = layer.routes((8, 9), (5,))

    assert (state.shape, state.mixes) == ((5,), (0,))
    assert state.moves == (0 if last else features,)


@pytest.mark.parametrize(("axis", "shape"), [(0, (8, 0)), (1, (0, 8))])
def test_a_sequence_of_no_steps_is_refused(axis: int, shape: Shape) -> None:
    with pytest.raises(LayerError, match=r"can't work on .×., which has no steps"):
        KINDS["gru"](5, axis=axis).output(shape)


def test_sizes_that_meet_are_stretched() -> None:
    """As NumPy's do, of any number of branches."""
    for sizes in product((1, 2, 3), repeat=3):
        try:
            (expected,) = np.broadcast_shapes(*((size,) for size in sizes))
        except ValueError:
            assert common(sizes) is None
            with pytest.raises(LayerError, match="`mul` can't join"):
                KINDS["mul"]().output(*((4, size) for size in sizes))
        else:
            assert common(sizes) == expected
            assert KINDS["mul"]().output(*((4, size) for size in sizes)) == (4, expected)


@pytest.mark.parametrize(
    ("align", "sizes"),
    [("first", (4, 3)), ("second", (2, 3)), ("second", (1, 3)), ("first", (1, 1))],
)
def test_branches_of_fewer_axes(align: str, sizes: Shape) -> None:
    """Axes of size 1 before their own, or between their channels and the others."""
    layer: Any = KINDS["add"](align)
    whole = (2, 5, *((4, 3) if align == "first" else (6, 3)))
    stretched = (1, 1, *sizes) if align == "first" else (sizes[0], 1, 1, sizes[1])
    assert layer.stretched(whole, sizes) == (whole, stretched)
    assert layer.stretched(sizes, whole) == (stretched, whole)
    assert layer.output(whole, sizes) == layer.output(sizes, whole) == whole
    assert layer.places(4, 4) == (0, 1, 2, 3)
    assert [stretched[to] for to in layer.places(2, 4)] == list(sizes)
    with pytest.raises(LayerError, match="can't join"):
        KINDS["add"]().output(whole, sizes)
