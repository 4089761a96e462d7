"""What the tests of several executors share: drawn networks, and a fault that each must find."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

import cnncalc
from cnncalc.errors import SpecError
from cnncalc.executors import find
from cnncalc.executors.base import Run
from cnncalc.executors.probing.search import measure
from cnncalc.layers import KINDS
from cnncalc.receptive.middles import middles_of
from cnncalc.report import Report
from tests.executors.test_arrays import alone, sample

__all__ = ["check_broken_output", "drawn", "looked_at", "verified"]

# The same few networks every time, as they are drawn.
drawn = settings(
    max_examples=15,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


def verified(executor: str, spec: Any, input: Any = None, **options: Any) -> dict[str, Any]:
    """What one executor found."""
    outcome = cnncalc.verify(spec, input, executor=executor, **options).verify
    assert outcome is not None
    return outcome


def looked_at(report: Report, executor: str = "bundled", most: int = 10**9, **options: Any) -> Run:
    """A run with what its middle units were found to see."""
    runner = find(executor)
    run = runner.run(report.network, report.input, **options)
    measure(report, run, partial(runner.prepare, device="cpu"), most, middles_of(report))
    return run


def check_broken_output(executor: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that an executor finds one channel too many in what a kind's formula says."""
    layer, shapes = sample(kind)
    right, found = KINDS[kind].output, []
    monkeypatch.setattr(
        KINDS[kind], "output", lambda self, *s: (right(self, *s)[0] + 1, *right(self, *s)[1:])
    )
    for shape in shapes:
        try:
            outcome = verified(executor, alone(layer), shape)
        except SpecError:
            continue
        found.append([(each["index"], each["what"]) for each in outcome["mismatches"]])

    assert found
    assert found == [[(1, "shape")]] * len(found)
