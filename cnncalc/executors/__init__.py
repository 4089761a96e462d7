"""Executors run a network's steps on real arrays, so that predictions can be checked.

They are found by name and imported on use: a framework is loaded by nobody who doesn't
ask for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

from cnncalc.errors import CnnCalcError, suggest
from cnncalc.executors.base import Executor, Run, StepRun, Tensor

__all__ = ["ALL", "EXECUTORS", "Executor", "Run", "StepRun", "Tensor", "find", "module_of"]

# The module whose `run` each one is.
EXECUTORS = {
    "bundled": "cnncalc.executors.arrays",
    "torch": "cnncalc.executors.torch",
    "keras": "cnncalc.executors.keras",
    "onnxruntime": "cnncalc.executors.onnxruntime",
}

FRAMEWORKS = {"torch": "PyTorch", "keras": "Keras"}

# The word for every one that is installed.
ALL = "all"


def find(name: str) -> Executor:
    """The executor of a name; CnnCalcError where there is none."""
    return cast("Executor", module_of(name).run)


def module_of(name: str) -> Any:
    """An executor's module; CnnCalcError where there is none, or its framework is absent.

    Beside `run` it has `DEVICES` and `ready(device)`: whether that can be used, and with what
    or why not. It may have `free_memory(device)`, where that is not the machine's; `TRAINS`,
    whether `run` takes `backward=True`; and `KEEPS`, whether nothing is freed during a run.
    """
    if name not in EXECUTORS:
        near = suggest(name, [*EXECUTORS, ALL])
        meant = f"did you mean `{near}`? " if near else ""
        available = ", ".join(f"`{known}`" for known in (*EXECUTORS, ALL))
        raise CnnCalcError(
            f"`{name}` is no executor", code="executor", help=f"{meant}available: {available}"
        )
    try:
        return import_module(EXECUTORS[name])
    except ImportError as error:
        if error.name != name:
            raise _broken(name, error) from None
        raise CnnCalcError(
            f"the executor `{name}` needs {FRAMEWORKS[name]}, which isn't installed",
            code="executor",
            help=f"pip install 'cnncalc[{name}]'",
        ) from None
    except (AttributeError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise _broken(name, error) from None


def _broken(name: str, error: Exception) -> CnnCalcError:
    """A framework that is there, but can't be loaded: a library is missing, or doesn't fit."""
    said = (str(error) or type(error).__name__).splitlines()[0]
    return CnnCalcError(f"the executor `{name}` can't be loaded: {said}", code="executor")
