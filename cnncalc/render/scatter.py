"""Points of two numbers as an SVG picture, with axes and their values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import floor, log10
from typing import NamedTuple

from cnncalc.escaping import html

__all__ = ["Axis", "draw"]

WIDTH, HEIGHT = 720, 480
LEFT, RIGHT, TOP, BOTTOM = 80, 24, 40, 56
TICKS = 5
ROOM = 0.04  # of an axis, beyond its least and its largest value
LEGEND = 400, 560
COLORS = ("#2166ac", "#67a9cf", "#d8b365", "#ef8a62", "#b2182b")  # from few to many


class Axis(NamedTuple):
    """What an axis shows: its title, and the value of each point."""

    title: str
    values: Sequence[float]


def draw(title: str, across: Axis, up: Axis, names: Sequence[str], third: Axis | None) -> str:
    """The picture.

    Args:
        title: above it.
        across: where the points lie from left to right.
        up: where they lie from below.
        names: what each point is called, shown where a pointer rests on it.
        third: what colours them; None: they have one.
    """
    return "".join(_pieces(title, across, up, names, third))


def _pieces(
    title: str, across: Axis, up: Axis, names: Sequence[str], third: Axis | None
) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="12">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n'
    )
    yield _text(LEFT, 22, title, anchor="start", size=14)
    yield from _axis_across(across)
    yield from _axis_up(up)
    colors = [COLORS[0]] * len(names) if third is None else _colors(third.values)
    places = zip(
        _spread(across.values, _frame(across.values), LEFT, WIDTH - RIGHT),
        _spread(up.values, _frame(up.values), HEIGHT - BOTTOM, TOP),
        colors,
        names,
        strict=True,
    )
    for x, y, color, name in places:
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{color}" fill-opacity="0.8">'
            f"<title>{html(name)}</title></circle>\n"
        )
    if third is not None:
        yield from _legend(third)
    yield "</svg>\n"


def _text(x: float, y: float, text: str, *, anchor: str = "middle", size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{html(text)}'
        "</text>\n"
    )


def _range(values: Sequence[float]) -> tuple[float, float]:
    """The least and the largest value, apart from one another."""
    low, high = min(values, default=0), max(values, default=1)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _frame(values: Sequence[float]) -> tuple[float, float]:
    """What an axis shows: somewhat more, so that no point lies on its ends."""
    low, high = _range(values)
    room = (high - low) * ROOM
    return low - room, high + room


def _spread(
    values: Sequence[float], shown: tuple[float, float], start: float, end: float
) -> list[float]:
    """Where values lie between two places, at which two others would."""
    low, high = shown
    return [start + (value - low) / (high - low) * (end - start) for value in values]


def _ticks(values: Sequence[float]) -> list[float]:
    """Round values between the least and the largest one."""
    low, high = _range(values)
    step = 10 ** floor(log10((high - low) / TICKS))
    step *= next(times for times in (1, 2, 5, 10) if (high - low) / (step * times) <= TICKS)
    first = -(-low // step) * step
    return [first + step * n for n in range(TICKS + 2) if first + step * n <= high]


def _axis_across(axis: Axis) -> Iterator[str]:
    low = HEIGHT - BOTTOM
    yield f'<path d="M{LEFT} {TOP}V{low}H{WIDTH - RIGHT}" fill="none" stroke="#444"/>\n'
    ticks = _ticks(axis.values)
    for tick, x in zip(
        ticks, _spread(ticks, _frame(axis.values), LEFT, WIDTH - RIGHT), strict=True
    ):
        yield f'<path d="M{x:.1f} {low}v5" stroke="#444"/>\n' + _text(x, low + 20, _short(tick))
    yield _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, axis.title)


def _axis_up(axis: Axis) -> Iterator[str]:
    ticks = _ticks(axis.values)
    for tick, y in zip(
        ticks, _spread(ticks, _frame(axis.values), HEIGHT - BOTTOM, TOP), strict=True
    ):
        yield f'<path d="M{LEFT} {y:.1f}h-5" stroke="#444"/>\n'
        yield _text(LEFT - 8, y + 4, _short(tick), anchor="end")
    middle = (TOP + HEIGHT - BOTTOM) / 2
    turned = _text(0, 0, axis.title)
    yield f'<g transform="translate(18 {middle:.1f}) rotate(-90)">{turned}</g>\n'


def _colors(values: Sequence[float]) -> list[str]:
    places = _spread(values, _range(values), 0, len(COLORS) - 1)
    return [COLORS[round(place)] for place in places]


def _legend(third: Axis) -> Iterator[str]:
    """Beside the title, where no point lies: the colours of the least and the largest value."""
    for x, value, color in zip(LEGEND, _range(third.values), (COLORS[0], COLORS[-1]), strict=True):
        yield f'<circle cx="{x}" cy="18" r="4" fill="{color}"/>\n'
        yield _text(x + 10, 22, f"{third.title} {_short(value)}", anchor="start")


def _short(value: float) -> str:
    """A number with its unit of thousands: 1.5M."""
    for power, letter in ((12, "T"), (9, "G"), (6, "M"), (3, "k")):
        if abs(value) >= 10**power:
            return f"{value / 10**power:.4g}{letter}"
    return f"{value:.4g}"
