"""The bundled executor: a network on NumPy or CuPy arrays, one step after another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter

from cnncalc.errors import CnnCalcError
from cnncalc.executors.base import Array, Executor, Forward, How, Progress, Run, StepRun, Tensor
from cnncalc.executors.bundled.compute import COMPUTATIONS
from cnncalc.executors.bundled.context import Context
from cnncalc.executors.bundled.devices import (
    DEVICES,
    Peak,
    array_module,
    free_gpu_memory,
    synchronize,
)
from cnncalc.executors.bundled.probing import Ones
from cnncalc.executors.shortage import MemoryErrors
from cnncalc.executors.stepping import NotBuilt, Pass, computed_in, sizes_of_input, whole_numbers
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Step

__all__ = ["BundledExecutor", "Stack"]

# NumPy has no bfloat16, and whole numbers would overflow: sizes and tensors are the same
# in any type, so those run in float32.
COMPUTED = ("float64", "float32", "float16")

# A pass that was as quick as this, in seconds, is timed by another one: watching the memory
# takes its time, and a GPU's kernels are compiled when they are first asked for.
QUICK = 0.5


class BundledExecutor(Executor):
    """A forward pass, with weights allocated and filled on the way; a quick one is timed anew."""

    name = "bundled"
    devices = DEVICES
    most_values = 250_000_000

    def ready(self, device: str) -> tuple[bool, str]:
        try:
            module = array_module(device)
        except CnnCalcError as error:
            return False, f"{error.message}: {error.help}" if error.help else error.message
        return True, f"{module.__name__} {module.__version__}"

    def free_memory(self, device: str) -> int | None:
        return free_gpu_memory() if device == "cuda" else super().free_memory(device)

    def ran(self, network: Network, input_shape: Shape, how: How) -> Run:
        device = how.device
        with Peak(array_module(device)) as peak:
            stack = Stack(network, input_shape, device=device, dtype=how.dtype, batch=how.batch)
            done = stack.forward(how.progress)
        done.peak_bytes = peak.bytes
        done.bound = device == "cpu"  # on a GPU cuBLAS and CuPy's pool take more as they like
        if device == "cuda" or done.forward_seconds < QUICK:
            done.forward_seconds = stack.forward().forward_seconds
        return done

    def prepare(self, network: Network, asked: frozenset[int], *, device: str = "cpu") -> Forward:
        assert network.input is not None
        keeping = Network(network.steps, network.input, sorted(asked))
        stack = Stack(keeping, network.input, device=device)
        stack.at = Ones(stack.xp, stack.dtype)

        def forward(x: Array) -> Iterator[tuple[int, Array]]:
            stack.batch, stack.input = len(x), stack.xp.asarray(x)
            stack.forward()
            for number, value in stack.outputs.items():
                if value is not None:
                    yield number, value.get() if device == "cuda" else value

        return forward


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
        self.dtype = computed_in(dtype, COMPUTED)
        self.batch = batch
        self.xp = array_module(device)
        self.at = Context(self.xp, self.dtype, seed)
        self.tensors: list[dict[str, Array]] = [{} for _ in self.network.steps]
        self.outputs: dict[int, Array] = {}
        with MemoryErrors():
            self.input = self.given(0, input_shape)

    def given(self, number: int, sizes: Shape) -> Array:
        """What flows in at an input of these sizes: whole numbers for an embedding to look up."""
        shape = (self.batch, *sizes)
        entries = self.network.looked_up.get(number)
        if entries is None:
            return self.at.filled(shape)
        return self.xp.asarray(whole_numbers(shape, entries, self.dtype), dtype=self.dtype)

    def forward(self, progress: Progress | None = None) -> Run:
        """A pass through all steps; the first one allocates and fills the weights too."""
        begin, filling = perf_counter(), self.at.fill_seconds
        done = Run("bundled", self.device, self.dtype, self.batch, [])
        self.outputs = {}
        forward = _Forward(self)
        with MemoryErrors(), self._quiet():
            done.steps = forward.run(progress)
            synchronize(self.xp)
        # Each of the three grows alone: weights are kept, and the rest is the most so far.
        done.peak_bytes = int(
            self.at.held_bytes + forward.storage.most_bytes + self.at.scratch.nbytes
        )
        self.outputs = forward.storage.results()
        done.forward_seconds = perf_counter() - begin - (self.at.fill_seconds - filling)
        return done

    def _quiet(self) -> AbstractContextManager[object]:
        """Values don't matter here: NumPy need not warn of an overflow."""
        if self.xp.__name__ == "numpy":
            return self.xp.errstate(all="ignore")  # type: ignore[no-any-return]
        return nullcontext()


class _Forward(Pass):
    """A pass by the computations of each kind."""

    misfits = (ArithmeticError, LookupError, TypeError, ValueError)  # NumPy's and CuPy's

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack.network)
        self.stack = stack

    def enter(self, number: int, step: Step) -> Array:
        stack = self.stack
        if number == 0:
            return stack.input
        return stack.given(number, sizes_of_input(number, step, ()))

    def compute(self, number: int, step: Step, inputs: list[Array], result: StepRun) -> Array:
        stack, kind = self.stack, step.layer.kind
        if kind not in COMPUTATIONS:
            raise NotBuilt
        at, sharing = stack.at, step.shares is not None
        spares = [self.storage.values[each] for each in self.storage.spares(step)]
        at.begin(stack.tensors[number if step.shares is None else step.shares], sharing, spares)
        try:
            value = COMPUTATIONS[kind](at, step.layer, *inputs)
            self.hand_out(number, at.states)
            return stack.xp.ascontiguousarray(value)
        finally:
            result.macs = at.macs // stack.batch
            result.tensors = [
                Tensor(name, tuple(int(size) for size in held.shape), int(held.size))
                for name, held in stack.tensors[number].items()
            ]
