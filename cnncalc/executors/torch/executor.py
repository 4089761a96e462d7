"""PyTorch as an executor: every layer as the real modules of torch.nn."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import torch

from cnncalc.executors.base import Progress, Run, StepRun, Tensor
from cnncalc.executors.storage import Storage
from cnncalc.executors.torch.devices import (
    DEVICES,
    apart,
    check_device,
    free_memory,
    ready,
)
from cnncalc.executors.torch.errors import (
    MISFITS,
    MachineErrors,
    is_of_machine,
    is_unable,
    refusal,
)
from cnncalc.executors.torch.layers import build
from cnncalc.executors.torch.memory import watch
from cnncalc.executors.torch.modules import Bench, Built, NotBuilt
from cnncalc.executors.torch.passes import Again
from cnncalc.executors.torch.probing import prepare
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Step
from cnncalc.packages import said

__all__ = ["DEVICES", "MOST_VALUES", "TRAINS", "free_memory", "prepare", "ready", "run"]

TRAINS = True
MOST_VALUES = 2_000_000_000  # that probing may compute

# What PyTorch computes in; sizes and tensors are the same in any other type.
COMPUTED = ("float64", "float32", "float16", "bfloat16")


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
    """A forward pass that makes the modules, and one that measures them.

    Args:
        network: what to run.
        input_shape: channels first, without batch.
        device: `cpu`, `cuda`, or `meta`, which has sizes but no values and no memory.
        dtype: float64, float32, float16 or bfloat16; any other is computed in float32.
        batch: samples at a time.
        backward: measure in training mode and backwards too, for a gradient of every weight.
        progress: called before each step with the steps done, all steps and the step's name.

    Raises:
        CnnCalcError: a device that isn't there or that failed, or memory that ran out.
    """
    begin = perf_counter()
    check_device(device)
    with MachineErrors(), apart(device):
        stack = Stack(network.at(input_shape), device, dtype, batch)
        done = _measured(stack, input_shape, backward, progress)
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
            again = Again(stack.network, stack.built, values)
            # On a GPU kernels are chosen when they are first asked for, backwards too.
            for _ in range(2 if backward and stack.device == "cuda" else 1):
                peak.reset()
                again.run(done, backward)
    done.peak_bytes = peak.bytes
    return done


def _tell(progress: Progress | None, done: Run, what: str) -> None:
    if progress:
        progress(len(done.steps), len(done.steps), what)


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
            except NotBuilt as error:
                result.built, result.reason = False, str(error) or None
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
        try:
            value = built.run(*inputs)
        except ValueError as error:
            result.reason = refusal(error)
            if result.reason is None:
                raise
            result.built = False  # what it would have normalised goes on, as large as before
            built, value = Built(built.modules, lambda x: x), inputs[0]
        storage.keep(number, value)
        self.built[number] = built

    def _note_failure(self, error: Exception, result: StepRun) -> None:
        """What PyTorch has nothing for, in a type or on a device, says nothing about sizes."""
        if is_of_machine(error):
            raise error
        if is_unable(error):
            here = f"in {self.dtype} on {self.device}"
            result.built, result.reason = False, f"PyTorch can't compute it {here}: {said(error)}"
        else:
            result.error = said(error)

    def input(self, sizes: Shape) -> Any:
        """What flows in where a step is an input of these sizes."""
        return torch.full(
            (self.batch, *sizes), 0.5, dtype=self.bench.dtype, device=self.bench.device
        )


def _tensor(name: str, held: Any) -> Tensor:
    return Tensor(name, tuple(int(size) for size in held.shape), int(held.numel()))
