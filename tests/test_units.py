"""What single units see: pulled back map by map, clipped at each."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from cnncalc import SpecError, analyze
from cnncalc.receptive import units
from cnncalc.receptive.maps import Region
from cnncalc.receptive.units import (
    centre_of_last_map,
    first_to_see_all,
    larger_than_input,
    view,
)
from tests.strategies import specs


@pytest.mark.parametrize(
    ("text", "unit", "unclipped", "clipped", "touched"),
    [
        ("1x9 conv:1,k3,p1", (0,), (-1, 1), (0, 1), 2),
        ("1x9 conv:1,k3,p1", (4,), (3, 5), (3, 5), 3),
        ("1x9 conv:1,k3,p1 gap:keep", (0,), (0, 8), (0, 8), 9),
        ("1x9 conv:1,k3,p1,d2", (0,), (-1, 3), (1, 3), 2),
        ("1x9 conv:1,k3,p1 conv:1,k3,p1", (0,), (-2, 2), (0, 2), 3),
        # pooling reads one pixel of two that lie two apart: there is a hole in between
        ("1x9 conv:1,k1,s2 conv:1,k2", (1,), (2, 4), (2, 4), 2),
        # the map in between ends before its neighbour could bring in more
        ("1x9 maxpool:2 conv:1,k3,p1", (3,), (4, 9), (4, 7), 4),
        ("1x4 convt:1,k3,s2", (4,), (1, 2), (1, 2), 2),
        ("1x4 convt:1,k3,s2", (5,), (2, 2), (2, 2), 1),
        ("1x4 upsample:2,mode=linear", (0,), (-1, 0), (0, 0), 1),
        ("1x4 add[conv:1,k3,p1 | conv:1,k1]", (0,), (-1, 1), (0, 1), 2),
        ("1x9 conv:1,k3 slice:0..1 cat[ | conv:1,k3,p1]", (0,), (-1, 3), (0, 3), 4),
        ("1x9 mul(align=second)[conv:1,k3,p1 | gap]", (4,), (0, 8), (0, 8), 9),
        ("1x9 pad:2:0 conv:1,k1", (0,), (-2, -2), None, 0),
        ("1x9 flatten", (), (0, 8), (0, 8), 9),
        ("1x9 flatten slice:2..5", (), (2, 4), (2, 4), 3),
        ("1x9 conv:1,k3 gap:keep", (0,), (0, 8), (0, 8), 9),
    ],
)
def test_units(
    text: str,
    unit: tuple[int, ...],
    unclipped: tuple[int, int],
    clipped: tuple[int, int] | None,
    touched: int,
) -> None:
    """Intervals worked out by hand."""
    report = analyze(text)
    seen = view(report, len(report.rows) - 1, unit)

    assert seen.unclipped == (unclipped,)
    assert seen.clipped == (clipped,)
    assert seen.touched == (touched,)


@given(specs())
@settings(max_examples=150)
def test_what_is_read_lies_within_the_formula(text: str) -> None:
    """The clipped interval is inside the unclipped one and inside the input, at every step."""
    report = analyze(text)
    for number in range(len(report.rows)):
        seen = view(report, number)
        for inner, outer, n in zip(seen.clipped, seen.unclipped, report.input[1:], strict=True):
            if inner is None:
                continue
            assert outer is not None
            assert max(outer[0], 0) <= inner[0] <= inner[1] <= min(outer[1], n - 1)


def test_one_index_stands_for_all_axes_and_none_for_the_centre() -> None:
    """A single number is a place on each axis."""
    report = analyze("1x9x7 conv:1,k3")

    assert view(report, 1, (2,)).unit == (2, 2)
    assert view(report, 1).unit == (3, 2)
    assert view(report, 1).clipped == ((3, 5), (2, 4))


def test_channels_that_are_places_are_taken_together() -> None:
    """What all of them see, however many places there are beside them."""
    assert view(analyze("2x8 permute:1x0"), 1, (0,)).unclipped == ((0, 7),)
    assert view(analyze("2x8 permute:1x0 pad:0,c=3:0 slice:..3"), 3, (1,)).unclipped == ((-3, -1),)


@pytest.mark.parametrize("unit", [(7,), (0, 7), (-1,), (0, 0, 0)])
def test_units_outside_the_map_are_refused(unit: tuple[int, ...]) -> None:
    """The message says which there are."""
    with pytest.raises(SpecError, match="has no unit") as caught:
        view(analyze("1x9x9 conv:1,k3"), 1, unit)
    assert "from 0 to 6x6" in str(caught.value.help)


def test_a_unit_in_the_padding_of_one_axis_sees_nothing() -> None:
    """Not even on the other axis."""
    seen = view(analyze("1x3x3 pad:1"), 1, (0, 2))

    assert seen.clipped == (None, None)
    assert seen.touched == (0, 0)


def test_the_whole_input_must_really_be_seen() -> None:
    """By formula the padding's windows reach the last row, which the first layer left out."""
    assert first_to_see_all(analyze("1x10 conv:1,k3,s3 conv:1,k5,p2 relu gap")) is None
    assert first_to_see_all(analyze("1x9 conv:1,k3,s3 conv:1,k5,p2 relu gap")).name == "conv2"  # type: ignore[union-attr]


