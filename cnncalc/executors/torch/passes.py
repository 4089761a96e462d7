"""Another pass over PyTorch's modules, as a model would make it: how long, and backwards too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.instancenorm import _InstanceNorm

from cnncalc.errors import CnnCalcError
from cnncalc.executors.base import Array, Run, StepRun
from cnncalc.executors.stepping import NotBuilt, Pass, sizes_of_input
from cnncalc.executors.torch.devices import synchronize
from cnncalc.executors.torch.errors import MISFITS, is_of_machine, is_unable
from cnncalc.executors.torch.modules import Built
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Step
from cnncalc.packages import said

__all__ = ["Again"]


class Again(Pass):
    """A pass over modules that are there: nothing but the steps' own work.

    A backward pass starts from the sum over every end: each output, what nobody reads, and what
    a step would have read that could not be built. `given` gives what flows in at further inputs.
    """

    def __init__(
        self,
        network: Network,
        built: Mapping[int, Built],
        values: Array,
        given: Callable[[int, Shape], Array],
    ) -> None:
        super().__init__(network)
        self.built = built
        self.input = values
        self.given = given

    def record(self, done: Run, backward: bool) -> None:
        """Write down the time, and the gradients beside the tensors that they are of."""
        for number, built in self.built.items():
            self._set_mode(self.network.steps[number], built, backward)
        try:
            with torch.set_grad_enabled(backward):
                ends = self._forward(done)
            if backward:
                begin = self._now()
                if ends:
                    torch.autograd.backward(ends)
                done.backward_seconds = self._now() - begin
        except MISFITS as error:
            self._end(error, done, backward)
        for number, built in self.built.items():
            gradients = {name: held.grad for name, held in built.parameters()}
            step = done.steps[number]
            step.tensors = [
                tensor._replace(gradient=_shape(gradients.get(tensor.name)))
                for tensor in step.tensors
            ]

    def _set_mode(self, step: Step, built: Built, backward: bool) -> None:
        """What its source froze stays so, and the rest gets gradients."""
        for module in built.modules.values():
            module.train(backward)
        for name, held in built.parameters():
            held.grad = None
            if step.shares is None:
                held.requires_grad_(step.trainable and name not in step.frozen)

    def _forward(self, done: Run) -> list[Array]:
        """All steps one after another; the sums of what a backward pass starts from."""
        read = {each for step in self.network.steps for each in step.inputs}
        outputs = set(range(len(self.network.steps))) - read | set(self.network.outputs)
        ends: list[Array] = []
        begin = self._now()
        for number, _ in self.steps():
            ends += self._ends(number, number in outputs)
        done.forward_seconds = self._now() - begin
        self.storage.clear()  # the way back has what autograd keeps, and is to take no more
        return ends

    def _ends(self, number: int, is_output: bool) -> list[Array]:
        """The sums over a step's ends."""
        values = self.storage.values
        if values[number] is None:
            new = [values[each] for each in self.network.steps[number].inputs]
        else:
            new = [values[number]] if is_output else []
        return [end.sum() for end in new if end is not None and end.requires_grad]

    def enter(self, number: int, step: Step) -> Array:
        if number == 0:
            return self.input
        return self.given(number, sizes_of_input(number, step, ()))

    def compute(self, number: int, step: Step, inputs: list[Array], result: StepRun) -> Array:
        if number not in self.built:
            raise NotBuilt
        built = self.built[number]
        for module in built.modules.values():
            _settle(module, inputs[0])
        value = built.run(*inputs)
        self.hand_out(number, built.states)
        return value

    def _now(self) -> float:
        """When the device has done all that it was asked for: steps themselves don't wait."""
        synchronize(self.input.device.type)
        return perf_counter()

    def _end(self, error: Exception, done: Run, backward: bool) -> None:
        """A pass that ended in the middle: evidence, unless it is about memory or numbers."""
        if is_of_machine(error) or not backward:
            raise error
        if is_unable(error):
            raise CnnCalcError(
                f"PyTorch can't train this in {done.dtype} on {done.device}: {said(error)}",
                code="backward",
                help="`--dtype float32`",
            ) from None
        done.backward_seconds = 0.0
        done.backward_error = said(error)


def _settle(module: nn.Module, x: Array) -> None:
    """What PyTorch refuses to normalise by its own mean in training mode keeps to its statistics.

    That is a single value per channel, and for instance norm a map of one place.
    """
    for each in module.modules():
        if not isinstance(each, _NormBase) or not each.track_running_stats:
            continue
        values = x.numel() // (x.shape[0] * each.num_features)  # of a channel of one sample
        if values * (1 if isinstance(each, _InstanceNorm) else x.shape[0]) <= 1:
            each.eval()


def _shape(gradient: Array | None) -> tuple[int, ...] | None:
    return None if gradient is None else tuple(int(size) for size in gradient.shape)
