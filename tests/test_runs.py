"""Channels as runs, against the same channels one by one."""

from __future__ import annotations

from itertools import chain, pairwise, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.axis.channels import Dealt, Grouped
from cnncalc.axis.windows import Resize, Slide, Window
from cnncalc.receptive.runs import Runs, aligned, compact, length, read, split

runs = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 6)), min_size=1, max_size=6).map(tuple)


def one_by_one(several: Runs) -> list[int]:
    """The view of each channel."""
    return list(chain.from_iterable(repeat(view, count) for view, count in several))


@st.composite
def windows(draw: st.DrawFn, n: int) -> Window:
    """A window along `n` channels that some layer has."""
    divisors = [each for each in range(1, n + 1) if n % each == 0]
    size = draw(st.sampled_from(divisors))
    ends, few = st.integers(-(n - 1) // 2, 4), st.integers(1, 3)
    return draw(
        st.sampled_from(
            [
                Grouped(size, draw(st.integers(1, 3))),
                Dealt(n // size, size),
                Slide(1, 1, draw(ends), draw(ends)),
                Slide(1, draw(st.integers(1, 4)), -draw(st.integers(0, n - 1)), 0),
                Slide(2, dilation=max(n // 2, 1)),
                Slide(draw(few), draw(few), draw(ends), draw(ends), draw(few)),
                Resize(1, 1, n),
            ]
        )
    )


@given(st.data())
def test_what_channels_read(data: st.DataObject) -> None:
    """For each window that a layer has along the channels."""
    drawn = data.draw(runs)
    views = one_by_one(drawn)
    window = data.draw(windows(len(views)))
    outputs = max(window.length(len(views)), 0)

    found = [each for each, count in read(window, drawn, outputs) for _ in range(count)]

    assert found == [
        frozenset(views[i] for i in window.reads(o) if 0 <= i < len(views)) for o in range(outputs)
    ]


@given(runs, st.integers(1, 3))
def test_channels_that_become_several(drawn: Runs, parts: int) -> None:
    wanted = [view * parts + part for view in one_by_one(drawn) for part in range(parts)]

    assert one_by_one(split(drawn, parts)) == wanted


@given(runs, st.data())
def test_side_by_side(drawn: Runs, data: st.DataObject) -> None:
    views = one_by_one(drawn)
    others = data.draw(st.lists(st.integers(0, 2), min_size=len(views), max_size=len(views)))
    both = aligned([drawn, tuple((view, 1) for view in others)])

    assert [each for each, count in both for _ in range(count)] == list(
        zip(views, others, strict=True)
    )


@given(runs)
def test_compact(drawn: Runs) -> None:
    short = compact(drawn)

    assert one_by_one(short) == one_by_one(drawn)
    assert length(short) == len(one_by_one(drawn))
    assert all(one[0] != two[0] for one, two in pairwise(short))


@pytest.mark.parametrize("groups", [1, 8, 4096])
def test_long_runs_are_read_at_once(groups: int) -> None:
    """What thousands of channels alike read is said in a few pairs."""
    views = ((0, 8192), (1, 8192))

    assert len(list(read(Grouped(16384 // groups, 2), views, 2 * groups))) <= 3
