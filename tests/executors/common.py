"""What the tests of several executors share: drawn networks, and a fault that each must find."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

import cnncalc
from cnncalc.errors import SpecError
from cnncalc.layers import KINDS
from tests.executors.test_arrays import alone, sample

__all__ = ["check_broken_output", "drawn", "verified"]

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
