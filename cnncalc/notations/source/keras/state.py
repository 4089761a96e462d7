"""What is known of one reading of a Keras source: its axes, and what it has made."""

from __future__ import annotations

from cnncalc.frameworks.keras import CHANNELS_LAST, Frame
from cnncalc.python.machine import Machine

__all__ = ["keras_of"]


class KerasState:
    """What Keras keeps of one reading.

    Attributes:
        frame: where Keras's axes are inside.
        counts: names that Keras has given out.
        inputs_made: how many inputs the source has made so far.
    """

    def __init__(self) -> None:
        self.frame: Frame = CHANNELS_LAST
        self.counts: dict[str, int] = {}
        self.inputs_made = 0


def keras_of(machine: Machine) -> KerasState:
    """What Keras keeps of what a machine reads."""
    return machine.part(KerasState)
