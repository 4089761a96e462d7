"""Executors run a network's steps on real arrays, so that predictions can be checked.

They are found by name and imported on use: a framework is loaded by nobody who doesn't
ask for it.
"""

from __future__ import annotations

from collections.abc import Callable

from cnncalc import packages
from cnncalc.errors import CnnCalcError
from cnncalc.executors.base import Executor
from cnncalc.executors.keras.loading import load as load_keras
from cnncalc.suggestions import suggest

__all__ = ["ALL", "EXECUTORS", "find"]


def _bundled() -> Executor:
    from cnncalc.executors.bundled.executor import BundledExecutor

    return BundledExecutor()


def _torch() -> Executor:
    packages.load("torch", "the executor `torch`", "executor")
    from cnncalc.executors.torch.executor import TorchExecutor

    return TorchExecutor()


def _keras() -> Executor:
    load_keras()
    from cnncalc.executors.keras.executor import KerasExecutor

    return KerasExecutor()


def _onnxruntime() -> Executor:
    packages.load("onnxruntime", "the executor `onnxruntime`", "executor")
    from cnncalc.executors.onnxruntime import OnnxRuntimeExecutor

    return OnnxRuntimeExecutor()


# How each is made; the frameworks by themselves first, so that what fails after that is a fault
# of this package.
EXECUTORS: dict[str, Callable[[], Executor]] = {
    "bundled": _bundled,
    "torch": _torch,
    "keras": _keras,
    "onnxruntime": _onnxruntime,
}

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
    """The executor of a name.

    Raises:
        CnnCalcError: there is none, or its framework can't be loaded.
    """
    if name not in EXECUTORS:
        near = suggest(name, [*EXECUTORS, ALL], MEANT)
        meant = f"did you mean `{near}`? " if near else ""
        available = ", ".join(f"`{known}`" for known in (*EXECUTORS, ALL))
        raise CnnCalcError(
            f"`{name}` is no executor", code="executor", help=f"{meant}available: {available}"
        )
    packages.load("numpy", f"the executor `{name}`", "executor")
    return EXECUTORS[name]()
