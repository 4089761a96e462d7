"""Which channels have which view, kept as runs: channels side by side that see alike.

A map of thousands of channels that see two different things is two runs, so that what layers do
to channels costs by the runs, not by the channels. After a shuffle runs are many and short: what
goes over all of them is left to iterators of the standard library.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain, compress, islice, repeat
from operator import ne, sub

from cnncalc.axis.channels import Dealt, Grouped
from cnncalc.axis.windows import Slide, Window

__all__ = ["NONE", "Runs", "concatenated", "side_by_side"]

NONE = -1  # in place of a view: padding


class Runs:
    """The views of the channels of a map.

    Attributes:
        views: the number of the view of each run.
        ends: the first channel behind each.
    """

    __slots__ = ("ends", "views")

    def __init__(self, views: Sequence[int] = (), ends: Sequence[int] = ()) -> None:
        self.views = views
        self.ends = ends

    @staticmethod
    def of(pairs: Iterable[tuple[int, int]]) -> Runs:
        """Views, and how many channels in a row have each."""
        views, counts = zip(*pairs, strict=True)
        return Runs(views, list(accumulate(counts)))

    def __len__(self) -> int:
        return len(self.views)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Each view, and how many channels in a row have it."""
        return zip(self.views, self.counts(), strict=True)

    @property
    def channels(self) -> int:
        """How many channels there are."""
        return self.ends[-1] if self.ends else 0

    def counts(self) -> Iterable[int]:
        """How many channels each run has."""
        return map(sub, self.ends, chain((0,), self.ends))

    def compact(self) -> Runs:
        """The same with no two neighbours that have one view."""
        last = list(map(ne, self.views, chain(islice(self.views, 1, None), (None,))))
        if all(last):
            return self
        return Runs(list(compress(self.views, last)), list(compress(self.ends, last)))

    def renumbered(self, numbers: Mapping[int, int]) -> Runs:
        """The same with other numbers for the views, of which several may become one."""
        if all(view == number for view, number in numbers.items()):
            return self
        after = Runs(list(map(numbers.__getitem__, self.views)), self.ends)
        return after if len(set(numbers.values())) == len(numbers) else after.compact()

    def split(self, parts: int) -> Runs:
        """Each channel made several, a view for each of its parts."""
        if parts == 1:
            return self
        views = [
            view * parts + part
            for view, count in self
            for _ in range(count)
            for part in range(parts)
        ]
        return Runs(views, range(1, len(views) + 1))

    def moved(self, window: Window, outputs: int) -> Runs | None:
        """What output channels see that read one channel each, or padding; None: some read more."""
        if isinstance(window, Dealt):
            return self._dealt(window)
        if isinstance(window, Slide) and window.kernel == window.stride == 1:
            return self._cut(-window.before, outputs)
        return None

    def _dealt(self, window: Dealt) -> Runs:
        """Channels of one group after another become one channel of each group in turn."""
        before = list(chain.from_iterable(map(repeat, self.views, self.counts())))
        after = before.copy()
        for group in range(window.groups):
            after[group :: window.groups] = before[group * window.size : (group + 1) * window.size]
        return Runs(after, range(1, len(after) + 1)).compact()

    def _cut(self, start: int, outputs: int) -> Runs:
        """The channels from one on, so many; beyond the first and the last there are none."""
        first, stop = max(start, 0), min(start + outputs, self.channels)
        padded = min(first - start, outputs)
        views, ends = [NONE] * (padded > 0), [padded] * (padded > 0)
        if first < stop:
            one, last = bisect_right(self.ends, first), bisect_right(self.ends, stop - 1)
            views += self.views[one : last + 1]
            ends += [end - start for end in self.ends[one:last]]
            ends.append(stop - start)
        if (ends[-1] if ends else 0) < outputs:
            views.append(NONE)
            ends.append(outputs)
        return Runs(views, ends)

    def read(self, window: Window, outputs: int) -> Iterator[tuple[frozenset[int], int]]:
        """The views that output channels read, and how many in a row read the same."""
        o = 0
        while o < outputs:
            touched = self._touched(window, o)
            count = min(self._alike(window, o), outputs - o)
            yield frozenset(self.views[each] for each in touched), count
            o += count

    def _touched(self, window: Window, o: int) -> Sequence[int]:
        """The numbers of the runs that an output reads."""
        reads, ends = window.reads(o), self.ends
        if isinstance(window, Grouped):
            return range(bisect_right(ends, reads[0]), bisect_right(ends, reads[-1]) + 1)
        return [bisect_right(ends, i) for i in reads if 0 <= i < ends[-1]]

    def _alike(self, window: Window, o: int) -> int:
        """How many outputs, from `o` on, are known to read the same runs."""
        ends = self.ends
        if isinstance(window, Grouped):
            start = window.reads(o)[0]
            groups = (ends[bisect_right(ends, start)] - start) // window.inputs
            return max(groups, 1) * window.outputs
        if not isinstance(window, Slide):
            return 1
        inside = [i for i in window.reads(o) if i < ends[-1]]
        stops = [0 if i < 0 else ends[bisect_right(ends, i)] for i in inside]
        counts = [(stop - 1 - i) // window.stride for i, stop in zip(inside, stops, strict=True)]
        return 1 + min(counts, default=ends[-1])


def concatenated(several: Collection[tuple[Runs, int]]) -> Runs:
    """The channels of several maps one after another, each with what its views' numbers begin at.

    Args:
        several: maps, and how much the numbers of their views grow by.
    """
    views: list[int] = []
    ends: list[int] = []
    for runs, more in several:
        behind = ends[-1] if ends else 0
        views += [view + more for view in runs.views] if more else runs.views
        ends += [end + behind for end in runs.ends]
    return Runs(views, ends)


def side_by_side(several: Sequence[Runs]) -> Iterator[tuple[tuple[int, ...], int]]:
    """The views of maps of as many channels side by side, and how many channels have them."""
    done = 0
    for stop in sorted(set(chain.from_iterable(runs.ends for runs in several))):
        yield tuple(runs.views[bisect_right(runs.ends, done)] for runs in several), stop - done
        done = stop
