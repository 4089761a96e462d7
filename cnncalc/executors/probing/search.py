"""What units see, measured by probing: the first and last places of the input that reach them.

The input of a probing network is 1 on one side of a place and 0 on the other, so that a unit
is 1 if it reads anything there. The ends of what it reads are looked for where the prediction
has them, and by halving where they are not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy

from cnncalc.executors.base import Forward, Prepare, Run, Sight
from cnncalc.executors.probing.kinds import probes_of
from cnncalc.executors.probing.probes import Probes
from cnncalc.executors.probing.units import Unit, every_so_often, units_of
from cnncalc.findings import Findings
from cnncalc.receptive.maps import Extent
from cnncalc.receptive.middles import Middle

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["measure"]

AT_ONCE = 2**25  # values of the samples that run together


class End(NamedTuple):
    """Ones from a place of an axis on: to the last place (side 1) or to the first (side 0).

    Places are counted towards the ones: on side 0 from the last place back.
    """

    axis: int
    side: int
    place: int


Sample = tuple[End, ...]  # ones wherever one of them has ones


def measure(
    report: Findings, run: Run, prepare: Prepare, most: int, middles: Sequence[Middle]
) -> None:
    """Fill in what the middle units of each step see.

    All samples together make at most `most` values: on a large network a few steps, spread
    evenly, are measured.
    """
    axes = report.network.places(report.input)
    if not axes or 0 in report.input or run.steps[0].shape != report.rows[0].output_shape:
        return
    probes = probes_of(report.network, run)
    for step, reason in zip(run.steps, probes.reasons, strict=True):
        step.unseen = reason
    search = _Search(probes, axes, units_of(report, run, probes, middles), most)
    search.run(prepare(probes.network, search.asked))
    for unit, ends in search.found():
        run.steps[unit.middle.step].sights.append(Sight(unit.middle.unit, ends))


class _Search:
    """Between which places the ends of what each unit sees lie: (unit, axis, side).

    Attributes:
        low: a place that it sees, or -1.
        high: a place from which on it sees nothing.
        answered: whether there was a value to look at.
    """

    def __init__(
        self,
        probes: Probes,
        axes: Sequence[int],
        units: list[Unit],
        most: int,
    ) -> None:
        self.probes = probes
        self.axes = axes
        self.sizes = [probes.input[axis] for axis in axes]
        self.values = sum(probes.sizes)
        self.units = self._affordable(units, most)
        self.of_probe: dict[int, list[int]] = {}
        for at, unit in enumerate(self.units):
            self.of_probe.setdefault(unit.probe, []).append(at)
        shape = (len(self.units), len(axes), 2)
        self.low = numpy.full(shape, -1)
        self.high = numpy.broadcast_to(numpy.array(self.sizes)[:, None], shape).copy()
        self.answered = numpy.zeros(shape, dtype=bool)

    @property
    def asked(self) -> frozenset[int]:
        """The steps of the probing network that are looked at, beside its input."""
        return frozenset(self.of_probe) - {0}

    def run(self, forward: Forward) -> None:
        """Where the ends should be, and, as long as they aren't there, half-way between."""
        samples = self._expected(self.units)
        while samples:
            step = max(1, AT_ONCE // self.values)
            for start in range(0, len(samples), step):
                self._try(samples[start : start + step], forward)
            samples = self._between()

    def found(self) -> Iterator[tuple[Unit, Extent]]:
        """What was found of each unit, axis by axis."""
        for unit, lows, answered in zip(self.units, self.low, self.answered, strict=True):
            if answered.all():
                yield (
                    unit,
                    tuple(
                        (n - 1 - int(before), int(after)) if min(before, after) >= 0 else None
                        for n, (before, after) in zip(self.sizes, lows, strict=True)
                    ),
                )

    def _affordable(self, units: list[Unit], most: int) -> list[Unit]:
        """Units of as many steps as there may be values for."""
        every, kept = 1, units
        while len(self._expected(kept)) * self.values > most and every < len(units):
            every *= 2
            kept = every_so_often(units, every)
        return kept

    def _expected(self, units: Sequence[Unit]) -> list[Sample]:
        """The ends that are expected, one by one, and all that lies beyond at once."""
        samples: set[Sample] = set()
        for unit in units:
            inner, beyond = self._ends(unit)
            samples |= {(end,) for end in inner}
            samples |= {tuple(beyond)} if beyond else set()
        return sorted(samples)

    def _ends(self, unit: Unit) -> tuple[list[End], list[End]]:
        """The first and last place of each axis that a unit should see, and those beyond."""
        ends, beyond = [], []
        for axis, (seen, n) in enumerate(zip(unit.expected, self.sizes, strict=True)):
            if seen is None:
                beyond.append(End(axis, 1, 0))
                continue
            for side, place in ((0, n - 1 - seen[0]), (1, seen[1])):
                ends.append(End(axis, side, place))
                if place + 1 < n:
                    beyond.append(End(axis, side, place + 1))
        return ends, beyond

    def _between(self) -> list[Sample]:
        """Half-way between what is seen and what isn't, where that is not settled."""
        open_ = numpy.argwhere((self.high - self.low > 1) & self.answered)
        middles = (self.high + self.low) // 2
        return sorted({(End(a, side, int(middles[u, a, side])),) for u, a, side in open_})

    def _try(self, samples: Sequence[Sample], forward: Forward) -> None:
        """Run some samples and note what each unit saw of them."""
        inputs = self._inputs(samples)
        for probe, value in chain([(0, inputs)], forward(inputs)):
            for at in self.of_probe.get(probe, ()):
                seen = value[(slice(None), *self.units[at].place)].reshape(len(samples), -1)
                self._note(at, samples, seen.max(axis=1) > 0)
                self.answered[at] = True

    def _note(self, unit: int, samples: Sequence[Sample], seen: NDArray[numpy.bool_]) -> None:
        for sample, sees in zip(samples, seen, strict=True):
            if sees and len(sample) == 1:  # of several it could be any
                ((axis, side, place),) = sample
                self.low[unit, axis, side] = max(self.low[unit, axis, side], place)
            for axis, side, place in () if sees else sample:
                self.high[unit, axis, side] = min(self.high[unit, axis, side], place)

    def _inputs(self, samples: Sequence[Sample]) -> NDArray[numpy.float32]:
        x = numpy.zeros((len(samples), *self.probes.input), dtype="float32")
        for ones, sample in zip(x, samples, strict=True):
            for axis, side, place in sample:
                part = slice(place, None) if side else slice(0, self.sizes[axis] - place)
                ones[(slice(None),) * self.axes[axis] + (part,)] = 1
        return x
