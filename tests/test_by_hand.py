"""Fields and what is really read, against layers followed by hand, unit by unit."""

from __future__ import annotations

from functools import cache
from operator import ge
from typing import Any

import numpy as np
import pytest

from cnncalc import Report, analyze
from cnncalc.receptive.maps import Seen
from cnncalc.receptive.units import view
from cnncalc.receptive.walk import walk_back
from tests.by_hand import depends, union

UNEVEN = "1x9x8 cat[ conv:2,k3,p1 | conv:2,k1x5,p=0x2 ]"
SPECS = [
    # windows, one after another
    "1x9 conv:1,k3,p1 conv:1,k3,s2,p=2:1 conv:1,k2,d2",
    "1x9x7 conv:1,k3x2,s2x1,p=1:0x0:1 maxpool:2,s1 conv:2,k2,d2x1",
    "1x13 maxpool:3,s2,p1,ceil avgpool:2",
    "1x6 convt:1,k3,s2,p1,op1 conv:1,k3",
    "1x5x4 convt:2,k2x3,s3x2,d2x1,p=1:0x0:1 maxpool:3,s1",
    "1x5 upsample:2 conv:1,k3,p1 upsample:3",
    "1x6x5 upsample:2,mode=linear conv:1,k2",
    "1x7 upsample:3,mode=linear avgpool:2",
    "1x7x9 adaptiveavg:3x4 conv:1,k2,p=1:0",
    "1x12 adaptivemax:5 adaptivemax:2",
    "1x8 pad:2:1 conv:1,k2 crop:1:2 conv:1,k3,p2",
    "1x9x9 slice:1..8,axis=1,step=2 slice:2..,axis=2 conv:1,k2",
    "1x4x4 pad:2 conv:1,k1 pad:1:0",
    "2x8 unfold:3,s2,p1,d2",
    "2x8 unfold:3,s2,p=1:0 slice:1..5 conv:2,k2",
    "1x5x6 unfold:2,s1x2,p=1:0 slice:1..3",
    "1x1x5 upsample:2,mode=linear conv:1,k1",
    # whole maps
    "1x9 conv:1,k3,s4 gap",
    "1x10x7 conv:1,k3,s4x2,p=0x1 gap:keep conv:1,k1",
    "1x10 conv:2,k3,s3 conv:2,k3,p1 gap linear:3",
    "2x7x5 conv:2,k2,s2 flatten linear:2",
    "1x7x7 conv:1,k3,s2 avgpool:3",
    "1x8x6 conv:2,k3,s4x2,p=0:1x0 se:2",
    "1x9 conv:2,k3,s4 mul[ | gap:keep pwconv:2 ] conv:1,k2",
    "1x6x5 gap:keep pad:1:2 conv:1,k2",
    "1x6 gap:keep upsample:3 conv:1,k3,p2",
    "2x6x5 reduce:axes=-1,keep conv:1,k2x1,p=1x0",
    "2x6x5 reduce:axes=1 conv:1,k2",
    "2x6x5 reduce:axes=0x2,keep",
    "1x5x6 softmax:axis=-1 conv:1,k2",
    "2x5x6 softmax conv:1,k2",
    "1x5x6 linear:4,axis=-1 conv:1,k2x1",
    "1x5x6 linear:4,axis=1 convt:1,k2,s3",
    "1x7x6 crop:1x2 pad:2 gap",
    "1x9x9 conv:1,k2,s3 conv:1,k2,p1,d2 gap:keep",
    # branches
    "1x9 add[ conv:1,k3,p1 | conv:1,k5,p2 | ] conv:1,k2",
    "1x9 add[ conv:1,k3,s2,p1 | maxpool:2,s2,p=0:1 ]",
    "1x8 mul[ maxpool:2 upsample:2 | conv:1,k3,p1 ]",
    "1x9 add[ crop:2:3 | conv:1,k3,s2 ]",
    "1x9 add[ crop:2 gap:keep | crop:2 | crop:0:4 ]",
    "1x9 add[ crop:0:4 | crop:1:2 gap:keep | crop:2 ] conv:1,k2",
    "1x9 add[ gap:keep | crop:0:4 | crop:2 ] conv:1,k2",
    "1x8 crop:1:0 add[ gap:keep upsample:2 convt:1,k1,s4 | conv:1,k3 ]",
    "1x3x4x4 add[ conv:1,k1x3x3,p=0x1x1 | ]",
    "1x3x3x4 mul[ conv:1,k3x3x1,p=1x1x0 | maxpool:1 ]",
    "1x9 cat:axis=1[ conv:1,k3 | slice:..2,axis=1 ] conv:1,k2",
    "1x6x5 cat:axis=-1[ | conv:1,k3,p1 ] conv:1,k1x2 gap",
    "2x5x6 maximum[ slice:..1,axis=-1 | ] conv:1,k2",
    "1x5x6 mul[ reduce:axes=-1,keep | conv:1,k3,p1 ] conv:1,k2",
    "1x4x5 mul[ reduce:axes=-1,keep | conv:1,k3,p1 ] pad:0x2:1",
    "2x3 linear:3,axis=-1 fold:2,size=7,s2",
    "2x6 mul(align=second)[ conv:2,k3,p1 | gap ]",
    "2x1x4 add[ gap:keep | ] add(align=first)[ reduce:axes=-1 | ]",
    "2x7 crop:1:0 mul(align=second)[ conv:2,k3,p1 | gap ]",
    "2x9 mul(align=second)[ conv:2,k3,p1 | slice:..2,axis=1 gap ]",
    "1x12 cat[ gap:keep upsample:12 | conv:1,k3,p1 ] slice:1..2 conv:1,k3",
    "1x10 cat[ slice:3..5,axis=1 pad:4 | ] slice:0..1 conv:1,k2",
    "1x4x4 add[ pad:2:0x0 crop:0:2x0 conv:1,k1x3,p=0x1 | maxpool:1 ]",
    "1x4x4 add[ maxpool:1 | pad:2:0x0 crop:0:2x0 conv:1,k1x3,p=0x1 ]",
    # channels that differ
    f"{UNEVEN} conv:4,k2,g2 slice:2..3",
    f"{UNEVEN} dwconv:2,m2 slice:3..5",
    f"{UNEVEN} chshuffle:2 slice:0..2 conv:1,k1",
    f"{UNEVEN} convt:2,k2,s2,g2 slice:0..1",
    f"{UNEVEN} glu conv:1,k1",
    f"{UNEVEN} pwconv:4,g4 slice:1..,step=2",
    f"{UNEVEN} sepconv:2,k2",
    f"{UNEVEN} pad:0,c=1:2 slice:2..6",
    f"{UNEVEN} pad:0:1,c=2:0 slice:..1",
    f"{UNEVEN} add[ | pwconv:4 ] slice:0..1",
    f"{UNEVEN} add[ | maxpool:3,s1,p1 ] slice:0..2",
    f"{UNEVEN} cat[ slice:0..2 | slice:2.. | conv:1,k1 ] slice:0..3",
    f"{UNEVEN} mul[ slice:3..4 | ] slice:2..3",
    f"{UNEVEN} permute:0x2x1 slice:2.. conv:1,k2",
    f"{UNEVEN} permute:1x2x0 slice:2..,axis=2",
    f"{UNEVEN} unflatten:2x2 slice:0..1",
    f"{UNEVEN} flatten slice:3..9 linear:2",
    f"{UNEVEN} reduce:axes=1,keep slice:..2",
    f"{UNEVEN} conv:4,k2,g4,s2 gap slice:..2",
    f"{UNEVEN} upsample:2 slice:..2 avgpool:2",
    f"{UNEVEN} softmax slice:..1",
    "1x4x6 pixelunshuffle:2 slice:1..3 conv:1,k2",
    "3x4x4 pixelunshuffle:2 conv:4,k2,g2 slice:..2",
    "2x4x4 pixelunshuffle:2 pixelshuffle:2 conv:1,k2",
    "4x3x2 conv:4,k2,p=1:0 pixelshuffle:2 conv:1,k3,p1",
    "4x8 cat[ slice:..2 conv:2,k3,p1 | slice:2.. ] chshuffle:2 cat[ slice:..2 | slice:2.. ]",
    # places as channels
    "1x8 flatten slice:2..6,step=3",
    "2x8 permute:1x0 conv:8,k1,g2 slice:1..5",
    "2x6 permute:1x0 dwconv:1,m2 slice:3..",
    "2x6 permute:1x0 chshuffle:3 slice:1..4",
    "2x6 permute:1x0 glu",
    "2x6 permute:1x0 pad:0,c=2:1 conv:3,k2,g3",
    "2x4 permute:1x0 cat[ | conv:4,k1 ] slice:2..6",
    "3x1 permute:1x0 expand:5x3",
    "2x4x3 permute:2x1x0 conv:3,k2x1,g3",
    "2x4x3 flatten:start=1 slice:1..9,axis=1",
    "2x1x5 flatten:start=1 conv:1,k2",
    "2x6 unflatten:1x2 permute:1x0x2 conv:1,k1x2",
    "2x6 unflatten:2x1x3,axis=1",
    "1x4x1 cat[ add[ permute:1x0x2 slice:1.. | ] | ] flatten:start=1 linear:1,axis=0",
    "2x4x3 reshape:3x8 conv:1,k2",
    "1x9 crop:1:0 cat[ flatten slice:0..3 | crop:2 gap ] linear:2",
    "4x5 fold:2,size=6 conv:1,k2",
    "6x2 fold:3,size=8,s3,p1,d2",
    "8x4 fold:2,size=3x3",
    "4x3 fold:2,size=6,s2,p=0:1",
    "1x1x4 expand:1x3x4 conv:1,k2",
    "4x16 fold:2,size=1x1,p2",
    "4x4 fold:2,size=1x1,p=2:0",
    "3x2 flatten slice:1..4 linear:1",
    "2x2 flatten slice:1..3 linear:1",
    "2x5 pad:0,c=1:0 conv:4,k1 fold:2,size=6",
    "1x4 mul(align=first)[ conv:4,k3,p1 | cat[ crop:0:2 gap | crop:2:0 gap | gap | gap ] ] "
    "slice:..1",
    f"{UNEVEN} permute:2x1x0 permute:2x1x0 add[ | conv:4,k1 ] slice:..1",
    "1x5x6 cat[ reduce:axes=-1,keep pad:0x2:3 | linear:6,axis=-1 ] slice:..1 conv:1,k2",
    "1x9 cat:axis=1[ crop:0:4 | crop:1:5 | crop:6:0 ]",
    "1x6x5 cat:axis=-1[ | conv:1,k3,p1 ] slice:..1,axis=-1 flatten linear:2",
    f"{UNEVEN} reduce:axes=-1,keep cat:axis=-1[ | conv:4,k5x1,p=2x0 ] slice:..1",
]  # fmt: skip