def test_what_does_not_really_see_all_is_passed_over() -> None:
    """Beside it another branch does."""
    branches = "conv:1,k4,s4 conv:1,k5,p2 upsample:size=10 | conv:1,k19,p9"
    first = first_to_see_all(analyze(f"1x10 add[ {branches} ]"))

    assert first
    assert first.name == "conv3"


def test_vectors_see_no_input_whole() -> None:
    """There is no axis along which they would."""
    report = analyze("8 linear:4 pad:0,c=1:0 linear:2")

    assert first_to_see_all(report) is None
    assert [seen.whole for seen in report.fields] == [False] * 4


def test_what_is_too_much_to_list_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later step may see all, and not be too much."""
    report = analyze("1x9 conv:1,k9,p4 conv:1,k9,p4 conv:1,k9,p4")
    right = units._reached

    def reached(report: units.Sighted, number: int, unit: tuple[int, ...]) -> Region:
        if number < 2:
            raise SpecError("too much")
        return right(report, number, unit)

    monkeypatch.setattr(units, "_reached", reached)
    first = first_to_see_all(report)

    assert first
    assert first.name == "conv2"


def test_where_the_field_outgrows_the_input() -> None:
    """The first step whose centre sees all, and the weights beyond."""
    report = analyze("1x9 conv:1,k5,p2 conv:1,k5,p2 conv:1,k5,p2 relu gap")
    first = first_to_see_all(report)

    assert first is not None
    assert first.name == "conv2"
    assert [row.name for row in larger_than_input(report)] == ["conv3"]
    assert larger_than_input(analyze("1x5x50 conv:1,k5,p=same conv:1,k5,p=same")) == []


def test_the_last_map_is_looked_at_in_its_centre() -> None:
    """What comes before the vectors; of vectors alone the last."""
    seen = centre_of_last_map(analyze("3x9x8 conv:4,k3 relu gap linear:2"))
    assert (seen.step, seen.unit) == (2, (3, 3))
    assert centre_of_last_map(analyze("3 linear:2 relu")).step == 2
    assert centre_of_last_map(analyze("3x9 conv:4,k3 relu gap linear:2")).step == 2


def test_what_sees_nothing_is_written_as_none() -> None:
    """By formula between two taps, or in padding."""
    between = view(analyze("1x4 convt:1,k1,s3"), 1, (1,)).to_dict()
    padding = view(analyze("1x4 pad:1"), 1, (0,)).to_dict()

    assert (between["unclipped"], between["clipped"], between["touched"]) == ([None], [None], [0])
    assert (padding["unclipped"], padding["clipped"], padding["touched"]) == (
        [[-1, -1]],
        [None],
        [0],
    )
