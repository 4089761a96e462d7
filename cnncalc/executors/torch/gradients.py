"""What units see, measured by gradient: an input place is seen where it moves the unit.

What is asked is a probing network (`probes`), in double precision: torch.nn's own modules, made
by the same calls as those that ran, with their kernels, strides, padding and dilation. Only
what changes no place that is read is another: channels that are all alike are one, weights are
equal and positive, so that nothing cancels, biases are left out, padding is zeros in all modes,
and what works value by value or normalises hands its values on. A step whose map doesn't come
out at the size that it really had is not measured.

The network is run once, and a backward pass goes for many units at once, each with gradients of
its own. Behind every step these become ones wherever they are not zero: nothing underflows,
however deep the network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from cnncalc.executors.base import Array, Run
from cnncalc.executors.probing.probes import Probes, probes_of
from cnncalc.executors.probing.units import (
    NOTHING,
    Ends,
    Unit,
    every_so_often,
    follow,
    note,
    units_of,
)
from cnncalc.executors.stepping import NotBuilt
from cnncalc.executors.torch.devices import plainly
from cnncalc.executors.torch.errors import MISFITS, is_of_machine
from cnncalc.executors.torch.modules import Bench
from cnncalc.executors.torch.sums import sums_of
from cnncalc.network import Network

__all__ = ["measure"]

AT_ONCE = 2**23  # gradients of one backward pass: 64 MiB
# Gradients of all of them: where a network has more, some steps, spread evenly, are measured.
MOST_VALUES = 2**30

Question = tuple[Unit, ...]  # units that are one and the same place of the probing network


def measure(network: Network, run: Run) -> None:
    """Fill in what the middle units of each step see, as gradients have it."""
    followed = follow(network, run)
    shape = run.steps[0].shape or ()
    axes = network.places(shape)
    if not axes or 0 in shape:
        return
    probes = probes_of(network, run, sums=True)
    asked = _affordable(units_of(network, probes, followed), probes)
    with plainly():
        shadow = Shadow(probes, asked, run)
        asked = [each for each in asked if shadow.values[each[0].probe] is not None]
        for questions in _together(asked, probes):
            for question, gradient in zip(questions, shadow.gradients(questions), strict=True):
                ends = [_ends(gradient, axis) for axis in axes]
                for unit in question:
                    note(run, unit, ends, followed)


def _affordable(units: list[Unit], probes: Probes) -> list[Question]:
    """Questions about as many steps as there may be gradients for."""
    every, asked = 1, _questions(units)
    while _size(asked, probes) > MOST_VALUES and every < len(units):
        every *= 2
        asked = _questions(every_so_often(units, every))
    return asked


def _questions(units: Sequence[Unit]) -> list[Question]:
    """Units of steps that hand values on are those of the step before, and asked for once."""
    questions: dict[tuple[Any, ...], Question] = {}
    for unit in units:
        place = tuple(at if isinstance(at, int) else None for at in unit.place)
        key = (unit.probe, place)
        questions[key] = (*questions.get(key, ()), unit)
    return [question for _, question in sorted(questions.items(), key=lambda each: each[0][0])]


def _size(questions: Sequence[Question], probes: Probes) -> int:
    """How many gradients some questions take, back from the steps that they are about."""
    return sum(sum(probes.sizes[: question[0].probe + 1]) for question in questions)


def _together(questions: Sequence[Question], probes: Probes) -> Iterator[list[Question]]:
    """Questions that one backward pass answers, from the last one's step."""
    batch: list[Question] = []
    for question in questions:
        if batch and (len(batch) + 1) * _size([question], probes) > AT_ONCE:
            yield batch
            batch = []
        batch.append(question)
    if batch:
        yield batch


class Shadow:
    """The probing network run once, and what it takes to ask back from its units.

    Attributes:
        values: what each step makes of a sample, at the size that the run had; None: not needed,
            or it can't be had.
    """

    def __init__(self, probes: Probes, asked: Sequence[Question], run: Run) -> None:
        self.steps = probes.network.steps
        self.bench = Bench(run.device, torch.float64)
        self.sizes = {
            probe.step: (step.shape or ())[1:]
            for probe, step in zip(probes.of, run.steps, strict=True)
            if probe is not None
        }
        sizes = (1, *probes.input)
        self.source = torch.zeros(sizes, dtype=torch.float64, device=run.device).requires_grad_()
        self.values: list[Array | None] = [self.source]
        needed = {question[0].probe for question in asked}
        for number in range(len(self.steps) - 1, 0, -1):
            needed.update(self.steps[number].inputs if number in needed else ())
        for number in range(1, len(self.steps)):
            self.values.append(self._value(number) if number in needed else None)

    def _value(self, number: int) -> Array | None:
        step: Any = self.steps[number]
        if step.layer.kind == "input":  # nothing of it is the network's input
            return self.source.new_zeros((1, *step.layer.shape))
        inputs = [value for each in step.inputs if (value := self.values[each]) is not None]
        if len(inputs) < len(step.inputs):
            return None
        try:
            value = sums_of(step.layer, tuple(inputs), self.bench)(*inputs)
        except (NotBuilt, *MISFITS) as error:
            if is_of_machine(error):
                raise
            return None
        if tuple(value.shape[2:]) != self.sizes.get(number, tuple(value.shape[2:])):
            return None
        if value.requires_grad:
            value.register_hook(lambda gradient: gradient.ne(0).to(gradient.dtype))
        return value

    def gradients(self, questions: Sequence[Question]) -> Array:
        """What moves each of some units: (questions, C, *spatial), 0 where nothing does."""
        starts: dict[int, Array] = {}
        for row, (unit, *_) in enumerate(questions):
            value: Any = self.values[unit.probe]
            if value.requires_grad:
                rows = starts.setdefault(
                    unit.probe, value.new_zeros((len(questions), *value.shape))
                )
                rows[(row, 0, *unit.place)] = 1
        if not starts:
            return self.source.new_zeros((len(questions), *self.source.shape[1:]))
        ends = [self.values[number] for number in starts]
        (found,) = torch.autograd.grad(
            ends, self.source, list(starts.values()), retain_graph=True, is_grads_batched=True
        )
        return found[:, 0]


def _ends(gradient: Array, axis: int) -> Ends:
    """The first place (negated) and the last one along an axis that is not zero."""
    others = [each for each in range(gradient.ndim) if each != axis]
    places = gradient.ne(0).sum(dim=others).nonzero()
    return (-places[0].item(), places[-1].item()) if len(places) else NOTHING
