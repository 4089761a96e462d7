"""Scratch memory that kernels share, and how much of it to take at once."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from numpy.typing import DTypeLike

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.kernels.arrays import Namespace, is_host

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

WORKSPACE_BYTES = 64 * 2**20
# What a CPU writes in one block should still be in its caches when it is read.
CACHED_BYTES = 8 * 2**20


def block_bytes(xp: Namespace, limit: int = WORKSPACE_BYTES) -> int:
    """How much scratch memory one block should take."""
    return min(limit, CACHED_BYTES) if is_host(xp) else limit


class Workspace:
    """Scratch memory of at most ``limit`` bytes, kept from one kernel to the next.

    Memory fresh from the system costs a page fault for every page first
    touched, so a chain of layers should share one of these.
    """

    def __init__(self, xp: Namespace, limit: int = WORKSPACE_BYTES) -> None:
        self.limit = limit
        self._xp = xp
        self._buffer: Array = xp.empty(0, dtype=xp.uint8)

    @property
    def nbytes(self) -> int:
        """How much it holds now."""
        return int(self._buffer.size)

    def arrays(self, sizes: Sequence[int], dtype: DTypeLike) -> list[Array]:
        """Flat uninitialised arrays, which replace those handed out before."""
        lengths = [size * self._xp.dtype(dtype).itemsize for size in sizes]
        rooms = [-(-length // 64) * 64 for length in lengths]  # each begins a cache line
        if sum(rooms) > self._buffer.size:
            self._buffer = self._xp.empty(0, dtype=self._xp.uint8)  # free the old one first
            self._buffer = self._xp.empty(sum(rooms), dtype=self._xp.uint8)
        starts = [sum(rooms[:index]) for index in range(len(rooms))]
        return [
            self._buffer[start : start + length].view(dtype)
            for start, length in zip(starts, lengths, strict=True)
        ]


def shaped(memory: Array, shape: Sequence[int]) -> Array:
    """The first elements of a flat array, in a shape."""
    return memory[: prod(shape)].reshape(tuple(shape))
