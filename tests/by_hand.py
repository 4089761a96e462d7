"""Which places of the input each unit of a small map depends on: sets of them, unit by unit.

Nothing of the engine's arithmetic is used but the sizes of maps, which other tests hold: layers
are followed tap by tap, as a convolution by hand over arrays of sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import product
from math import ceil, floor
from typing import Any

import numpy as np

from cnncalc import Report
from cnncalc.layers.base import Shape

__all__ = ["depends"]

Places = frozenset[tuple[int, ...]]
NOTHING: Places = frozenset()


def depends(report: Report) -> list[Any]:
    """For each step an array of its output's shape: the places of the input that a unit reads."""
    maps: list[Any] = []
    for step, row in zip(report.network.steps, report.rows, strict=True):
        before = [maps[i] for i in row.inputs]
        after = RULES[row.kind](step.layer, row.output_shape, *before) if before else own(row)
        assert after.shape == row.output_shape, row.text
        maps.append(after)
    return maps


def blank(shape: Shape) -> Any:
    made = np.empty(shape, dtype=object)
    made.fill(NOTHING)
    return made


def own(row: Any) -> Any:
    made = blank(row.output_shape)
    for index in np.ndindex(*row.output_shape):
        made[index] = frozenset([index[1:]])
    return made


def union(sets: Iterable[Places]) -> Places:
    return NOTHING.union(*sets)


def of(values: Sequence[Any], axes: int) -> tuple[Any, ...]:
    """One value for each axis."""
    return tuple(values) * (axes if len(values) == 1 else 1)


def laid(
    before: Any, shape: Shape, kernel: Any, stride: Any, padding: Any, dilation: Any = (1,)
) -> Any:
    """Each channel under a window that slides: what its taps read."""
    axes = before.ndim - 1
    kernel, stride, padding, dilation = (
        of(each, axes) for each in (kernel, stride, padding, dilation)
    )
    after = blank((before.shape[0], *shape[1:]))
    for index in np.ndindex(*after.shape):
        read = []
        for taps in product(*map(range, kernel)):
            at = [
                o * s - p[0] + t * d
                for o, s, p, t, d in zip(index[1:], stride, padding, taps, dilation, strict=True)
            ]
            if all(0 <= i < n for i, n in zip(at, before.shape[1:], strict=True)):
                read.append(before[(index[0], *at)])
        after[index] = union(read)
    return after


def scattered(layer: Any, before: Any, shape: Shape) -> Any:
    """Each place laid on those that its taps reach."""
    axes = before.ndim - 1
    kernel, stride, padding, dilation = (
        of(each, axes) for each in (layer.kernel, layer.stride, layer.padding, layer.dilation)
    )
    after = blank((before.shape[0], *shape[1:]))
    for index in np.ndindex(*before.shape):
        for taps in product(*map(range, kernel)):
            at = [
                i * s - p[0] + t * d
                for i, s, p, t, d in zip(index[1:], stride, padding, taps, dilation, strict=True)
            ]
            if all(0 <= i < n for i, n in zip(at, shape[1:], strict=True)):
                place = (index[0], *at)
                after[place] |= before[index]
    return after


def grouped(before: Any, channels: int, groups: int) -> Any:
    """Each output channel reads all channels of its group."""
    size = before.shape[0] // groups
    made = blank((channels, *before.shape[1:]))
    for index in np.ndindex(*made.shape):
        first = index[0] // (channels // groups) * size
        made[index] = union(before[(c, *index[1:])] for c in range(first, first + size))
    return made


def conv(layer: Any, shape: Shape, before: Any) -> Any:
    slid = laid(before, shape, layer.kernel, layer.stride, layer.padding, layer.dilation)
    return grouped(slid, shape[0], layer.groups)


def depthwise(layer: Any, shape: Shape, before: Any) -> Any:
    slid = laid(before, shape, layer.kernel, layer.stride, layer.padding, layer.dilation)
    return np.repeat(slid, layer.multiplier, axis=0)


def pointwise(layer: Any, shape: Shape, before: Any) -> Any:
    return grouped(laid(before, shape, (1,), layer.stride, ((0, 0),)), shape[0], layer.groups)


def separable(layer: Any, shape: Shape, before: Any) -> Any:
    return grouped(depthwise(layer, shape, before), shape[0], 1)


def transposed(layer: Any, shape: Shape, before: Any) -> Any:
    return grouped(scattered(layer, before, shape), shape[0], layer.groups)


