"""Where an item of a spec stands: parameters, labels, and the uses of definitions around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cnncalc.errors import Span

__all__ = ["Scope"]


class Scope(NamedTuple):
    """Where an item stands: the parameters' values, labels, and the uses that led here."""

    values: Mapping[str, str]
    labels: dict[str, tuple[int, int]]  # its step, and where in the text it was given
    outer: Scope | None
    calls: tuple[str, ...]
    uses: tuple[Span, ...]

    def find(self, label: str) -> int | None:
        """The step of a label, here or where the definition was used."""
        scope: Scope | None = self
        while scope is not None:
            if label in scope.labels:
                return scope.labels[label][0]
            scope = scope.outer
        return None

    def known(self) -> list[str]:
        return [*self.labels, *(self.outer.known() if self.outer else [])]
