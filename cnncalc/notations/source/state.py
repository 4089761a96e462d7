"""What the frameworks know of one reading, beside what the machine itself does."""

from __future__ import annotations

from cnncalc.layers.base import Shape
from cnncalc.notations.source.model_trace import ModelTrace
from cnncalc.python.machine import Machine
from cnncalc.python.values import Instance

__all__ = ["State", "state_of"]


class State:
    """The model as far as it has run, and how its source speaks.

    Attributes:
        notation: which framework names without an import belong to.
        layout: how its source orders shapes: `channels-first` or `channels-last`.
        running: the modules whose forward is under way, innermost last.
        trace: the steps so far, while the model runs.
        open_input: the size, from outside, of inputs that the source leaves open.
        inputs: sizes from outside for inputs that the source makes, by their order.
    """

    def __init__(self) -> None:
        self.notation = "torch"
        self.layout = "channels-first"
        self.running: list[Instance] = []
        self.trace: ModelTrace | None = None
        self.open_input: Shape | None = None
        self.inputs: dict[int, Shape] = {}

    @property
    def is_keras(self) -> bool:
        """Whether Keras's names are those that are read."""
        return self.notation == "keras"

    @property
    def steps(self) -> ModelTrace:
        """The steps so far of a model that is running."""
        assert self.trace is not None
        return self.trace


def state_of(machine: Machine) -> State:
    """What is known of the model that a machine reads."""
    return machine.part(State)
