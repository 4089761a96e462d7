"""A network whose values say which places of the input each unit reads: 1 where it does, 0 not.

It has the windows of the network it is made of, run by the very layers of a framework, and
weights that are all positive, so that nothing cancels. What works element-wise or normalises
hands its values on, merges add up, and after each sum all that is not 0 becomes 1: nothing
underflows, however deep the network. Padding is zeros in all modes. Channels that are all
alike are one channel, so that a probe costs little.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from cnncalc.layers import KINDS
from cnncalc.layers.base import NO_PADS, Layer, Shape
from cnncalc.layers.merge import Input
from cnncalc.layers.pool import MaxPool
from cnncalc.network import Network, Step

__all__ = ["Probe", "Probes"]

# What is smaller is rounding: of sums, and of interpolated coordinates.
NOISE, COORDINATE_NOISE = 1e-6, 1e-4

# These make ones and zeros of ones and zeros.
MOVES = frozenset(
    {"cat", "expand", "pad", "crop", "slice", "maxpool", "adaptivemax", "gmp"}
    | {"flatten", "unflatten", "reshape", "permute", "unfold"}
    | {"chshuffle", "pixelshuffle", "pixelunshuffle"}
)
MEANS = frozenset({"gap", "glp", "reduce", "avgpool", "adaptiveavg", "lppool"})


class Probe(NamedTuple):
    """What stands for the value of a step.

    Attributes:
        step: of the probing network.
        copies: how many of the value's channels each of its channels stands for.
    """

    step: int
    copies: tuple[int, ...]


class Probes:
    """The probing network as it is made, and what stands for each step.

    Attributes:
        of: for each step of the network; None: it can't be probed.
        reasons: for each of these why not.
        sizes: the elements of each of its own steps, for one sample.
        unreached: the steps of the network that nothing of its first input reaches.
        places: the axes behind the channels of the step at work.
    """

    def __init__(self, shape: Shape) -> None:
        self.steps = [Step(Input(), name="input")]
        self.of: list[Probe | None] = []
        self.reasons: list[str | None] = []
        self.sizes = [prod(shape)]
        self.unreached: set[int] = set()
        self.input = shape
        self.places: Shape = ()

    @property
    def network(self) -> Network:
        return Network(self.steps, self.input)

    def add(self, layer: Layer, *inputs: int, size: int) -> int:
        """A step; gives its number."""
        self.steps.append(Step(layer, inputs, f"probe{len(self.steps)}"))
        self.sizes.append(size)
        return len(self.steps) - 1

    def put(
        self,
        layer: Layer,
        probes: Sequence[Probe],
        copies: tuple[int, ...],
        places: Shape | None = None,
    ) -> Probe:
        """A layer of the step at work, with what makes ones of all that is not 0.

        `places`: those of what comes out, where they are not the step's.
        """
        size = len(copies) * prod(self.places if places is None else places)
        step = self.add(layer, *(probe.step for probe in probes), size=size)
        inner = layer.core
        if inner.kind not in MOVES or _may_be_lowest(inner):
            noise = COORDINATE_NOISE if inner.kind == "upsample" else NOISE
            if inner.kind in MEANS:  # a place may be a small part of what one is of
                noise = min(noise, 0.5 / self.sizes[probes[0].step])
            steep = KINDS["hardsigmoid"](slope=1 / noise, offset=-1.0)  # 0 up to the noise
            step = self.add(steep, step, size=size)
        return Probe(step, copies)

    def apart(self, probe: Probe, places: Shape) -> Probe:
        """The same with a channel for each of the value's."""
        if max(probe.copies, default=1) == 1:
            return probe
        parts = [self._copied(probe, at, places) for at in range(len(probe.copies))]
        size = sum(probe.copies) * prod(places)
        step = parts[0] if len(parts) == 1 else self.add(KINDS["cat"](), *parts, size=size)
        return Probe(step, (1,) * sum(probe.copies))

    def _copied(self, probe: Probe, at: int, places: Shape) -> int:
        """One channel, as often as there are channels like it."""
        step, count = probe.step, probe.copies[at]
        if len(probe.copies) > 1:
            step = self.add(KINDS["slice"]((at, at + 1)), step, size=prod(places))
        if count == 1:
            return step
        return self.add(KINDS["expand"]((count, *places)), step, size=count * prod(places))

    def zeros(self, shape: Shape) -> Probe:
        """A further input, or what is made of such alone: nothing of it is the first input."""
        alike = (1, *shape[1:])
        return Probe(self.add(Input(alike), size=prod(alike)), shape[:1])


def _may_be_lowest(layer: Layer) -> bool:
    """Whether the largest of a window may be that of padding alone, the lowest number there is."""
    return isinstance(layer, MaxPool) and bool(layer.padding != NO_PADS or layer.ceil)
