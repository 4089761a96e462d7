"""What really reaches a map, against runs and by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from cnncalc import analyze
from cnncalc.receptive.layer import Passages
from cnncalc.receptive.pull_back import Extents
from cnncalc.report import Report
from tests.executors.common import looked_at
from tests.strategies import specs


def reached(report: Report) -> list[tuple[int, int] | None]:
    """First and last index of each axis that reaches the last step, clipped at every map."""
    asked, last = extents(report), len(report.rows) - 1
    found = asked.of(last)
    assert found is not None
    assert asked.of(last) == found  # as it is remembered
    return list(found)


def extents(report: Report) -> Extents:
    places = report.network.places(report.input)
    return Extents(report.network.steps, report.rows, places, Passages())


@pytest.mark.slow
@settings(max_examples=150)
@given(specs(max_layers=4, ranks=(1, 2)))
def test_a_whole_map_sees_what_its_places_saw(text: str) -> None:
    """After `gap` the field is what was measured, and global exactly where that is all."""
    if len(analyze(text).rows[-1].output_shape) < 2:
        return
    report = analyze(f"{text} gap")
    last = report.fields[-1]
    for sight in looked_at(report).steps[-1].sights:
        for along, actual, n in zip(last.axes, sight.ends, report.frame[1:], strict=True):
            seen = along.field.sees(0)
            if last.whole:
                assert actual in ((0, n - 1), None)
            elif last.status == "exact":
                assert seen == actual
            elif actual is not None:
                assert seen is not None
                assert seen[0] <= actual[0]
                assert actual[1] <= seen[1]


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("1x9 conv:1,k3,s2", (0, 8)),
        ("1x10 conv:1,k3,s2", (0, 8)),
        ("1x10 conv:1,k3,s3 conv:1,k3,p1", (0, 8)),
        ("1x10 crop:2:3 pad:4", (2, 6)),
        ("1x10 pad:0:3 slice:10..13,axis=1", None),
        ("1x4 conv:1,k2,s2,d3,p1", (1, 2)),
        ("1x10 cat[ slice:3..5,axis=1 pad:4 | ] slice:0..1", (3, 4)),
        ("1x10 add[ crop:2 | crop:4:0 ]", (2, 9)),
        ("1x4 convt:1,k3,s2,p3", (1, 2)),
        ("2x5 permute:1x0 slice:1..3", (1, 2)),
    ],
)
def test_ends(text: str, ends: tuple[int, int] | None) -> None:
    """Worked out by hand."""
    assert reached(analyze(text)) == [ends]


def test_places_between_windows_are_not_reached() -> None:
    """Though columns of two axes have no places of their own any more."""
    assert reached(analyze("1x6x7 unfold:1,s2x3")) == [(0, 4), (0, 6)]
    assert reached(analyze("1x6x7 unfold:2,s4x3,p=1:0")) == [(0, 4), (0, 6)]


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("4x9x9 cat[ relu | conv:4,k3,p1 ] conv:4,k3,p1 se:2", 0),
        ("4x9x9 crop:1:0 cat[ se:2 | conv:4,k3,p1 ] 3*[ conv:4,k3,p1 se:2 ] add[ relu | ] gap", 1),
        ("4x9x9 crop:1:0 cat:axis=1[ conv:4,k3,p1 se:2 | relu ] se:2", 1),
        ("4x9x9 conv:4,k1,s2 3*[ conv:4,k3,p1 se:2 ]", 1),
        ("4x9x9 conv:4,k1,s2 add[ conv:4,k3,p1 se:2 | ] relu se:2", 1),
        ("4x9x9 conv:4,k1,s2 conv:4,k1,s2 se:2 conv:4,k3,p1 se:2", 2),
    ],
)
def test_what_is_walked_back_over(text: str, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing where all of each map is needed, and what leaves places out but once."""
    walked = []
    right = Extents._back

    def back(self: Extents, at: int, *rest: Any) -> None:
        walked.append(at)
        right(self, at, *rest)

    monkeypatch.setattr(Extents, "_back", back)
    assert analyze(text).fields[-1].told
    assert len(walked) == times


def test_what_reaches_a_merge_is_not_what_reaches_its_branches() -> None:
    """Nothing is remembered of a walk at a step beside which others wait."""
    asked = extents(analyze("1x9 cat:axis=1[ crop:0:5 conv:1,k1 | crop:6:0 conv:1,k1 ]"))

    assert [asked.of(step) for step in (5, 2, 4)] == [((0, 8),), ((0, 3),), ((6, 8),)]


def test_work_is_bounded() -> None:
    """Past the bound the ends are unknown, and the status is only an upper bound."""
    report = analyze("1x8 conv:1,k3,s2 gap")
    bounded = extents(report)
    bounded.left = 0

    assert bounded.of(1) is None
    enough = extents(report)
    enough.left = 1
    assert enough.of(1) == ((0, 6),)
    long = Extents(report.network.steps, report.rows * 10_000, (1,), Passages())
    assert (enough.MOST_WORK, long.left) == (200_000, 300_000)
    assert analyze("1x2000000000 conv:1,k2,s2,d3 gap").fields[-1].status == "hull"
