"""What each kind of layer reads, against what changes where one number of its input is changed.

The layers are run, on NumPy; nothing is asked of the engine's arithmetic.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import product
from math import prod
from operator import ge
from typing import Any

import numpy as np
import pytest

from cnncalc import Report, analyze
from cnncalc.axis.channels import Grouped
from cnncalc.axis.field import Field
from cnncalc.axis.windows import Bins, Resize, Slide, Spread, Window
from cnncalc.executors.bundled.executor import Stack
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Route, Shape
from cnncalc.receptive import channels, fields, merge
from cnncalc.receptive.layer import reads_on
from cnncalc.receptive.maps import Interval
from cnncalc.receptive.units import view
from cnncalc.receptive.walk import walk_back

LAYERS = [
    # along one axis, and with an own option for each of several
    "4x9 conv:4,k3,s2,p=1:0,g2",
    "4x9 conv:3,k2,d3,p=0:2",
    "4x5x6 conv:4,k2x3,s1x2,p=1:0x0:2,d2x1,g4",
    "4x6x5 conv:2,k3,s2,p=same",
    "4x7 conv:2,k3,s2,p=same-lower",
    "4x7 conv:2,k2,d2,p=same-lower",
    "4x3x3x4 conv:2,k2,p=1x0x0",
    "4x6 dwconv:2,m2,p1",
    "4x5x4 dwconv:2x3,s2x1,p=0:1x1",
    "4x5 pwconv:6,g2",
    "4x6 pwconv:2,s2",
    "4x6 sepconv:3,k3,p1",
    "4x5x4 sepconv:4,k2,s2x1,m2",
    "4x4 convt:4,k3,s2,p=1:0,op1,g2",
    "4x3x4 convt:3,k2x3,s3x2,p=0x1:0,d2x1",
    "4x4 convt:2,k2,s3,p=same",
    "4x5 convt:2,k4,s2,p=same",
    "4x9 maxpool:3,s2,p=1:0,ceil",
    "4x7x6 maxpool:2x3,s2x1,d2x1,p=1x1:0",
    "4x8 maxpool:3,s2,p=same",
    "4x9 avgpool:2,s3,ceil",
    "4x6x7 avgpool:3x2,p=1x0",
    "4x8 lppool:3,s2",
    "4x7 adaptiveavg:3",
    "4x7x6 adaptivemax:3x4",
    "4x5x6 adaptiveavg:keepx4",
    "4x6 gap",
    "4x5x4 gmp:keep",
    "4x5x4 glp",
    "4x4 upsample:2",
    "4x4x3 upsample:2x3",
    "4x5 upsample:1.6",
    "4x5 upsample:0.6",
    "4x4 upsample:2,mode=linear",
    "4x5 upsample:size=7,mode=linear",
    "4x5x2 upsample:size=9x4,mode=cubic",
    "4x4x5 upsample:size=7x3,mode=cubic",
    "4x5 upsample:size=7,mode=nearest-exact",
    "4x5 upsample:size=3,mode=area",
    "4x5 pad:2:1",
    "4x4x3 pad:0:1x2:0,c=1:2",
    "4x5 pad:-1:2,c=0:-1",
    "4x5 pad:0,c=1:0",
    "4x5 pad:1:0,c=0:2",
    "4x6 crop:1:2",
    "4x5x6 crop:0:1x2:0",
    "4x7 slice:1..6,axis=1,step=2",
    "4x5x6 slice:-4..-1,axis=-1",
    "7x4 slice:1..,step=3",
    "4x6 slice:..3",
    "4x5x4 token:2,axis=1",
    "4x5x4 token:1,axis=-1,behind",
    "4x5 token:2",
    # places taken apart, put together and moved
    "8x5 pixelshuffle:2",
    "16x3x2 pixelshuffle:2",
    "2x6 pixelunshuffle:3",
    "2x4x6 pixelunshuffle:2",
    "6x3 chshuffle:2",
    "6x3 chshuffle:3",
    "3x7 unfold:3,s2,p=1:0",
    "2x4x5 unfold:2x3,s1x2,p=1x0:1,d2x1",
    "6x4 fold:3,size=9,s2",
    "6x5 fold:2,size=5,p=1:0",
    "6x3 fold:3,size=9,s2,d2,p=0:1",
    "6x3 fold:3,size=7,s2,p=0:1",
    "6x3 fold:3,size=7,s2,p=1:0",
    "4x9 fold:2,size=4x4",
    "4x16 fold:2x1,size=3x3,p=1x0:1",
    "4x9 fold:2,size=4x2,p=0:0x1",
    "4x9 fold:2x2,size=4",
    "4x3 fold:2,size=2x2,p=0:2x0",
    "4x3 fold:2,size=2x2,p=0x2:0",
    "4x2 fold:2,size=2x2,p=0x1:0",
    "4x5x3 permute:2x0x1",
    "4x5x3 permute:1x2x0",
    "4x5x3 permute:0x2x1",
    "4x3x2 flatten",
    "4x3x2 flatten:start=1",
    "4x3x2x2 flatten:start=1,end=2",
    "4x3x1 flatten:start=1",
    "4x1x3 flatten:end=1",
    "6x4 unflatten:2x3",
    "3x6 unflatten:2x3,axis=1",
    "3x6 unflatten:1x6,axis=-1",
    "4x6 unflatten:4x1",
    "4x6 reshape:3x8",
    "4x1x5 expand:4x3x5",
    "1x4 expand:3x4",
    "4x1 expand:4x6",
    # whole axes
    "4x5 linear:3,axis=0",
    "4x5x3 linear:3,axis=1",
    "4x5x3 linear:2,axis=-1",
    "4x5x3 reduce:mean,axes=1",
    "4x5x3 reduce:max,axes=0x2",
    "4x5x3 reduce:mean,axes=-1,keep",
    "4x5x3 reduce:mean,axes=0,keep",
    "4x5x3 softmax",
    "4x5x3 softmax:axis=1",
    "4x5x3 logsoftmax:axis=-1",
    "4x5 softmin",
    "4x6 glu",
    "4x6x3 glu:axis=1",
    "4x3x6 glu:axis=-1",
    "4x5 se:2",
    "4x3x4 se:2",
    "4x5 mha:2",
    "4x5 lstm:3",
    "4x5 gru:3,backwards",
    "4x5 rnn:2,last",
    "4x5 lstm:2,last,backwards",
    "4x5 gru:2,bidirectional",
    "4x5 rnn:3,axis=1",
    "4x5 lstm:3,axis=1,backwards",
    "4x5 gru:3,axis=1,last",
    # entry by entry
    "3x4x5 each[conv:2,k2]",
    "2x3x4x5 each:2[conv:2,k2,p=1:0]",
    "3x4x5x2 each[conv:2,k2x1,g2]",
    "3x4x5 each:order=last[conv:2,k2]",
    "4x2x3x4 each(2,order=last)[conv:4,k3,p=1:0,g2]",
    "3x4x6 each[pixelunshuffle:2]",
    "3x4x3 each[pixelshuffle:2]",
    "2x3x6 each:order=last[pixelunshuffle:2]",
    "3x4x5 each[flatten]",
    "3x4x5 each[gap]",
    "3x4x5 each[linear:2,axis=0]",
    "3x4x5 each:order=last[gap]",
    "3x4x5 each[chshuffle:2]",
    "3x4x3 each[reduce:mean,axes=0]",
    # several maps
    "4x6 add[ conv:4,k3,p1 | ]",
    "4x6 mul[ conv:1,k3,p1 | maxpool:3,s2 upsample:size=6 ]",
    "4x5x4 mul[ reduce:mean,axes=-1,keep | maxpool:3,s1,p1 ]",
    "4x4 mul(align=first)[ conv:4,k3,p1 | gap ]",
    "4x4 mul(align=second)[ conv:4,k3,p1 | gap ]",
    "4x6 cat[ conv:2,k3,p1 | slice:1..3 ]",
    "4x6 cat:axis=1[ conv:4,k3 | crop:2:0 ]",
    "4x4x5 cat:axis=-1[ conv:4,k3,p1 | slice:..2,axis=-1 ]",
    "4x9 cat:axis=1[ crop:2:5 | crop:4:3 | crop:7:0 ]",
    "4x9 cat:axis=1[ crop:4:3 | crop:7:0 | crop:2:5 ]",
    "4x6 add[ crop:0:2 | crop:1:1 | crop:2:0 ]",
    "4x5 matmul[ conv:3,k3,p1 | permute:1x0 ]",
    "4x5 matmul:transpose[ conv:3,k1 | maxpool:3,s1,p1 ]",
    "2x3x4 matmul[ conv:2,k3,p1 | permute:0x2x1 ]",
    "2x3x4 matmul[ maxpool:3,s1,p1 | reduce:mean,axes=0 permute:1x0 ]",
    "2x3x4 matmul[ reduce:mean,axes=0 | permute:0x2x1 ]",
    "2x3x4 matmul:transpose[ reduce:mean,axes=0,keep | conv:2,k3,p1 ]",
    "4x5 matmul:order=last[ permute:1x0 | conv:4,k1 ]",
    "4x2x3 matmul:order=last[ maxpool:3,s1,p1 | permute:2x1x0 ]",
    "4x2x3 matmul(transpose,order=last)[ maxpool:3,s1,p1 | ]",
    "4x5 mha:2[ conv:4,k3,s2,p1 | ]",
    "4x6 lstm:3[ conv:4,k3 | slice:..1,axis=1 reduce:mean,axes=1 linear:3 | gap linear:3 ]",
]


@cache
def changed(spec: str) -> tuple[Report, Any]:
    """A report, and whether a number of the input (axes in front) changes one that comes out."""
    report = analyze(spec)
    count = prod(report.input)
    base = 1 + np.random.default_rng(1).random(count)
    rows = [base, *(base + by * np.eye(count)[i] for by in (50.0, -50.0) for i in range(count))]
    stack = Stack(report.network, report.input, dtype="float64", batch=len(rows))
    stack.input = np.array(rows).reshape(-1, *report.input)
    stack.forward()
    made = stack.outputs[len(report.rows) - 1]
    found = (made[1:] != made[0]).reshape(2, count, -1).any(axis=0)
    return report, found.reshape(*report.input, *report.rows[-1].output_shape)


def places_of(found: Any, axis: int) -> set[int]:
    """The places along an axis of the input that some of its numbers are at."""
    others = tuple(each for each in range(found.ndim) if each != axis)
    return set(np.flatnonzero(found.any(axis=others)).tolist())


def units_of(report: Report) -> list[tuple[int, ...]]:
    return list(np.ndindex(*report.rows[-1].output_shape))


def ends(places: set[int]) -> tuple[int, int] | None:
    return (min(places), max(places)) if places else None


@pytest.mark.parametrize("spec", LAYERS)
def test_lengths(spec: str) -> None:
    """Each axis has as many units as its window gives, also of channels that become several."""
    report, _ = changed(spec)
    for step, row in zip(report.network.steps[1:], report.rows[1:], strict=True):
        route = step.layer.route(row.input_shapes[0]) if len(row.inputs) == 1 else None
        for side in (route, *route.sides()) if route else ():
            for axis, (n, place) in enumerate(zip(side.shape, side.moves, strict=True)):
                window = side.window(axis)
                if place is not None and window is not None and axis not in side.mixes:
                    assert window.length(n) == row.output_shape[place], (row.text, axis)


# Where units that read different places come side by side.
JUMBLED = {
    "2x4x5 unfold:2x3,s1x2,p=1x0:1,d2x1",
    "4x9 fold:2,size=4x4",
    "4x16 fold:2x1,size=3x3,p=1x0:1",
    "4x9 fold:2,size=4x2,p=0:0x1",
    "4x3x2 flatten",
    "4x3x2 flatten:start=1",
    "4x3x2x2 flatten:start=1,end=2",
    "3x6 unflatten:2x3,axis=1",
    "4x6 reshape:3x8",
    "4x9 fold:2x2,size=4",
    "4x3 fold:2,size=2x2,p=0:2x0",
    "4x3 fold:2,size=2x2,p=0x2:0",
    "4x2 fold:2,size=2x2,p=0x1:0",
    "3x4x6 each[pixelunshuffle:2]",
    "3x4x3 each[pixelshuffle:2]",
    "3x4x5 each[flatten]",
}

# Where what a single unit reads is told by a bound, or it reads less than all that its place does.
TOGETHER = {
    "6x4 unflatten:2x3",
    "4x5 gru:2,bidirectional",
    *(spec for spec in LAYERS if any(word in spec for word in ("mul", "mha:2[", "lstm:3["))),
}


@pytest.mark.parametrize("spec", LAYERS)
def test_all_channels_of_a_place(spec: str) -> None:
    """Both ends of what they read, and how many places that are."""
    report, found = changed(spec)
    rank, last = len(report.input), len(report.rows) - 1
    for place in {unit[1:] for unit in units_of(report)}:
        said = view(report, last, place)
        together = found[(..., slice(None), *place)].any(axis=rank)
        real = [places_of(together, axis) for axis in range(1, rank)]
        if spec in JUMBLED:
            assert all(map(ge, said.touched, map(len, real)))
        else:
            assert said.touched == tuple(map(len, real))
            assert said.clipped == tuple(map(ends, real))


def within(inner: Interval | None, outer: Interval | None) -> bool:
    return not inner or bool(outer and outer[0] <= inner[0] and inner[1] <= outer[1])


@cache
def walked(spec: str) -> list[bool]:
    """For each number that comes out, whether what a walk back finds is exact; it is never less."""
    report, found = changed(spec)
    last, units = len(report.rows) - 1, units_of(report)
    asked = [(last, tuple(range(i, i + 1) for i in unit)) for unit in units]
    axes = report.network.places(report.input)
    exact = []
    for unit, said in zip(
        units, walk_back(report.network.steps, report.rows, axes, asked), strict=True
    ):
        real = tuple(ends(places_of(found[(..., *unit)], axis)) for axis in axes)
        assert said
        exact.append(said.exact and said.ends == real)
        assert all(map(within, real, said.ends))
    return exact


@pytest.mark.parametrize("spec", LAYERS)
def test_single_units_walked_back(spec: str) -> None:
    assert all(walked(spec)) or spec in JUMBLED | TOGETHER


@pytest.mark.parametrize("spec", LAYERS)
def test_fields(spec: str) -> None:
    """No unit reads more than its field, of which some read all, with the channels of its place."""
    report, _ = changed(spec)
    agree = reached(spec)
    assert all(agree) or spec in JUMBLED or report.fields[-1].status == "hull"
    assert report.fields[-1].status != "exact" or spec not in JUMBLED


@cache
def reached(spec: str) -> list[bool]:
    """For each axis of the input whether a unit reads all that its field has; none reads more."""
    return agreeing(*changed(spec))


def agreeing(report: Report, found: Any) -> list[bool]:
    rank, seen, reach = len(report.input), report.fields[-1], []
    for axis, along in zip(report.network.places(report.input), seen.axes, strict=True):
        n, agree = report.input[axis], False
        for unit in units_of(report):
            said = along.field.sees(0 if along.place is None else unit[along.place])
            whole = (0, n - 1) if seen.whole else said and (max(said[0], 0), min(said[1], n - 1))
            real = found[(..., *unit)]
            assert within(ends(places_of(real, axis)), whole)
            if along.place != 0:  # a field is what all channels of a place see
                real = found[(..., slice(None), *unit[1:])].any(axis=rank)
            agree |= ends(places_of(real, axis)) == whole
        reach.append(agree)
    return reach


def apart(spec: str) -> str:
    """The layer behind channels that differ, and one of its own alone."""
    shape, _, layer = spec.partition(" ")
    return f"{shape} cat[ slice:..1 | slice:1.. maxpool:3,s1,p1 ] {layer} slice:..1"


def turned(spec: str) -> str:
    """The layer where channels are places of the input, and the last of its own alone."""
    shape, _, layer = spec.partition(" ")
    first, second, *rest = shape.split("x")
    axes = "x".join(["1", "0", *map(str, range(2, len(rest) + 2))])
    return f"{'x'.join([second, first, *rest])} permute:{axes} {layer} slice:-1.."


# Networks in which units that differ come together, apart and out of step.
NETWORKS = [
    f"4x5x6 {{}} {behind}"
    for behind in (
        "reduce:mean,axes=1,keep cat:axis=1[ | conv:4,k1x3,p=0x1 ] slice:..1",
        "reduce:mean,axes=1,keep cat:axis=1[ | conv:4,k1x3,p=0x1 ] slice:1..,axis=1",
        "reduce:mean,axes=1,keep cat[ | conv:2,k1x3,p=0x1 ] slice:3..5",
        "reduce:mean,axes=1,keep cat:axis=1[ | relu ] slice:1..,axis=1",
        "pad:0,c=1:0 slice:..1",
        "pad:0,c=0:1 slice:3..",
        "linear:3,axis=1 add[ | conv:4,k1x3,p=0x1 ] slice:1..2",
        "linear:3,axis=1 add[ | reduce:max,axes=1,keep ] slice:1..2,axis=1",
        "linear:3,axis=-1 mul[ | gap:keep ] slice:..2",
        "unflatten:2x2 slice:1.. conv:2,k1x2x2",
        "unflatten:2x2 reduce:mean,axes=1 slice:..1",
        "unflatten:2x2 permute:1x0x2x3 cat[ | relu ] slice:1..3",
        "flatten:start=1 slice:4..9,axis=1 linear:1,axis=1",
        "flatten:start=1 linear:3,axis=1 slice:..2",
        "flatten slice:20..50 linear:2",
        "permute:1x2x0 linear:2,axis=-1 slice:..2,axis=1",
        "permute:1x2x0 conv:3,k2,s2 flatten",
        "permute:2x0x1 conv:4,k3,g2,p1 slice:2..",
        "permute:2x0x1 pad:0,c=1:1 dwconv:1,m2 slice:..3",
        "permute:2x0x1 chshuffle:3 slice:..2 gap",
        "permute:2x0x1 cat[ | conv:2,k1 ] conv:4,k1,g4",
        "pixelunshuffle:1 pixelshuffle:2 conv:1,k3 slice:..",
        "reduce:mean,axes=-1,keep pad:0x2:1 slice:2..4,axis=2",
        "reduce:mean,axes=-1,keep pad:0x2:1 slice:..3,axis=2 flatten linear:1",
        "reduce:mean,axes=-1,keep pad:0x2:1 conv:2,k1x3 gap",
        "reduce:mean,axes=-1 pad:1:2 conv:2,k3,g2 slice:1..",
        "gap:keep upsample:3 conv:2,k2 slice:..1",
        "gap:keep pad:1 conv:4,k2,g4 slice:1..2",
        "gap unflatten:2x2 slice:..1 linear:3,axis=1",
        "add[ gap:keep | maxpool:3,s2,p1 upsample:size=5x6 ] slice:..2",
        "add[ crop:1:0x0 | maxpool:2x1,s1 ] conv:2,k2",
        "add[ conv:4,k3,s2,p1 | avgpool:3,s2 pad:0:1x0:1 ] slice:..1",
        "cat[ slice:..1 | slice:1..3 gap:keep upsample:size=5x6 | slice:3.. ] slice:1..",
        "cat:axis=-1[ | maxpool:3,s1,p1 ] slice:4..8,axis=-1 conv:1,k2",
        "cat:axis=-1[ | maxpool:3,s1,p1 ] reduce:mean,axes=-1 slice:..1",
        "mul(align=second)[ | gap ] slice:..2",
        "upsample:2 conv:2,k3,s2,p1 slice:..1",
        "convt:4,k3,s2,g4 slice:..2 maxpool:2",
        "convt:4,k2,s3 cat[ | upsample:size=14x17 ] slice:3..6",
    )
]
NO_PARTS, ALL_PARTS = "identity", "cat[ slice:..1 | slice:1.. maxpool:3,s1,p1 ]"
WHOLE_MAPS = [each.format(before) for each in NETWORKS for before in (NO_PARTS, ALL_PARTS)]


SEVERAL = [spec for spec in LAYERS if not spec.startswith("1x")]


BEHIND = [*map(apart, SEVERAL), *map(turned, LAYERS), *WHOLE_MAPS]


@pytest.mark.parametrize("spec", BEHIND)
def test_behind_channels_that_differ(spec: str) -> None:
    """What is called exact is, and no unit reads more than is said of it."""
    walked(spec)
    agree = reached(spec)
    assert all(agree) or changed(spec)[0].fields[-1].status == "hull"


def test_no_more_are_bounds_than_must() -> None:
    """How many fields are exact, and how many units are known but to a bound."""
    specs = [*LAYERS, *BEHIND]
    statuses = Counter(changed(spec)[0].fields[-1].status for spec in specs)

    assert statuses == {"exact": 296, "hull": 148, "global": 83}
    assert sum(walked(spec).count(False) for spec in specs) == 3006


@pytest.mark.parametrize("spec", ["1x5 convt:1,k2,s2 crop:0:1 gap", "1x7 upsample:2 conv:1,k2 gap"])
def test_units_taken_together_have_one_field(spec: str) -> None:
    """However many phases the units before had."""
    assert [len(along.field.phases) for along in analyze(spec).fields[-1].axes] == [1]


def test_more_than_is_kept_of_channels_is_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of so many kinds of channels, or so many runs, it isn't told any more which see what."""
    specs = [each for each in BEHIND if "cat[ slice" in each and "permute" not in each][::4]
    for name in ("MOST_VIEWS", "MOST_RUNS"):
        with monkeypatch.context() as patched:
            patched.setattr(channels, name, 1)
            for spec in specs:
                _, found = changed(spec)
                report = analyze(spec)
                exact = report.fields[-1].status != "hull"
                assert all(agreeing(report, found)) or not exact