# Those of them where units of different places come side by side.
JUMBLED = [
    "1x5x6 unfold:2,s1x2,p=1:0 slice:1..3",
    f"{UNEVEN} unflatten:2x2 slice:0..1",
    f"{UNEVEN} flatten slice:3..9 linear:2",
    "2x4x4 pixelunshuffle:2 pixelshuffle:2 conv:1,k2",
    "2x4x3 flatten:start=1 slice:1..9,axis=1",
    "2x6 unflatten:2x1x3,axis=1",
    "2x4x3 reshape:3x8 conv:1,k2",
    "1x9 crop:1:0 cat[ flatten slice:0..3 | crop:2 gap ] linear:2",
    "8x4 fold:2,size=3x3",
    "4x16 fold:2,size=1x1,p2",
    "3x2 flatten slice:1..4 linear:1",
    "2x2 flatten slice:1..3 linear:1",
]

# Steps at which a walk back knows but a bound for some units, where all see alike at first.
BOUNDS = {
    "2x8 unfold:3,s2,p=1:0 slice:1..5 conv:2,k2": {"conv:2,k2", "slice:1..5"},
    "1x5x6 unfold:2,s1x2,p=1:0 slice:1..3": {"slice:1..3", "unfold:2,s1x2,p=1:0"},
    "2x7x5 conv:2,k2,s2 flatten linear:2": {"flatten"},
    "1x6x5 cat:axis=-1[ | conv:1,k3,p1 ] conv:1,k1x2 gap": {"conv:1,k1x2"},
    "1x5x6 mul[ reduce:axes=-1,keep | conv:1,k3,p1 ] conv:1,k2": {"conv:1,k2", "mul"},
    "1x4x5 mul[ reduce:axes=-1,keep | conv:1,k3,p1 ] pad:0x2:1": {"mul", "pad:0x2:1"},
    "2x6 mul(align=second)[ conv:2,k3,p1 | gap ]": {"mul:align=second"},
    "2x1x4 add[ gap:keep | ] add(align=first)[ reduce:axes=-1 | ]": {"add:align=first"},
    "2x7 crop:1:0 mul(align=second)[ conv:2,k3,p1 | gap ]": {"mul:align=second"},
    "2x9 mul(align=second)[ conv:2,k3,p1 | slice:..2,axis=1 gap ]": {"mul:align=second"},
    "1x4x4 add[ pad:2:0x0 crop:0:2x0 conv:1,k1x3,p=0x1 | maxpool:1 ]": {"add"},
    "1x4x4 add[ maxpool:1 | pad:2:0x0 crop:0:2x0 conv:1,k1x3,p=0x1 ]": {"add"},
    "1x4x6 pixelunshuffle:2 slice:1..3 conv:1,k2": {"conv:1,k2", "slice:1..3"},
    "3x4x4 pixelunshuffle:2 conv:4,k2,g2 slice:..2": {"conv:4,k2,g2", "slice:..2"},
    "2x4x4 pixelunshuffle:2 pixelshuffle:2 conv:1,k2": {"conv:1,k2", "pixelshuffle:2"},
    "2x4x3 flatten:start=1 slice:1..9,axis=1": {"flatten:start=1", "slice:1..9,axis=1"},
    "2x6 unflatten:2x1x3,axis=1": {"unflatten:2x1x3,axis=1"},
    "2x4x3 reshape:3x8 conv:1,k2": {"conv:1,k2", "reshape:3x8"},
    "8x4 fold:2,size=3x3": {"fold:2,size=3x3"},
    "3x2 flatten slice:1..4 linear:1": {"flatten", "linear:1", "slice:1..4"},
    "2x2 flatten slice:1..3 linear:1": {"flatten", "linear:1", "slice:1..3"},
}


