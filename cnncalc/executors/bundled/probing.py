"""The bench on which probing networks are computed."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.context import Context

__all__ = ["Ones"]


class Ones(Context):
    """A bench whose weights are ones, and whose further inputs are zeros."""

    def weight(self, name: str, shape: Sequence[int]) -> Array:
        if name not in self.tensors:
            self.tensors[name] = self.xp.ones(tuple(shape), dtype=self.dtype)
        return self.tensors[name]

    def filled(self, shape: Sequence[int], around: float = 0.0, spread: float = 1.0) -> Array:
        return self.xp.zeros(tuple(shape), dtype=self.dtype)