def test_plain_layers_slide_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each field is what its window makes of it, nothing else is asked."""
    monkeypatch.setattr(fields, "advance", None)
    report = analyze(
        "4x24x24 conv:4,k3,s2,p1 bn relu maxpool:3,s2,p=0:1 dwconv:3,d2,p=same pwconv:4,g2 "
        "convt:4,k4,s2,p1 upsample:2 avgpool:2 conv:3,k3x1,p=1x0"
    )
    assert report.fields[-1].status == "exact"


@pytest.mark.parametrize(
    ("spec", "times"),
    [
        ("4x24x24 conv:4,k3 relu conv:4,k3,s2,p1", 2),
        ("4x24x24 conv:4,k3,p1:1 maxpool:3,s1,p=1:0", 2),  # where padding behind has no say
        ("4x24x24 conv:4,k3,p=1:0x1:1", 1),
        ("4x24x24 conv:4,k3,p=0:1x1:0", 2),
        ("4x24x24 conv:4,k3x2", 2),
        ("4x24x24 convt:4,k3,s2", 1),
        ("4x24x24 convt:4,k3x2,s2", 2),
        ("4x24x24 conv:4,k3,s1x2", 2),
        ("4x24x24 conv:4,k3,d1x2", 2),
        ("4x24x24 conv:4,k1x3 conv:4,k1", 4),  # fields that differ stay apart
        ("4x24x24 conv:4,k3,p1 add[ | conv:4,k3,p1 ]", 2),
    ],
)
def test_axes_that_are_alike_are_worked_out_once(
    spec: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    right = Field.through

    def through(field: Field, window: Window) -> Field:
        calls.append(window)
        return right(field, window)

    monkeypatch.setattr(Field, "through", through)
    assert analyze(spec).fields[-1].status == "exact"
    assert len(calls) == times


def test_branches_meet_once_on_axes_that_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    met = []
    right = merge._meet_axis

    def meet_axis(*args: Any) -> Any:
        met.append(args)
        return right(*args)

    monkeypatch.setattr(merge, "_meet_axis", meet_axis)
    for spec, times in (
        ("4x24x24 add[ conv:4,k3,p1 | ]", 1),
        ("4x24x20 add[ conv:4,k3,p1 | ]", 2),
        ("4x24x24 add[ conv:4,k3x1,p=1x0 | ]", 2),
        ("4x24x24 cat:axis=1[ conv:4,k3,p1 | ]", 2),
        ("4x24x24 cat:axis=2[ conv:4,k3,p1 | ]", 2),
        ("4x9x9x9 add[ conv:4,k3,p1 | relu | conv:4,k1 ]", 1),
        ("4x24x24 add[ linear:24,axis=1 | ]", 2),
    ):
        met.clear()
        assert analyze(spec).fields[-1]
        assert len(met) == times, spec


def test_what_reaches_branches_is_asked_where_their_union_is_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A walk back over all that is before, which is for nothing where the field is known."""
    monkeypatch.setattr(merge, "_seen_by_one", None)
    for spec in (
        "4x24x24 add[ conv:4,k3,p1 | ]",
        "1x11 crop:1:0 add[ crop:0:5 gap:keep | crop:5:0 gap:keep upsample:size=10 ]",
    ):
        assert analyze(spec).fields[-1].status == "exact"


