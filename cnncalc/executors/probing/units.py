"""The units whose fields a framework measures: the middle ones of each step of a probing network.

What it measures is the first and last place of the input that a unit sees. Which axis of a map
is which axis of the input, and whether borders cut what a unit sees, is followed window by
window, as the bundled executor does (`measuring`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy

from cnncalc.executors.base import Run
from cnncalc.executors.probing.measuring import measure as measure_by_windows
from cnncalc.executors.probing.probes import Probe, Probes
from cnncalc.executors.probing.reach import blind
from cnncalc.executors.probing.reach_channels import Reaches
from cnncalc.network import Network

__all__ = ["NOTHING", "Ends", "Unit", "every_so_often", "follow", "note", "units_of"]

Ends = tuple[float, float]  # of an axis: the first place that a unit sees, negated, and the last

NOTHING: Ends = (-numpy.inf, -numpy.inf)

# After these, neighbouring units see differently.
SPREADING = frozenset({"convt", "upsample", "pixelshuffle", "fold", "expand", "maxunpool"})


class Unit(NamedTuple):
    """A place of a step, all of its channels.

    Attributes:
        number, turn: the step, and which of the units to look at it is.
        probe: the step of the probing network.
        place: where it lies, after the batch's axis.
    """

    number: int
    turn: int
    probe: int
    place: tuple[Any, ...]


def follow(network: Network, run: Run) -> list[Reaches | None]:
    """What windows have of each step; the run itself has nothing, until it is measured."""
    measure_by_windows(network, run)
    followed = [step.reach for step in run.steps]
    for step in run.steps:
        step.reach = None
    return followed


def units_of(network: Network, probes: Probes, followed: Sequence[Reaches | None]) -> list[Unit]:
    """The units to look at: the middle one of each step, and those after it that differ."""
    units: list[Unit] = []
    spread: list[bool] = []
    for number, (step, probe) in enumerate(zip(network.steps, probes.of, strict=True)):
        spread.append(step.layer.kind in SPREADING or any(spread[each] for each in step.inputs))
        reaches = followed[number]
        if not number or probe is None or reaches is None:
            continue
        turns = max(reach.rows.shape[1] for reach in reaches) if spread[number] else 1
        units += [
            Unit(number, turn, probe.step, _index(probe, reaches, turn)) for turn in range(turns)
        ]
    return units


def _index(probe: Probe, reaches: Reaches, turn: int) -> tuple[Any, ...]:
    """Where one unit lies, on the axes that are places of the input."""
    places = [reach.place for reach in reaches if reach.place is not None]
    index: list[Any] = [slice(None)] * (1 + max(places, default=0))
    for reach in reaches:
        if reach.place is not None:
            index[reach.place] = reach.first + min(turn, reach.rows.shape[1] - 1)
    if isinstance(index[0], int):  # the channels are places: which of the probe's it is
        ends = numpy.cumsum(probe.copies)
        index[0] = int(numpy.searchsorted(ends, index[0], side="right"))
    return tuple(index)


def every_so_often(units: Sequence[Unit], every: int) -> list[Unit]:
    """Those of the last step and of each `every`-th before it."""
    numbers = sorted({unit.number for unit in units})
    kept = frozenset(numbers[::-1][::every])
    return [unit for unit in units if unit.number in kept]


def note(run: Run, unit: Unit, ends: Sequence[Ends], followed: Sequence[Reaches | None]) -> None:
    """Put down what a unit was found to see of each axis, beside what was followed of it."""
    step, known = run.steps[unit.number], followed[unit.number] or ()
    if step.reach is None:
        step.reach = tuple(replace(reach, rows=reach.rows.copy()) for reach in known)
    if all(each == NOTHING for each in ends) and blind(known, unit.turn):
        return
    for reach, found in zip(step.reach, ends, strict=True):
        if unit.turn < reach.rows.shape[1]:
            reach.rows[:2, unit.turn] = found
