"""Executors of which a test knows what they find: the bundled one's runs, put right or wrong."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from cnncalc.errors import CnnCalcError
from cnncalc.executors import module_of
from cnncalc.executors.base import Run
from cnncalc.report import report_of
from tests.executors.common import looked_at

Change = Callable[[Run], None]


def executor(name: str, change: Change = lambda run: None, **more: Any) -> SimpleNamespace:
    """A module of an executor whose runs always take as long and as much."""

    def run(*args: Any, backward: bool = False, **options: Any) -> Run:
        done = looked_at(report_of(*args), **options)
        done.executor, done.seconds, done.forward_seconds = name, 0.25, 0.0125
        done.peak_bytes = 12_345_678
        if backward:
            done.backward_seconds = 0.03
            for step in done.steps:
                step.tensors = [tensor._replace(gradient=tensor.shape) for tensor in step.tensors]
        change(done)
        return done

    return SimpleNamespace(
        run=run,
        DEVICES=("cpu",),
        **more,
    )


def use(monkeypatch: pytest.MonkeyPatch, **modules: SimpleNamespace | CnnCalcError) -> None:
    """Let these be the executors that there are; an error is why one can't be loaded."""

    def found(name: str) -> SimpleNamespace:
        module = modules[name]
        if isinstance(module, CnnCalcError):
            raise module
        return module

    monkeypatch.setattr("cnncalc.verification.running.EXECUTORS", modules)
    monkeypatch.setattr("cnncalc.verification.running.module_of", found)


def installed_or_skip(name: str) -> None:
    """A skip where an executor's framework is absent."""
    try:
        ready, why = module_of(name).ready("cpu")
    except CnnCalcError as error:
        ready, why = False, error.message
    if not ready:
        pytest.skip(why)