def test_windows_that_always_read_something() -> None:
    """Of any length of the axis; where none is dilated, no other window does."""
    for k, s, d, before, after in product((1, 2, 3), (1, 2), (1, 2, 3), range(-1, 5), range(-1, 5)):
        window = Slide(k, s, before, after, d)
        always = all(
            any(0 <= i < n for i in window.reads(o))
            for n in range(1, 16)
            for o in range(window.length(n))
        )
        assert always or not reads_on(window)
        assert d > 1 or k == 1 or reads_on(window) == always, repr(window)
    for before, after in ((2, 2), (0, 4), (4, 0), (0, 0)):
        assert reads_on(Slide(3, 1, before, after, 2))
    for before, after in ((2, 3), (1, 1), (4, 1)):
        assert not reads_on(Slide(3, 1, before, after, 2))
    assert reads_on(Bins(7, 3))
    assert reads_on(Resize(2, 1, 4))
    assert not reads_on(Spread(2, 3))
    assert not reads_on(Grouped(1, 2))


def test_equal_layers_are_asked_once_where_they_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    right = KINDS["conv"].route

    def route(layer: Layer, shape: Shape) -> Route | None:
        asked.append(shape)
        return right(layer, shape)

    monkeypatch.setattr(KINDS["conv"], "route", route)
    assert analyze("4x9x9 10*[conv:4,k3,p1]").fields[-1].status == "exact"
    assert asked == [(4, 9, 9)]
