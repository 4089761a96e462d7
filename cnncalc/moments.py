"""What inference and training take at most: plain figures, for any batch.

`executors.training` works them out of a report. Every moment of a run takes so many bytes whatever
the batch, and so many more for each sample; the most of all moments is what it takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Memory", "Moment", "Peak", "Room"]

CONTEXT = 10**9  # bytes: what a GPU's context and the libraries loaded into it take


class Moment(NamedTuple):
    """What is alive at one moment of a run.

    Attributes:
        gradients: bytes of the weights' gradients that there are by then.
        working: bytes that the optimizer works in.
        sample: bytes of activations and of what flows back, for each sample.
    """

    gradients: int
    working: int
    sample: int


class Peak(NamedTuple):
    """What is alive where a run takes the most, in bytes."""

    parameters: int
    buffers: int
    states: int
    gradients: int
    working: int
    activations: int

    @property
    def total(self) -> int:
        return sum(self)


class Room(NamedTuple):
    """What of a device's memory a run may take.

    Attributes:
        reserve: bytes that are left to others: a tenth, at most 1 GB, to the device's context and
            the libraries loaded into it, a twentieth to workspaces of kernels and to gaps that
            nothing fits into.
        most: the bytes beside that.
        batch: the largest that takes no more; 0: not even one sample does.
    """

    reserve: int
    most: int
    batch: int


class Memory(NamedTuple):
    """What a run takes.

    Attributes:
        optimizer: of training; None: inference.
        parameters, buffers, states: bytes that are there all the time, `states` the optimizer's.
        moments: of the run, one after another.
        rows: for each row of the report bytes of one sample: of inference what is alive while it
            works, of training what it keeps for the way back.
    """

    optimizer: str | None
    parameters: int
    buffers: int
    states: int
    moments: Sequence[Moment]
    rows: Sequence[int]

    @property
    def what(self) -> str:
        """The run in words."""
        return "inference" if self.optimizer is None else f"training with {self.optimizer}"

    @property
    def always(self) -> int:
        return self.parameters + self.buffers + self.states

    def at(self, batch: int) -> Peak:
        """The moment that takes the most at a batch."""
        most = max(self.moments, key=lambda each: _taken(each, batch))
        changing = most.gradients, most.working, batch * most.sample
        return Peak(self.parameters, self.buffers, self.states, *changing)

    def room(self, device: int) -> Room:
        """What it may take of a device of so many bytes, and the largest batch that does."""
        reserve = min(device // 10, CONTEXT) + device // 20
        left = device - reserve - self.always
        fits = [
            (left - each.gradients - each.working) // max(each.sample, 1) for each in self.moments
        ]
        return Room(reserve, device - reserve, max(min(fits, default=0), 0))


def _taken(moment: Moment, batch: int) -> int:
    return moment.gradients + moment.working + batch * moment.sample
