"""Patterns of named axes: einops's own answers, and the meaning of a pattern place by place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.errors import LayerError
from cnncalc.tracing.axis_names import Plan, as_letters, named_sizes, planned
from cnncalc.tracing.tensors import Batch

NAMES = "abcd"


def moved(array: Any, plan: Plan) -> Any:
    """An array after a plan, by NumPy; what is reduced is added."""
    array = array.reshape(plan.split)
    array = array.sum(axis=plan.gone).transpose(plan.order)
    ones, whole = list(array.shape), list(array.shape)
    for place, size in plan.added:
        ones.insert(place, 1)
        whole.insert(place, size)
    return numpy.broadcast_to(array.reshape(ones), whole).reshape(plan.joined)


def by_places(
    array: Any, left: Sequence[Sequence[str]], right: Sequence[Sequence[str]], sizes: dict[str, int]
) -> Any:
    """The same by going over all places of all axes."""
    result = numpy.zeros([prod(sizes[name] for name in group) for group in right], int)
    names = sorted({name for group in (*left, *right) for name in group})
    for places in product(*(range(sizes[name]) for name in names)):
        at = dict(zip(names, places, strict=True))
        result[place_of(right, at, sizes)] += array[place_of(left, at, sizes)]
    return result


def place_of(
    groups: Sequence[Sequence[str]], at: Mapping[str, int], sizes: Mapping[str, int]
) -> tuple[int, ...]:
    found = []
    for group in groups:
        place = 0
        for name in group:
            place = place * sizes[name] + at[name]
        found.append(place)
    return tuple(found)


@st.composite
def grouped(draw: st.DrawFn, names: Sequence[str]) -> list[list[str]]:
    """Axes in an order, some of them as one."""
    rest, groups = draw(st.permutations(list(names))), []
    while rest:
        count = draw(st.integers(1, 3))
        groups.append(rest[:count])
        rest = rest[count:]
    return groups


def spelt(groups: Sequence[Sequence[str]]) -> str:
    return " ".join(each[0] if len(each) == 1 else f"({' '.join(each)})" for each in groups)


@given(st.data())
def test_a_pattern_means_its_places(data: st.DataObject) -> None:
    names = NAMES[: data.draw(st.integers(1, 4))]
    sizes = {name: data.draw(st.integers(1, 3)) for name in [*names, "new"]}
    operation = data.draw(st.sampled_from(["rearrange", "reduce", "repeat"]))
    kept = list(names)
    if operation == "reduce":
        kept = [name for name in names if data.draw(st.booleans())]
    if operation == "repeat":
        kept.append("new")
    left, right = data.draw(grouped(names)), data.draw(grouped(kept))
    array = numpy.arange(prod(sizes[name] for name in names))
    array = array.reshape([prod(sizes[name] for name in group) for group in left])
    lengths = {n: sizes[n] for n in names if any(n in group[1:] for group in left)}
    lengths |= {"new": sizes["new"]} if operation == "repeat" else {}

    plan = planned(f"{spelt(left)} -> {spelt(right)}", operation, array.shape, lengths)

    expected = by_places(array, left, right, sizes)
    assert numpy.array_equal(moved(array, plan), expected)


# What einops 0.8.2 gives: pattern, operation, sizes, sizes by name, sizes of the result.
SHAPES: list[tuple[str, str, tuple[int, ...], dict[str, int], tuple[int, ...]]] = [
    ("b c (h 2) (w 2) -> b c h w", "reduce", (2, 3, 4, 6), {}, (2, 3, 2, 3)),
    ("b ... -> b (...)", "rearrange", (2, 3, 4), {}, (2, 12)),
    ("b ... -> (...) b", "rearrange", (2,), {}, (1, 2)),
    ("... c -> c ...", "rearrange", (2, 4, 3), {}, (3, 2, 4)),
    ("b … c -> b c …", "rearrange", (2, 4, 3), {}, (2, 3, 4)),
    ("b c h w -> b c () ()", "reduce", (2, 3, 4, 5), {}, (2, 3, 1, 1)),
    ("b c h w -> b c 1 1", "reduce", (2, 3, 4, 5), {}, (2, 3, 1, 1)),
    ("b 1 d -> b d 1 ()", "rearrange", (2, 1, 3), {}, (2, 3, 1, 1)),
    ("h w -> (h 2) (w 3)", "repeat", (2, 3), {}, (4, 9)),
    ("() n d -> b n d", "repeat", (1, 5, 3), {"b": 4}, (4, 5, 3)),
    ("b (h w 1) -> b h w", "rearrange", (2, 6), {"w": 3}, (2, 2, 3)),
    ("...->...", "rearrange", (2, 3), {}, (2, 3)),
    ("->", "rearrange", (), {}, ()),
    (" a  b->b( a )", "rearrange", (2, 3), {}, (3, 2)),
]


@pytest.mark.parametrize(("pattern", "operation", "shape", "lengths", "result"), SHAPES)
def test_shapes_of_einops(
    pattern: str, operation: str, shape: tuple[int, ...], lengths: dict[str, int],
    result: tuple[int, ...],
) -> None:  # fmt: skip
    assert planned(pattern, operation, shape, lengths).joined == result


WRONG: list[tuple[str, str, tuple[int, ...], dict[str, int], str]] = [
    ("a b", "rearrange", (2, 3), {}, "not one arrow"),
    ("a -> b -> c", "rearrange", (2,), {}, "not one arrow"),
    ("a (b -> a b", "rearrange", (2, 3), {}, "doesn't close"),
    ("a b) -> a b", "rearrange", (2, 3), {}, "hasn't opened"),
    ("((a b)) -> a b", "rearrange", (6,), {}, "parentheses in parentheses"),
    ("a a -> a", "rearrange", (2, 2), {}, "`a` twice"),
    ("a b -> a b b", "rearrange", (2, 3), {}, "`b` twice"),
    ("a-b -> a", "rearrange", (2,), {}, "`-` has no meaning"),
    ("a .. -> a", "rearrange", (2,), {}, "`.` has no meaning"),
    ("_a -> _a", "rearrange", (2,), {}, "`_a` is no name"),
    ("a 0 -> a", "reduce", (2, 1), {}, "one or more, not 0"),
    ("a b -> a", "rearrange", (2, 3), {}, "`b` stands on one side only"),
    ("a -> a b", "rearrange", (2,), {"b": 2}, "`b` stands on one side only"),
    ("a (b 2) -> a b 2", "rearrange", (2, 6), {}, "no other numbers"),
    ("a -> a b", "repeat", (2,), {}, "wants the size of `b`"),
    ("a b -> a", "repeat", (2, 3), {}, "`repeat` keeps all axes"),
    ("a -> a b", "reduce", (2,), {}, "`reduce` adds no axes"),
    ("a b -> ... a b", "rearrange", (2, 3), {}, "not on the left"),
    ("(... a) -> a ...", "rearrange", (2,), {}, "can't stand in parentheses"),
    ("a b c -> c b a", "rearrange", (2, 3), {}, "of 3 axes, and the tensor has 2"),
    ("a b ... -> a ...", "reduce", (2,), {}, "of 2 axes or more, and the tensor has 1"),
    ("(a b) -> a b", "rearrange", (6,), {}, "`a` and `b` can't be told from 6"),
    ("(a b) -> a b", "rearrange", (6,), {"a": 4}, "an axis of 6, which 4 doesn't divide"),
    ("(a b) -> a b", "rearrange", (6,), {"a": 2, "b": 2}, "`(a b)` is 4, and the tensor has 6"),
    ("a b -> b a", "rearrange", (2, 3), {"b": 4}, "`b` is 4, and the tensor has 3"),
    ("a (b 4) -> a b", "reduce", (2, 6), {}, "which 4 doesn't divide"),
    ("a 1 -> a", "rearrange", (2, 3), {}, "`1` is 1, and the tensor has 3"),
    ("a -> a", "rearrange", (2,), {"c": 4}, "no axis `c`"),
]


@pytest.mark.parametrize(("pattern", "operation", "shape", "lengths", "told"), WRONG)
def test_what_einops_refuses(
    pattern: str, operation: str, shape: tuple[int, ...], lengths: dict[str, int], told: str
) -> None:
    with pytest.raises(LayerError) as caught:
        planned(pattern, operation, shape, lengths)
    assert told in caught.value.message


def test_the_batch_among_axes() -> None:
    assert planned("b (h p) c -> (b h) p c", "rearrange", (Batch(), 6, 4), {"p": 3}).joined == (
        Batch(2), 3, 4,
    )  # fmt: skip
    assert planned("(b h) p -> b p h", "rearrange", (Batch(2), 3), {"h": 2}).joined == (
        Batch(), 3, 2,
    )  # fmt: skip
    plan = planned("(b h) p -> b h p", "rearrange", (Batch(2), 3), {"b": Batch()})
    assert plan.joined == (Batch(), 2, 3)
    with pytest.raises(LayerError, match="the batch times 3, which 2 doesn't divide"):
        planned("(b h) p -> b h p", "rearrange", (Batch(3), 3), {"h": 2})


def test_sizes_by_name() -> None:
    assert named_sizes("b _ h 4", (2, 3, 5, 4)) == {"b": 2, "h": 5}
    assert named_sizes("b ... w", (2, 3, 5, 4)) == {"b": 2, "w": 4}
    with pytest.raises(LayerError, match="several axes in one"):
        named_sizes("b (h w)", (2, 6))
    with pytest.raises(LayerError, match="is 4, and the tensor has 3"):
        named_sizes("b 4", (2, 3))


def test_equations_by_letters() -> None:
    assert as_letters("b head i d, b head j d -> b head i j") == "abcd,abed->abce"
    assert as_letters("... in, out in -> ... out") == "...a,ba->...b"
    with pytest.raises(LayerError, match="no name"):
        as_letters("a (b c), a -> b")
    with pytest.raises(LayerError, match="one arrow"):
        as_letters("a b, b c")