def pool(layer: Any, shape: Shape, before: Any) -> Any:
    stride = layer.stride or layer.kernel
    return laid(before, shape, layer.kernel, stride, layer.padding, layer.dilation)


def pad(layer: Any, shape: Shape, before: Any) -> Any:
    grown = laid(before, shape, (1,), (1,), layer.padding)
    after = blank(shape)
    for index in np.ndindex(*shape):
        c = index[0] - layer.channels[0][0]
        after[index] = grown[(c, *index[1:])] if 0 <= c < len(grown) else NOTHING
    return after


def crop(layer: Any, shape: Shape, before: Any) -> Any:
    return laid(before, shape, (1,), (1,), [(-a, -b) for a, b in layer.amount])


def along(before: Any, axis: int, reads: Sequence[Sequence[int]]) -> Any:
    """One axis anew, of which each index reads some of those before."""
    parts = [
        [np.take(before, i, axis=axis) for i in each] or [blank(np.delete(before.shape, axis))]
        for each in reads
    ]
    return np.stack([merged(each) for each in parts], axis=axis)


def merged(parts: Sequence[Any]) -> Any:
    together = parts[0]
    for part in parts[1:]:
        together = np.asarray(together | part, dtype=object)
    return together


def upsample(layer: Any, shape: Shape, before: Any) -> Any:
    after = before
    for axis in range(1, before.ndim):
        n, m = before.shape[axis], shape[axis]
        scale = Fraction(m, n)
        if layer.factor:
            scale = Fraction(str(of(layer.factor, before.ndim - 1)[axis - 1]))
        reads = []
        for o in range(m):
            at, around = o / scale, [0]
            if layer.mode == "linear":
                at = (o + Fraction(1, 2)) / scale - Fraction(1, 2)
                around = [0] if at == floor(at) else [0, 1]
            reads.append([min(max(floor(at) + i, 0), n - 1) for i in around])
        after = along(after, axis, reads)
    return after


def adaptive(layer: Any, shape: Shape, before: Any) -> Any:
    after = before
    for axis in range(1, before.ndim):
        n, m = before.shape[axis], shape[axis]
        bins = [range(floor(Fraction(o * n, m)), ceil(Fraction((o + 1) * n, m))) for o in range(m)]
        after = along(after, axis, bins)
    return after


def whole(before: Any, axes: Iterable[int], keep: bool) -> Any:
    after = before
    for axis in sorted(axes, reverse=True):
        after = along(after, axis, [range(after.shape[axis])])
        after = after if keep else np.take(after, 0, axis=axis)
    return np.asarray(after, dtype=object)


def everywhere(layer: Any, shape: Shape, before: Any) -> Any:
    """A gate: each unit reads the whole map."""
    made = blank(shape)
    made.fill(union(before.flat))
    return made


def spread_along(axis: int, before: Any) -> Any:
    """As a softmax does: each unit reads all along an axis."""
    n = before.shape[axis]
    return along(before, axis % before.ndim, [range(n)] * n)


def linear(layer: Any, shape: Shape, before: Any) -> Any:
    axis = (layer.axis or 0) % before.ndim
    return along(before, axis, [range(before.shape[axis])] * shape[axis])


def glu(layer: Any, shape: Shape, before: Any) -> Any:
    axis = layer.axis % before.ndim
    half = shape[axis]
    return along(before, axis, [[i, i + half] for i in range(half)])


def shuffle(layer: Any, shape: Shape, before: Any) -> Any:
    c, size = shape[0], shape[0] // layer.groups
    return before[[g * size + i for i in range(size) for g in range(layer.groups)][:c]]


