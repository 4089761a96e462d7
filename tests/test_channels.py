"""Receptive fields where channels see different things, against what executors measure."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings

from cnncalc import analyze, verify
from cnncalc.axis.windows import Bins, Resize, Slide, Spread
from cnncalc.receptive import channels
from cnncalc.receptive.layer import reads_on
from tests.library import field
from tests.strategies import specs

UNEVEN = "1x16x16 cat[ conv:4,k3,p1 | conv:4,k7,p3 ]"
WHOLE = "1x16x16 cat[ gap:keep upsample:16 | conv:2,k3,p1 ]"

# What the last layer sees, the same on both axes.
PARTS = "cat[ slice:..1 | slice:1.. maxpool:3,s1,p1 ]"
LEFT = [
    # spec, size, jump, start, status
    (UNEVEN, 7, 1, -3, "exact"),
    (f"{UNEVEN} slice:0..4", 3, 1, -1, "exact"),
    (f"{UNEVEN} slice:4..", 7, 1, -3, "exact"),
    (f"{UNEVEN} slice:3..5", 7, 1, -3, "exact"),
    (f"{UNEVEN} relu bn maxpool:2 slice:0..4", 4, 2, -1, "exact"),
    # reordered and grouped
    (f"{UNEVEN} chshuffle:2 slice:0..4", 7, 1, -3, "exact"),
    (f"{UNEVEN} chshuffle:2 slice:0..,step=2", 3, 1, -1, "exact"),
    (f"{UNEVEN} conv:8,k3,p1,g2 slice:0..4", 5, 1, -2, "exact"),
    (f"{UNEVEN} convt:4,k3,p1,g2 slice:0..2", 5, 1, -2, "exact"),
    (f"{UNEVEN} pwconv:8,g4 slice:0..4", 3, 1, -1, "exact"),
    (f"{UNEVEN} dwconv:3,m2,p1 slice:7..8", 5, 1, -2, "exact"),
    (f"{UNEVEN} conv:8,k1 slice:0..4", 7, 1, -3, "exact"),
    (f"{UNEVEN} softmax slice:0..4", 7, 1, -3, "exact"),
    (f"{UNEVEN} glu slice:0..2", 7, 1, -3, "exact"),
    (f"{UNEVEN} pad:0,c=0:4 slice:4..10", 7, 1, -3, "exact"),
    (f"{UNEVEN} pad:0,c=0:4 slice:8..10", 0, 0, 0, "exact"),
    # where branches meet
    (f"{UNEVEN} add[ | conv:8,k1 ] slice:0..4", 7, 1, -3, "exact"),
    (f"{UNEVEN} add[ | maxpool:5,s1,p2 ] slice:0..4", 7, 1, -3, "exact"),
    (f"{UNEVEN} cat[ slice:0..4 | slice:4.. ] slice:0..4", 3, 1, -1, "exact"),
    (f"{UNEVEN} mul[ | gap:keep pwconv:8 ] slice:0..4", 16, 0, 0, "global"),
    (f"{WHOLE} slice:1..3", 3, 1, -1, "exact"),
    (f"{WHOLE} slice:0..2", 16, 0, 0, "global"),
    # one place of a block each
    ("1x8x8 pixelunshuffle:2", 2, 2, 0, "exact"),
    ("1x8x8 pixelunshuffle:2 slice:0..1", 1, 2, 0, "exact"),
    ("1x8x8 pixelunshuffle:2 slice:3..4", 1, 2, 1, "exact"),
    ("1x8x8 pixelunshuffle:2 slice:0..,step=3", 2, 2, 0, "exact"),
    ("4x8x8 pixelunshuffle:2 conv:4,k3,p1,g4 slice:0..1", 6, 2, -2, "exact"),
    # only a bound where nobody knows which units see what
    ("1x8x8 pixelunshuffle:2 pixelshuffle:2", 2, 1, 0, "hull"),
    ("1x4x4 flatten slice:0..3", 4, 0, 0, "hull"),
    ("1x4x4 flatten slice:0..3 linear:2", 4, 0, 0, "hull"),
    ("1x4x4 flatten linear:4 slice:0..3", 4, 0, 0, "global"),
    (f"{UNEVEN} permute:1x2x0 slice:0..4,axis=2", 7, 1, -3, "hull"),
    (f"{UNEVEN} unflatten:2x4 slice:0..1", 7, 1, -3, "hull"),
    ("4x2x6 permute:1x0x2 pixelunshuffle:2", [1, 2], [0.25, 2], 0, "hull"),  # a part of two each
    ("4x2x6 permute:1x0x2 pixelunshuffle:2 slice:-1..", [1, 2], [0.25, 2], [1, 0], "hull"),
    ("4x2x6 permute:1x0x2 cat[ relu | conv:2,k1 ] pixelunshuffle:2", 2, [0, 2], 0, "hull"),
    (
        f"4x4x6 {PARTS} permute:1x0x2 pixelunshuffle:2 linear:1,axis=1",
        [3, 4],
        [0.25, 2],
        -1,
        "hull",
    ),
    ("1x8x8 pixelunshuffle:2 unflatten:2x2 conv:1,k1 slice:..1,axis=1", 2, 2, 0, "hull"),
    # as long as none is left out they see together what they saw
    (f"{UNEVEN} permute:1x2x0 maxpool:2x1", [7, 8], [1, 2], -3, "exact"),
    (f"{UNEVEN} unflatten:2x4 maxpool:1x2x1", [8, 7], [2, 1], -3, "exact"),
    ("1x8x8 conv:2,k4,s4 flatten:start=1 slice:0..1,axis=1", 8, 0, 0, "hull"),
    ("1x3x3 flatten:start=1 conv:1,k1,s3,p=3:0", 3, 0, 0, "hull"),
    ("1x12x12 cat:axis=-1[ | ] maxpool:1,s4 gap", [9, 12], 0, 0, "hull"),
    ("1x12x12 cat:axis=-1[ | ] gap", 12, 0, 0, "global"),
    ("1x13x10 unfold:3,s1x2,p=1:0,d2 se:2", [13, 9], 0, [0, 1], "exact"),
    ("1x13x13 unfold:3,s2,p=1,d2 gap", 11, 0, 1, "hull"),
    # padding beside units that see all
    ("1x4x4 gap:keep pad:2", 4, 0, 0, "global"),
    ("1x4x4 gap:keep pad:2 slice:0..3,axis=1", 4, 0, 0, "global"),
    ("1x4x4 gap:keep pad:2 slice:0..2,axis=1", 0, 0, 0, "exact"),
    ("1x4x4 gap:keep pad:2 permute:0x2x1 slice:0..3,axis=1", 4, 0, 0, "global"),
    ("1x4x4 gap:keep pad:2 conv:2,k1 slice:0..3,axis=1", 4, 0, 0, "global"),
    ("1x4x4 gap:keep pad:2 crop:3:0x0 conv:2,k1", 0, 0, 0, "exact"),
    ("1x4x4 gap:keep pad:0,c=1:0", 4, 0, 0, "global"),
    ("1x4x4 gap:keep pad:0,c=1:0 slice:..1", 0, 0, 0, "exact"),
    ("1x4x4 gap:keep pad:0,c=1:0 slice:1..", 4, 0, 0, "global"),
    # one tap of a window that all of a map is
    ("1x4x4 unfold:4 slice:..1", 4, 0, 0, "hull"),
    ("1x8x8 cat[ gap:keep pad:0:7 | conv:1,k3,p1 ]", 8, 0, 0, "hull"),
    # taps of windows beside a map of one place, of which most lie in padding
    ("1x4x4 gap:keep unfold:3,s3,p=2:2 slice:..1", 4, 0, 0, "hull"),
    # more views than are kept
    ("1x18x18 pixelunshuffle:9 slice:..1", 9, 9, 0, "hull"),
    # one place of a block beside all of a map: a bound, and not all
    ("1x4x4 mul[ pixelunshuffle:4 | relu ] slice:..1", 4, 0, 0, "hull"),
    # padding alone along one axis sees nothing of the other
    ("1x4x4 pad:4:0x0 crop:0:4x0 reduce:axes=1", 0, [0, 1], [-4, 0], "exact"),
]


@pytest.mark.parametrize(("spec", "size", "jump", "start", "status"), LEFT)
def test_units_that_are_left(spec: str, size: Any, jump: Any, start: Any, status: str) -> None:
    """What the rest sees once some channels are gone, which the bundled executor measures too."""
    report = verify(spec)
    seen = field(report, report.rows[-1])

    assert (seen["size"], seen["jump"], seen["start"], seen["status"]) == (
        *(each if isinstance(each, list) else [each, each] for each in (size, jump, start)),
        status,
    )
    assert report.verify is not None
    assert report.verify["mismatches"] == []


@pytest.mark.parametrize("spec", [case[0] for case in LEFT])
def test_units_that_are_left_in_pytorch(spec: str) -> None:
    """Gradients agree, where PyTorch can build it."""
    pytest.importorskip("torch")
    report = verify(spec, executor="torch")

    assert report.verify is not None
    assert report.verify["mismatches"] == []


@pytest.mark.parametrize(
    ("spec", "size"),
    [("1x16 unfold:3 slice:0..1", 1), ("1x16 unfold:3,s2,p1,d2 slice:1..3", 3)],
)
def test_taps_as_channels(spec: str, size: int) -> None:
    """Each channel of columns is one tap of the windows."""
    report = verify(spec)

    assert field(report, report.rows[-1])["size"] == [size]
    assert report.verify is not None
    assert report.verify["mismatches"] == []


@pytest.mark.slow
@settings(max_examples=100)
@given(specs(max_layers=6, ranks=(1, 2)))
def test_networks_that_deal_channels(text: str) -> None:
    """Whatever is drawn: what is called exact is what the bundled executor follows."""
    found = verify(text).verify

    assert found is not None
    assert found["mismatches"] == []


def test_bounds_where_there_is_too_much_to_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the limits the union is still exact, and what is left of it a bound."""
    monkeypatch.setattr(channels, "MOST_VIEWS", 1)
    seen = [analyze(f"{UNEVEN} {rest}").fields[-1] for rest in ("relu", "slice:0..4")]

    assert [(each.status, each.axes[0].field.size) for each in seen] == [("exact", 7), ("hull", 7)]


