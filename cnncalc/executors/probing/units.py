"""The units whose fields are measured: the middle ones of each step, as probes have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy

from cnncalc.executors.base import Run
from cnncalc.executors.probing.probes import Probe, Probes
from cnncalc.findings import Findings
from cnncalc.receptive.maps import Extent
from cnncalc.receptive.middles import Middle

__all__ = ["Unit", "every_so_often", "units_of"]


class Unit(NamedTuple):
    """A unit of the network, and where it is found in the probing network.

    Attributes:
        expected: for each spatial axis of the input the first and last place that it should see.
        probe: the step of the probing network.
        place: where it lies there, after the batch's axis.
    """

    middle: Middle
    expected: Extent
    probe: int
    place: tuple[int | slice, ...]


def units_of(report: Findings, run: Run, probes: Probes, middles: Sequence[Middle]) -> list[Unit]:
    """The middle units that can be probed, of maps of the size that was predicted."""
    sizes = [probes.input[axis] for axis in report.network.places(report.input)]
    units: list[Unit] = []
    for middle in middles:
        probe = probes.of[middle.step]
        if probe and run.steps[middle.step].shape == report.rows[middle.step].output_shape:
            expected = _expected(middle, sizes)
            units.append(Unit(middle, expected, probe.step, _index(probe, middle.unit)))
    return units


def _expected(middle: Middle, sizes: Sequence[int]) -> Extent:
    """What a unit should see: what reaches it, or where that isn't known, what its field says."""
    if middle.reached:
        return middle.reached.ends
    return tuple(
        (max(seen[0], 0), min(seen[1], n - 1)) if seen and seen[0] < n and seen[1] >= 0 else None
        for seen, n in zip(middle.claims, sizes, strict=True)
    )


def _index(probe: Probe, unit: Sequence[int | None]) -> tuple[int | slice, ...]:
    """Where a unit lies in the probe, a channel of which may stand for several."""
    channel, *rest = unit
    places = [slice(None) if at is None else at for at in rest]
    if channel is None:
        return slice(None), *places
    ends = numpy.cumsum(probe.copies)
    return int(numpy.searchsorted(ends, channel, side="right")), *places


def every_so_often(units: Sequence[Unit], every: int) -> list[Unit]:
    """Those of the last step and of each `every`-th before it."""
    numbers = sorted({unit.middle.step for unit in units})
    kept = frozenset(numbers[::-1][::every])
    return [unit for unit in units if unit.middle.step in kept]
