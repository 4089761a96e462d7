"""Which channels see what, followed as the computations deal channels out.

Channels that see the same are of one kind. Labels, which say what kind each channel is, are
cut, joined, laid out and gathered as the values of the channels are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy

from cnncalc.executors.geometry import axis_of, convolution_axes, keeps_axes
from cnncalc.executors.probing.reach import Reach, slid
from cnncalc.layers.base import Shape

__all__ = ["Reaches", "Told", "blurred", "dealt", "joined", "paired", "split"]

Reaches = tuple[Reach, ...]
Deal = Callable[[Any, Shape, Any], Any]
MOST = 64  # kinds that are worth following one by one


@dataclass(frozen=True)
class Told:
    """What the units of a map see, channel by channel.

    Attributes:
        labels: for each channel the number of its kind.
        kinds: what the channels of each kind see.
    """

    labels: Any
    kinds: tuple[Reaches, ...]

    @property
    def union(self) -> Reaches:
        """What the channels see together."""
        return together([self.kinds[each] for each in numpy.unique(self.labels)])


def together(kinds: Sequence[Reaches], merged: bool = False) -> Reaches:
    """What several see together, place by place; `merged`: as units that lie side by side."""
    return tuple(_union(each, merged) for each in zip(*kinds, strict=True))


def _union(reaches: Sequence[Reach], merged: bool) -> Reach:
    rows = reaches[0].rows
    for reach in reaches[1:]:
        rows = numpy.maximum(rows, reach.rows)
    place = next((reach.place for reach in reaches if reach.place is not None), None)
    return Reach(rows, place, merged or any(reach.merged for reach in reaches))


def blurred(channels: int, kinds: Sequence[Reaches]) -> Told:
    """Channels of which it isn't followed any more which one sees what."""
    return Told(numpy.zeros(channels, int), (together(kinds, merged=len(kinds) > 1),))


def dealt(layer: Any, shape: Shape, told: Told, channels: int) -> Told:
    """After a layer with one input, whose rule for places the kinds have been through."""
    if len(told.kinds) == 1 and layer.kind != "pad":
        return Told(numpy.zeros(channels, int), told.kinds)
    deal = DEALS.get(layer.kind)
    read = deal(layer, shape, told.labels) if deal else told.labels[:, None]
    if read is None:
        return blurred(channels, told.kinds)
    sets: dict[tuple[int, ...], int] = {}
    labels = [sets.setdefault(tuple(numpy.unique(each)), len(sets)) for each in read]
    if len(sets) > MOST:
        return blurred(channels, told.kinds)
    # The last kind, -1, is that of padding.
    nothing = [replace(each, rows=numpy.full_like(each.rows, -numpy.inf)) for each in told.kinds[0]]
    known = [*told.kinds, tuple(nothing)]
    kinds = tuple(together([known[each] for each in numbers]) for numbers in sets)
    every = len(sets) == 1 and len(read) < channels  # one says it for all
    return Told(numpy.zeros(channels, int) if every else numpy.array(labels), kinds)


def split(layer: Any, shape: Shape, told: Told) -> Told | None:
    """After a layer that makes several channels of one, each with places of its own; else None."""
    columns = layer.kind == "unfold" and len(shape) == 2
    places = {reach.place for kind in told.kinds for reach in kind}
    if 0 in places or not (columns or layer.kind == "pixelunshuffle"):
        return None
    taps = convolution_axes(layer, shape[1:])[0].kernel if columns else layer.factor
    sides = list(product(range(taps), repeat=len(shape) - 1))
    if len(sides) * len(told.kinds) > MOST:
        return None
    kinds = tuple(
        tuple(_side(layer, shape, reach, side) for reach in kind)
        for kind in told.kinds
        for side in sides
    )
    labels = told.labels[:, None] * len(sides) + numpy.arange(len(sides))
    return Told(labels.ravel(), kinds)


def _side(layer: Any, shape: Shape, reach: Reach, side: Sequence[int]) -> Reach:
    """What the units of one channel of a block see."""
    if reach.place is None:
        return reach
    tap = side[reach.place - 1]
    if layer.kind == "pixelunshuffle":
        return replace(reach, rows=reach.rows[:, tap :: layer.factor])
    (axis,) = convolution_axes(layer, shape[1:])
    offset = tap * axis.dilation
    before, after = axis.before - offset, axis.after + offset - axis.reach + 1
    alone = replace(axis, kernel=1, dilation=1, before=before, after=after)
    return replace(reach, rows=slid(reach.rows, alone))


def joined(branches: Sequence[Told]) -> Told:
    """The channels of branches, one branch after another."""
    kinds = [kind for each in branches for kind in each.kinds]
    starts = numpy.cumsum([0, *(len(each.kinds) for each in branches)])
    labels = [each.labels + start for each, start in zip(branches, starts, strict=False)]
    return _alike(numpy.concatenate(labels), kinds)


