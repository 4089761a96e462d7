"""What is known of one reading of a Keras source: its axes, its inputs and its steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cnncalc.layers.base import Shape
from cnncalc.network import Declared
from cnncalc.notations.source.recording import ModelTrace
from cnncalc.notations.source.state import state_of
from cnncalc.python.machine import Machine
from cnncalc.python.values import OBJECT
from cnncalc.tracing.tensors import Operations, Tensor

if TYPE_CHECKING:
    from cnncalc.frameworks.keras import Frame

__all__ = [
    "KerasOperations",
    "KerasState",
    "KerasTensor",
    "keras_of",
    "keras_readers",
    "keras_trace",
]


class KerasState:
    """What Keras keeps of one reading.

    Attributes:
        counts: names that Keras has given out.
        inputs_made: how many inputs the source has made so far.
        wanted: sizes for them from outside.
        default_input: the size of inputs that the source leaves open.
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.inputs_made = 0
        self.wanted: dict[int, Shape] = {}
        self.default_input: Shape | None = None
        self._frame: Frame | None = None

    @property
    def frame(self) -> Frame:
        """Where Keras's axes are inside."""
        if self._frame is None:
            from cnncalc.frameworks.keras import CHANNELS_LAST  # Keras's rules, which few need

            self._frame = CHANNELS_LAST
        return self._frame

    @frame.setter
    def frame(self, frame: Frame) -> None:
        self._frame = frame


def keras_of(machine: Machine) -> KerasState:
    """What Keras keeps of what a machine reads."""
    return machine.part(KerasState)


class KerasOperations(Operations):
    """What Keras does with its tensors."""


class KerasTensor(Tensor):
    """A tensor of a Keras model; inside its axes are channels first like all others."""

    __slots__ = ()
    operations = KerasOperations
    cls = OBJECT


def keras_trace(machine: Machine) -> ModelTrace:
    """The steps that Keras layers have made so far."""
    state = state_of(machine)
    if state.trace is None:
        state.trace = ModelTrace({}, "/", KerasTensor)
    return state.trace


def keras_readers(machine: Machine) -> Mapping[str, Callable[..., tuple[Declared, ...]]]:
    """Keras's vocabulary in the layout of this source; steps are kept from now on."""
    from cnncalc.frameworks.keras import readers  # Keras's rules, which few need

    keras_trace(machine)
    return readers(keras_of(machine).frame)
