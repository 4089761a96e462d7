"""The table of `sizes`: for which input sizes a network works."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.layers.base import Shape, show
from cnncalc.rows import as_layout
from cnncalc.tables.table import Column, Table
from cnncalc.validity import Broken, ValidSizes

__all__ = ["table_of"]

MOST_TOGETHER = 8  # that a sentence tells


def table_of(valid: ValidSizes) -> Table:
    """The axes of the input, and what is to be said of the size that was asked about."""
    footer = [f"as long as {tie.condition(as_people=True)}" for tie in valid.ties]
    footer += _together(valid) if valid.together else []
    footer += _about(valid, valid.asked) if valid.asked else []
    if valid.axes:
        footer.append(f"the least size that works: {_shown(valid, valid.least)}")
    else:
        footer.append("its input has no spatial axes")
    others = [step for step in valid.network.steps[1:] if not step.inputs]
    if others:
        sizes = ", ".join(f"`{step.name}` {show(step.layer.output())}" for step in others)
        first = valid.network.steps[0].name
        footer.append(f"these are sizes of `{first}`; the other inputs stay as they are: {sizes}")
    return Table(COLUMNS, valid, valid.axes, footer=footer, spare=("lossless",))


def _together(valid: ValidSizes) -> list[str]:
    """All sizes that work where those of several axes hang together, the squares first."""
    names = " = ".join(axis.symbol for axis in valid.axes)
    found = [valid.alike.said(names)] if valid.alike else []
    found += [
        ", ".join(some.said(name) for name, some in box.items())
        for box in sorted(
            valid.together, key=lambda box: max(some.first() or 1 for some in box.values())
        )
        if not valid.alike or any(some & ~valid.alike for some in box.values())
    ]
    more = ["…"] if len(found) > MOST_TOGETHER else []
    return [f"these go together: {'; '.join([*found[:MOST_TOGETHER], *more])}"]


def _shown(valid: ValidSizes, shape: Shape) -> str:
    return show(as_layout(shape, valid.network.layout))


def _about(valid: ValidSizes, asked: Shape) -> list[str]:
    """Whether a size works, and if not, where it breaks and what is near."""
    broken = valid.broken_at(asked)
    if broken is None:
        return [f"{_shown(valid, asked)} works"]
    near = valid.near(asked)
    words = [_shown(valid, shape) for shape in near]
    nearest = [f"the nearest that work: {' and '.join(words)}"] if words else []
    pads = [] if valid.network.channel_axis is None else _padded(asked, near)
    return [_breaks(valid, broken), *nearest, *pads]


def _breaks(valid: ValidSizes, broken: Broken) -> str:
    shown, step = _shown(valid, broken.shape), broken.step
    at = f"at step {broken.number}, `{step.name}`, " if step else ""
    return f"{shown} doesn't work: {at}{broken.error.message}"


def _padded(asked: Shape, near: Sequence[Shape]) -> list[str]:
    """The padding that makes a size that works of one that doesn't."""
    larger = [shape for shape in near if all(map(int.__ge__, shape, asked))]
    if not larger:
        return []
    pads = [n - m for n, m in zip(larger[-1][1:], asked[1:], strict=True)]
    sides = [f"{pad // 2}" if pad % 2 == 0 else f"{pad // 2}:{pad // 2 + 1}" for pad in pads]
    words = sides[:1] if len(set(sides)) == 1 else sides
    return [f"`pad:{'x'.join(words)}` in front makes {show(larger[-1])} of it"]


COLUMNS = (
    Column("symbol", "axis", "the axis of the input", lambda _, axis: axis.symbol),
    Column(
        "works",
        "works",
        "the sizes at which the network works",
        lambda _, axis: axis.works.said(axis.symbol),
        narrow="fold",
    ),
    Column("least", "least", "the least of them", lambda _, axis: axis.works.first(), right=True),
    Column(
        "lossless",
        "no pixel lost",
        "those at which no window leaves a position out at the end of its map",
        lambda _, axis: axis.exact.said(axis.symbol),
        narrow="fold",
    ),
)
