"""The bundled executor: a network on NumPy or CuPy arrays, one step after another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter
from typing import Any

from cnncalc.errors import CnnCalcError
from cnncalc.executors.base import Forward, Progress, Run, StepRun, Tensor
from cnncalc.executors.bundled.compute import COMPUTATIONS
from cnncalc.executors.bundled.context import Array, Context
from cnncalc.executors.bundled.devices import DEVICES, Peak, array_module, synchronize
from cnncalc.executors.bundled.probing import Ones
from cnncalc.executors.shortage import MemoryErrors
from cnncalc.executors.storage import Storage
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Step

__all__ = ["DEVICES", "MOST_VALUES", "Stack", "prepare", "ready", "run"]

# NumPy has no bfloat16, and whole numbers would overflow: sizes and tensors are the same
# in any type, so those run in float32.
COMPUTED = {"float64": "float64", "float32": "float32", "float16": "float16"}

# What NumPy and CuPy raise where arrays don't fit together. It is evidence about a step that
# the prediction let through, not a fault of the run.
MISFITS = (ArithmeticError, LookupError, TypeError, ValueError)

MOST_VALUES = 250_000_000  # that probing may compute

# A pass that was as quick as this, in seconds, is timed by another one: watching the memory
# takes its time, and a GPU's kernels are compiled when they are first asked for.
QUICK = 0.5


def run(
    network: Network,
    input_shape: Shape,
    *,
    device: str = "cpu",
    dtype: str = "float32",
    batch: int = 1,
    progress: Progress | None = None,
) -> Run:
    """A forward pass, with weights allocated and filled on the way; a quick one is timed anew.

    Args:
        network: what to run.
        input_shape: channels first, without batch.
        device: `cpu` or `cuda`.
        dtype: float64, float32 or float16; any other is computed in float32.
        batch: samples at a time.
        progress: called before each step with the steps done, all steps and the step's name.

    Raises:
        CnnCalcError: a device that isn't there, or memory that ran out.
    """
    begin = perf_counter()
    with Peak(array_module(device)) as peak:
        stack = Stack(network, input_shape, device=device, dtype=dtype, batch=batch)
        done = stack.forward(progress)
    done.peak_bytes = peak.bytes
    done.bound = device == "cpu"  # on a GPU cuBLAS and CuPy's pool take more as they like
    if device == "cuda" or done.forward_seconds < QUICK:
        done.forward_seconds = stack.forward().forward_seconds
    done.seconds = perf_counter() - begin
    return done


def prepare(network: Network, asked: frozenset[int], device: str) -> Forward:
    """Runs a probing network on samples; what can't be computed is passed over."""
    assert network.input is not None
    keeping = Network(network.steps, network.input, sorted(asked))
    stack = Stack(keeping, network.input, device=device)
    stack.at = Ones(stack.xp, stack.dtype)

    def forward(x: Any) -> Iterator[tuple[int, Any]]:
        stack.batch, stack.input = len(x), stack.xp.asarray(x)
        stack.forward()
        for number, value in stack.outputs.items():
            if value is not None:
                yield number, value.get() if device == "cuda" else value

    return forward


def ready(device: str) -> tuple[bool, str]:
    """Whether a device can be used, and with what or why not."""
    try:
        module = array_module(device)
    except CnnCalcError as error:
        return False, f"{error.message}: {error.help}" if error.help else error.message
    return True, f"{module.__name__} {module.__version__}"


class Stack:
    """A network set up on a device: it keeps its weights from one forward pass to the next.

    Attributes:
        input: the array that flows in, (N, C, *spatial).
        tensors: what each step holds, by name; filled during the first pass.
        outputs: the arrays that the last pass ended in, by step.
    """

    def __init__(
        self,
        network: Network,
        input_shape: Shape,
        *,
        device: str = "cpu",
        dtype: str = "float32",
        batch: int = 1,
        seed: int = 0,
    ) -> None:
        self.network = network.at(input_shape)
        self.device = device
        self.dtype = COMPUTED.get(dtype, "float32")
        self.batch = batch
        self.xp = array_module(device)
        self.at = Context(self.xp, self.dtype, seed)
        self.tensors: list[dict[str, Array]] = [{} for _ in self.network.steps]
        self.outputs: dict[int, Array] = {}
        with MemoryErrors():
            self.input = self.at.filled((batch, *input_shape))

    def forward(self, progress: Progress | None = None) -> Run:
        """A pass through all steps; the first one allocates and fills the weights too."""
        begin, filling = perf_counter(), self.at.fill_seconds
        steps = self.network.steps
        done = Run("bundled", self.device, self.dtype, self.batch, [])
        self.outputs = {}
        most = 0
        storage = Storage(steps, self.network.outputs)
        with MemoryErrors(), self._quiet():
            for number, step in enumerate(steps):
                if progress:
                    progress(number, len(steps), step.name)
                done.steps.append(self._take(number, step, storage))
                most = max(most, self._bytes(storage))
            synchronize(self.xp)
        done.peak_bytes = most
        if progress:
            progress(len(steps), len(steps), "")
        self.outputs = storage.results()
        done.seconds = perf_counter() - begin
        done.forward_seconds = done.seconds - (self.at.fill_seconds - filling)
        return done

    def _take(self, number: int, step: Step, storage: Storage) -> StepRun:
        """Compute one step and let go of what it was the last to read."""
        result = StepRun()
        inputs = [storage.values[each] for each in step.inputs]
        if step.layer.kind == "input":
            storage.keep(number, self._input(number, step))
        elif step.layer.kind not in COMPUTATIONS or any(each is None for each in inputs):
            result.built = False
        else:
            self.at.begin(
                self.tensors[number if step.shares is None else step.shares],
                step.shares is not None,
                [storage.values[each] for each in storage.spares(step)],
            )
            try:
                value = COMPUTATIONS[step.layer.kind](self.at, step.layer, *inputs)
                storage.keep(number, self.xp.ascontiguousarray(value))
            except MISFITS as error:
                result.error = str(error) or type(error).__name__
            result.macs = self.at.macs // self.batch
        self._note(number, result, storage)
        del inputs
        storage.release(number, step)
        return result

    def _input(self, number: int, step: Step) -> Array:
        """The network's input, or a further one of its own shape."""
        if number == 0:
            return self.input
        shape = getattr(step.layer, "shape", None) or ()
        return self.at.filled((self.batch, *shape))

    def _note(self, number: int, result: StepRun, storage: Storage) -> None:
        """Write down what came out and what the step holds."""
        value = storage.values[number]
        if value is not None:
            result.shape = tuple(int(size) for size in value.shape[1:])
        result.tensors = [
            Tensor(name, tuple(int(size) for size in held.shape), int(held.size))
            for name, held in self.tensors[number].items()
        ]

    def _bytes(self, storage: Storage) -> int:
        """What weights, activations alive and workspace take now."""
        return int(self.at.held_bytes + storage.most_bytes + self.at.scratch.nbytes)

    def _quiet(self) -> AbstractContextManager[Any]:
        """Values don't matter here: NumPy need not warn of an overflow."""
        if self.xp.__name__ == "numpy":
            return self.xp.errstate(all="ignore")  # type: ignore[no-any-return]
        return nullcontext()
