"""Which channels have which view, kept as runs: channels side by side that see alike.

A map of thousands of channels that see two different things is two runs, so that what layers do
to channels costs by the runs, not by the channels. After a shuffle runs are many and short: what
goes over all of them is left to the iterators of `itertools`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain, compress, islice, repeat
from operator import itemgetter, ne, sub

from cnncalc.axis.channels import Dealt, Grouped
from cnncalc.axis.windows import Slide, Window

__all__ = ["NONE", "Runs", "aligned", "compact", "length", "moved", "read", "renumbered", "split", "views_of"]

Runs = tuple[tuple[int, int], ...]  # the number of a view, and how many channels have it
NONE = -1  # in place of a view: padding
VIEW, COUNT = itemgetter(0), itemgetter(1)


def length(runs: Runs) -> int:
    """How many channels there are."""
    return sum(map(COUNT, runs))


def views_of(runs: Runs) -> Iterable[int]:
    """The numbers of the views, each once, in the order in which they come."""
    return dict.fromkeys(map(VIEW, runs))


def _ends(runs: Sequence[tuple[int, int]]) -> list[int]:
    """The first channel behind each run."""
    return list(accumulate(map(COUNT, runs)))


def _from_ends(views: Sequence[int], ends: Sequence[int]) -> Runs:
    """Runs of views that end before these channels, of which neighbours may be alike."""
    last = list(map(ne, views, chain(islice(views, 1, None), (None,))))
    stops = list(compress(ends, last))
    return tuple(zip(compress(views, last), map(sub, stops, chain((0,), stops)), strict=True))


def compact(runs: Sequence[tuple[int, int]]) -> Runs:
    """The same with no two neighbours that have one view."""
    return _from_ends(list(map(VIEW, runs)), _ends(runs))


def renumbered(runs: Runs, numbers: Mapping[int, int]) -> Runs:
    """The same with other numbers for the views, of which several may become one."""
    if all(view == number for view, number in numbers.items()):
        return runs
    views = list(map(numbers.__getitem__, map(VIEW, runs)))
    if len(set(numbers.values())) < len(numbers):
        return _from_ends(views, _ends(runs))
    return tuple(zip(views, map(COUNT, runs), strict=True))


def split(runs: Runs, parts: int) -> Runs:
    """Each channel made several, a view for each of its parts."""
    if parts == 1:
        return runs
    return tuple(
        (view * parts + part, 1)
        for view, count in runs
        for _ in range(count)
        for part in range(parts)
    )


def aligned(several: Sequence[Runs]) -> Iterator[tuple[tuple[int, ...], int]]:
    """The views of maps of as many channels side by side, and how many channels have them."""
    ends = list(map(_ends, several))
    at = [0] * len(several)
    done = 0
    while done < ends[0][-1]:
        stop = min(end[place] for end, place in zip(ends, at, strict=True))
        yield tuple(runs[place][0] for runs, place in zip(several, at, strict=True)), stop - done
        at = [place + (end[place] == stop) for end, place in zip(ends, at, strict=True)]
        done = stop


def moved(window: Window, runs: Runs, outputs: int) -> Runs | None:
    """The views of output channels that read one channel each, or padding; None: some read more."""
    if isinstance(window, Dealt):
        return _dealt(window, runs)
    if isinstance(window, Slide) and window.kernel == window.stride == 1:
        return _cut(-window.before, runs, outputs)
    return None


def _dealt(window: Dealt, runs: Runs) -> Runs:
    """Channels of one group after another become one channel of each group in turn."""
    before = list(chain.from_iterable(repeat(view, count) for view, count in runs))
    after = before.copy()
    for group in range(window.groups):
        after[group :: window.groups] = before[group * window.size : (group + 1) * window.size]
    return _from_ends(after, range(1, len(after) + 1))


def _cut(start: int, runs: Runs, outputs: int) -> Runs:
    """The channels from one on, so many; beyond the first and the last there are none."""
    ends = _ends(runs)
    stop = min(start + outputs, ends[-1])
    found = [(NONE, min(-start, outputs))] if start < 0 else []
    if max(start, 0) < stop:
        first, last = bisect_right(ends, max(start, 0)), bisect_right(ends, stop - 1)
        views = list(map(VIEW, runs[first : last + 1]))
        stops = [end - max(start, 0) for end in (*ends[first:last], stop)]
        found += _from_ends(views, stops)
    beyond = start + outputs - max(start, ends[-1])
    return (*found, (NONE, beyond)) if beyond > 0 else tuple(found)


def read(window: Window, runs: Runs, outputs: int) -> Iterator[tuple[frozenset[int], int]]:
    """The views that output channels read, and how many in a row read the same."""
    ends = _ends(runs)
    o = 0
    while o < outputs:
        touched = _touched(window, ends, o)
        count = min(_alike(window, ends, o), outputs - o)
        yield frozenset(runs[each][0] for each in touched), count
        o += count


def _touched(window: Window, ends: Sequence[int], o: int) -> Sequence[int]:
    """The numbers of the runs that an output reads."""
    reads = window.reads(o)
    if isinstance(window, Grouped):
        return range(bisect_right(ends, reads[0]), bisect_right(ends, reads[-1]) + 1)
    return [bisect_right(ends, i) for i in reads if 0 <= i < ends[-1]]


def _alike(window: Window, ends: Sequence[int], o: int) -> int:
    """How many outputs, from `o` on, are known to read the same runs."""
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
