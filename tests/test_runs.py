"""Channels as runs, against the same channels one by one."""

from __future__ import annotations

from functools import partial
from itertools import chain, pairwise, repeat
from random import Random

import pytest

from cnncalc.axis.channels import Dealt, Grouped
from cnncalc.axis.windows import Resize, Slide, Window
from cnncalc.receptive.runs import NONE, Runs, concatenated, side_by_side


def drawn(draw: Random) -> Runs:
    """A few views in runs, of which neighbours may be alike."""
    return Runs.of((draw.randint(0, 3), draw.randint(1, 6)) for _ in range(draw.randint(1, 6)))


def one_by_one(several: Runs) -> list[int]:
    """The view of each channel."""
    return list(chain.from_iterable(repeat(view, count) for view, count in several))


def window_along(n: int, draw: Random) -> Window:
    """A window along `n` channels, as layers have them and as they might."""
    size = draw.choice([each for each in range(1, n + 1) if n % each == 0])
    end, few = partial(draw.randint, -(n - 1) // 2, 4), partial(draw.randint, 1, 3)
    return draw.choice(
        [
            Grouped(size, few()),
            Dealt(n // size, size),
            Slide(1, 1, end(), end()),
            draw.choice([Slide(1, 1, -n, few()), Slide(1, 1, few(), -n)]),
            Slide(1, draw.randint(1, 4), -draw.randint(0, n - 1), 0),
            Slide(2, dilation=max(n // 2, 1)),
            Slide(few(), few(), end(), end(), few()),
            Resize(1, 1, n),
        ]
    )


def test_what_channels_read() -> None:
    """For each window that a layer has along the channels, and for others."""
    draw = Random(1)
    for _ in range(1500):
        several = drawn(draw)
        views = one_by_one(several)
        window = window_along(len(views), draw)
        outputs = max(window.length(len(views)), 0)

        found = [each for each, count in several.read(window, outputs) for _ in range(count)]
        moved = several.moved(window, outputs)

        wanted = [
            frozenset(views[i] for i in window.reads(o) if 0 <= i < len(views))
            for o in range(outputs)
        ]
        assert found == wanted, (list(several), repr(window))
        plain = isinstance(window, Slide) and window.kernel == window.stride == 1
        assert (moved is not None) == (plain or isinstance(window, Dealt))
        if moved is not None:
            alone = [{each} if each != NONE else set() for each in one_by_one(moved)]
            assert all(moved.counts())
            assert alone == wanted, (list(several), repr(window))


def test_channels_one_map_after_another() -> None:
    draw = Random(5)
    for _ in range(200):
        maps = [drawn(draw) for _ in range(draw.randint(1, 4))]
        wanted = [view + 4 * at for at, each in enumerate(maps) for view in one_by_one(each)]

        assert one_by_one(concatenated([(each, 4 * at) for at, each in enumerate(maps)])) == wanted


def test_other_numbers_for_views() -> None:
    draw = Random(6)
    for _ in range(200):
        several = drawn(draw).compact()
        numbers = {view: draw.randint(0, 3) for view in set(several.views)}
        found = several.renumbered(numbers)

        assert one_by_one(found) == [numbers[view] for view in one_by_one(several)]
        assert all(one[0] != two[0] for one, two in pairwise(found))


def test_channels_that_become_several() -> None:
    draw = Random(2)
    for parts in (1, 2, 3) * 30:
        several = drawn(draw)
        wanted = [view * parts + part for view in one_by_one(several) for part in range(parts)]
        assert one_by_one(several.split(parts)) == wanted
        assert (several.split(parts) is several) == (parts == 1)


def test_side_by_side() -> None:
    draw = Random(3)
    for _ in range(200):
        several = drawn(draw)
        views = one_by_one(several)
        others = [draw.randint(0, 2) for _ in views]
        both = side_by_side([several, Runs.of((view, 1) for view in others).compact()])

        assert [each for each, count in both for _ in range(count)] == list(
            zip(views, others, strict=True)
        )


def test_no_channels() -> None:
    """Where it isn't known which views there are."""
    assert (Runs().channels, len(Runs()), list(Runs())) == (0, 0, [])


def test_compact() -> None:
    draw = Random(4)
    for _ in range(200):
        several = drawn(draw)
        short = several.compact()

        assert one_by_one(short) == one_by_one(several)
        assert short.channels == len(one_by_one(several))
        assert all(one[0] != two[0] for one, two in pairwise(short))


@pytest.mark.parametrize("groups", [1, 8, 4096])
def test_long_runs_are_read_at_once(groups: int) -> None:
    """What thousands of channels alike read is said in a few pairs."""
    views = Runs.of([(0, 8192), (1, 8192)])

    assert len(list(views.read(Grouped(16384 // groups, 2), 2 * groups))) <= 3
    assert len(list(views.read(Slide(2, 1), 16383))) == 3
    assert len(list(views.read(Slide(2, 3, 4, 4), 5463))) <= 6