@pytest.mark.parametrize(("most", "status"), [(31, "hull"), (32, "exact")])
def test_as_many_runs_are_kept_as_the_bound_says(
    most: int, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight channels of which each becomes four."""
    monkeypatch.setattr(channels, "MOST_RUNS", most)

    assert analyze(f"{UNEVEN} pixelunshuffle:2 slice:..1").fields[-1].status == status


def test_runs_are_bounded_not_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs of four channels."""
    monkeypatch.setattr(channels, "MOST_RUNS", 2)

    assert analyze(f"{UNEVEN} conv:8,k3,p1,g2 slice:..4").fields[-1].status == "exact"


@pytest.mark.parametrize(
    "rest", ["slice:1..3", "conv:2,k1", "relu slice:5..", "pwconv:2,g2 slice:..1"]
)
def test_channels_that_see_alike_are_not_told_apart(rest: str) -> None:
    """So that what follows costs no more than in any other network."""
    assert analyze(f"{UNEVEN} relu").fields[-1].channels is not None
    assert analyze(f"{UNEVEN} {rest}").fields[-1].channels is None


def test_units_that_see_all_together_are_alike() -> None:
    """However they differed before."""
    assert analyze("1x7x2 flatten").fields[-1].channels is not None
    assert analyze("1x7x2 flatten softmax").fields[-1].channels is None


def test_shuffled_halves_stay_exact() -> None:
    """ShuffleNet's halves hold channels of all depths: nothing about it is only a bound."""
    report = analyze("shufflenet_v2_x1_0")

    assert {seen.status for seen in report.fields} == {"exact", "global"}


@pytest.mark.parametrize(
    ("spec", "sizes", "status"),
    [
        ("3x11x9 reduce:mean,axes=-1,keep convt:2,k2,s3,p=2:1,op2", [0, 0], "exact"),
        ("3x10x8 linear:1,axis=-1 conv:4,k1,s2,p=1:2 gap:keep", [0, 0], "exact"),
        ("3x4x4 linear:1,axis=-1 pad:-1:2", [0, 0], "exact"),
        ("3x4 gap:keep pad:-1:2", [0], "exact"),
        ("3x4x4 linear:1,axis=-1 pad:1", [1, 4], "hull"),
        ("3x4x4 linear:1,axis=-1 pad:1 relu add[ | conv:3,k1 ]", [1, 4], "hull"),
        ("3x4x4 linear:1,axis=-1 pad:1 flatten", [4, 4], "global"),
        ("3x9 crop:1 gap:keep pad:1 flatten", [7], "hull"),
        ("3x9 crop:1 gap:keep pad:1 flatten linear:2", [7], "exact"),
        ("3x9 crop:1 linear:5,axis=1 pad:-1:2 flatten linear:2", [7], "exact"),
    ],
)
def test_units_in_padding_where_all_see_alike(spec: str, sizes: list[int], status: str) -> None:
    """Along an axis that no longer descends from the input, a unit of padding sees nothing.

    Where that is every unit, so does the map; where it is some, the field is a bound.
    """
    report = verify(spec)
    seen = report.fields[-1]

    assert (seen.to_dict(report.frame)["size"], seen.status) == (sizes, status)
    assert report.verify is not None
    assert report.verify["ok"]


def test_a_fold_whose_columns_lie_in_its_padding() -> None:
    """All of them see nothing; of a few the others are left."""
    for spec, size in (("4x1 fold:2,size=2x2,p1,d3", 0), ("2x16 fold:1,p1,size=2x2", 6)):
        report = verify(spec)
        assert field(report, report.rows[-1])["size"] == [size]
        assert report.verify is not None
        assert report.verify["mismatches"] == []


def test_windows_that_read_on() -> None:
    """Each unit reads a place that isn't padding, whatever the size of the map; else some don't."""
    for k, s, d, before, after in product((1, 2, 3), (1, 2), (1, 2, 3), range(-1, 5), range(-1, 5)):
        window = Slide(k, s, before, after, d)
        read_on = all(
            any(0 <= i < n for i in window.reads(o))
            for n in range(1, 12)
            for o in range(window.length(n))
        )
        claimed = reads_on(window)
        assert read_on or not claimed
        assert claimed or not read_on or d > 1 or s > 1, repr(window)
    assert reads_on(Resize(2, 1, 4))
    assert reads_on(Bins(5, 2))
    assert not reads_on(Spread(2, 3))
