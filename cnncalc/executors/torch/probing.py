"""PyTorch on probing networks: the real modules, with ones for all weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from cnncalc.executors.base import Forward
from cnncalc.executors.storage import Storage
from cnncalc.executors.torch.devices import apart, plainly
from cnncalc.executors.torch.errors import MISFITS, MachineErrors, is_of_machine
from cnncalc.executors.torch.layers import build
from cnncalc.executors.torch.modules import Array, Bench, Built, NotBuilt
from cnncalc.network import Network, Step

__all__ = ["prepare"]


def prepare(network: Network, asked: frozenset[int], device: str) -> Forward:
    """Runs a probing network on samples; what PyTorch can't compute is passed over."""
    modules = Modules(network, device)

    def forward(x: Any) -> Iterator[tuple[int, Any]]:
        with MachineErrors(), apart(device), plainly(), torch.no_grad():
            found = modules.run(torch.from_numpy(x).to(device), asked)
            return iter([(number, value.cpu().numpy()) for number, value in found])

    return forward


class Modules:
    """A probing network as modules, each made when it is first reached."""

    def __init__(self, network: Network, device: str) -> None:
        self.network = network
        self.bench = Bench(device, torch.float32)
        self.built: dict[int, Built] = {}

    def run(self, x: Array, asked: frozenset[int]) -> Iterator[tuple[int, Array]]:
        """What comes out of some steps."""
        steps = self.network.steps
        storage = Storage(steps, ())
        for number, step in enumerate(steps):
            inputs = [storage.values[each] for each in step.inputs]
            value = self._value(number, step, inputs, x)
            del inputs
            if value is not None:
                storage.keep(number, value)
                if number in asked:
                    yield number, value
            storage.release(number, step)

    def _value(self, number: int, step: Step, inputs: list[Array | None], x: Array) -> Array | None:
        """What a step gives; None where it can't be had."""
        if number == 0:
            return x
        if step.layer.kind == "input":
            return x.new_zeros((len(x), *(getattr(step.layer, "shape", None) or ())))
        if any(each is None for each in inputs):
            return None
        try:
            if number not in self.built:
                self.built[number] = self._with_ones(build(step.layer, tuple(inputs), self.bench))
            return self.built[number].run(*inputs)
        except (NotBuilt, *MISFITS) as error:
            if is_of_machine(error):
                raise
            return None

    def _with_ones(self, built: Built) -> Built:
        for _, held in built.parameters():
            held.fill_(1)
        return built
