"""Which channels have which view, kept as runs: channels side by side that see alike.

A map of thousands of channels that see two different things is two runs, so that what layers do
to channels costs by the runs, not by the channels.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby

from cnncalc.axis.channels import Dealt, Grouped
from cnncalc.axis.windows import Slide, Window

__all__ = ["Runs", "aligned", "compact", "length", "read", "split"]

Runs = tuple[tuple[int, int], ...]  # the number of a view, and how many channels have it


def length(runs: Runs) -> int:
    """How many channels there are."""
    return sum(count for _, count in runs)


def compact(runs: Sequence[tuple[int, int]]) -> Runs:
    """The same with no two neighbours that have one view."""
    found: list[tuple[int, int]] = []
    for view, count in runs:
        if found and found[-1][0] == view:
            found[-1] = view, found[-1][1] + count
        else:
            found.append((view, count))
    return tuple(found)


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
    ends = [list(accumulate(count for _, count in runs)) for runs in several]
    at = [0] * len(several)
    done = 0
    while done < ends[0][-1]:
        stop = min(end[place] for end, place in zip(ends, at, strict=True))
        yield tuple(runs[place][0] for runs, place in zip(several, at, strict=True)), stop - done
        at = [place + (end[place] == stop) for end, place in zip(ends, at, strict=True)]
        done = stop


def read(window: Window, runs: Runs, outputs: int) -> Iterator[tuple[frozenset[int], int]]:
    """The views that output channels read, and how many in a row read the same."""
    if isinstance(window, Dealt):
        one = {view: frozenset((view,)) for view, _ in runs}
        for view, count in _dealt(window, runs):
            yield one[view], count
        return
    if isinstance(window, Slide) and window.kernel == window.stride == 1:
        yield from _cut(-window.before, runs, outputs)
        return
    ends = list(accumulate(count for _, count in runs))
    o = 0
    while o < outputs:
        touched = _touched(window, ends, o)
        count = min(_alike(window, ends, o), outputs - o)
        yield frozenset(runs[each][0] for each in touched), count
        o += count


def _dealt(window: Dealt, runs: Runs) -> Iterator[tuple[int, int]]:
    """Channels of one group after another become one channel of each group in turn."""
    before = [view for view, count in runs for _ in range(count)]
    after = before.copy()
    for group in range(window.groups):
        after[group :: window.groups] = before[group * window.size : (group + 1) * window.size]
    for view, alike in groupby(after):
        yield view, len(list(alike))


def _cut(start: int, runs: Runs, outputs: int) -> Iterator[tuple[frozenset[int], int]]:
    """The channels from one on, so many; beyond the first and the last there are none."""
    if start < 0:
        yield frozenset(), min(-start, outputs)
    at, stop = 0, start + outputs
    for view, count in runs:
        kept = min(at + count, stop) - max(at, start)
        if kept > 0:
            yield frozenset((view,)), kept
        at += count
    if stop > at:
        yield frozenset(), min(stop - at, outputs)


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
