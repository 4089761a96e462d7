"""What windows read for sets of units, against listing each unit's reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice, product
from random import Random
from typing import Any

import pytest

from cnncalc.axis import indices
from cnncalc.axis.channels import Dealt, Grouped
from cnncalc.axis.indices import Indices, TooManyError, joined, read, within
from cnncalc.axis.windows import Bins, Resize, Slide, Spread, Window, adaptive
from cnncalc.layers import LAYERS
from cnncalc.layers.route import Route

EDGES = [
    (Resize(5, 3, 99, 4, True), range(8, 13), 16),
    (Slide(2, 1, 0, 0, 3), range(3, 4), 9),
    (Slide(3, 2, 1, 1, 2), range(0), 9),
    (Spread(2, 1, 0, 0, 3), range(3), 9),
    (Dealt(2, 3), range(6), 6),
    (Dealt(2, 3), range(1, 4), 6),
    (Grouped(2, 3), range(2, 7), 6),
    (Slide(1, 2), range(5), 5),
    (Spread(2, 2), range(5), 5),
]


def drawn_windows(draw: Random) -> Iterator[Window]:
    few, some = partial(draw.randint, 1, 5), partial(draw.randint, -3, 5)
    while True:
        yield Slide(few(), few(), some(), some(), few())
        yield Spread(few(), few(), some(), some(), few())
        yield Resize(few(), few(), 99, draw.choice((1, 2, 4)), bool(draw.randint(0, 1)))
        yield adaptive(11, draw.randint(1, 12))
        yield Grouped(few(), few())


def drawn_sets(draw: Random, last: int = 12) -> Iterator[Indices]:
    """Ranges side by side, ranges with gaps, a few indices anywhere, none."""
    while True:
        start, count = draw.randint(0, 8), draw.randint(1, 9)
        yield range(start, start + count)
        yield range(start, start + count, draw.randint(1, 4))
        yield frozenset(draw.randint(0, last) for _ in range(draw.randint(0, 6)))
        yield range(0)


def listed(window: Window, units: Indices, n: int) -> set[int]:
    """What each unit reads, clipped to the axis; interpolation is clamped to it."""
    each = [i for unit in units for i in window.reads(unit)]
    if isinstance(window, Resize):
        return {min(max(i, 0), n - 1) for i in each}
    return {i for i in each if 0 <= i < n}


@pytest.mark.parametrize("count", [2500, pytest.param(100_000, marks=pytest.mark.slow)])
def test_reads_are_those_of_each_unit(count: int) -> None:
    """Whether or not a range says it."""
    draw = Random(1)
    cases = zip(drawn_windows(draw), drawn_sets(draw), strict=False)
    for window, units in islice(cases, count):
        n = draw.randint(1, 20)
        if isinstance(window, Bins):
            units, n = frozenset(unit for unit in units if unit < window.outputs), window.inputs
        assert set(read(window, units, n)) == listed(window, units, n), (repr(window), units, n)


@pytest.mark.parametrize(("window", "units", "n"), EDGES)
def test_reads_at_edges(window: Window, units: Indices, n: int) -> None:
    """Of no unit, of one, of just enough or too few to fill the gaps."""
    assert set(read(window, units, n)) == listed(window, units, n)


def test_joined_sets() -> None:
    """What is in either, whether or not a range says it."""
    sets = list(islice(drawn_sets(Random(2)), 60))
    for one, two in product(sets, sets):
        assert set(joined(one, two)) == set(one) | set(two)


def test_within_an_axis() -> None:
    """A range that begins before the axis keeps its step."""
    for start, stop, step, n in product(range(-7, 4), (0, 3, 9, 14), (1, 2, 3), (0, 1, 5, 11)):
        found = range(start, stop, step)
        assert set(within(found, n)) == {i for i in found if 0 <= i < n}


def test_ranges_stay_ranges() -> None:
    """So that no size matters."""
    assert read(Bins(7, 3), range(1, 3), 7) == range(2, 7)
    assert read(Resize(2, 1, 20), range(3, 8), 10) == range(1, 4)
    assert read(Resize(3, 2, 15, 2, True), range(4, 8), 10) == range(2, 6)
    assert read(Spread(3, 2), range(4, 9), 9) == range(1, 5)
    assert read(Spread(2, 1, 0, 0, 3), range(4, 7), 9) == range(1, 7)
    assert read(Grouped(4, 2), range(3, 5), 12) == range(4, 12)
    assert read(Slide(3, 3), range(2, 3), 12) == range(6, 9)
    assert read(Slide(2, 2, 0, 0, 2), range(1, 4), 12) == range(2, 9, 2)
    assert read(Slide(2, 1, 0, 0, 3), range(2, 5), 12) == range(2, 8)
    assert joined(range(3, 7), range(7, 9)) == range(3, 9)
    assert joined(range(3, 7), range(1, 4)) == range(1, 7)
    assert joined(range(2, 9), range(2, 9, 3)) == range(2, 9)
    assert joined(range(2, 9, 3), range(2, 9)) == range(2, 9)
    assert joined(range(0, 9, 3), range(0, 9, 3)) == range(0, 9, 3)
    assert joined(range(0), range(3, 9, 2)) == range(3, 9, 2)
    assert read(Dealt(2, 3), range(6), 6) == range(6)
    assert read(Resize(1, 1, 9), range(2, 5), 9) == range(2, 5)
    assert read(Slide(3, 5, 0, 0, 2), range(2, 3), 99) == range(10, 15, 2)
    assert read(Slide(3, 3), range(1, 4), 99) == range(3, 12)
    assert read(Slide(2, 4, 0, 0, 2), range(1, 3), 99) == range(4, 11, 2)
    assert read(Slide(2, 2, 0, 0, 6), range(3), 99) == range(0, 12, 2)


class Counted(Bins):
    """Bins that count how often they are looked at."""

    __slots__ = ("looks",)

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        self.looks = 0

    def reads(self, o: int) -> Sequence[int]:
        self.looks += 1
        return super().reads(o)


def test_units_side_by_side_are_told_by_the_ends() -> None:
    """Two of each side: interpolation reads one place where the coordinate is one."""
    bins = Counted(70, 30)
    assert read(bins, range(2, 22), 70) == range(4, 52)
    assert bins.looks == 4


def test_as_many_are_listed_as_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Units times what each of them reads, and both sets together."""
    monkeypatch.setattr(indices, "MOST", 12)
    assert len(read(Slide(3, 2), frozenset((0, 2, 5, 9)), 99)) == 12
    assert len(read(Grouped(1, 1), frozenset(range(0, 24, 2)), 99)) == 12
    assert len(joined(range(0, 12, 2), range(1, 18, 3))) == 10
    for window, count in ((Slide(4, 2), 4), (Slide(3, 2), 5), (Grouped(1, 1), 13)):
        with pytest.raises(TooManyError):
            read(window, frozenset(range(0, 2 * count, 2)), 99)
    with pytest.raises(TooManyError):
        joined(range(0, 14, 2), range(1, 18, 3))


