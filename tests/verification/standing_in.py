"""Executors of which a test knows what they find: the bundled one's runs, put right or wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cnncalc.analysis import analyze
from cnncalc.errors import CnnCalcError
from cnncalc.executors import find
from cnncalc.executors.base import Executor, Forward, How, Run
from cnncalc.layers.base import Shape
from cnncalc.network import Network
from cnncalc.report import Report
from tests.executors.common import looked_at

Change = Callable[[Run], None]


class StandIn(Executor):
    """An executor whose runs always take as long and as much."""

    devices = ("cpu",)

    def __init__(self, name: str, change: Change, trains: bool, keeps: bool) -> None:
        self.name = name
        self.change = change
        self.trains = trains
        self.keeps = keeps

    def ready(self, device: str) -> tuple[bool, str]:
        return True, ""

    def run(self, *args: Any, **options: Any) -> Run:
        done = super().run(*args, **options)
        done.seconds = 0.25
        self.change(done)
        return done

    def ran(self, network: Network, input_shape: Shape, how: How) -> Run:
        done = looked_at(
            Report(analyze(network, input_shape)),
            device=how.device,
            dtype=how.dtype,
            batch=how.batch,
            progress=how.progress,
        )
        done.executor, done.forward_seconds = self.name, 0.0125
        done.peak_bytes = 12_345_678
        if how.backward:
            done.backward_seconds = 0.03
            for step in done.steps:
                step.tensors = [tensor._replace(gradient=tensor.shape) for tensor in step.tensors]
        return done

    def prepare(self, network: Network, asked: frozenset[int], *, device: str = "cpu") -> Forward:
        """Its runs have what units see already."""
        return lambda x: ()


def executor(
    name: str, change: Change = lambda run: None, *, trains: bool = False, keeps: bool = False
) -> Executor:
    """One whose runs are put right or wrong by `change`."""
    return StandIn(name, change, trains, keeps)


def use(monkeypatch: pytest.MonkeyPatch, **executors: Executor | CnnCalcError) -> None:
    """Let these be the executors that there are; an error is why one can't be loaded."""

    def found(name: str) -> Executor:
        executor = executors[name]
        if isinstance(executor, CnnCalcError):
            raise executor
        return executor

    monkeypatch.setattr("cnncalc.verification.running.EXECUTORS", executors)
    monkeypatch.setattr("cnncalc.verification.running.find", found)
    monkeypatch.setattr("cnncalc.verification.running.perf_counter", lambda: 0.0)


def installed_or_skip(name: str) -> None:
    """A skip where an executor's framework is absent."""
    try:
        ready, why = find(name).ready("cpu")
    except CnnCalcError as error:
        ready, why = False, error.message
    if not ready:
        pytest.skip(why)
