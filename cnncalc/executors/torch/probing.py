"""PyTorch on probing networks: the real modules, with ones for all weights."""

from __future__ import annotations

import torch

from cnncalc.executors.base import Array, Forward, StepRun
from cnncalc.executors.stepping import Pass, sizes_of_input
from cnncalc.executors.torch.devices import apart, plainly
from cnncalc.executors.torch.errors import MISFITS, MachineErrors, is_of_machine
from cnncalc.executors.torch.layers import build
from cnncalc.executors.torch.modules import Bench, Built
from cnncalc.network import Network, Step

__all__ = ["prepare"]


def prepare(network: Network, asked: frozenset[int], device: str) -> Forward:
    """Runs a probing network on samples; what PyTorch can't compute is passed over."""
    bench, made = Bench(device, torch.float32), dict[int, Built]()

    def forward(x: Array) -> list[tuple[int, Array]]:
        with MachineErrors(), apart(device), plainly(), torch.no_grad():
            probing = Probing(network, bench, made, torch.from_numpy(x).to(device))
            return [(number, value.cpu().numpy()) for number, value in probing.values_of(asked)]

    return forward


class Probing(Pass):
    """A pass of samples, whose modules are made when they are first reached."""

    misfits = MISFITS

    def __init__(
        self, network: Network, bench: Bench, made: dict[int, Built], samples: Array
    ) -> None:
        super().__init__(network)
        self.bench = bench
        self.made = made
        self.samples = samples

    def enter(self, number: int, step: Step) -> Array:
        """The samples, or zeros for a further input."""
        if number == 0:
            return self.samples
        return self.samples.new_zeros((len(self.samples), *sizes_of_input(number, step, ())))

    def compute(self, number: int, step: Step, inputs: list[Array], result: StepRun) -> Array:
        if number not in self.made:
            built = build(step.layer, tuple(inputs), self.bench)
            for _, held in built.parameters():
                held.fill_(1)
            self.made[number] = built
        value = self.made[number].run(*inputs)
        self.hand_out(number, self.made[number].states)
        return value

    def note(self, misfit: Exception, result: StepRun) -> None:
        if is_of_machine(misfit):
            raise misfit
