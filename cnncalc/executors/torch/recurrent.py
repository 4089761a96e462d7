"""Recurrent layers as torch.nn has them, with the states that they hand out."""

from __future__ import annotations

import torch
from torch import nn

from cnncalc.executors.base import Array
from cnncalc.executors.geometry import learned_starts
from cnncalc.executors.torch.modules import Bench, Built, holder, real
from cnncalc.layers.base import Shape
from cnncalc.layers.recurrent import STARTS, Recurrent

__all__ = ["recurrent"]


class Recurring(Built):
    """A module that gives its output and states, made what the layer gives.

    Attributes:
        states: of the last call.
    """

    def __init__(self, layer: Recurrent, module: nn.Module) -> None:
        super().__init__({"": module}, self._run)
        self.layer = layer
        self.module = module

    def _starts(self, x: Array, given: tuple[Array, ...]) -> Array | tuple[Array, ...]:
        """What the module takes to start from; None: zeros."""
        layer, count = self.layer, self.layer.states
        kinds = []
        for kind, size in enumerate((layer.features, layer.hidden)[: layer.kinds]):
            if layer.learned:
                held = getattr(self.module, STARTS[kind])
                kinds.append(held[:, None].expand(-1, len(x), -1).contiguous())
            elif given[kind * count :]:
                kinds.append(torch.stack(given[kind * count : (kind + 1) * count]))
            else:
                kinds.append(x.new_zeros(count, len(x), size))
        return tuple(kinds) if layer.kinds > 1 else kinds[0]

    def _run(self, x: Array, *given: Array) -> Array:
        """Steps before features, and turned where the module reads from the end."""
        layer, module = self.layer, self.module
        first, back = range(2)[layer.axis] == 0, layer.backwards
        x = x.movedim(1, 2) if first else x
        starts = self._starts(x, given) if given or layer.learned else None
        output, found = module(x.flip(1) if back else x, starts)
        kinds = found if isinstance(found, tuple) else (found,)
        self.states = tuple(kind.unbind(0) for kind in kinds)
        if layer.last:
            return torch.cat(self.states[0][-layer.directions :], dim=1)
        output = output.flip(1) if back else output
        return output.movedim(1, 2) if first else output


def recurrent(layer: Recurrent, shape: Shape, bench: Bench) -> Built:
    """One module; of a single bias for input and state the second stays 0, and is no weight."""
    if len(shape) != 2:
        raise ValueError(f"a recurrent layer takes sequences, not {shape}")
    steps_first = shape if range(2)[layer.axis] else shape[::-1]
    plain = layer.replaced(axis=-1, last=False, backwards=False, biases=2, learned=False)
    module = _single_bias(layer, real(plain, steps_first, bench))
    if starts := learned_starts(layer):
        held = bench.ready(holder(**{name: (each, "parameter") for name, each in starts.items()}))
        module._parameters = {**held._parameters, **module._parameters}
    return Recurring(layer, module)


def _single_bias(layer: Recurrent, module: nn.Module) -> nn.Module:
    """A module of one bias, where the layer has one."""
    if layer.bias and layer.biases == 1:
        for name in [name for name, _ in module.named_parameters() if name.startswith("bias_hh")]:
            zeros = getattr(module, name).data.zero_()
            del module._parameters[name]
            setattr(module, name, zeros)
    return module
