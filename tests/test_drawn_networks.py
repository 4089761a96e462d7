"""Laws of fields and of walks back, over networks that are drawn, against layers followed by hand.

Each law says what an attribute of a `Seen`, of its `Channels` or of a `Reached` promises, of
every unit of every map. How many claims are exact is counted, so that none becomes a bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from itertools import chain, product, repeat
from math import prod
from random import Random
from typing import Any

import numpy as np
import pytest

from cnncalc import Report, SpecError, analyze
from cnncalc.layers.base import Shape
from cnncalc.receptive.maps import Channels, Seen
from cnncalc.receptive.units import view
from cnncalc.receptive.walk import BEFORE, BEHIND, Reached, walk_back
from tests.by_hand import depends, union
from tests.test_by_hand import claimed, ends

WORDS = """
conv:{c},k{k},p={p}:{q}|conv:{c},k{k},s{s},d{d},p={q}:{p}|conv:4,k{k},g2|conv:4,k1,g4|conv:{c},k1
conv:{c},k{k}x1,p={p}:{q}x0|conv:{c},k1x{k},s1x{s},p=0x{p}|pwconv:{c}|pwconv:4,g2|sepconv:{c},k2
dwconv:{k},m2,p{p}|convt:{c},k{k},s{s},p={p}:{q}|convt:4,k2,s{s},g2|maxpool:{k},s{s}|avgpool:2,p1:0
maxpool:1x{k},s1|adaptiveavg:{k}|adaptivemax:2|upsample:{k}|upsample:size={k}|upsample:2,mode=linear
pad:{m}:{q}|pad:{m}:{q}x0|pad:0x{p}:{q}|pad:0,c={p}:{q}|pad:{q}:{p},c={p}:{q}|pad:0,c=1:0
crop:{p}:{q}|crop:{p}:0x{q}|slice:{p}..{c}|slice:..{k}|slice:{p}..{c},axis=1|slice:{p}..,axis=-1
slice:..{c},step=2,axis=-1|slice:1..|slice:-1..|slice:..1,axis=1
permute:1x0|permute:1x0x2|permute:0x2x1|permute:2x0x1|permute:1x2x0|flatten|flatten:start=1
unflatten:2xinfer|unflatten:1xinfer,axis=1|reshape:{k}xinfer|expand:{k}x{k}x{k}
gap|gap:keep|gmp:keep|reduce:axes=0,keep|reduce:axes=1|reduce:axes=1,keep|reduce:axes=-1
reduce:axes=-1,keep|linear:{c},axis=0|linear:{c},axis=1|linear:{c},axis=-1|linear:{c}
se:2|softmax|softmax:axis=1|glu|glu:axis=1|relu|chshuffle:2|chshuffle:3
pixelshuffle:2|pixelunshuffle:2|unfold:{k},s{s},p={p}:{q},d{d}|unfold:2|fold:{k},size={c}
fold:2,size={k}x{k},p={p}:{q}
"""
PATTERNS = WORDS.replace("\n", "|").strip("|").split("|")
JOINS = ["add", "mul", "maximum", "cat", "cat", "cat:axis=1", "cat:axis=-1"]
JOINS += ["mul(align=second)", "add(align=first)"]


def item(draw: Random, depth: int) -> str:
    """A layer, or branches of a few."""
    if depth and draw.random() < 0.3:
        branches = [
            " ".join(item(draw, depth - 1) for _ in range(draw.choice((0, 0, 1, 1, 2))))
            for _ in range(draw.randint(2, 3))
        ]
        return f"{draw.choice(JOINS)}[ {' | '.join(branches)} ]"
    sizes = {name: draw.randint(0, 2) for name in "pq"} | {"m": draw.randint(-1, 3)}
    most = {"c": 6, "k": 4, "s": 3, "d": 3}
    counts = {name: draw.randint(1, largest) for name, largest in most.items()}
    return draw.choice(PATTERNS).format(**sizes, **counts)


def fitting(spec: str) -> Report | None:
    """A small network whose maps all have units, or none."""
    try:
        report = analyze(spec)
    except SpecError:
        return None
    shapes = [row.output_shape for row in report.rows]
    return report if all(shape and 0 < prod(shape) <= 150 for shape in shapes) else None


def drawn(draw: Random) -> tuple[str, Report]:
    """One to five layers or groups of branches that fit one another."""
    while True:
        axes = draw.choice((1, 1, 2, 2, 2, 3))
        sizes = [draw.randint(1, 9 if axes < 3 else 4) for _ in range(axes)]
        spec = "x".join(map(str, (draw.choice((1, 2, 3, 4, 6)), *sizes)))
        found, wanted = None, draw.randint(1, 5)
        for _ in range(12):
            longer = f"{spec} {item(draw, 2)}"
            if report := fitting(longer):
                spec, found, wanted = longer, report, wanted - 1
            if found and not wanted:
                return spec, found


def alike(reads: Any, axes: Collection[int]) -> bool:
    """Whether units read the same that differ in their places along these axes alone."""
    return all((reads == np.take(reads, [0], axis=axis)).all() for axis in axes)


def said_of(seen: Seen, axis: int, unit: tuple[int, ...], n: int) -> Any:
    """What a field says of a unit along one axis of the input, within its borders."""
    said = claimed(seen, axis, unit, n)
    return said and (max(said[0], 0), min(said[1], n - 1))


def within(real: Any, said: Any) -> bool:
    return not real or bool(said and said[0] <= real[0] and real[1] <= said[1])


def check_units(seen: Seen, reads: Any, sizes: Shape) -> None:
    """No unit reads more than its field says; what is global is read, by one unit or another."""
    for axis, n in enumerate(sizes):
        for unit in np.ndindex(*reads.shape):
            assert within(ends(reads[unit], axis), said_of(seen, axis, unit, n))
        if seen.whole:
            assert ends(union(reads.flat), axis) in ((0, n - 1), None)


def check_channels(seen: Seen, reads: Any, sizes: Shape) -> None:
    """What is known of the units that see alike."""
    known = seen.channels
    told = any(along.merged for along in seen.axes) or 0 in seen.places
    still = any(along.place is not None and along.field.step == 0 for along in seen.axes)
    if told or still:  # fields that are bounds, or tell nothing of padding
        return
    free = set(range(reads.ndim)) - set(seen.places)
    if known is None:
        assert alike(reads, free)
    elif known.runs:
        check_views(known, reads, sizes)
    elif known.along is not None:
        assert alike(reads, free - known.along)


def check_views(known: Channels, reads: Any, sizes: Shape) -> None:
    """Each channel is what its view says it is."""
    views = list(chain.from_iterable(repeat(view, count) for view, count in known.runs))
    assert len(views) == len(reads)
    assert set(views) == set(range(len(known.views)))
    for number, seen in enumerate(known.views):
        part = reads[[channel for channel, view in enumerate(views) if view == number]]
        check_units(seen, part, sizes)
        check_channels(seen, part, sizes)


def check_walk(reached: Reached, reads: Any) -> None:
    """The ends of what a unit reads, or more."""
    for axis, said in enumerate(reached.ends):
        real = ends(reads, axis)
        assert real == said if reached.exact else within(real, said)


def check_ends(seen: Seen, reached: Reached, unit: tuple[int, ...], sizes: Shape) -> None:
    """Where no border cut them, the ends of an exact field are those of what is read."""
    if seen.status != "exact" or not reached.exact:
        return
    fields = [claimed(seen, axis, unit, n) for axis, n in enumerate(sizes)]
    assert None not in reached.ends or any(reached.cut) or None in fields
    for field, real, cut in zip(fields, reached.ends, reached.cut, strict=True):
        if real:
            assert field
            assert cut & BEFORE or real[0] == field[0]
            assert cut & BEHIND or real[1] == field[1]


def check(report: Report, count: Counter[str]) -> None:
    """All laws, of all maps of a network."""
    sizes, steps = report.input[1:], report.network.steps
    places = report.network.places(report.input)
    for number, reads in enumerate(depends(report)):
        seen = report.fields[number]
        count[seen.status] += 1
        known = seen.channels
        count["known"] += known is None or bool(known.runs)
        count["along"] += known is not None and known.along is not None
        check_units(seen, reads, sizes)
        check_channels(seen, reads, sizes)
        units = list(np.ndindex(*reads.shape))
        units = units[:: max(len(units) // 5, 1)]
        regions = [tuple(range(i, i + 1) for i in unit) for unit in units]
        wide = [(range(len(reads)), *region[1:]) for region in regions]
        asked = [(number, region) for region in chain(regions, wide)]
        found = walk_back(steps, report.rows, places, asked)
        together = [union(reads[(slice(None), *unit[1:])].flat) for unit in units]
        right = [*(reads[unit] for unit in units), *together]
        pairs = product(range(2), units)
        for (all_channels, unit), reached, real in zip(pairs, found, right, strict=True):
            assert reached
            count["walked"] += reached.exact
            count["cut"] += sum(reached.cut)
            check_walk(reached, real)
            if 0 not in seen.places if all_channels else seen.channels is None:
                check_ends(seen, reached, unit, sizes)
            if all_channels:
                check_view(report, number, unit, reached, real)


def check_view(
    report: Report, number: int, unit: tuple[int, ...], reached: Reached, real: Any
) -> None:
    """What a place of a map reads, in all its channels: as a walk back finds it."""
    found = view(report, number, unit[1:])
    for axis, (said, touched) in enumerate(zip(found.clipped, found.touched, strict=True)):
        assert within(ends(real, axis), said)
        assert touched >= len({place[axis] for place in real})
        if reached.exact:
            assert said == ends(real, axis)


# Of each seed how many maps have fields that are exact, a bound or all; of how many maps it is
# known which channels see what, or along which axes units differ; of how many regions what a walk
# back finds is exact, and the sides that borders cut, as a sum.
COUNTED = ("exact", "hull", "global", "known", "along", "walked", "cut")
COUNTS = [
    (0, 144, 8, 49, 189, 4, 2044, 1182),
    (1, 143, 22, 38, 176, 9, 2122, 597),
    (2, 169, 11, 47, 202, 15, 2085, 2083),
    (3, 168, 10, 30, 186, 12, 2177, 515),
    (4, 147, 19, 26, 170, 11, 1937, 775),
    (5, 172, 16, 41, 201, 13, 2322, 754),
    (6, 154, 5, 27, 180, 1, 1976, 449),
    (7, 146, 10, 53, 194, 4, 2003, 498),
]


@pytest.mark.parametrize("counts", COUNTS)
def test_what_is_claimed_of_drawn_networks(counts: tuple[int, ...]) -> None:
    """The laws hold of all, and no more of the claims are bounds than must be."""
    seed, *wanted = counts
    draw, count = Random(seed), Counter[str]()
    for _ in range(50):
        spec, report = drawn(draw)
        try:
            check(report, count)
        except AssertionError as error:
            error.add_note(spec)
            raise
    assert [count[each] for each in COUNTED] == wanted


# Networks of which more was claimed once than is so, or is where a rule is wrong.
FOUND = [
    "4x5 permute:1x0 unfold:2,s2,p=1:0,d3 gmp:keep",
    "1x3x2 flatten:start=1 permute:1x0 pixelshuffle:2",
    "1x4x4 mul[ pixelunshuffle:4 | relu ] slice:..1",
    "2x5x8 adaptiveavg:1 unfold:3,s3,p=2:2 slice:..1",
    "4x4 gmp:keep unflatten:2xinfer unfold:3,s3,p=1:2 reduce:axes=1,keep",
    "4x4 gmp:keep unfold:3,s3,p=2:2 slice:..1",
    "1x2x1x1 gap:keep unfold:2,s3,p=2:0,d2 reduce:axes=1 pad:0,c=1:0",
    "6x5x3 flatten:start=1 upsample:size=1 flatten:start=1 pad:0,c=1:0 pwconv:6",
    "3x6x2 slice:..1,axis=1 flatten slice:..2,step=2,axis=-1 pad:0,c=1:0",
    "3x2 conv:3,k1 maximum[ maxpool:1,s2 | ] cat:axis=1[ | reduce:axes=-1,keep | ] se:2",
    "3x6x6 pad:-1:1x0 pixelunshuffle:2 chshuffle:3 glu",
    "1x2x2 mul(align=second)[ pixelunshuffle:2 | conv:3,k1 reduce:axes=0,keep ] pad:0:2x0",
    "1x5x9 reduce:axes=-1,keep mul(align=second)[ | softmax:axis=1 flatten:start=1 ] pad:1:0x0",
    "1x2x2x3 adaptiveavg:1 mul(align=second)[ | | flatten ] conv:1,k1,s2,p=0:2",
]


@pytest.mark.parametrize("spec", FOUND)
def test_what_is_claimed_of_networks_that_were_found(spec: str) -> None:
    check(analyze(spec), Counter())
