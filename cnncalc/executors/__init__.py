"""Executors run a network's steps on real arrays, so that predictions can be checked.

They are found by name and imported on use: a framework is loaded by nobody who doesn't
ask for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from cnncalc import packages
from cnncalc.errors import CnnCalcError
from cnncalc.executors.base import Executor, Run, StepRun, Tensor
from cnncalc.executors.loading import FRAMEWORKS, load
from cnncalc.suggestions import suggest

__all__ = ["ALL", "EXECUTORS", "Executor", "Run", "StepRun", "Tensor", "find", "module_of"]

# The module whose `run` each one is.
EXECUTORS = {
    "bundled": "cnncalc.executors.bundled.executor",
    "torch": "cnncalc.executors.torch.executor",
    "keras": "cnncalc.executors.keras.executor",
    "onnxruntime": "cnncalc.executors.onnxruntime",
}

if TYPE_CHECKING:  # each `run` takes what the protocol says
    from cnncalc.executors import onnxruntime
    from cnncalc.executors.bundled import executor as arrays
    from cnncalc.executors.keras import executor as keras
    from cnncalc.executors.torch import executor as torch

    RUNS: tuple[Executor, ...] = (arrays.run, torch.run, keras.run, onnxruntime.run)

# The word for every one that is installed.
ALL = "all"

# Which one runs what people may name instead.
MEANT = {
    "cupy": "bundled",
    "jax": "keras",
    "numpy": "bundled",
    "ort": "onnxruntime",
    "pytorch": "torch",
    "tensorflow": "keras",
    "tf": "keras",
}


def find(name: str) -> Executor:
    """The executor of a name; CnnCalcError where there is none."""
    return cast("Executor", module_of(name).run)


def module_of(name: str) -> Any:
    """An executor's module; CnnCalcError where there is none, or its framework can't be loaded.

    Beside `run` it has `DEVICES` and `ready(device)`: whether that can be used, and with what
    or why not. It may have `free_memory(device)`, where that is not the machine's; `TRAINS`,
    whether `run` takes `backward=True`; and `KEEPS`, whether nothing is freed during a run.
    """
    if name not in EXECUTORS:
        near = suggest(name, [*EXECUTORS, ALL], MEANT)
        meant = f"did you mean `{near}`? " if near else ""
        available = ", ".join(f"`{known}`" for known in (*EXECUTORS, ALL))
        raise CnnCalcError(
            f"`{name}` is no executor", code="executor", help=f"{meant}available: {available}"
        )
    # By themselves, so that what fails below is a fault of this package.
    packages.load("numpy", f"the executor `{name}`", "executor")
    if name in FRAMEWORKS:
        load(name)
    return import_module(EXECUTORS[name])