def blocks(layer: Any, shape: Shape, before: Any) -> Any:
    """Channels to blocks of places."""
    r, after = layer.factor, blank(shape)
    for index in np.ndindex(*shape):
        part = 0
        for i in index[1:]:
            part = part * r + i % r
        channel = index[0] * r ** (len(shape) - 1) + part
        after[index] = before[(channel, *(i // r for i in index[1:]))]
    return after


def unblocks(layer: Any, shape: Shape, before: Any) -> Any:
    r, after = layer.factor, blank(shape)
    for index in np.ndindex(*shape):
        part, at = index[0], []
        for i in reversed(index[1:]):
            part, rest = divmod(part, r)
            at.append(i * r + rest)
        after[index] = before[(part, *reversed(at))]
    return after


def unfold(layer: Any, shape: Shape, before: Any) -> Any:
    axes = before.ndim - 1
    kernel, stride, padding, dilation = (
        of(each, axes) for each in (layer.kernel, layer.stride, layer.padding, layer.dilation)
    )
    rows = []
    counts = [
        len(range(0, n + sum(p) - d * (k - 1), s))
        for n, k, s, p, d in zip(before.shape[1:], kernel, stride, padding, dilation, strict=True)
    ]
    for channel, *taps in product(range(before.shape[0]), *map(range, kernel)):
        row = []
        for window in product(*map(range, counts)):
            at = [
                o * s - p[0] + t * d
                for o, s, p, t, d in zip(window, stride, padding, taps, dilation, strict=True)
            ]
            inside = all(0 <= i < n for i, n in zip(at, before.shape[1:], strict=True))
            row.append(before[(channel, *at)] if inside else NOTHING)
        rows.append(row)
    after = blank(shape)
    for index in np.ndindex(*shape):
        after[index] = rows[index[0]][index[1]]
    return after


def fold(layer: Any, shape: Shape, before: Any) -> Any:
    """Each column laid back on the places that its window had."""
    axes = len(shape) - 1
    kernel, stride, padding, dilation = (
        of(each, axes) for each in (layer.kernel, layer.stride, layer.padding, layer.dilation)
    )
    starts = [
        range(-p[0], n + p[1] - d * (k - 1), s)
        for n, k, s, p, d in zip(shape[1:], kernel, stride, padding, dilation, strict=True)
    ]
    after = blank(shape)
    for column, firsts in enumerate(product(*starts)):
        for row, (channel, *taps) in enumerate(product(range(shape[0]), *map(range, kernel))):
            at = [first + t * d for first, t, d in zip(firsts, taps, dilation, strict=True)]
            if all(0 <= i < n for i, n in zip(at, shape[1:], strict=True)):
                place = (channel, *at)
                after[place] |= before[row, column]
    return after


def sliced(layer: Any, shape: Shape, before: Any) -> Any:
    start, stop = layer.interval
    taken = range(before.shape[layer.axis])[start : stop : layer.step]
    return np.take(before, list(taken), axis=layer.axis)


def reduce(layer: Any, shape: Shape, before: Any) -> Any:
    axes = range(before.ndim) if "all" in layer.axes else [a % before.ndim for a in layer.axes]
    return whole(before, axes, layer.keep)


def gap(layer: Any, shape: Shape, before: Any) -> Any:
    return whole(before, range(1, before.ndim), layer.keep)


def join(layer: Any, shape: Shape, *before: Any) -> Any:
    """Axes of 1 stretched; those that a branch lacks come after its channels, or before them."""
    parts = []
    for each in before:
        lacking = (1,) * (len(shape) - each.ndim)
        kept = each.shape[:1] if layer.align == "second" else ()
        parts.append(each.reshape(*kept, *lacking, *each.shape[len(kept) :]))
    return merged([np.broadcast_to(part, shape) for part in parts])


def concatenate(layer: Any, shape: Shape, *before: Any) -> Any:
    return np.concatenate(before, axis=layer.axis)


def same(layer: Any, shape: Shape, before: Any) -> Any:
    return before


def reshaped(layer: Any, shape: Shape, before: Any) -> Any:
    return before.reshape(shape)


RULES: dict[str, Callable[..., Any]] = {
    "conv": conv,
    "dwconv": depthwise,
    "pwconv": pointwise,
    "sepconv": separable,
    "convt": transposed,
    **dict.fromkeys(("maxpool", "avgpool", "lppool"), pool),
    "pad": pad,
    "crop": crop,
    "upsample": upsample,
    **dict.fromkeys(("adaptiveavg", "adaptivemax"), adaptive),
    **dict.fromkeys(("gap", "gmp", "glp"), gap),
    "reduce": reduce,
    "se": everywhere,
    "softmax": lambda layer, shape, before: spread_along(layer.axis, before),
    "linear": linear,
    "glu": glu,
    "chshuffle": shuffle,
    "pixelshuffle": blocks,
    "pixelunshuffle": unblocks,
    "unfold": unfold,
    "fold": fold,
    "slice": sliced,
    **dict.fromkeys(("flatten", "unflatten", "reshape"), reshaped),
    "permute": lambda layer, shape, before: before.transpose(layer.axes),
    "expand": lambda layer, shape, before: np.broadcast_to(before, shape),
    **dict.fromkeys(("add", "mul", "mean", "maximum", "sub", "div", "minimum"), join),
    "cat": concatenate,
    **dict.fromkeys(("relu", "bn", "ln", "gn", "dropout", "identity", "scale", "sigmoid"), same),
}
