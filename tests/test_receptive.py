"""Receptive fields through every sort of layer, and the branches that are out of step."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc import analyze
from cnncalc.axis.field import Field
from cnncalc.layers.base import Shape
from cnncalc.receptive.maps import Along, extra_input, gathered, inside, nothing
from tests.library import field, interval, report

LAST = [
    # spec, size, jump, start, status
    ("3x64x64 conv:8,k7,s2 maxpool:3,s2 conv:8,k3,d2 convt:8,k4,s2", 31, 2, -4, "exact"),
    ("3x8x8 convt:4,k3,s2,p1", 2, 0.5, 0, "exact"),
    ("3x8x8 upsample:2", 1, 0.5, 0, "exact"),
    ("3x3x3 upsample:1.2", 1, 1, 0, "exact"),
    ("3x3 upsample:1.2", [1], [1 / 1.2], [0], "exact"),
    ("3x8x8 conv:4,k3,p1 upsample:2,mode=linear", 4, 0.5, -2, "exact"),
    # whole-map pooling sees what the map's positions saw: all of 64, or only 63 of it
    ("3x64x64 conv:8,k3,s2,p1 gap", 64, 0, 0, "global"),
    ("3x64x64 conv:8,k3,s2,p1 gap:keep", 64, 0, 0, "global"),
    ("3x64x64 conv:8,k3,s2,p1 avgpool:32", 64, 0, 0, "global"),
    ("3x64x64 conv:8,k3,s2,p1 adaptiveavg:1", 64, 0, 0, "global"),
    ("3x1x16 gap:keep", [1, 16], 0, 0, "global"),
    # two branches of one place, the one stretched by the merge and the other one before
    (
        "1x11 crop:1:0 add[ crop:0:5 gap:keep | crop:5:0 gap:keep upsample:size=10 ]",
        [10],
        [0],
        [1],
        "exact",
    ),
    # but not one that has a single place, which goes on as it was
    ("3x1x1 conv:4,k1", 1, 1, 0, "exact"),
    ("3x5x5 conv:4,k5 conv:4,k1", 5, 1, 0, "exact"),
    ("3x64x64 conv:8,k3,s4 gap", 63, 0, 0, "exact"),
    ("3x64x64 conv:8,k3,s4 gap linear:10", 63, 0, 0, "exact"),
    ("3x64x64 conv:8,k3,s2,p1 gap linear:10", 64, 0, 0, "global"),
    ("3x64x64 conv:8,k3,s2,p1 flatten", 64, 0, 0, "global"),
    ("3x64x64 conv:8,k3,s4 flatten", 63, 0, 0, "hull"),
    ("3x64x64 conv:8,k3,s4 flatten linear:10", 63, 0, 0, "exact"),
    ("3x64x64 conv:8,k3,s2,p1 flatten linear:10", 64, 0, 0, "global"),
    # ceil mode hangs over the end, and padding lies beyond it: row 63 is read by nobody
    ("3x64x64 conv:8,k3,s2 maxpool:3,s2,ceil gap", 63, 0, 0, "exact"),
    ("3x64x64 conv:8,k3,s2 maxpool:3,s2,ceil gap linear:10", 63, 0, 0, "exact"),
    ("3x64x64 conv:8,k3,s2 maxpool:3,s2,ceil flatten linear:10", 63, 0, 0, "exact"),
    ("3x64x64 conv:8,k3,s4 conv:8,k3,p1 gap", 63, 0, 0, "exact"),
    ("3x64x64 conv:8,k3,s4 conv:8,k3,p1 adaptiveavg:1 flatten", 63, 0, 0, "exact"),
    ("3x64x64 conv:8,k3,s4 conv:8,k3,p1 se:4", 63, 0, 0, "exact"),
    ("3x64x64 conv:8,k3,s4 conv:8,k3,p1 mul[ | gap:keep pwconv:8 ]", 63, 0, 0, "exact"),
    ("3x64x64 crop:0:2 conv:8,k5,p2 gap", 62, 0, 0, "exact"),
    ("3x65x65 conv:8,k3,s2 maxpool:3,s2,ceil gap", 65, 0, 0, "global"),
    # a dilated window beside the border misses what lies between its taps
    ("1x4x4 conv:1,k2,s2,d3,p1 gap", 2, 0, 1, "exact"),
    # a gate stretched over the map sees the whole; an identity adds nothing
    ("3x64x64 conv:8,k3,s2,p1 se:4", 64, 0, 0, "global"),
    ("3x64x64 conv:8,k3,s4 se:4", 63, 0, 0, "exact"),
    ("3x64x64 conv:8,k3,s4 mul[ | gap:keep pwconv:8 sigmoid ]", 63, 0, 0, "exact"),
    ("3x14x14 conv:8,k3,s2,p1 adaptiveavg:7", 3, 2, -1, "exact"),
    ("3x14x14 conv:8,k3,s2,p1 adaptiveavg:keep", 3, 2, -1, "exact"),
    # exact where bounds are usual: groups, depthwise, ceil mode, pools beside convolutions
    ("8x15x15 conv:8,k3,g4,p1 dwconv:5,p2 maxpool:3,s2,ceil", 9, 2, -3, "exact"),
    ("8x16x16 cat[ conv:8,k3,s2,p1 | maxpool:3,s2,p1 | avgpool:3,s2,p1 ]", 3, 2, -1, "exact"),
    ("8x16x16 add[ conv:8,k3,d4,p4 | conv:8,k3,p1 | ]", 9, 1, -4, "exact"),
    # a window as long as its stride and the map, or but one of these, beyond a border
    ("1x9x9 conv:1,k3,p1 conv:1,k9,s9", 9, 0, 0, "global"),
    ("1x9x9 conv:1,k3,p1 conv:1,k2,s9", 3 + 1, 9, -1, "exact"),
    ("1x9x9 conv:1,k3,p1 conv:1,k9,s2", 11, 2, -1, "exact"),
    ("1x4x4 conv:1,k4,s4,p=0:4", 4, 4, 0, "exact"),
    ("1x4x4 conv:1,k4,s4,p=4:0", 4, 4, -4, "exact"),
    # a branch that is alike all along an axis is not out of step
    ("1x7x7 crop:1:0 add[ softmax:axis=1 softmax:axis=2 | conv:1,k3,p1 ]", 6, 0, 1, "exact"),
    # axes change places with permute, and are jumbled by reshape
    ("4x4x4 conv:4,k3x1,p1x0 permute:0x2x1 conv:4,k1x3,p0x1", [5, 1], 1, [-2, 0], "exact"),
    ("3x64x64 conv:8,k3,s4 flatten:start=1 permute:1x0 linear:5,axis=-1", 63, 0, 0, "hull"),
    ("3x64x64 conv:8,k3,s4 reshape:16x8x16 conv:4,k3", 63, 0, 0, "hull"),
    ("1x1x3 crop:0x1:0 reshape:2x1", [1, 2], 0, [0, 1], "hull"),
]


# Where channels are places of the input: the field of the first output, and how it moves.
ACROSS = [
    ("1x8 flatten slice:2..6", [2, 2], 1, "exact"),
    ("1x8 flatten slice:1..8,step=3", [1, 1], 3, "exact"),
    ("3x8 permute:1x0 pad:0,c=2:1", [-2, -2], 1, "exact"),
    ("3x8 permute:1x0 pad:0,c=2:1 slice:..2", [-2, -2], 1, "exact"),
    ("3x1 permute:1x0 expand:5x3", [0, 0], 0, "exact"),
    ("3x8 permute:1x0 conv:8,k1", [0, 7], 0, "global"),
    ("3x8 permute:1x0 conv:8,k1,g2", [0, 3], 1, "exact"),
    ("3x8 permute:1x0 dwconv:1,m2", [0, 0], 0.5, "exact"),
    ("3x8 permute:1x0 dwconv:1", [0, 0], 1, "exact"),
    ("3x8 permute:1x0 convt:8,k1,g4", [0, 1], 1, "exact"),
    ("3x8 permute:1x0 chshuffle:2", [0, 0], 0.5, "exact"),
    ("3x8 permute:1x0 pixelshuffle:2", [0, 7], 0, "hull"),
    ("3x8 permute:1x0 glu", [0, 4], 1, "exact"),
    ("3x8 permute:1x0 unfold:1", [0, 0], 1, "exact"),
]


@pytest.mark.parametrize(("spec", "first", "jump", "status"), ACROSS)
def test_places_that_are_channels(spec: str, first: list[int], jump: float, status: str) -> None:
    """Slices, padding and shuffles of channels that a permute or flatten made of places."""
    ours = analyze(spec)
    seen = field(ours, ours.rows[-1])

    assert interval(seen, 0, 0) == first
    assert (seen["jump"], seen["status"]) == ([jump], status)


def per_axis(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value, value]


@pytest.mark.parametrize(("spec", "size", "jump", "start", "status"), LAST)
def test_fields_through_layers(spec: str, size: Any, jump: Any, start: Any, status: str) -> None:
    """What the last layer sees."""
    ours = analyze(spec)
    seen = field(ours, ours.rows[-1])

    assert (seen["size"], seen["jump"], seen["start"], seen["status"], seen["aligned"]) == (
        per_axis(size), per_axis(jump), per_axis(start), status, True
    )  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "status"),
    [
        ("1x10 add[ crop:0:5 conv:1,k19,p9 | maxpool:2 ]", "hull"),
        ("1x10 add[ gap:keep | crop:0:5 conv:1,k19,p9 | maxpool:2 ]", "global"),
        ("1x11 crop:1:0 add[ gap:keep | crop:0:5 conv:1,k19,p9 | maxpool:2 ]", "exact"),
        # one of two saw all that reaches those that move on, but not what the other one saw
        (
            "1x21 crop:1:0 add[ crop:0:10 gap:keep | crop:0:10 avgpool:2 "
            "| crop:0:15 conv:1,k9,p4 | crop:10:0 gap:keep ]",
            "hull",
        ),
        # units of a vector that see different parts still do
        ("2x9 crop:1 conv:2,k3 flatten add[ | relu ]", "hull"),
        ("2x9 crop:1 conv:2,k3 flatten add[ linear:10 | ]", "hull"),
        ("2x9 crop:1 conv:2,k3 flatten add[ linear:10 | linear:10 ]", "exact"),
        ("2x7 reduce:axes=0,keep cat:axis=1[ | ] softmax:axis=1", "global"),
        # axes that come to lie on others
        ("2x3x4 add(align=first)[ reduce:axes=0 | ]", "exact"),
        # one that sees nothing takes nothing away
        ("1x8 crop:1:0 add[ gap:keep | reduce:axes=1,keep pad:-1:1 | conv:1,k3,p1 ]", "exact"),
    ],
)
def test_units_all_alike_settle_what_branches_see(spec: str, status: str) -> None:
    """Where jumps differ, a branch stretched from one place that saw all; none that moves on."""
    assert analyze(spec).fields[-1].status == status


def test_phases_alternate() -> None:
    """A transposed 3-kernel of stride 2 sees 1 and 2 pixels by turns."""
    ours = analyze("3x8x8 convt:4,k3,s2,p1")

    assert field(ours, ours.rows[-1])["phases"] == [[[0, 1], [0, 2]]] * 2


@pytest.mark.parametrize("name", ["unet", "resnet50", "densenet121", "googlenet", "r2plus1d_18"])
def test_aligned_networks(name: str) -> None:
    """Branches of equal jump and mean centre, long skips over transposed convolutions too."""
    assert all(seen.aligned for seen in report(name).fields)
    assert report(name).notes == []


MISALIGNED = [
    (
        "1x9x9 add[ conv:1,k5,p=1:3 | ]",
        "`add1` joins branches that are out of step: `conv:1,k5,p=1:3` and the identity; "
        "their centres lie 1 input pixel apart along the height and the width",
    ),
    (  # of two axes that differ the first
        "1x9x9 add[ conv:1,k5,p=1:3x0:4 | ]",
        "`add1` joins branches that are out of step: `conv:1,k5,p=1:3x0:4` and the identity; "
        "their centres lie 1 input pixel apart along the height",
    ),
    (
        "1x8x8 add[ conv:1,k3,p1 | maxpool:2x1,s1,p=0:1x0 ]",
        "`add1` joins branches that are out of step: `conv:1,k3,p1` and "
        "`maxpool:2x1,s1,p=0:1x0`; their centres lie 0.5 input pixels apart along the height",
    ),
    (
        "1x8 cat[ conv:1,k3,p=0:2 | ]",
        "`cat1` joins branches that are out of step: `conv:1,k3,p=0:2` and the identity; "
        "their centres lie 1 input pixel apart",
    ),
    (
        "1x9 add[ conv:1,k3,s2 | crop:2:3 ]",
        "`add1` joins branches that are out of step: `conv:1,k3,s2` and `crop:2:3`; "
        "their units lie 2 and 1 input pixels apart, their first centres 1",
    ),
]


@pytest.mark.parametrize(("spec", "note"), MISALIGNED)
def test_misaligned_branches_are_named(spec: str, note: str) -> None:
    """The two paths, and how far they are apart; what follows isn't aligned either."""
    ours = analyze(f"{spec} relu")

    assert [each.message for each in ours.notes] == [note]
    assert [seen.aligned for seen in ours.fields][-2:] == [False, False]