def paired(branches: Sequence[Told], meet: Callable[[Sequence[Reaches]], Reaches]) -> Told:
    """Branches channel by channel; a branch of one channel meets all of another's."""
    labels = numpy.broadcast_arrays(*(each.labels for each in branches))
    pairs: dict[tuple[int, ...], int] = {}
    numbers = [pairs.setdefault(each, len(pairs)) for each in zip(*labels, strict=True)]
    if len(pairs) > MOST:
        return Told(numpy.zeros(len(numbers), int), (meet([each.union for each in branches]),))
    kinds = [meet([b.kinds[n] for b, n in zip(branches, each, strict=True)]) for each in pairs]
    return _alike(numpy.array(numbers), kinds)


def _alike(labels: Any, kinds: Sequence[Reaches]) -> Told:
    """Kinds that see the same made one."""
    kept: list[Reaches] = []
    numbers = []
    for kind in kinds:
        numbers.append(next((n for n, each in enumerate(kept) if _same(kind, each)), len(kept)))
        kept += [kind] * (numbers[-1] == len(kept))
        if len(kept) > MOST:
            return blurred(len(labels), kinds)
    return Told(numpy.array(numbers)[labels], tuple(kept))


def _same(one: Reaches, two: Reaches) -> bool:
    return all(
        (a.place, a.merged) == (b.place, b.merged) and numpy.array_equal(a.rows, b.rows)
        for a, b in zip(one, two, strict=True)
    )


def _grouped(layer: Any, shape: Shape, labels: Any) -> Any:
    groups = layer.groups
    if groups == 1:
        return labels[None]
    return labels.reshape(groups, -1).repeat(layer.out_channels // groups, axis=0)


def _gathered(layer: Any, shape: Shape, labels: Any) -> Any:
    return labels[None]


def _along_axis(layer: Any, shape: Shape, labels: Any) -> Any:
    channels = axis_of(layer, layer.axis or 0, len(shape)) == 0
    return labels[None] if channels or len(shape) == 1 else labels[:, None]


def _halved(layer: Any, shape: Shape, labels: Any) -> Any:
    channels = axis_of(layer, layer.axis, len(shape)) == 0
    return labels.reshape(2, -1).T if channels else labels[:, None]


def _reduced(layer: Any, shape: Shape, labels: Any) -> Any:
    every = layer.axes == ("all",)
    channels = every or 0 in [axis_of(layer, axis, len(shape)) for axis in layer.axes]
    return labels[None] if channels else labels[:, None]


def _taken(layer: Any, shape: Shape, labels: Any) -> Any:
    start, stop = layer.interval
    channels = range(len(shape))[layer.axis] == 0
    return (labels[start : stop : layer.step] if channels else labels)[:, None]


def _padded(layer: Any, shape: Shape, labels: Any) -> Any:
    ((before, after),) = layer.channels
    kept = labels[max(-before, 0) : len(labels) + min(after, 0)]
    return numpy.pad(kept, (max(before, 0), max(after, 0)), constant_values=-1)[:, None]


def _flattened(layer: Any, shape: Shape, labels: Any) -> Any:
    axes = range(len(shape))
    merged = axes[axes[layer.start] : axes[layer.end] + 1]
    alone = 0 not in merged or all(shape[axis] == 1 for axis in merged if axis)
    return labels[:, None] if alone else None


def _reshaped(layer: Any, shape: Shape, labels: Any) -> Any:
    return labels[:, None] if keeps_axes(layer, shape) else None


# How channels are dealt out: the labels of those that each one reads, (channels, reads); one
# row says it for all. None: they become places, or what they see depends on the place.
DEALS: dict[str, Deal] = {
    "conv": _grouped,
    "pwconv": _grouped,
    "convt": _grouped,
    "sepconv": _gathered,
    "se": _gathered,
    "dwconv": lambda layer, shape, labels: labels.repeat(layer.multiplier)[:, None],
    "linear": _along_axis,
    "softmax": _along_axis,
    "softmin": _along_axis,
    "sparsemax": _along_axis,
    "logsoftmax": _along_axis,
    "glu": _halved,
    "reduce": _reduced,
    "expand": lambda layer, shape, labels: labels.repeat(layer.sizes[0] // shape[0])[:, None],
    "slice": _taken,
    "pad": _padded,
    "chshuffle": lambda layer, shape, labels: labels.reshape(layer.groups, -1).T.reshape(-1, 1),
    "permute": lambda layer, shape, labels: None if layer.axes[0] else labels[:, None],
    "unflatten": lambda layer, shape, labels: (
        labels[:, None] if range(len(shape))[layer.axis] or len(layer.sizes) == 1 else None
    ),
    "flatten": _flattened,
    "reshape": _reshaped,
    "pixelshuffle": lambda layer, shape, labels: None,
    "unfold": lambda layer, shape, labels: None,
    "fold": lambda layer, shape, labels: None,
}