def test_no_size_matters_while_a_range_says_it() -> None:
    """Billions of units, and an end to listing where they have no such order."""
    units = range(1_000_000_000)

    assert read(Slide(1, 2), units, 2_000_000_000) == range(0, 1_999_999_999, 2)
    assert read(Slide(3, 2, 1, 1), units, 2_000_000_000) == range(2_000_000_000)
    with pytest.raises(TooManyError):
        read(Slide(2, 2, 0, 0, 3), units, 2_000_000_000)
    with pytest.raises(TooManyError):
        joined(range(0, 10**9, 2), range(1, 10**9, 3))


def test_channels_beyond_what_one_becomes_are_not_looked_at() -> None:
    """Remainders of even steps begin anew; a set is taken as it is."""
    route: Any = LAYERS["pixelunshuffle"](2).route((3, 4, 6))
    parts = [side.windows[1].before for side in route.sides()]
    assert parts == [0, -1, 0, -1]
    for step, expected in ((1, (0, 1, 2, 3)), (2, (0, 2)), (3, (0, 1, 2, 3)), (4, (0,))):
        sides = route.sides(range(0, 10**12, step))
        assert [side.windows[0].before for side in sides] == [-(at // 2) for at in expected]
        assert [side.windows[1].before for side in sides] == [-(at % 2) for at in expected]
    assert len(route.sides(frozenset({1, 5, 6}))) == 2
    plain: Any = LAYERS["conv"](4, 3).route((3, 9))
    assert plain.sides(range(3)) == (plain,)


def test_what_is_read_of_an_axis() -> None:
    """All where every unit reads the whole, or no window says what each of them does."""
    route = Route((4, 9, 8), (Slide(1, 3), Slide(2, 3)), mixes=(1,), across=None)
    assert [set(route.read(axis)) for axis in range(3)] == [
        set(range(4)), set(range(9)), {0, 1, 3, 4, 6, 7},
    ]  # fmt: skip
    assert Route((4, 9), across=Slide(1, 2)).read(0) == range(0, 3, 2)
    assert Route((4, 9)).read(1) == range(9)
