"""Sets of indices along one axis, and what a window reads of an axis for some of its units.

A set is a `range` wherever one says it, whatever the size of the axis, else a frozenset.
"""

from __future__ import annotations

from cnncalc.axis.channels import Dealt, Grouped
from cnncalc.axis.windows import Bins, Resize, Slide, Spread, Window

__all__ = ["MOST", "Indices", "TooManyError", "joined", "read", "within"]

Indices = range | frozenset[int]

NOTHING = range(0)
MOST = 1 << 18  # indices that are worth listing one by one


class TooManyError(Exception):
    """A set that no range says has more indices than are worth listing."""


def read(window: Window, units: Indices, n: int) -> Indices:
    """The indices of an axis of `n` that some units of a window read.

    Interpolation clamps what lies outside to the border; other windows see nothing there.
    """
    if not units:
        return NOTHING
    if isinstance(window, Dealt) and units == range(n):
        return range(n)
    clamped = isinstance(window, Resize)
    found = _range_of(window, units) if isinstance(units, range) else None
    if found is not None:
        return _clamped(found, n) if clamped else within(found, n)
    _check(len(units) * getattr(window, "kernel", 1))
    reads = (i for o in units for i in window.reads(o))
    if clamped:
        return frozenset(min(max(i, 0), n - 1) for i in reads)
    return frozenset(i for i in reads if 0 <= i < n)


def within(found: range, n: int) -> range:
    """The part of a rising range that lies from 0 to before `n`."""
    start = max(found.start, found.start % found.step)
    return range(start, min(found.stop, n), found.step)


def joined(one: Indices, two: Indices) -> Indices:
    """What is in either set."""
    if one == two or not two:
        return one
    if not one:
        return two
    if isinstance(one, range) and isinstance(two, range):
        one, two = sorted((one, two), key=lambda each: (each.step, each.start))
        if one.step == 1 and one.start <= two.start and two[-1] < one.stop:
            return one
        if one.step == two.step == 1 and two.start <= one.stop:
            return range(one.start, two.stop)
    _check(len(one) + len(two))
    return frozenset(one) | frozenset(two)


def _check(count: int) -> None:
    if count > MOST:
        raise TooManyError


def _clamped(found: range, n: int) -> range:
    """What interpolation reads; the first unit reads place 0 at least."""
    return range(min(max(found.start, 0), n - 1), min(found.stop, n))


def _range_of(window: Window, units: range) -> range | None:
    """What the units read, borders aside; None where no range says it."""
    if isinstance(window, Slide):
        return _slid(window, units)
    if units.step != 1:
        return None
    if isinstance(window, Spread):
        return _spread(window, units)
    if isinstance(window, Grouped):
        return range(window.reads(units[0])[0], window.reads(units[-1])[-1] + 1)
    larger = isinstance(window, Resize) and window.outputs >= window.inputs
    if larger or isinstance(window, Bins):  # they read side by side
        # two at each end: interpolation reads one index where the coordinate is one
        first = min(window.reads(o)[0] for o in units[:2])
        return range(first, max(window.reads(o)[-1] for o in units[-2:]) + 1)
    return None


def _slid(window: Slide, units: range) -> range | None:
    """Windows begin every so many places and have taps every so many: often one progression."""
    apart, taps = units.step * window.stride, window.dilation
    first = units[0] * window.stride - window.before
    stop = units[-1] * window.stride - window.before + taps * (window.kernel - 1) + 1
    if window.kernel == 1:
        return range(first, stop, apart)
    if len(units) == 1 or (apart % taps == 0 and apart <= taps * window.kernel):
        return range(first, stop, taps)
    if taps % apart == 0 and taps <= apart * len(units):
        return range(first, stop, apart)
    return None


def _spread(window: Spread, units: range) -> range | None:
    """The way back: an input in between is read if the units are no fewer than its taps' gaps."""
    if len(units) < window.dilation:
        return None
    reach = window.dilation * (window.kernel - 1)
    first = -(-(units[0] + window.before - reach) // window.stride)
    return range(first, (units[-1] + window.before) // window.stride + 1)
