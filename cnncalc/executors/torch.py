"""PyTorch as an executor: every layer as the real modules of torch.nn, in evaluation mode."""

from __future__ import annotations

from contextlib import AbstractContextManager
from time import perf_counter
from typing import Any
from warnings import catch_warnings, simplefilter

import torch

from cnncalc.errors import CnnCalcError
from cnncalc.executors import torch_gradients
from cnncalc.executors.base import Progress, Run, StepRun, Tensor
from cnncalc.executors.storage import Storage
from cnncalc.executors.torch_layers import build
from cnncalc.executors.torch_modules import Bench, Built, NotBuilt
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Step

__all__ = ["DEVICES", "free_memory", "ready", "run"]

DEVICES = ("cpu", "cuda", "meta")

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
    progress: Progress | None = None,
) -> Run:
    """One forward pass without gradients; then what units see, by gradient.

    Args:
        network: what to run.
        input_shape: channels first, without batch.
        device: `cpu`, `cuda`, or `meta`, which has sizes but no values and no memory.
        dtype: float64, float32, float16 or bfloat16; any other is computed in float32.
        batch: samples at a time.
        progress: called before each step with the steps done, all steps and the step's name.

    Raises:
        CnnCalcError: a device that isn't there, or memory that ran out.
    """
    begin = perf_counter()
    _check_device(device)
    stack = Stack(network.at(input_shape), device, dtype, batch)
    with _MemoryErrors(), catch_warnings(), torch.no_grad():
        simplefilter("ignore")  # what PyTorch advises is no news about sizes
        done = stack.forward(input_shape, progress)
    if device != "meta":
        with _MemoryErrors(), catch_warnings():
            simplefilter("ignore")
            torch_gradients.measure(stack.network, done)
    done.seconds = perf_counter() - begin
    return done


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
    """A network as modules on a device."""

    def __init__(self, network: Network, device: str, dtype: str, batch: int) -> None:
        self.network = network
        self.device = device
        self.dtype = dtype if dtype in COMPUTED else "float32"
        self.batch = batch
        self.bench = Bench(device, getattr(torch, self.dtype))
        self.built: list[Built] = []
        self.weight_bytes = 0

    def forward(self, input_shape: Shape, progress: Progress | None) -> Run:
        """One step after another, each made when it is reached."""
        steps = self.network.steps
        done = Run("torch", self.device, self.dtype, self.batch, [])
        storage = Storage(steps, self.network.outputs)
        if self.device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        for number, step in enumerate(steps):
            if progress:
                progress(number, len(steps), step.name)
            done.steps.append(self._take(number, step, storage, input_shape))
            done.forward_seconds += done.steps[-1].seconds
            done.peak_bytes = max(done.peak_bytes, self.weight_bytes + storage.most_bytes)
        if self.device == "cuda":
            done.peak_bytes = int(torch.cuda.max_memory_allocated())
        if progress:
            progress(len(steps), len(steps), "")
        return done

    def _take(self, number: int, step: Step, storage: Storage, input_shape: Shape) -> StepRun:
        """Build and run one step, and let go of what it was the last to read."""
        result = StepRun()
        inputs = tuple(storage.values[each] for each in step.inputs)
        if step.layer.kind == "input":
            sizes = input_shape if number == 0 else getattr(step.layer, "shape", None) or ()
            storage.keep(number, self._input(sizes))
        elif any(each is None for each in inputs):
            result.built = False
        else:
            try:
                self._run(number, step, inputs, result, storage)
            except NotBuilt:
                result.built = False
            except MISFITS as error:
                _raise_if_memory(error)
                self._note_failure(error, result)
        if storage.values[number] is not None:
            result.shape = tuple(int(size) for size in storage.values[number].shape[1:])
        del inputs
        storage.release(number, step)
        return result

    def _run(self, number: int, step: Step, inputs: Any, result: StepRun, storage: Storage) -> None:
        built = build(step.layer, inputs, self.bench)
        if step.shares is None:
            self._hold(built, result)
        self._synchronize()
        begin = perf_counter()
        value = built.run(*inputs)
        self._synchronize()
        result.seconds = perf_counter() - begin
        storage.keep(number, value)

    def _hold(self, built: Built, result: StepRun) -> None:
        """Write down the tensors that a step holds, and keep them."""
        self.built.append(built)
        for name, tensor in built.tensors():
            sizes = tuple(int(size) for size in tensor.shape)
            result.tensors.append(Tensor(name, sizes, int(tensor.numel())))
            self.weight_bytes += tensor.numel() * tensor.element_size()

    def _note_failure(self, error: Exception, result: StepRun) -> None:
        """A type that PyTorch has no kernel for says nothing about sizes."""
        message = str(error) or type(error).__name__
        if isinstance(error, NotImplementedError) or "not implemented for" in message:
            result.built = False
        else:
            result.error = message.splitlines()[0]

    def _input(self, sizes: Shape) -> Any:
        return torch.full(
            (self.batch, *sizes), 0.5, dtype=self.bench.dtype, device=self.bench.device
        )

    def _synchronize(self) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()


def _raise_if_memory(error: Exception) -> None:
    """PyTorch says on a CPU by a common RuntimeError that memory ran out."""
    if isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error):
        raise MemoryError("PyTorch could get no more") from None


class _MemoryErrors(AbstractContextManager[None]):
    """Memory that ran out as a sentence."""

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, RuntimeError) and "llocate" in str(error):
            _raise_sentence(str(error).splitlines()[0])
        if isinstance(error, MemoryError):
            _raise_sentence(str(error))


def _raise_sentence(reason: str) -> None:
    raise CnnCalcError(
        f"the run ran out of memory: {reason or 'no more could be had'}",
        code="memory",
        help="a smaller batch (-b), a smaller input (-i) or --dtype float16",
    ) from None
