"""The table that computations enter themselves in."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.executors.base import Array

__all__ = ["COMPUTATIONS", "Computation", "computes"]

Computation = Callable[..., Array]  # of the context, the layer and the arrays that flow in

COMPUTATIONS: dict[str, Computation] = {}


def computes(*kinds: str) -> Callable[[Computation], Computation]:
    """Enter a function as the computation of these layer kinds."""

    def enter(computation: Computation) -> Computation:
        for kind in kinds:
            if kind in COMPUTATIONS:
                raise TypeError(f"two computations for {kind}")
            COMPUTATIONS[kind] = computation
        return computation

    return enter
