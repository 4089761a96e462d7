"""Networks of odd options, thousands of them, through two executors: none differs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

import cnncalc
from cnncalc.errors import CnnCalcError
from tests.strategies import odd_specs

PORTIONS, EACH = 90, 500  # of each some 230 that aren't alike


def drawn(portion: int, count: int) -> list[str]:
    """Other networks for each portion, and each of them once."""
    found: dict[str, None] = {}

    @seed(portion)
    @settings(
        max_examples=count,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(odd_specs(max_layers=5))
    def draw(spec: str) -> None:
        found[spec] = None

    draw()
    return list(found)


def differences(specs: Iterable[str], executor: str) -> list[Any]:
    """The networks of which a run isn't what was predicted, or that can't be run, and why."""
    found = list[Any]()
    for spec in specs:
        how = {"batch": 1 + len(spec) % 3, "dtype": ("float32", "float64")[len(spec) % 2]}
        try:
            outcome = cnncalc.verify(spec, executor=executor, **how).verify
        except CnnCalcError as error:
            found.append((spec, str(error)))
            continue
        assert outcome is not None
        found += [(spec, each) for each in outcome["mismatches"]]
    return found


@pytest.mark.thorough
@pytest.mark.parametrize("executor", ["bundled", "torch"])
@pytest.mark.parametrize("portion", range(PORTIONS))
def test_many_odd_networks(portion: int, executor: str) -> None:
    """All that differ are told, not only the first."""
    if executor == "torch":
        pytest.importorskip("torch")
    specs = drawn(portion, EACH)

    assert len(specs) > EACH // 4
    assert differences(specs, executor) == []
