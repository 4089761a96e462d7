"""Windows against what is seen on paper: the places written in a row, the taps laid on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import ceil, floor, gcd
from random import Random

import pytest

from cnncalc.axis.channels import Dealt, Grouped
from cnncalc.axis.windows import (
    Bins,
    Picked,
    Resize,
    Same,
    Slide,
    Spread,
    Window,
    adaptive,
    ceil_slide,
    ratio,
)
from cnncalc.layers import LAYERS

Reads = list[list[int]]


def laid(row: Sequence[int], kernel: int, stride: int, dilation: int) -> Reads:
    """The places under a kernel that is moved along a row as long as it fits."""
    found = []
    at = 0
    while at + dilation * (kernel - 1) < len(row):
        found.append([row[at + tap * dilation] for tap in range(kernel)])
        at += stride
    return found


def read_by(window: Window, n: int) -> Reads:
    return [list(window.reads(o)) for o in range(window.length(n))]


def test_slides() -> None:
    """Padding puts places in front and behind, or takes some away."""
    for n, k, s, d in product((1, 4, 7), (1, 2, 3), (1, 2, 3), (1, 2)):
        for before, after in ((0, 0), (1, 2), (2, 0), (-1, 1), (0, -2)):
            row = range(-before, n + after)
            window = Slide(k, s, before, after, d)
            if d * (k - 1) < len(row):
                assert read_by(window, n) == laid(row, k, s, d)


def test_windows_alone() -> None:
    """By default they move on by one place, with nothing added."""
    assert read_by(Slide(2), 4) == [[0, 1], [1, 2], [2, 3]]
    assert read_by(Same(2).at(3), 3) == [[0, 1], [1, 2], [2, 3]]
    assert read_by(Spread(2), 2) == [[-1, 0], [0, 1], [1, 2]]
    assert read_by(Resize(2, 1, 4), 2) == [[0], [0], [1], [1]]


def test_same() -> None:
    """As few places added as let a kernel stand on every stride-th place, the odd one behind."""
    for n, k, s, d, lower in product((1, 4, 7), (1, 2, 3, 4), (1, 2, 3), (1, 2), (False, True)):
        same = Same(k, s, d, lower)
        slide = same.at(n)
        count = len(range(0, n, s))
        least = min(p for p in range(20) if len(laid(range(n + p), k, s, d)) >= count)
        sides = slide.before, slide.after

        assert same.length(n) == count == slide.length(n) or least == 0
        assert sum(sides) == least
        assert (sides[0] - sides[1] if lower else sides[1] - sides[0]) in (0, 1)


def test_ceil_mode() -> None:
    """One more window where places are left over, unless it began behind the input."""
    for n, k, s, d in product((3, 4, 5, 8), (1, 2, 3), (1, 2, 3, 4), (1, 2)):
        for before, after in ((0, 0), (1, 1), (0, 2), (1, 0)):
            extent = d * (k - 1) + 1
            if extent > n + before + after:
                continue
            starts = [-before]
            while starts[-1] + extent < n + after and starts[-1] + s < n:
                starts.append(starts[-1] + s)
            window = ceil_slide(n, k, s, before, after, d)

            assert read_by(window, n) == [list(range(a, a + extent, d)) for a in starts]
            assert window.after == starts[-1] + extent - n  # the last one ends with the padding


def test_a_window_larger_than_the_input_hangs_over_in_ceil_mode() -> None:
    """By less than a stride."""
    assert read_by(ceil_slide(3, 4, 2, 0, 0, 1), 3) == [[0, 1, 2, 3]]
    assert ceil_slide(3, 5, 2, 0, 0, 1).length(3) == 0


def test_transposed() -> None:
    """Each input is laid on as many places as the kernel has, a stride apart, and the rest cut."""
    for n, k, s, d in product((1, 3, 4), (1, 2, 3), (1, 2, 3), (1, 2)):
        for before, after, extra in ((0, 0, 0), (1, 0, 0), (0, 1, 1), (2, 1, 2), (-1, -2, 0)):
            taken: dict[int, list[int]] = {}
            for i, tap in product(range(-9, n + 9), range(k)):
                taken.setdefault(i * s + tap * d, []).append(i)
            row = range((n - 1) * s + d * (k - 1) + 1 + extra)
            window = Spread(k, s, before, after, d, extra)
            length = len(row) - before - after

            assert window.length(n) == length
            if length > 0:
                assert read_by(window, n) == [
                    sorted(taken.get(place + before, [])) for place in range(length)
                ]


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("taps", [1, 2, 4])
def test_resizes(taps: int, centred: bool) -> None:
    """The places around a coordinate, which is a fraction."""
    for outputs, inputs in product(range(1, 7), range(1, 7)):
        window = Resize(outputs, inputs, 3 * outputs, taps, centred)
        assert window.length(3 * inputs) == 3 * outputs
        for o, reads in enumerate(read_by(window, 3 * inputs)):
            at = o * Fraction(inputs, outputs)
            if centred:
                at = (o + Fraction(1, 2)) * Fraction(inputs, outputs) - Fraction(1, 2)
            if taps == 1:
                assert reads == [floor(at + Fraction(1, 2)) if centred else floor(at)]
            elif at == floor(at):
                assert reads == [at]
            else:
                assert reads == list(range(floor(at) - taps // 2 + 1, floor(at) + taps // 2 + 1))


@pytest.mark.parametrize(
    ("factor", "shape", "reads"),
    [
        (2.3, (1, 3, 3), [0, 0, 1, 1, 2, 2]),  # twice as many: each place twice
        (1.2, (1, 3, 3), [0, 1, 2]),
        (3.3, (1, 3, 3), [0, 0, 0, 0, 1, 1, 1, 2, 2]),
        (2.3, (1, 3), [0, 0, 0, 1, 1, 2]),  # on two axes alone
        (1.2, (1, 3), [0, 0, 1]),
        (2.3, (1, 3, 3, 3), [0, 0, 0, 1, 1, 2]),
    ],
)
def test_nearest_by_a_fraction(factor: float, shape: tuple[int, ...], reads: list[int]) -> None:
    """As PyTorch has it, which goes by the factor but where sizes stay or double."""
    for window in LAYERS["upsample"]((factor,)).windows(shape):
        assert read_by(window, 3) == [[i] for i in reads]


def test_adaptive() -> None:
    """From the first place that a bin touches to the last; no bins of nothing."""
    for n, m in product(range(1, 9), range(1, 9)):
        window = adaptive(n, m)
        bins = [range(floor(o * n / m), ceil((o + 1) * n / m)) for o in range(m)]

        assert isinstance(window, Slide) == (n % m == 0)
        assert read_by(window, n) == [list(each) for each in bins]
    assert [adaptive(5, 0).length(n) for n in (5, 6)] == [0, 1]


def test_channels() -> None:
    """In groups side by side, and dealt out to groups as cards are."""
    for groups, inputs, outputs in product((1, 2, 3), (1, 2, 3), (1, 2, 3)):
        own = [[g * inputs + i for i in range(inputs)] for g in range(groups)]
        grouped = [each for each in own for _ in range(outputs)]
        dealt = [[g * inputs + i] for i in range(inputs) for g in range(groups)]

        assert read_by(Grouped(inputs, outputs), groups * inputs) == grouped
        assert read_by(Dealt(groups, inputs), groups * inputs) == dealt


def some_windows() -> Iterator[Window]:
    draw = Random(1).randint
    for _ in range(60):
        yield Slide(draw(1, 4), draw(1, 4), draw(-2, 3), draw(-2, 3), draw(1, 3))
        yield Spread(draw(1, 4), draw(1, 4), draw(-2, 3), draw(-2, 3), draw(1, 3))
        taps = (1, 1, 2, 4, 6)[draw(0, 4)]  # of which whole coordinates need but one
        yield Resize(draw(1, 7) if taps == 1 else 5, draw(1, 4), 99, taps, bool(draw(0, 1)))
        yield Bins(draw(1, 9), draw(1, 9))
        yield Grouped(draw(1, 4), draw(1, 4))
    yield from (Picked(inputs) for inputs in ([0], [2], [1, 3], [0, 1, 5], [4, 5, 9]))
    yield from (Dealt(groups, size) for groups, size in product((1, 2, 3, 4), (1, 2, 3, 4)))


def test_periods_and_hulls() -> None:
    """A period on, all is moved; a hull holds what is read, and nowhere a whole place more."""
    for window in some_windows():
        outputs, inputs = window.period
        slope, low, high = window.hull
        turns = window.size if isinstance(window, Dealt) else 3
        units = range(outputs * turns)
        for o in units[outputs:]:
            assert list(window.reads(o)) == [i + inputs for i in window.reads(o - outputs)]
        found = [(window.reads(o), slope * o) for o in units]
        firsts = [reads[0] - at for reads, at in found if reads]
        lasts = [reads[-1] - at for reads, at in found if reads]

        assert slope == pytest.approx(inputs / outputs)
        assert low - 1e-9 <= min(firsts) <= low + 1 + 1e-9, repr(window)
        assert high - 1 - 1e-9 <= max(lasts) <= high + 1e-9, repr(window)
        if isinstance(window, Slide | Grouped | Picked):  # which reach it
            assert (low, high) == pytest.approx((min(firsts), max(lasts)))


def test_hulls_of_interpolation() -> None:
    """As far on both sides of the coordinate as half of the taps."""
    for outputs, inputs, taps, centred in product((1, 2, 5), (1, 3, 4), (2, 4, 6), (False, True)):
        slope, low, high = Resize(outputs, inputs, 9, taps, centred).hull
        at = (inputs / outputs - 1) / 2 if centred else 0
        assert (slope, low, high) == pytest.approx((inputs / outputs, at - taps / 2, at + taps / 2))


def test_periods_are_the_shortest() -> None:
    """Of a quotient, as it is in lowest terms."""
    assert Resize(6, 4, 12).period == (3, 2)
    assert Resize(4, 2, 8, 2, True).period == (2, 1)
    assert Bins(12, 8).period == (2, 3)
    assert Bins(7, 3).period == (3, 7)
    assert Slide(3, 2).period == (1, 2)
    assert Spread(3, 2).period == (2, 1)
    assert Picked([1, 3]).period == (2, 4)
    assert list(Picked([1, 3]).reads(3)) == [7]


def test_a_ratio_is_what_people_meant() -> None:
    """Any quotient of numbers that people write, and decimals as they stand."""
    for p, q in product((1, 2, 3, 7, 640, 4095), (1, 2, 3, 7, 10, 480, 4095, 4096)):
        assert ratio(p / q) == (p // gcd(p, q), q // gcd(p, q))
    assert ratio(1.1) == (11, 10)
    assert ratio(0.3333333333333333) == (1, 3)
    assert ratio(2) == (2, 1)
    assert ratio(1.23456789) == (123456789, 100000000)
    assert ratio(1 / 4097) != (1, 4097)


def test_aligned_corners() -> None:
    """The first place and the last stay where they are; the coordinates between are fractions."""
    for n, size in product(range(1, 7), range(1, 9)):
        (window,) = LAYERS["upsample"](size=(size,), mode="linear", corners=True).windows((1, n))
        if size == 1:
            assert read_by(window, n) == [[0]]
            continue
        for o, reads in enumerate(read_by(window, n)):
            at = o * Fraction(n - 1, size - 1)
            assert reads == ([at] if at == floor(at) else [floor(at), floor(at) + 1])


def test_two_slides_are_one() -> None:
    """It reads from the first to the last place that both of them read together."""
    for k, s, d, before, after in product((1, 2, 3), (1, 2), (1, 2), (0, 2), (0, 1)):
        for one, two in (
            (Slide(k, s, before, after, d), Slide(3, 2, 1, 2)),
            (Slide(3, 2, 2, 1), Slide(k, s, before, after, d)),
        ):
            both = one.then(two)
            assert both.length(20) == two.length(one.length(20))
            assert both.dilation == 1
            for o in range(3):
                places = [i for unit in two.reads(o) for i in one.reads(unit)]
                assert list(both.reads(o)) == list(range(min(places), max(places) + 1))
