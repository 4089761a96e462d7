"""Receptive fields: which input indices each unit of a map sees, carried through windows.

On one input axis, output `o = r + q*t` of a map sees the input indices from
`phases[r].start + step*t` on, `phases[r].size` of them, before clipping to the input.
A stack of slides has one phase, and then `size` is the usual receptive field and `step`
the jump (Araujo, Norris & Sim 2019, "Computing receptive fields of convolutional neural
networks", Distill, doi:10.23915/distill.00021); transposed convolution and upsampling
have several. The form is closed under all windows and under the union where branches meet,
so a field is carried forward in one loop and costs constant time per layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, floor, lcm

from cnncalc.axis.windows import Slide, Window

__all__ = ["IDENTITY", "MAX_PERIOD", "Field"]

# A longer period is kept as its hull: it would make rows of thousands of pairs
# that nobody reads.
MAX_PERIOD = 1024

Phase = tuple[int, int]  # start and size
Interval = tuple[int, int]  # first and last


class Field:
    """What the units along one axis see of one input axis.

    Attributes:
        step: how far the field moves from one period to the next, in input pixels
            (a float only in a hull).
        phases: (start, size) of the first `q` outputs; size 0 sees nothing.
        exact: both ends are really read; otherwise the phases are an upper bound.
    """

    __slots__ = ("exact", "phases", "step")

    def __init__(self, step: float, phases: tuple[Phase, ...], exact: bool = True) -> None:
        self.step = step
        self.phases = phases
        self.exact = exact

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Field):
            return NotImplemented
        return (self.step, self.phases, self.exact) == (other.step, other.phases, other.exact)

    def __hash__(self) -> int:
        return hash((self.step, self.phases, self.exact))

    def __repr__(self) -> str:
        return f"Field({self.step}, {self.phases}, {self.exact})"

    @property
    def jump(self) -> float:
        """Input pixels between the fields of neighbouring outputs, on average over a period."""
        jump = self.step / len(self.phases)
        return int(jump) if jump == int(jump) else jump

    @property
    def size(self) -> int:
        return max(size for _, size in self.phases)

    @property
    def start(self) -> int:
        return self.phases[0][0]

    @property
    def centre(self) -> float:
        """The centre of output 0's field, averaged over a period (in input pixels)."""
        count = len(self.phases)
        centres = [start + (size - 1) / 2 for start, size in self.phases]
        return sum(centres) / count - self.jump * (count - 1) / 2

    def sees(self, o: int) -> Interval | None:
        """First and last input index that output `o` sees, unclipped; None: nothing."""
        turn, r = divmod(o, len(self.phases))
        start, size = self.phases[r]
        if size == 0:
            return None
        first = floor(start + self.step * turn)
        return first, first + size - 1

    def span(self, units: Sequence[int]) -> Interval | None:
        """First and last input index that ascending units see together; None: nothing.

        A phase moves on from period to period, so the first and the last unit of each phase
        among them tell; a phase may lie before the one that precedes it.
        """
        count = len(self.phases)
        return _together([self.sees(o) for o in (*units[:count], *units[-count:])])

    def through(self, window: Window) -> Field:
        """The field after a window: the union of what the units that it reads see."""
        if len(self.phases) == 1 and isinstance(window, Slide):
            ((start, size),) = self.phases
            step = self.step
            reach = window.dilation * (window.kernel - 1)
            if isinstance(step, float):
                phase = floor(start - window.before * step), ceil(size + reach * step) + 1
            else:
                phase = start - window.before * step, size + reach * step if size else 0
            return Field(step * window.stride, (phase,), self.exact)
        (outputs, inputs), count = window.period, len(self.phases)
        repeats = lcm(inputs, count)  # so many units on, both window and field are as before
        period = repeats // inputs * outputs
        if period > MAX_PERIOD or isinstance(self.step, float):
            return self._hull_through(window)
        union_of = self._span_of if self._rises() else self._union_of
        phases = tuple([union_of(window, o) for o in range(period)])
        return Field(self.step * (repeats // count), phases, self.exact).reduced()

    def _rises(self) -> bool:
        """Whether each unit sees something, and neither end before an end of the unit before."""
        first, last = self.phases[-1][0] - self.step, sum(self.phases[-1]) - self.step
        for start, size in self.phases:
            if not size or start < first or start + size < last:
                return False
            first, last = start, start + size
        return True

    def _span_of(self, window: Window, o: int) -> Phase:
        """What output `o` of the window sees together, where the units rise."""
        reads, count = window.reads(o), len(self.phases)
        if not reads:
            return self._union_of(window, o)
        (turn, phase), (last_turn, last_phase) = divmod(reads[0], count), divmod(reads[-1], count)
        first = self.phases[phase][0] + self.step * turn
        start, size = self.phases[last_phase]
        return int(first), int(start + self.step * last_turn + size - first)

    def _union_of(self, window: Window, o: int) -> Phase:
        """What output `o` of the window sees together; of nothing, where it would begin."""
        reads = window.reads(o)
        seen = self.span(reads)
        if seen:
            return _phase(seen)
        outputs, _ = window.period
        nearest = reads[0] if reads else o // outputs  # those that none is spread over
        return self.phases[nearest % len(self.phases)][0], 0

    def bounds(self) -> tuple[float, float, float]:
        """(jump, low, high): output `o` sees nothing outside jump*o + low .. jump*o + high."""
        jump = self.step / len(self.phases)
        low = min(start - jump * r for r, (start, _) in enumerate(self.phases))
        high = max(start + size - 1 - jump * r for r, (start, size) in enumerate(self.phases))
        return jump, low, high

    def _hull_through(self, window: Window) -> Field:
        jump, low, high = self.bounds()
        slope, first, last = window.hull
        return _hull(jump * slope, low + jump * first, high + jump * last)

    def union(self, other: Field, length: int) -> Field:
        """The field where two branches of `length` units meet: what either of them sees."""
        if self == other:
            return self
        period = lcm(len(self.phases), len(other.phases))
        step, step2 = (field.step * (period // len(field.phases)) for field in (self, other))
        hulls = isinstance(step, float) or isinstance(step2, float)
        if hulls or step != step2 or period > MAX_PERIOD:
            return self._hull_union(other, length)
        phases = tuple(_joined(self, other, o) for o in range(period))
        return Field(step, phases, self.exact and other.exact).reduced()

    def _hull_union(self, other: Field, length: int) -> Field:
        units = range(length)
        for one, two in ((self, other), (other, self)):
            first, last = two.span(units) or (0, -1)
            here = one.span(units) if one.step == 0 and len(one.phases) == 1 else None
            if here and here[0] <= first and here[1] >= last:
                return one  # the whole-map branch sees it all
        (jump, low, high), (jump2, low2, high2) = self.bounds(), other.bounds()
        drift = (jump2 - jump) * (length - 1)
        return _hull(jump, min(low, low2, low2 + drift), max(high, high2, high2 + drift))

    def reduced(self) -> Field:
        """The same field with the shortest period that says it."""
        count = len(self.phases)
        for q in range(1, count):
            move, rest = divmod(self.step * q, count)
            if rest or count % q:
                continue
            if all(
                self.phases[r] == (self.phases[r - q][0] + move, self.phases[r - q][1])
                for r in range(q, count)
            ):
                return Field(move, self.phases[:q], self.exact)
        return self


def _together(seen: Iterable[Interval | None]) -> Interval | None:
    """From the first to the last of what several units see; None: nothing."""
    known = [each for each in seen if each]
    if not known:
        return None
    firsts, lasts = zip(*known, strict=True)
    return min(firsts), max(lasts)


def _phase(seen: Interval) -> Phase:
    first, last = seen
    return first, last - first + 1


def _joined(one: Field, two: Field, o: int) -> Phase:
    seen = _together((one.sees(o), two.sees(o)))
    return (one.start, 0) if seen is None else _phase(seen)


def _hull(jump: float, low: float, high: float) -> Field:
    start = floor(low)
    size = ceil(high) - start + 1
    if jump == int(jump):
        return Field(int(jump), ((start, size),), exact=False)
    # one more pixel, since start + jump*o is rounded down wherever the hull is asked
    return Field(jump, ((start, size + 1),), exact=False)


IDENTITY = Field(1, ((0, 1),))
