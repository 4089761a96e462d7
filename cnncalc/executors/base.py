"""What an executor is, and what its runs hand back: the sizes and tensors that really came out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, NamedTuple, TypeAlias

from cnncalc.executors.free_memory import free_memory
from cnncalc.layers.base import Shape
from cnncalc.network import Network

__all__ = [
    "Array",
    "Executor",
    "Forward",
    "How",
    "Prepare",
    "Progress",
    "Run",
    "Sight",
    "States",
    "StepRun",
    "Tensor",
]

Array: TypeAlias = Any  # whatever the library of an executor computes with

# What a layer hands out beside its output: of each kind, hidden states and those of cells, one
# array (N, h) for each layer and direction.
States: TypeAlias = tuple[tuple[Array, ...], ...]

# Gives what came out of steps for samples (B, *input): their numbers and (B, C, *spatial), both
# as arrays of NumPy.
Forward = Callable[[Array], Iterable[tuple[int, Array]]]
# Sets a probing network up, of which some steps will be asked for.
Prepare = Callable[[Network, frozenset[int]], Forward]

Progress = Callable[[int, int, str], None]  # steps done, steps in all, the step's name


class Tensor(NamedTuple):
    """One tensor that a step holds, as it was allocated.

    Attributes:
        gradient: the shape of the gradient that it received in a backward pass; None: none.
    """

    name: str
    shape: Shape
    elements: int
    gradient: Shape | None = None


class Sight(NamedTuple):
    """What one unit was found to see of the network's input.

    Attributes:
        unit: where it lies, channels first; None: all along an axis, together.
        ends: for each spatial axis of the input the first and the last index; None: nothing.
    """

    unit: tuple[int | None, ...]
    ends: tuple[tuple[int, int] | None, ...]


@dataclass
class StepRun:
    """What one step did.

    Attributes:
        shape: the output's, channels first and without the batch axis; None: nothing came out.
        tensors: what the step holds, in PyTorch's order; empty where it shares another step's.
        macs: multiply-accumulates of convolutions and linear layers for one sample; None: not
            counted by this executor.
        sights: what the units that were looked at see; none: not measured.
        unseen: why what they see can't be measured, where that isn't plain.
        error: why nothing came out, though the step could be built.
        built: whether the executor knows this step and had all of its inputs.
        reason: why the executor can't say anything of this step, where that isn't plain.
    """

    shape: Shape | None = None
    tensors: list[Tensor] = field(default_factory=list)
    macs: int | None = None
    sights: list[Sight] = field(default_factory=list)
    unseen: str | None = None
    error: str | None = None
    built: bool = True
    reason: str | None = None


@dataclass
class Run:
    """A forward pass, and a backward pass where that was asked for.

    Attributes:
        steps: one for each step of the network, the input included.
        seconds: for all of it, allocating and filling weights included.
        forward_seconds: for the steps' own work, with the weights there.
        backward_seconds: for the gradients of all weights; None: there was no backward pass.
        backward_error: why it ended in the middle.
        peak_bytes: the most that was alive at once, weights included; None: not measured.
        bound: whether all memory that it takes is foreseen; no library has workspaces of its own.
        dtype: what was really computed in.
        lacking: the weights that this framework has no tensor for, such as PyTorch's counter
            of batches; they are not compared.
    """

    executor: str
    device: str
    dtype: str
    batch: int
    steps: list[StepRun]
    seconds: float = 0.0
    forward_seconds: float = 0.0
    backward_seconds: float | None = None
    backward_error: str | None = None
    peak_bytes: int | None = None
    bound: bool = False
    lacking: frozenset[str] = frozenset()


class How(NamedTuple):
    """How a network is run; see `Executor.run`."""

    device: str = "cpu"
    dtype: str = "float32"
    batch: int = 1
    backward: bool = False
    progress: Progress | None = None


class Executor(ABC):
    """Runs networks on the real arrays of one library.

    Attributes:
        name: by which it is found.
        devices: the words for where it runs.
        trains: whether it has a backward pass.
        keeps: whether it frees nothing before the end of a run.
        lacking: the weights that it has no tensor for; they are not compared.
        most_values: how many values probing may compute in it.
    """

    name: str
    devices: tuple[str, ...]
    trains: bool = False
    keeps: bool = False
    lacking: frozenset[str] = frozenset()
    most_values: int = 10**9

    @abstractmethod
    def ready(self, device: str) -> tuple[bool, str]:
        """Whether one of the devices can be used, and with what or why not."""

    def free_memory(self, device: str) -> int | None:
        """Bytes that can still be taken on a device; None: nothing says.

        Raises:
            CnnCalcError: a device that isn't there.
        """
        return free_memory() if device == "cpu" else None

    def run(
        self,
        network: Network,
        input_shape: Shape,
        *,
        device: str = "cpu",
        dtype: str = "float32",
        batch: int = 1,
        backward: bool = False,
        progress: Progress | None = None,
    ) -> Run:
        """A forward pass, and then a backward pass where that is asked for.

        Args:
            network: what to run.
            input_shape: channels first, without batch.
            device: one of `devices`.
            dtype: computed in float32 where the library has no such numbers.
            batch: samples at a time.
            backward: only for an executor that `trains`; others have nothing to do for it.
            progress: called before each step with the steps done, all steps and the step's name.

        Raises:
            CnnCalcError: a device that isn't there or that failed, or memory that ran out.
        """
        begin = perf_counter()
        done = self.ran(network, input_shape, How(device, dtype, batch, backward, progress))
        done.seconds = perf_counter() - begin
        return done

    @abstractmethod
    def ran(self, network: Network, input_shape: Shape, how: How) -> Run:
        """The same, by each executor in its own way; `run` says how long all of it took."""

    @abstractmethod
    def prepare(self, network: Network, asked: frozenset[int], *, device: str = "cpu") -> Forward:
        """Set a probing network up, of which the steps `asked` will be looked at.

        What can't be run here is passed over: its values don't come.
        """