@pytest.mark.parametrize(
    ("shape", "places"), [((3, 8, 8), [1, 2]), ((3, 8), [1, None]), ((5,), [None, None])]
)
def test_a_further_input_sees_nothing_of_the_first(shape: Shape, places: list[int | None]) -> None:
    """Along each axis of the first; where the map has such an axis, its units lie along it."""
    seen = extra_input(shape, 2)

    assert [along.place for along in seen.axes] == places
    assert [along.field.sees(4) for along in seen.axes] == [None, None]


def test_where_no_axis_is_left_all_see_what_the_first_unit_does() -> None:
    settled = Along(Field(2, ((0, 1), (-1, 3))), None).settled()

    assert [settled.sees(unit) for unit in range(3)] == [(0, 0)] * 3
    assert settled.exact
    assert not Along(Field(2, ((0, 1),), exact=False), 1).settled().exact


def test_units_that_see_nothing() -> None:
    """Wherever they lie, and where borders leave nothing of what was foreseen."""
    field = Field(2, ((-1, 3), (0, 2)))

    assert [
        (a.field.size, a.field.step, a.field.start, a.place) for a in nothing(2, True).axes
    ] == [(0, 0, 0, None)] * 2
    assert [(a.field.size, a.field.jump, a.field.start) for a in extra_input((3, 8), 1).axes] == [
        (0, 1, 0)
    ]
    for reached, (start, size) in (((0, 5), (0, 2)), ((-3, 0), (-1, 2)), ((3, 5), (3, 0))):
        cut = inside(field, reached)
        assert (cut.start, cut.size, cut.step, cut.exact) == (start, size, 2, True)
    assert inside(Field(2, ((3, 0),)), (0, 5)) == Field(2, ((3, 0),))
    assert inside(field, None) == Field(2, ((-1, 3),), exact=False)


def test_units_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sees by itself what it sees together with no other, for which no window is needed."""
    field = Field(2, ((-1, 3), (0, 2)))
    assert [gathered(field, n).phases for n in (2, 3)] == [((-1, 3),), ((-1, 5),)]

    monkeypatch.setattr(Field, "through", None)
    assert [gathered(field, n) == Field(0, ((-1, 3),)) for n in (0, 1)] == [True, True]
