"""Many units pulled back together: the same as one by one, at a cost that grows with the steps."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given

import cnncalc
from cnncalc.axis import indices
from cnncalc.layers.merge import Concatenate, Input
from cnncalc.network import Network, Step
from cnncalc.receptive import walk
from cnncalc.receptive.middles import _chosen, middles_of
from cnncalc.receptive.pull_back import Extents
from cnncalc.receptive.units import view
from tests.library import report
from tests.strategies import odd_specs

SPECS = [
    "3x20x20 conv:4,k3,s2,p1 bn relu maxpool:3,s2,ceil conv:6,k3,g2",
    "4x16x16 convt:3,k4,s2,p1 sepconv:4,3,m2 se:2 gn:2",
    "2x12 permute:1x0 conv:3,k3,p1 permute:1x0",
    "2x30x30 a@conv:4,k3 conv:4,k3,p=2:0 cat[ | crop:0 ] add[ conv:8,k3,p1 | ]",
    "1x40 add[ crop:2 | crop:4:0 ] conv:1,k3,d4,p=same",
]
FAMILIES = {
    "plain": "conv:3,k3,p1 relu",
    "ladder": "add[conv:3,k3,p1|conv:3,k3,p=2:0]",
    "residual": "add[conv:3,k3,p1 relu conv:3,k3,p1|]",
    "dilated": "conv:3,k3,d3,p3",
    "gated": "conv:3,k3,p1 se:2",
}


@pytest.mark.parametrize("spec", SPECS)
def test_together_as_one_by_one(spec: str) -> None:
    right = cnncalc.analyze(spec)
    found = middles_of(right)

    assert {each.step for each in found} == set(range(1, len(right.rows)))
    for each in found:
        if each.unit[0] is None and None not in each.unit[1:]:
            assert each.reached
            assert each.reached.ends == view(right, each.step, each.unit[1:]).clipped  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["densenet121", "unet", "wavenet"])
def test_examples_are_known_exactly(name: str) -> None:
    assert all(each.reached and each.reached.exact for each in middles_of(report(name)))


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_the_cost_of_a_step_does_not_grow(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted: how often a step is asked what a part of its map needs."""
    asked = [0]
    right = walk.needed

    def counted(*args: object) -> object:
        asked[0] += 1
        return right(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(walk, "needed", counted)
    counts = []
    for times in (100, 200):
        asked[0] = 0
        middles_of(cnncalc.analyze(f"3x24x24 {times}*[ {FAMILIES[family]} ]"))
        counts.append(asked[0])

    assert counts[1] < 2.2 * counts[0]


@pytest.mark.parametrize(
    ("second", "ends", "exact"),
    [("crop:4:0x2:2", ((3, 7), (5, 5)), True), ("crop:4:0x4:0", ((3, 7), (3, 7)), False)],
)
def test_where_branches_read_apart(
    second: str, ends: tuple[tuple[int, int], ...], exact: bool
) -> None:
    """Along one axis both together are known; along two the box around them is a bound."""
    first = "crop:0:4x2:2" if exact else "crop:0:4x0:4"
    right = cnncalc.analyze(f"1x12x12 add[ {first} | {second} ]")
    unit = (range(1), range(3, 4), range(3, 4))

    (found,) = walk.walk_back(
        right.network.steps, right.rows, right.network.places(right.input), [(3, unit)]
    )

    assert found
    assert (found.ends, found.exact) == (ends, exact)


@pytest.mark.parametrize(
    ("spec", "unit", "ends", "cut"),
    [
        ("1x9 conv:1,k3,p1", (0,), ((0, 1),), (walk.BEFORE,)),
        ("1x9 conv:1,k3,p1", (8,), ((7, 8),), (walk.BEHIND,)),
        ("1x9 conv:1,k3,p1", (4,), ((3, 5),), (0,)),
        ("1x9 conv:1,k3,p2 conv:1,k3", (0,), ((0, 2),), (walk.BEFORE,)),
        ("1x9 gap:keep", (0,), ((0, 8),), (0,)),  # all of it is read anyway
        ("1x9 linear:4,axis=1 conv:1,k3,p1", (0,), ((0, 8),), (0,)),
        ("1x6x6 conv:1,k1 pad:3:0x0", (0, 3), (None, None), (walk.BEFORE | walk.BEHIND, 0)),
        ("1x6x6 conv:1,k1 pad:3:0x0", (4, 3), ((1, 1), (3, 3)), (0, 0)),
        ("1x6x6 conv:1,k1 pad:0x3:0", (3, 0), (None, None), (0, walk.BEFORE | walk.BEHIND)),
        ("1x9 conv:1,k3,p1 conv:1,k3,s4,p1", (2,), ((6, 8),), (walk.BEHIND,)),
        ("1x5 conv:1,k5,p2", (2,), ((0, 4),), (0,)),
        ("1x5 conv:1,k7,p3", (2,), ((0, 4),), (walk.BEFORE | walk.BEHIND,)),
        # each place is laid on three, of which those at the borders lack a neighbour
        ("1x4 convt:1,k3,s2", (0,), ((0, 0),), (walk.BEFORE,)),
        ("1x4 convt:1,k3,s2", (8,), ((3, 3),), (walk.BEHIND,)),
        ("1x4 convt:1,k3,s2", (4,), ((1, 2),), (0,)),
        ("1x4 convt:1,k2,s2", (0,), ((0, 0),), (0,)),
        ("1x4 upsample:2,mode=linear", (0,), ((0, 0),), (walk.BEFORE,)),
        ("1x4 upsample:2,mode=linear", (7,), ((3, 3),), (walk.BEHIND,)),
        ("1x4 upsample:2,mode=linear", (3,), ((1, 2),), (0,)),
        ("1x9 conv:1,k3,p1 adaptiveavg:4", (0,), ((0, 3),), (walk.BEFORE,)),
        ("1x9 adaptiveavg:4 conv:1,k3,p1", (3,), ((4, 8),), (walk.BEHIND,)),
        ("1x4x9 conv:1,k1x3,p=0x1 permute:0x2x1", (0, 2), ((2, 2), (0, 1)), (0, walk.BEFORE)),
        ("1x9 add[ conv:1,k3,p1 | ]", (8,), ((7, 8),), (walk.BEHIND,)),
        ("1x9 add[ | conv:1,k3,p1 ]", (0,), ((0, 1),), (walk.BEFORE,)),
        ("1x9 cat:axis=1[ conv:1,k3,p1 | relu ]", (0,), ((0, 1),), (walk.BEFORE,)),
        ("1x9 cat:axis=1[ conv:1,k3,p1 | relu ]", (9,), ((0, 0),), (0,)),
        # where all of an axis is read anyway, no border of later maps is told
        ("1x9 cat[ relu | ] softmax:axis=1 pad:2:0", (0,), (None,), (0,)),
    ],
)
def test_what_cuts_it(
    spec: str, unit: tuple[int, ...], ends: tuple[tuple[int, int] | None, ...], cut: tuple[int, ...]
) -> None:
    """Borders on the way, by their side; of a unit that reads nothing, those of its padding."""
    found = walked(cnncalc.analyze(spec), (range(1), *(range(i, i + 1) for i in unit)))

    assert found == walk.Reached(ends, cut, exact=True)


def walked(report: cnncalc.Report, region: tuple[range, ...]) -> walk.Reached | None:
    """What reaches a region of the last step."""
    places = report.network.places(report.input)
    asked = [(len(report.rows) - 1, region)]
    (found,) = walk.walk_back(report.network.steps, report.rows, places, asked)
    return found


def test_places_are_known_where_channels_are_not() -> None:
    """Which of them a unit reads is told of the axes that are asked for."""
    report = cnncalc.analyze("4x2x2 pixelshuffle:2")
    asked = [(1, (range(1), range(1), range(1)))]
    for places, exact in (((1, 2), True), ((0, 1, 2), False)):
        (found,) = walk.walk_back(report.network.steps, report.rows, places, asked)
        assert found
        assert (found.ends[-2:], found.exact) == (((0, 0), (0, 0)), exact)


def test_units_meet_with_themselves_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one of them needs of a map by two branches is joined, with nothing that others need."""
    met = []
    right = walk._union

    def union(one: walk.Need, two: walk.Need) -> walk.Need:
        met.append(one)
        return right(one, two)

    monkeypatch.setattr(walk, "_union", union)
    report = cnncalc.analyze("1x9 add[ conv:1,k3,p1 | ]")
    units = [(2, (range(1), range(at, at + 1))) for at in (0, 4, 8)]
    found = walk.walk_back(report.network.steps, report.rows, (1,), units)

    assert [each and each.ends for each in found] == [((0, 1),), ((3, 5),), ((7, 8),)]
    assert len(met) == 3


def test_too_much_to_list_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every ninth place under taps four apart is no range."""
    report = cnncalc.analyze("1x40 conv:1,k3,d4 conv:1,k3,s9")
    known = walked(report, (range(1), range(3)))
    monkeypatch.setattr(indices, "MOST", 4)

    assert known
    assert known.ends == ((0, 28),)
    assert walked(report, (range(1), range(3))) is None
    units = [(2, (range(1), range(first, 3))) for first in (0, 1)]
    steps, places = report.network.steps, report.network.places(report.input)
    several = walk.walk_back(steps, report.rows, places, units)
    assert [each and each.ends for each in several] == [None, None]


def test_branches_that_are_too_much_together_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each reads a range, and no range says both."""
    report = cnncalc.analyze("1x40 add[ crop:0:20 | crop:20:0 ]")
    monkeypatch.setattr(indices, "MOST", 4)

    assert walked(report, (range(1), range(3))) is None


def test_where_the_extents_are_unknown_fields_are_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Extents, "MOST_WORK", -1)
    monkeypatch.setattr(Extents, "_top", lambda self, number: number)
    monkeypatch.setattr(Extents, "_back", _too_much)
    seen = cnncalc.analyze("1x9 cat:axis=1[ conv:1,k3,p1 | slice:..2,axis=1 ]").fields[-1]

    assert seen.status == "hull"
    assert seen.axes[0].field.sees(0) == (-1, 9)


@pytest.mark.parametrize("most", [0, 4])
@given(spec=odd_specs())
@example(spec="2x3x3 flatten:start=1 unfold:2,s3,p=1:2,d2")
def test_what_cannot_be_listed_is_a_bound(most: int, spec: str) -> None:
    """An answer comes, and what it still calls exact is what it is with all the room."""
    right = fields_of(spec)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(indices, "MOST", most)
        found = fields_of(spec)

    for known, told in zip(right, found, strict=True):
        assert told == known or told["status"] == "hull"


def fields_of(spec: str) -> list[dict[str, Any]]:
    return [each["receptive_field"] for each in cnncalc.analyze(spec).to_dict()["layers"]]


def _too_much(*_: object) -> None:
    raise indices.TooManyError


def test_a_further_input_is_nothing_of_the_first() -> None:
    layers = [Input(), Input(shape=(2, 6)), Concatenate()]
    inputs: list[tuple[int, ...]] = [(), (), (0, 1)]
    names = ["input", "second", "cat"]
    steps = [Step(*each) for each in zip(layers, inputs, names, strict=True)]
    report = cnncalc.analyze(Network(steps, (1, 6)))
    both = [(1, (range(2), range(3, 4))), (2, (range(1), range(3, 4)))]
    nothing = walk.Reached((None,), (walk.BEFORE | walk.BEHIND,), exact=True)

    assert report.rows[2].output_shape == (3, 6)
    assert report.notes == []
    assert [along.place for along in report.fields[1].axes] == [1]
    assert [along.field.sees(3) for seen in report.fields for along in seen.axes] == [
        (3, 3), None, (3, 3),
    ]  # fmt: skip
    found = walk.walk_back(report.network.steps, report.rows, (1,), both)
    assert found[0] == nothing
    assert found[1]
    assert found[1].ends == ((3, 3),)
    assert [view(report, step, (3,)).clipped for step in (1, 2)] == [(None,), ((3, 3),)]


def test_units_in_padding_of_an_axis_that_is_gone_are_looked_at() -> None:
    """The first and the last along it, also where there are but two."""
    wide = cnncalc.analyze("1x5x6 reduce:axes=-1,keep pad:0x2:3")
    narrow = cnncalc.analyze("1x5x6 reduce:axes=-1,keep pad:0x1:0")

    assert {each.unit for each in middles_of(wide) if each.step == 2} == {
        (None, 2, 3), (None, 2, 0), (None, 2, 5),
    }  # fmt: skip
    assert {each.unit for each in middles_of(narrow) if each.step == 2} == {
        (None, 2, 0), (None, 2, 1),
    }  # fmt: skip
    jumbled = cnncalc.analyze("1x5x6 reduce:axes=-1,keep pad:0x2:3 flatten:start=1")
    assert [each.unit for each in middles_of(jumbled) if each.step == 3] == [(None, None)]
    assert [seen.channels and seen.channels.along for seen in jumbled.fields[2:]] == [{2}, {1}]


@pytest.mark.parametrize(
    "spec",
    [
        "1x5x6 cat[ reduce:axes=-1,keep pad:0x2:3 | linear:6,axis=-1 ]",
        "1x5x6 cat[ linear:6,axis=-1 | reduce:axes=-1,keep pad:0x2:3 ]",
    ],
)
def test_where_some_see_nothing_the_fields_of_all_are_bounds(spec: str) -> None:
    assert cnncalc.analyze(spec).fields[-1].status == "hull"


@pytest.mark.parametrize(
    ("spec", "status", "sees"),
    [
        ("1x4x6 reduce:axes=-1,keep pad:0x1:1 crop:1:1x0 flatten linear:1", "exact", (1, 2)),
        ("1x3x6 reduce:axes=-1,keep pad:0x1:1 conv:1,k1,s2x1 gap", "global", (0, 2)),
    ],
)
def test_what_is_left_out_along_an_axis_that_the_field_tells(
    spec: str, status: str, sees: tuple[int, int]
) -> None:
    """Padding along the other axis makes it no bound, once all is taken together."""
    seen = cnncalc.analyze(spec).fields[-1]

    assert (seen.status, seen.axes[0].field.sees(0)) == (status, sees)


@pytest.mark.parametrize(
    ("spec", "unit", "claims"),
    [
        ("1x9x7 conv:1,k3", (None, 3, 2), ((3, 5), (2, 4))),
        ("1x9x7 conv:1,k3,p1", (None, 4, 3), ((3, 5), (2, 4))),
        ("1x3x3 conv:1,k5,p2 ", (None, 1, 1), ((-1, 3), (-1, 3))),  # beyond the borders too
        ("1x9x7 conv:1,k3,s2,p1 gap:keep", (None, 0, 0), ((0, 8), (0, 6))),  # no further, of all
        ("1x9x7 crop:2x0 gap:keep", (None, 0, 0), ((2, 6), (0, 6))),
        ("1x9x7 crop:2x0 linear:5,axis=1", (None, 2, 3), ((2, 6), (3, 3))),
    ],
)
def test_what_fields_claim_of_the_middle(
    spec: str, unit: tuple[int | None, ...], claims: tuple[tuple[int, int], ...]
) -> None:
    report = cnncalc.analyze(spec)
    last = [each for each in middles_of(report) if each.step == len(report.rows) - 1]

    assert (last[0].unit, last[0].claims) == (unit, claims)


def test_maps_of_no_places_have_no_middle() -> None:
    assert middles_of(cnncalc.analyze("4x1 convt:3,k1,p=0:1,empty")) == []


def test_where_the_middle_lies_in_padding_all_are_looked_at() -> None:
    """At every step, though the only unit of the pool sees all."""
    report = cnncalc.analyze("1x6x6 gap:keep pad:0x0:1 relu")

    assert [(each.step, each.unit) for each in middles_of(report)] == [
        (1, (None, 0, 0)), (2, (None, None, None)), (3, (None, None, None)),
    ]  # fmt: skip


def test_channels_of_units_that_see_all_are_looked_at_together() -> None:
    """Also where the channels were places."""
    report = cnncalc.analyze("1x1x3 permute:1x0x2 avgpool:1x3")

    assert [each.unit for each in middles_of(report) if each.step == 2] == [(None, 0, 0)]


def test_each_unit_is_chosen_once() -> None:
    """Of a map all of whose axes descend from the input's, the middle alone."""
    report = cnncalc.analyze("1x9x7 conv:1,k3")

    assert list(_chosen(report.fields[1], (1, 7, 5))) == [(None, 3, 2)]


def test_single_numbers_are_not_looked_at() -> None:
    report = cnncalc.analyze("1x1 relu reshape:scalar reshape:1x1")

    assert [each.step for each in middles_of(report)] == [1, 3]
