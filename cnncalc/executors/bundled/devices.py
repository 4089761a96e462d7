"""Where arrays live: the array module of a device, and how much memory they take there."""

from __future__ import annotations

import tracemalloc
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Self

from cnncalc import packages
from cnncalc.errors import CnnCalcError

__all__ = ["DEVICES", "Peak", "array_module", "free_gpu_memory", "synchronize"]

DEVICES = ("cpu", "cuda")


def array_module(device: str) -> ModuleType:
    """NumPy for `cpu`, CuPy for `cuda`; CnnCalcError where that can't be had."""
    if device == "cpu":
        return packages.load("numpy", "the executor `bundled`", "executor")
    if device == "cuda":
        return _cupy()
    raise CnnCalcError(
        f"`{device}` is no device of the bundled executor",
        code="device",
        help="`cpu` (NumPy) or `cuda` (CuPy)",
    )


def _cupy() -> ModuleType:
    cupy = packages.load("cupy", "the device `cuda`", "device")
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except Exception as error:  # CuPy's own kinds, and whatever a broken driver raises
        raise _no_gpu(str(error)) from None
    if count < 1:
        raise _no_gpu("no device found")
    _try_out(cupy)
    return cupy


def _try_out(cupy: ModuleType) -> None:
    """CnnCalcError where CuPy, which loads CUDA's libraries late, can't compile or multiply."""
    try:
        cupy.matmul(cupy.ones((2, 2)), cupy.ones((2, 2))).sum().item()
    except Exception as error:  # whatever a broken installation raises
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise CnnCalcError(
            f"CuPy can't compute on this GPU: {said}",
            code="device",
            help="pip install 'cupy-cuda12x[ctk]' brings the CUDA libraries that fit it",
        ) from None


def _no_gpu(reason: str) -> CnnCalcError:
    return CnnCalcError(
        f"CuPy is installed but sees no GPU: {reason}",
        code="device",
        help="a machine with an NVIDIA GPU and its driver, or the device `cpu`",
    )


def synchronize(xp: ModuleType) -> None:
    """Wait until the device has done what it was asked for."""
    if xp.__name__ == "cupy":
        xp.cuda.get_current_stream().synchronize()


class Peak(AbstractContextManager["Peak"]):
    """How far the memory of arrays rose in between.

    NumPy tells tracemalloc of each array; CuPy keeps what it took from the GPU in a pool,
    emptied beforehand, so that what that has in the end is the most that it had.

    Attributes:
        bytes: the most above what there was before; 0 until the end.
    """

    def __init__(self, xp: ModuleType) -> None:
        self.pool = xp.get_default_memory_pool() if xp.__name__ == "cupy" else None
        self.bytes = 0

    def __enter__(self) -> Self:
        self.tracing = tracemalloc.is_tracing()
        if self.pool is not None:
            self.pool.free_all_blocks()
        elif self.tracing:
            tracemalloc.reset_peak()
        else:
            tracemalloc.start()
        self.before = self._now()[0]
        return self

    def __exit__(self, *_: object) -> None:
        self.bytes = self._now()[1] - self.before
        if self.pool is None and not self.tracing:
            tracemalloc.stop()

    def _now(self) -> tuple[int, int]:
        """What is alive and the most that was."""
        if self.pool is None:
            return tracemalloc.get_traced_memory()
        return int(self.pool.used_bytes()), int(self.pool.total_bytes())


def free_gpu_memory() -> int:
    """Bytes that can still be taken on the GPU; CnnCalcError where there is none."""
    xp = array_module("cuda")
    free, _ = xp.cuda.runtime.memGetInfo()
    return int(free) + int(xp.get_default_memory_pool().free_bytes())
