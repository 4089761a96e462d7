"""The loop over steps: what is missing, what is refused, what is freed, what is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cnncalc
from cnncalc.executors.base import StepRun
from cnncalc.executors.stepping import NotBuilt, Pass
from cnncalc.network import Network, Step


class Doubling(Pass):
    """Every step gives twice its first input; some kinds are refused, or don't fit."""

    misfits = (ValueError,)

    def enter(self, number: int, step: Step) -> Any:
        return np.ones((1, 3))

    def compute(self, number: int, step: Step, inputs: list[Any], result: StepRun) -> Any:
        if step.layer.kind == "tanh":
            raise NotBuilt("there is no such thing")
        if step.layer.kind == "silu":
            raise NotBuilt
        if step.layer.kind == "gelu":
            raise ValueError("sizes 3 and 4\nand more of that")
        if step.layer.kind == "elu":
            raise ValueError("CUDA out of memory")
        if step.layer.kind == "celu":
            raise KeyError("no misfit here")
        return inputs[0] * 2


def network(spec: str) -> Network:
    return cnncalc.parse(spec)


def test_each_step_reads_what_the_one_before_gave() -> None:
    doubling = Doubling(network("3 relu relu relu"))
    values = [value.max() for _, value in doubling.values_of(range(4))]

    assert values == [1, 2, 4, 8]


@pytest.mark.parametrize(
    ("kind", "built", "reason", "error"),
    [
        ("tanh", False, "there is no such thing", None),
        ("silu", False, None, None),
        ("gelu", True, None, "sizes 3 and 4"),
    ],
)
def test_a_step_that_gives_nothing(
    kind: str, built: bool, reason: str | None, error: str | None
) -> None:
    """What reads it isn't reached, what stands beside it is."""
    done = Doubling(network(f"3 a@relu {kind} relu @a relu")).run()

    assert [step.shape for step in done] == [(3,), (3,), None, None, (3,)]
    assert (done[2].built, done[2].reason, done[2].error) == (built, reason, error)
    assert (done[3].built, done[3].reason, done[3].error) == (False, None, None)


@pytest.mark.parametrize(("kind", "raised"), [("elu", ValueError), ("celu", KeyError)])
def test_what_is_no_evidence_goes_on(kind: str, raised: type[Exception]) -> None:
    """Memory that ran out, and faults of our own."""
    with pytest.raises(raised):
        Doubling(network(f"3 relu {kind}")).run()


def test_what_nobody_reads_any_more_is_freed() -> None:
    """Once the next step is asked for; the input and the end are kept."""
    doubling = Doubling(network("3 relu relu relu"))
    alive = [[value is not None for value in doubling.storage.values] for _ in doubling.steps()]

    assert alive[2] == [True, True, True, False]
    assert alive[3] == [True, False, True, True]
    assert [value is not None for value in doubling.storage.values] == [True, False, False, True]
    doubling.storage.clear()
    assert not any(value is not None for value in doubling.storage.values)


def test_progress_is_told_before_each_step_and_at_the_end() -> None:
    told: list[tuple[int, int, str]] = []
    Doubling(network("3 relu tanh")).run(lambda *at: told.append(at))

    assert told == [(0, 3, "input"), (1, 3, "relu1"), (2, 3, "tanh1"), (3, 3, "")]
