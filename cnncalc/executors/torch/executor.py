"""PyTorch as an executor: every layer as the real modules of torch.nn."""

from __future__ import annotations

from math import prod

import torch

from cnncalc.executors.base import Array, Executor, Forward, How, Progress, Run, StepRun, Tensor
from cnncalc.executors.stepping import Pass, computed_in, most_exact, sizes_of_input
from cnncalc.executors.torch.devices import (
    DEVICES,
    apart,
    check_device,
    free_gpu_memory,
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
from cnncalc.executors.torch.modules import Bench, Built
from cnncalc.executors.torch.passes import Again
from cnncalc.executors.torch.peak import watch
from cnncalc.executors.torch.probing import prepare
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Step
from cnncalc.packages import said

__all__ = ["TorchExecutor"]


class TorchExecutor(Executor):
    """A forward pass that makes the modules, and one that measures them.

    The device `meta` has sizes but no values and no memory. A backward pass is measured in
    training mode, for a gradient of every weight.
    """

    name = "torch"
    devices = DEVICES
    trains = True
    most_values = 2_000_000_000

    def ready(self, device: str) -> tuple[bool, str]:
        return ready(device)

    def free_memory(self, device: str) -> int | None:
        return free_gpu_memory() if device == "cuda" else super().free_memory(device)

    def ran(self, network: Network, input_shape: Shape, how: How) -> Run:
        check_device(how.device)
        with MachineErrors(), apart(how.device):
            at = network.at(input_shape)
            stack = Stack(at, input_shape, how.device, how.dtype, how.batch)
            return _measured(stack, how.backward, how.progress)

    def prepare(self, network: Network, asked: frozenset[int], *, device: str = "cpu") -> Forward:
        return prepare(network, asked, device)


def _measured(stack: Stack, backward: bool, progress: Progress | None) -> Run:
    """A pass that makes the modules, and a pass over them for time and memory."""
    with watch(stack.device) as peak:
        with torch.no_grad():
            done = stack.forward(progress)
        if stack.device != "meta" or backward:
            _tell(progress, done, "backward" if backward else "measuring")
            values = stack.input(0, stack.input_shape)
            # On a GPU kernels are chosen when they are first asked for, backwards too.
            for _ in range(2 if backward and stack.device == "cuda" else 1):
                peak.reset()
                Again(stack.network, stack.built, values, stack.input).record(done, backward)
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

    def __init__(
        self, network: Network, input_shape: Shape, device: str, dtype: str, batch: int
    ) -> None:
        self.network = network
        self.input_shape = input_shape
        self.device = device
        self.dtype = computed_in(dtype)
        self.batch = batch
        self.bench = Bench(device, getattr(torch, self.dtype))
        self.built: dict[int, Built] = {}

    def forward(self, progress: Progress | None = None) -> Run:
        """One step after another, each made when it is reached."""
        steps = _Making(self).run(progress)
        return Run("torch", self.device, self.dtype, self.batch, steps)

    def input(self, number: int, sizes: Shape) -> Array:
        """What flows in where a step is an input of these sizes."""
        shape, how = (self.batch, *sizes), {"dtype": self.bench.dtype, "device": self.bench.device}
        entries = self.network.looked_up.get(number)
        if entries is None:
            return torch.full(shape, 0.5, **how)
        numbers = torch.arange(prod(shape), device=self.bench.device)
        return (numbers % most_exact(entries, self.dtype)).reshape(shape).to(self.bench.dtype)


class _Making(Pass):
    """A pass that makes the modules of each step and runs them."""

    misfits = MISFITS

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack.network)
        self.stack = stack

    def enter(self, number: int, step: Step) -> Array:
        return self.stack.input(number, sizes_of_input(number, step, self.stack.input_shape))

    def compute(self, number: int, step: Step, inputs: list[Array], result: StepRun) -> Array:
        made = self.stack.built
        built = build(step.layer, tuple(inputs), self.stack.bench)
        if step.shares is None:
            result.tensors = [_tensor(name, held) for name, held in built.tensors()]
        elif step.shares in made:
            built.share(made[step.shares])
        try:
            value = built.run(*inputs)
            self.hand_out(number, built.states)
        except ValueError as error:
            result.reason = refusal(error)
            if result.reason is None:
                raise
            result.built = False  # what it would have normalised goes on, as large as before
            built, value = Built(built.modules, lambda x: x), inputs[0]
        made[number] = built
        return value

    def note(self, misfit: Exception, result: StepRun) -> None:
        """What PyTorch has nothing for, in a type or on a device, says nothing about sizes."""
        if is_of_machine(misfit):
            raise misfit
        if is_unable(misfit):
            here = f"in {self.stack.dtype} on {self.stack.device}"
            result.built = False
            result.reason = f"PyTorch can't compute it {here}: {said(misfit)}"
        else:
            result.error = said(misfit)


def _tensor(name: str, held: Array) -> Tensor:
    return Tensor(name, tuple(int(size) for size in held.shape), int(held.numel()))
