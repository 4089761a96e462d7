"""What windows read for sets of units, against listing each unit's reads."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cnncalc.axis.indices import Indices, TooManyError, joined, read, within
from cnncalc.axis.windows import Bins, Resize, Slide, Spread, Window, adaptive

few, some = st.integers(1, 5), st.integers(-3, 5)
windows = st.one_of(
    st.builds(Slide, few, few, some, some, few),
    st.builds(Spread, few, few, some, some, few),
    st.builds(Resize, few, few, st.just(99), st.sampled_from([1, 2, 4]), st.booleans()),
    st.builds(adaptive, st.just(11), st.integers(1, 12)),
)
ranges = st.builds(
    lambda start, count, step: range(start, start + count, step),
    st.integers(0, 8),
    st.integers(1, 9),
    st.integers(1, 4),
)
sets: st.SearchStrategy[Indices] = st.one_of(
    ranges, st.frozensets(st.integers(0, 12)), st.just(range(0))
)


@pytest.mark.slow
@settings(max_examples=1000)
@given(windows, sets, st.integers(1, 20))
@example(Resize(5, 3, 99, 4, True), range(8, 13), 16)
def test_reads_are_those_of_each_unit(window: Window, units: Indices, n: int) -> None:
    """Clipped to the axis; interpolation is clamped to it."""
    if isinstance(window, Bins):
        units, n = frozenset(unit for unit in units if unit < window.outputs), window.inputs
    each = [i for unit in units for i in window.reads(unit)]
    if isinstance(window, Resize):
        expected = {min(max(i, 0), n - 1) for i in each}
    else:
        expected = {i for i in each if 0 <= i < n}

    assert set(read(window, units, n)) == expected


@settings(max_examples=500)
@given(sets, sets)
def test_joined_sets(one: Indices, two: Indices) -> None:
    """What is in either, whether or not a range says it."""
    assert set(joined(one, two)) == set(one) | set(two)


@given(ranges, st.integers(0, 20), st.integers(0, 9))
def test_within_an_axis(indices: range, n: int, before: int) -> None:
    """A range that begins before the axis keeps its step."""
    moved = range(indices.start - before, indices.stop - before, indices.step)

    assert set(within(moved, n)) == {i for i in moved if 0 <= i < n}


def test_no_size_matters_while_a_range_says_it() -> None:
    """Billions of units, and an end to listing where they have no such order."""
    units = range(1_000_000_000)

    assert read(Slide(1, 2), units, 2_000_000_000) == range(0, 1_999_999_999, 2)
    assert read(Slide(3, 2, 1, 1), units, 2_000_000_000) == range(2_000_000_000)
    with pytest.raises(TooManyError):
        read(Slide(2, 2, 0, 0, 3), units, 2_000_000_000)
    with pytest.raises(TooManyError):
        joined(range(0, 10**9, 2), range(1, 10**9, 3))