@cache
def followed(spec: str) -> tuple[Report, list[Any]]:
    """A report, and what each unit of its maps depends on."""
    report = analyze(spec)
    return report, depends(report)


def ends(places: Any, axis: int) -> tuple[int, int] | None:
    """The first and the last place along an axis."""
    indices = [place[axis] for place in places]
    return (min(indices), max(indices)) if indices else None


def claimed(seen: Seen, axis: int, index: tuple[int, ...], n: int) -> tuple[int, int] | None:
    """What the field says that a unit sees along one axis of the input."""
    along = seen.axes[axis]
    if seen.whole:
        return 0, n - 1
    return along.field.sees(0 if along.place is None else index[along.place])


@pytest.mark.parametrize("spec", SPECS)
def test_units(spec: str) -> None:
    """What each place really reads, all its channels together: both ends, and how many.

    Where units of different places are put side by side, it is as much at least.
    """
    report, maps = followed(spec)
    axes = range(len(report.input) - 1)
    for number, reads in enumerate(maps):
        places = list(np.ndindex(*reads.shape[1:]))
        for place in places[:: max(len(places) // 9, 1)]:
            found, together = view(report, number, place), union(reads[(slice(None), *place)].flat)
            clipped = tuple(ends(together, axis) for axis in axes)
            touched = tuple(len({p[axis] for p in together}) for axis in axes)

            if found.touched != touched:
                assert spec in JUMBLED
                assert all(map(ge, found.touched, touched))
            else:
                assert found.clipped == clipped


def unlike(report: Report, number: int, reads: Any) -> list[Any]:
    """Units that read what their field doesn't have; or none has all that an exact one has."""
    seen, found = report.fields[number], list[Any]()
    for axis, n in enumerate(report.input[1:]):
        agree = False
        together = seen.axes[axis].place != 0  # a field is what all channels of a place see
        for index in np.ndindex(*reads.shape):
            said, real = claimed(seen, axis, index, n), ends(reads[index], axis)
            within = said and (max(said[0], 0), min(said[1], n - 1))
            if real and not (within and within[0] <= real[0] and real[1] <= within[1]):
                found.append((number, axis, index, real, said))
            here = union(reads[(slice(None), *index[1:])].flat) if together else reads[index]
            agree |= ends(here, axis) == within
        if seen.status != "hull" and not agree:
            found.append((number, axis, "none"))
    return found


@pytest.mark.parametrize("spec", SPECS)
def test_fields(spec: str) -> None:
    """No unit reads more than its field; where that is exact, some read all of it."""
    report, maps = followed(spec)
    for number, reads in enumerate(maps):
        found = unlike(report, number, reads)
        assert found == [] or (spec in JUMBLED and {each[2] for each in found} == {"none"})


@pytest.mark.parametrize("spec", SPECS)
def test_routes(spec: str) -> None:
    """Each axis has as many units as its window gives, also of channels that become several."""
    report, _ = followed(spec)
    for step, row in zip(report.network.steps[1:], report.rows[1:], strict=True):
        route = step.layer.route(row.input_shapes[0]) if len(row.inputs) == 1 else None
        if route is None:
            continue
        assert len(route.moves) == len(route.shape)
        for side in (route, *route.sides()):
            assert len(side.windows) in (0, len(route.shape) - 1)
            for axis, (n, place) in enumerate(zip(route.shape, side.moves, strict=True)):
                window = side.window(axis)
                if place is not None and window is not None and axis not in route.mixes:
                    assert window.length(n) == row.output_shape[place], (row.text, axis)


def walked(spec: str) -> tuple[list[tuple[str, Any, Any, Any]], Report]:
    """Single units, and all channels of a place: what a walk back finds, and what is right."""
    report, maps = followed(spec)
    asked, right = list[tuple[int, Any]](), list[Any]()
    for number, reads in enumerate(maps):
        indices = list(np.ndindex(*reads.shape))
        for index in indices[:: max(len(indices) // 7, 1)]:
            for channels in (range(index[0], index[0] + 1), range(reads.shape[0])):
                asked.append((number, (channels, *(range(i, i + 1) for i in index[1:]))))
                right.append(union(reads[(list(channels), *index[1:])].flat))
    network = report.network
    found = walk_back(network.steps, report.rows, network.places(report.input), asked)
    rows = [report.rows[number].text for number, _ in asked]
    return list(zip(rows, asked, found, right, strict=True)), report


@pytest.mark.parametrize("spec", SPECS)
def test_walked_back_together(spec: str) -> None:
    """The ends of what each unit reads, or more where it isn't called exact."""
    found, report = walked(spec)
    bounds = set[str]()
    for text, region, reached, right in found:
        real = tuple(ends(right, axis) for axis in range(len(report.input) - 1))
        assert reached
        if reached.exact:
            assert reached.ends == real, (text, region)
        else:
            bounds.add(text)
            for said, have in zip(reached.ends, real, strict=True):
                assert not have or (said and said[0] <= have[0] and have[1] <= said[1])
    if not spec.startswith((UNEVEN, "4x8 cat")):
        assert bounds == BOUNDS.get(spec, set())
