"""Executors run a network's steps on real arrays, so that predictions can be checked.

They are found by name and imported on use: a framework is loaded by nobody who doesn't
ask for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from cnncalc.errors import CnnCalcError, suggest
from cnncalc.executors.base import Executor, Run, StepRun, Tensor

__all__ = ["EXECUTORS", "Executor", "Run", "StepRun", "Tensor", "find"]

# The module whose `run` each one is.
EXECUTORS = {
    "bundled": "cnncalc.executors.arrays",
    "onnxruntime": "cnncalc.executors.onnxruntime",
}

ANNOUNCED = ("torch", "keras")


def find(name: str) -> Executor:
    """The executor of a name; CnnCalcError where there is none."""
    if name in EXECUTORS:
        return cast("Executor", import_module(EXECUTORS[name]).run)
    available = ", ".join(f"`{known}`" for known in EXECUTORS)
    if name in ANNOUNCED:
        raise CnnCalcError(
            f"the executor `{name}` isn't available in this version",
            code="executor",
            help=f"available: {available}",
        )
    near = suggest(name, EXECUTORS)
    meant = f"did you mean `{near}`? " if near else ""
    raise CnnCalcError(
        f"`{name}` is no executor", code="executor", help=f"{meant}available: {available}"
    )
