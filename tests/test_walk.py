"""Many units pulled back together: the same as one by one, at a cost that grows with the steps."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc.receptive import walk
from cnncalc.receptive.middles import middles_of
from cnncalc.receptive.units import view
from tests.library import report

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
