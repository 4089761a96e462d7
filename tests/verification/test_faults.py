"""Planted faults: each executor finds each of them, where it finds nothing in the right formula."""

from __future__ import annotations

from typing import Any

import pytest

import cnncalc
from cnncalc.executors import EXECUTORS
from tests.verification.faults import FAULTS, tweaked
from tests.verification.standing_in import installed_or_skip

SPECS = {"conv": "3x40x40 conv:4,k3,p1", "maxpool": "3x40x40 maxpool:2"}


def found(spec: str, executor: str) -> list[tuple[Any, ...]]:
    """The step and what differs, of each mismatch."""
    outcome = cnncalc.verify(spec, executor=executor).verify
    assert outcome is not None
    assert outcome["unchecked"] == []
    assert outcome["ok"] == (not outcome["mismatches"])
    return [(each["index"], each["what"]) for each in outcome["mismatches"]]


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found_by_each_executor(
    fault: str, executor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed_or_skip(executor)
    kind, method, change, what = FAULTS[fault]
    assert found(SPECS[kind], executor) == []
    tweaked(monkeypatch, kind, method, change)

    assert (1, what) in found(SPECS[kind], executor)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found_by_all_together(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And whoever ran says so."""
    kind, method, change, what = FAULTS[fault]
    tweaked(monkeypatch, kind, method, change)
    outcome = cnncalc.verify(SPECS[kind], executor="all").verify

    assert outcome is not None
    assert not outcome["ok"]
    ran = {run["executor"] for run in outcome["runs"] if run["ok"] is not None}
    assert "bundled" in ran
    assert {each["executor"] for each in outcome["mismatches"] if each["what"] == what} == ran
