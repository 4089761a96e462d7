"""Windows gathered from a map, and added to one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.kernels.arrays import Namespace
from cnncalc.executors.bundled.kernels.blocks import Slices, extents_of, whole
from cnncalc.executors.geometry import Axis


def counts_of(axes: Sequence[Axis]) -> list[int]:
    """How many windows there are along each axis; refuses data too small for a single one."""
    for axis in axes:
        if axis.windows < 1:
            padded = axis.before + axis.size + axis.after
            raise ValueError(f"a window that spans {axis.reach} does not fit in {padded}")
    return [axis.windows for axis in axes]


def taps(axes: Sequence[Axis], block: Slices) -> Iterator[tuple[tuple[int, ...], Slices, Slices]]:
    """Each tap of the kernel, with the windows it serves and the positions it reads."""
    hits = [
        [axis.hits(tap, part) for tap in range(axis.kernel)]
        for axis, part in zip(axes, block, strict=True)
    ]
    for tap in product(*(range(axis.kernel) for axis in axes)):
        found = [along[index] for along, index in zip(hits, tap, strict=True)]
        yield tap, tuple(hit[0] for hit in found), tuple(hit[1] for hit in found)


def gather(xp: Namespace, x: Array, axes: Sequence[Axis], block: Slices, gathered: Array) -> None:
    """Fill gathered (..., *kernel, *windows) from x (..., *spatial), with zeros for padding."""
    paired = list(zip(axes, block, strict=True))
    if all(axis.reads_only_data(part) for axis, part in paired):
        gathered[...] = _window_view(xp, x, axes, block)
    elif prod(len(axis.positions(part)) for axis, part in paired) <= prod(
        axis.kernel * (part.stop - part.start) for axis, part in paired
    ):
        x, axes = _padded_part(xp, x, axes, block)
        gathered[...] = _window_view(xp, x, axes, whole([axis.windows for axis in axes]))
    else:  # windows far apart, in much padding
        _gather_by_taps(x, axes, block, gathered)


def _gather_by_taps(x: Array, axes: Sequence[Axis], block: Slices, gathered: Array) -> None:
    everything = (slice(None),) * len(axes)
    gathered[...] = 0
    for tap, windows, positions in taps(axes, block):
        gathered[(..., *tap, *everything)][(..., *windows)] = x[(..., *positions)]


def _padded_part(
    xp: Namespace, x: Array, axes: Sequence[Axis], block: Slices
) -> tuple[Array, tuple[Axis, ...]]:
    """What the windows of a block read with its padding, and how they walk along that."""
    reads = [axis.positions(part) for axis, part in zip(axes, block, strict=True)]
    kept = [range(max(0, r.start), min(a.size, r.stop)) for a, r in zip(axes, reads, strict=True)]
    part = xp.zeros((*x.shape[: x.ndim - len(axes)], *map(len, reads)), dtype=x.dtype)
    if all(kept):
        paired = list(zip(kept, reads, strict=True))
        inside = (slice(k.start - r.start, k.stop - r.start) for k, r in paired)
        part[(..., *inside)] = x[(..., *(slice(k.start, k.stop) for k in kept))]
    walks = (
        Axis(len(r), a.kernel, a.stride, dilation=a.dilation)
        for a, r in zip(axes, reads, strict=True)
    )
    return part, tuple(walks)


def _window_view(xp: Namespace, x: Array, axes: Sequence[Axis], block: Slices) -> Array:
    """A view (..., *kernel, *windows) of x (..., *spatial); only for windows inside the data."""
    lead = x.ndim - len(axes)
    steps = x.strides[lead:]
    paired = list(zip(axes, block, strict=True))
    starts = [slice(part.start * axis.stride - axis.before, None) for axis, part in paired]
    shape = [*x.shape[:lead], *(axis.kernel for axis in axes), *extents_of(block)]
    strides = [
        *x.strides[:lead],
        *(step * axis.dilation for step, axis in zip(steps, axes, strict=True)),
        *(step * axis.stride for step, axis in zip(steps, axes, strict=True)),
    ]
    return xp.lib.stride_tricks.as_strided(x[(..., *starts)], shape=shape, strides=strides)


def scatter(gathered: Array, axes: Sequence[Axis], block: Slices, target: Array) -> None:
    """The reverse of `gather`: add gathered (..., *kernel, *windows) to target (..., *spatial)."""
    everything = (slice(None),) * len(axes)
    for tap, windows, positions in taps(axes, block):
        place = target[(..., *positions)]
        place += gathered[(..., *tap, *everything)][(..., *windows)]
