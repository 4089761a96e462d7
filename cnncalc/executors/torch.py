"""PyTorch as an executor: every layer as the real modules of torch.nn."""

from __future__ import annotations

from time import perf_counter
from typing import Any
from warnings import catch_warnings, simplefilter

import torch

from cnncalc.errors import CnnCalcError
from cnncalc.executors import torch_gradients
from cnncalc.executors.base import Progress, Run, StepRun, Tensor
from cnncalc.executors.shortage import MemoryErrors, ran_out
from cnncalc.executors.storage import Storage
from cnncalc.executors.torch_layers import build
from cnncalc.executors.torch_memory import watch
from cnncalc.executors.torch_modules import Bench, Built, NotBuilt
from cnncalc.executors.torch_passes import Again
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Step

__all__ = ["DEVICES", "TRAINS", "free_memory", "ready", "run"]

DEVICES = ("cpu", "cuda", "meta")
TRAINS = True

# What PyTorch computes in; sizes and tensors are the same in any other type.
COMPUTED = ("float64", "float32", "float16", "bfloat16")

# What PyTorch raises where arrays don't fit together: evidence about a step.
MISFITS = (ArithmeticError, AssertionError, LookupError, RuntimeError, TypeError, ValueError)


def run(
    network: Network,
    input_shape: Shape,
    *,
    device: str = "cpu",
    dtype: str = "float32",
    batch: int = 1,
    backward: bool = False,
    progress: Progress | None = None,
) -> Run:
    """A forward pass that makes the modules, and one that measures them; then what units see.

    Args:
        network: what to run.
        input_shape: channels first, without batch.
        device: `cpu`, `cuda`, or `meta`, which has sizes but no values and no memory.
        dtype: float64, float32, float16 or bfloat16; any other is computed in float32.
        batch: samples at a time.
        backward: measure in training mode and backwards too, for a gradient of every weight.
        progress: called before each step with the steps done, all steps and the step's name.

    Raises:
        CnnCalcError: a device that isn't there, or memory that ran out.
    """
    begin = perf_counter()
    _check_device(device)
    stack = Stack(network.at(input_shape), device, dtype, batch)
    with MemoryErrors(), catch_warnings():
        simplefilter("ignore")  # what PyTorch advises is no news about sizes
        done = _measured(stack, input_shape, backward, progress)
        if device != "meta":
            _tell(progress, done, "receptive fields")
            torch_gradients.measure(stack.network, done)
            done.fields = "gradients"
    done.seconds = perf_counter() - begin
    return done


def _measured(stack: Stack, input_shape: Shape, backward: bool, progress: Progress | None) -> Run:
    """A pass that makes the modules, and a pass over them for time and memory."""
    with watch(stack.device) as peak:
        with torch.no_grad():
            done = stack.forward(input_shape, progress)
        if stack.device != "meta" or backward:
            _tell(progress, done, "backward" if backward else "measuring")
            values = stack.input(input_shape)
            again = Again(stack.network, stack.built, values, stack.synchronize)
            # On a GPU kernels are chosen when they are first asked for, backwards too.
            for _ in range(2 if backward and stack.device == "cuda" else 1):
                peak.reset()
                again.run(done, backward)
    done.peak_bytes = peak.bytes
    return done


def _tell(progress: Progress | None, done: Run, what: str) -> None:
    if progress:
        progress(len(done.steps), len(done.steps), what)


def ready(device: str) -> tuple[bool, str]:
    """Whether a device can be used, and with what or why not."""
    if device == "cuda" and not torch.cuda.is_available():
        return False, f"torch {torch.__version__} sees no GPU"
    return True, f"torch {torch.__version__}"


def free_memory(device: str) -> int | None:
    """Bytes that can still be taken on the GPU; None: as much as the machine has."""
    if device != "cuda" or not torch.cuda.is_available():
        return None
    free, _ = torch.cuda.mem_get_info()
    return int(free) + int(torch.cuda.memory_reserved() - torch.cuda.memory_allocated())


def _check_device(device: str) -> None:
    if device not in DEVICES:
        raise CnnCalcError(
            f"`{device}` is no device of the executor `torch`",
            code="device",
            help="`cpu`, `cuda` or `meta`",
        )
    if device == "cuda" and not torch.cuda.is_available():
        raise CnnCalcError(
            "PyTorch is installed but sees no GPU",
            code="device",
            help="a machine with an NVIDIA GPU and a PyTorch built for it, or the device `cpu`",
        )


class Stack:
    """A network as modules on a device.

    Attributes:
        built: the modules of each step that could be built and run, by its number.
    """

    def __init__(self, network: Network, device: str, dtype: str, batch: int) -> None:
        self.network = network
        self.device = device
        self.dtype = dtype if dtype in COMPUTED else "float32"
        self.batch = batch
        self.bench = Bench(device, getattr(torch, self.dtype))
        self.built: dict[int, Built] = {}

    def forward(self, input_shape: Shape, progress: Progress | None) -> Run:
        """One step after another, each made when it is reached."""
        steps = self.network.steps
        done = Run("torch", self.device, self.dtype, self.batch, [])
        storage = Storage(steps, self.network.outputs)
        for number, step in enumerate(steps):
            if progress:
                progress(number, len(steps), step.name)
            done.steps.append(self._take(number, step, storage, input_shape))
        if progress:
            progress(len(steps), len(steps), "")
        return done

    def _take(self, number: int, step: Step, storage: Storage, input_shape: Shape) -> StepRun:
        """Build and run one step, and let go of what it was the last to read."""
        result = StepRun()
        inputs = tuple(storage.values[each] for each in step.inputs)
        if step.layer.kind == "input":
            sizes = input_shape if number == 0 else getattr(step.layer, "shape", None) or ()
            storage.keep(number, self.input(sizes))
        elif any(each is None for each in inputs):
            result.built = False
        else:
            try:
                self._run(number, step, inputs, result, storage)
            except NotBuilt:
                result.built = False
            except MISFITS as error:
                self._note_failure(error, result)
        if storage.values[number] is not None:
            result.shape = tuple(int(size) for size in storage.values[number].shape[1:])
        del inputs
        storage.release(number, step)
        return result

    def _run(self, number: int, step: Step, inputs: Any, result: StepRun, storage: Storage) -> None:
        built = build(step.layer, inputs, self.bench)
        if step.shares is None:
            result.tensors = [_tensor(name, held) for name, held in built.tensors()]
        elif step.shares in self.built:
            built.share(self.built[step.shares])
        storage.keep(number, built.run(*inputs))
        self.built[number] = built

    def _note_failure(self, error: Exception, result: StepRun) -> None:
        """A type that PyTorch has no kernel for says nothing about sizes, nor does memory."""
        if ran_out(error):
            raise error
        message = str(error) or type(error).__name__
        if isinstance(error, NotImplementedError) or "not implemented for" in message:
            result.built = False
        else:
            result.error = message.splitlines()[0]

    def input(self, sizes: Shape) -> Any:
        """What flows in where a step is an input of these sizes."""
        return torch.full(
            (self.batch, *sizes), 0.5, dtype=self.bench.dtype, device=self.bench.device
        )

    def synchronize(self) -> None:
        """Wait until the device has done what it was asked for."""
        if self.device == "cuda":
            torch.cuda.synchronize()


def _tensor(name: str, held: Any) -> Tensor:
    return Tensor(name, tuple(int(size) for size in held.shape), int(held.numel()))
