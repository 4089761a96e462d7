"""What the units of a map see of the network's input, axis by axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cnncalc.axis.field import IDENTITY, Field
from cnncalc.axis.indices import Indices
from cnncalc.axis.windows import Slide
from cnncalc.layers.base import Shape
from cnncalc.receptive.runs import Runs

__all__ = [
    "Along",
    "Channels",
    "Extent",
    "ExtentOf",
    "Interval",
    "Reach",
    "Region",
    "Seen",
    "empty",
    "extra_input",
    "gathered",
    "inside",
    "network_input",
    "nothing",
]

Interval = tuple[int, int]
Extent = tuple[Interval | None, ...]  # of each axis of the input that has places; None: nothing
Region = tuple[Indices, ...]  # for each axis of a map, channels first, the indices that matter

# What really reaches a part of the one map that a step receives (None: all of it), or the map of
# one of its branches; None: that isn't known.
ExtentOf = Callable[[Region | None], Extent | None]
Reach = Callable[[int], Extent | None]


class Along(NamedTuple):
    """What the units of a map see of one input axis.

    Attributes:
        field: the field along the map's axis `place`.
        place: the axis of the map that descends from the input axis; None: there is none
            left, and phase 0 of the field is what every unit sees.
        merged: units that see different parts are side by side along some axis, so the field
            is only an upper bound for each, until a layer reads them all.
    """

    field: Field
    place: int | None
    merged: bool = False

    def settled(self) -> Field:
        """The field as the units of a stretched axis have it: all the same."""
        return Field(0, self.field.phases[:1], self.field.exact)


class Seen:
    """What the units of one map see of the input.

    Attributes:
        axes: one `Along` for each spatial axis of the input.
        whole: every unit sees the whole input.
        aligned: no branches of different jump or centre have met so far.
        channels: what each channel sees by itself; None: units see alike, but along the axes
            that descend from the input's.
        apart: nothing on the way here reads the first input.
    """

    __slots__ = ("aligned", "apart", "axes", "channels", "whole")

    def __init__(
        self,
        axes: tuple[Along, ...],
        whole: bool = False,
        aligned: bool = True,
        channels: Channels | None = None,
        apart: bool = False,
    ) -> None:
        self.apart = apart
        self.axes = axes
        self.whole = whole
        self.aligned = aligned
        self.channels = channels

    @property
    def told(self) -> bool:
        """Whether there is anything to tell: the first input has places, and is read here."""
        return bool(self.axes) and not self.apart

    @property
    def places(self) -> tuple[int | None, ...]:
        """For each spatial axis of the input its axis of the map; none where all is seen."""
        return () if self.whole else tuple(along.place for along in self.axes)

    @property
    def status(self) -> str:
        """`global`, `exact` or `hull`, as the report has it."""
        if self.whole:
            return "global"
        blind = self.channels is not None and self.channels.blind
        exact = not blind and all(a.field.exact and not a.merged for a in self.axes)
        return "exact" if exact else "hull"

    def to_dict(self, input_shape: Shape) -> dict[str, object] | None:
        """The report's `receptive_field`; None: there is none."""
        if self.apart:
            return None
        if self.whole:
            axes = len(self.axes)
            size, start = list(input_shape[1:]), [0] * axes
            jump: list[float] = [0] * axes
            phases = None
        else:
            fields = [along.field for along in self.axes]
            size = [field.size for field in fields]
            jump = [field.jump for field in fields]
            start = [field.start for field in fields]
            phases = _phases(fields)
        return {
            "size": size,
            "jump": jump,
            "start": start,
            "phases": phases,
            "status": self.status,
            "aligned": self.aligned,
        }


class Channels(NamedTuple):
    """What each channel of a map sees, where they differ; together they see what the map does.

    Attributes:
        runs: which of the views each has, in runs; empty: units differ in a way that isn't known.
        views: what there is to see.
        padded: the units differ in this alone, that some lie in padding and see nothing.
        blind: some units see nothing, whatever the fields of the map say.
        along: where it isn't known how units differ, the axes of the map along which they do;
            None: along any.
    """

    runs: Runs = Runs()
    views: tuple[Seen, ...] = ()
    padded: bool = False
    blind: bool = False
    along: frozenset[int] | None = None


def _phases(fields: Sequence[Field]) -> list[list[list[int]]] | None:
    if all(len(field.phases) == 1 for field in fields):
        return None
    return [[list(phase) for phase in field.phases] for field in fields]


def network_input(places: Sequence[int]) -> Seen:
    """Each place of the input sees itself; `places` are the axes that have them."""
    return Seen(tuple(Along(IDENTITY, axis) for axis in places))


def extra_input(shape: Shape, axes: int) -> Seen:
    """A further input, or what is made of such alone, sees nothing of the first one."""
    places = (axis if axis < len(shape) else None for axis in range(1, axes + 1))
    return Seen(tuple(Along(empty(IDENTITY), place) for place in places), apart=True)


def nothing(axes: int, aligned: bool) -> Seen:
    """Units that see nothing of the input."""
    return Seen((Along(Field(0, ((0, 0),)), None),) * axes, aligned=aligned)


def gathered(field: Field, length: int) -> Field:
    """What `length` units see together, as the field of units that all see the same."""
    together = field.through(Slide(length, length)) if length > 1 else field
    return Field(0, together.phases[:1], together.exact)


def inside(field: Field, reached: Interval | None) -> Field:
    """A field cut to what really reaches it of one axis; a bound where that isn't known."""
    if reached is None:
        return Field(field.step, field.phases[:1], exact=False)
    foreseen = field.sees(0)
    if foreseen is None:
        return empty(field)
    first, last = max(foreseen[0], reached[0]), min(foreseen[1], reached[1])
    return Field(field.step, ((first, max(last - first + 1, 0)),))


def empty(field: Field) -> Field:
    """The field of units at the same places that see nothing."""
    return Field(field.step, ((field.start, 0),))
