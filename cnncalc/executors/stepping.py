"""The one loop over the steps of a network: what each reads, what it gives, what is let go of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.executors.base import Array, Progress, States, StepRun
from cnncalc.executors.shortage import ran_out
from cnncalc.executors.storage import Storage
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Step
from cnncalc.packages import said

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

__all__ = [
    "NotBuilt",
    "Pass",
    "computed_in",
    "most_exact",
    "sizes_of_input",
    "whole_numbers",
]

COMPUTED = ("float64", "float32", "float16", "bfloat16")  # in which libraries compute
EXACT = {"bfloat16": 2**8, "float16": 2**11}  # up to which all whole numbers are there


class NotBuilt(Exception):  # noqa: N818 — it is no fault
    """An executor has nothing to build a layer of; its text, if there is one, says why."""


class Pass(ABC):
    """One pass over a network. Each executor says what flows in and what its steps make of that.

    Attributes:
        network: at the size that it is run at.
        storage: what steps gave that is still to be read.
        states: what steps handed out beside that, where other steps read it.
        misfits: what is raised where arrays don't fit together: evidence about a step that the
            prediction let through, not a fault of the run.
    """

    misfits: ClassVar[tuple[type[Exception], ...]] = ()

    def __init__(self, network: Network) -> None:
        self.network = network
        self.storage = Storage(network.steps, network.outputs)
        self.states = dict[int, States]()
        self._handing = {step.inputs[0] for step in network.steps if step.layer.beside}

    @abstractmethod
    def enter(self, number: int, step: Step) -> Array:
        """What flows in at a step that is an input."""

    @abstractmethod
    def compute(self, number: int, step: Step, inputs: list[Array], result: StepRun) -> Array:
        """What another step makes of all that it reads; what it holds is written down.

        Raises:
            NotBuilt: there is nothing to compute it with.
        """

    def hand_out(self, number: int, states: States) -> None:
        """Keep what a step's layer hands out beside its output, if a step reads it."""
        if number in self._handing:
            self.states[number] = states

    def shape(self, value: Array) -> Shape:
        """The shape of one sample, channels first."""
        return tuple(int(size) for size in value.shape[1:])

    def note(self, misfit: Exception, result: StepRun) -> None:
        """Write down that arrays don't fit together; an error about the machine goes on."""
        if ran_out(misfit):
            raise misfit
        result.error = said(misfit)

    def run(self, progress: Progress | None = None) -> list[StepRun]:
        """What each step did."""
        return [result for _, result in self.steps(progress)]

    def steps(self, progress: Progress | None = None) -> Iterator[tuple[int, StepRun]]:
        """The number of each step and what it did; then what it was the last to read is freed."""
        count = len(self.network.steps)
        for number, step in enumerate(self.network.steps):
            if progress:
                progress(number, count, step.name)
            yield number, self._take(number, step)
            self.storage.release(number, step)
        if progress:
            progress(count, count, "")

    def values_of(self, asked: Collection[int]) -> Iterator[tuple[int, Array]]:
        """What comes out of some steps, as far as anything does."""
        for number, _ in self.steps():
            value = self.storage.values[number]
            if number in asked and value is not None:
                yield number, value

    def _take(self, number: int, step: Step) -> StepRun:
        result = StepRun()
        inputs = [self.storage.values[each] for each in step.inputs]
        try:
            if step.layer.kind == "input":
                value = self.enter(number, step)
            elif any(each is None for each in inputs):
                raise NotBuilt
            elif step.layer.beside:
                value = self._handed(step.inputs[0], step.layer)
            else:
                value = self.compute(number, step, inputs, result)
        except NotBuilt as error:
            result.built, result.reason = False, str(error) or None
        except self.misfits as error:
            self.note(error, result)
        else:
            self.storage.keep(number, value)
            result.shape = self.shape(value)
        return result

    def _handed(self, maker: int, layer: Any) -> Array:
        """What a layer handed out beside its output."""
        states = self.states.get(maker)
        if not states:
            raise NotBuilt
        return states[layer.cell][layer.at]


def whole_numbers(shape: Shape, entries: int, dtype: str) -> NDArray[numpy.int64]:
    """What flows in where an embedding looks it up: different numbers below its entries.

    They are an array of NumPy of 64-bit numbers, no larger than a type of floats has them exact.
    """
    import numpy

    numbers: NDArray[numpy.int64] = numpy.resize(
        numpy.arange(most_exact(entries, dtype), dtype="int64"), shape
    )
    return numbers


def computed_in(dtype: str, known: Collection[str] = COMPUTED) -> str:
    """The type to compute in: float32 where a library has no such numbers."""
    return dtype if dtype in known else "float32"


def most_exact(entries: int, dtype: str) -> int:
    """So many entries, or as many as a type of floats tells apart."""
    return min(entries, EXACT.get(dtype, 2**24))


def sizes_of_input(number: int, step: Step, input_shape: Shape) -> Shape:
    """The sizes of an input: the network's, or those that a further one has of its own."""
    return input_shape if number == 0 else getattr(step.layer, "shape", None) or ()
