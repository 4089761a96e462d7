"""What flows between the nodes of a file."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.layers.recurrent import State
from cnncalc.notations.onnx.reading.model import Node
from cnncalc.tracing.tensors import Static, Tensor

__all__ = [
    "End",
    "Ends",
    "Mask",
    "Open",
    "Statistic",
    "Untold",
    "Value",
    "Ways",
]


class Mask(NamedTuple):
    """What a comparison of data gives, until it is asked for as ones and zeros.

    Attributes:
        of: the data.
        node: that compares.
        sides: what it compares, in its order.
        above: true where the data is larger than this number; None: it says something else.
        missing: true where the data is no number (NaN).
    """

    of: Tensor
    node: Node
    sides: tuple[Tensor | Static, ...]
    above: float | None = None
    missing: bool = False

    def is_of(self, data: Tensor) -> bool:
        """Whether it says something of this data, value by value."""
        return (self.of.number, self.of.batch) == (data.number, data.batch)


class Untold(NamedTuple):
    """A further output that isn't followed: indices of a pool, a mask of a dropout."""

    node: Node
    place: int


class Open(NamedTuple):
    """A further input whose sizes the file leaves open."""

    name: str


class Statistic(NamedTuple):
    """Numbers taken along the batch, and what is worked out of them: good for a norm alone."""

    of: Tensor
    node: Node  # that takes them


class Ways(NamedTuple):
    """What a recurrent node gives at all steps, its directions on an axis of their own.

    Attributes:
        of: its step: steps, batch, and the features of all directions side by side.
        directions: how many there are.
        order: its axes: 0 the steps, 1 the directions, 2 the batch, 3 the features.
    """

    of: Tensor
    directions: int
    order: tuple[int, ...]


class End(NamedTuple):
    """A state that a recurrent node keeps, or one that it may start from.

    Attributes:
        of: the node's step, or the vector itself.
        layer: what reads it from that step; None: it is a vector already.
    """

    of: Tensor
    layer: State | None

    @property
    def features(self) -> int:
        return self.of.shape[0] if self.layer is None else self.layer.features


class Ends(NamedTuple):
    """States of recurrent nodes, stacked in front of the batch; `turned`: behind it."""

    parts: tuple[End, ...]
    turned: bool = False


Value = (
    Tensor | Static | Mask | Statistic | Untold | Open | Ways | Ends | None
)  # None: an input left out
