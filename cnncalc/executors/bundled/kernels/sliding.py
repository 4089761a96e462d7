"""Sliding windows, and the scratch memory they are gathered into.

Arrays are laid out (N, C, *spatial).  No array library is imported here: the
caller hands in ``xp``, which is NumPy or a module with the same functions (CuPy).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, TypeAlias

Array: TypeAlias = Any  # what ``xp`` makes
Namespace: TypeAlias = Any  # ``xp`` itself
Pads: TypeAlias = Sequence[tuple[int, int]]  # (before, after) for each spatial axis
Slices: TypeAlias = tuple[slice, ...]
Step: TypeAlias = Callable[[Array], Array]

WORKSPACE_BYTES = 64 * 2**20
# What a CPU writes in one block should still be in its caches when it is read.
CACHED_BYTES = 8 * 2**20


@dataclass(frozen=True)
class Axis:
    """How windows walk along one spatial axis.  Negative pads crop."""

    size: int
    kernel: int = 1
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1

    @property
    def reach(self) -> int:
        """Positions from the first tap of a window to its last, both included."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def starts(self) -> range:
        """Where each window starts, counted from the first position of the data."""
        return range(-self.before, self.size + self.after - self.reach + 1, self.stride)

    @property
    def windows(self) -> int:
        return len(self.starts)

    def positions(self, block: slice) -> range:
        """All from the first to the last that windows of the block touch, padding included."""
        first = block.start * self.stride - self.before
        last = (block.stop - 1) * self.stride - self.before + self.reach - 1
        return range(first, last + 1)

    def reads_only_data(self, block: slice) -> bool:
        """Whether no window of the block touches the padding."""
        touched = self.positions(block)
        return touched.start >= 0 and touched.stop <= self.size

    def hits(self, tap: int, block: slice) -> tuple[slice, slice]:
        """The windows of the block whose tap lies on data, and the positions it lies on.

        Windows are counted from the start of the block.
        """
        offset = tap * self.dilation - self.before
        first = max(block.start, -(offset // self.stride))
        stop = max(first, min(block.stop, -((offset - self.size) // self.stride)))
        begin = first * self.stride + offset
        end = begin + (stop - first - 1) * self.stride + 1
        windows = slice(first - block.start, stop - block.start)
        return windows, slice(begin, max(begin, end), self.stride)


def window_axes(
    sizes: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    pads: Pads,
    dilation: Sequence[int],
) -> tuple[Axis, ...]:
    """One Axis for each spatial axis; refuses data too small for a single window."""
    described = zip(sizes, kernel, stride, pads, dilation, strict=True)
    axes = tuple(Axis(n, k, s, pad[0], pad[1], d) for n, k, s, pad, d in described)
    for axis in axes:
        if axis.windows < 1:
            padded = axis.before + axis.size + axis.after
            raise ValueError(f"a window that spans {axis.reach} does not fit in {padded}")
    return axes


def whole(extents: Sequence[int]) -> Slices:
    """The slices that take everything."""
    return tuple(slice(0, extent) for extent in extents)


def extents_of(block: Slices) -> list[int]:
    return [part.stop - part.start for part in block]


def blocks(extents: Sequence[int], points: int) -> Iterator[Slices]:
    """Tile a box with blocks of about equal size, of at most ``points`` points or of one.

    The first is the largest.  Leading axes are split first: each block is one
    run over the trailing axes, so that it flattens without a copy.
    """
    piece = list(extents)
    for axis, extent in enumerate(extents):
        inner = prod(extents[axis + 1 :])
        if extent * inner <= points:
            break
        pieces = -(-extent // max(1, points // inner))
        piece[axis] = -(-extent // pieces)
    starts = [range(0, extent, max(1, step)) for extent, step in zip(extents, piece, strict=True)]
    for corner in product(*starts):
        yield tuple(
            slice(start, min(start + step, extent))
            for start, step, extent in zip(corner, piece, extents, strict=True)
        )


def taps(axes: Sequence[Axis], block: Slices) -> Iterator[tuple[tuple[int, ...], Slices, Slices]]:
    """Each tap of the kernel, with the windows it serves and the positions it reads."""
    hits = [
        [axis.hits(tap, part) for tap in range(axis.kernel)]
        for axis, part in zip(axes, block, strict=True)
    ]
    for tap in product(*(range(axis.kernel) for axis in axes)):
        found = [along[index] for along, index in zip(hits, tap, strict=True)]
        yield tap, tuple(hit[0] for hit in found), tuple(hit[1] for hit in found)


def gather(xp: Namespace, x: Array, axes: Sequence[Axis], block: Slices, columns: Array) -> None:
    """Fill columns (..., *kernel, *windows) from x (..., *spatial), with zeros for padding."""
    paired = list(zip(axes, block, strict=True))
    if all(axis.reads_only_data(part) for axis, part in paired):
        columns[...] = _window_view(xp, x, axes, block)
    elif prod(len(axis.positions(part)) for axis, part in paired) <= prod(
        axis.kernel * (part.stop - part.start) for axis, part in paired
    ):
        x, axes = _padded_part(xp, x, axes, block)
        columns[...] = _window_view(xp, x, axes, whole([axis.windows for axis in axes]))
    else:  # windows far apart, in much padding
        _gather_by_taps(x, axes, block, columns)


def _gather_by_taps(x: Array, axes: Sequence[Axis], block: Slices, columns: Array) -> None:
    everything = (slice(None),) * len(axes)
    columns[...] = 0
    for tap, windows, positions in taps(axes, block):
        columns[(..., *tap, *everything)][(..., *windows)] = x[(..., *positions)]


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


def scatter(columns: Array, axes: Sequence[Axis], block: Slices, target: Array) -> None:
    """The reverse of `gather`: add columns (..., *kernel, *windows) to target (..., *spatial)."""
    everything = (slice(None),) * len(axes)
    for tap, windows, positions in taps(axes, block):
        place = target[(..., *positions)]
        place += columns[(..., *tap, *everything)][(..., *windows)]


def is_host(xp: Namespace) -> bool:
    """Whether the arrays are in main memory, where caches matter."""
    return bool(xp.__name__ == "numpy")


def working_type(xp: Namespace, dtype: Any) -> Any:
    """The type to compute in, of no less than single precision: sums of half floats overflow."""
    return xp.dtype(xp.float32 if dtype == xp.float16 else dtype)


def product_type(xp: Namespace, dtype: Any) -> Any:
    """The type of matrix products: a GPU adds those of half floats up in single precision."""
    return working_type(xp, dtype) if is_host(xp) else xp.dtype(dtype)


def block_bytes(xp: Namespace, limit: int = WORKSPACE_BYTES) -> int:
    """How much scratch memory one block should take."""
    return min(limit, CACHED_BYTES) if is_host(xp) else limit


class Workspace:
    """Scratch memory of at most ``limit`` bytes, kept from one kernel to the next.

    Memory fresh from the system costs a page fault for every page first
    touched, so a chain of layers should share one of these.
    """

    def __init__(self, xp: Namespace, limit: int = WORKSPACE_BYTES) -> None:
        self.limit = limit
        self._xp = xp
        self._buffer: Array = xp.empty(0, dtype=xp.uint8)

    @property
    def nbytes(self) -> int:
        """How much it holds now."""
        return int(self._buffer.size)

    def arrays(self, sizes: Sequence[int], dtype: Any) -> list[Array]:
        """Flat uninitialised arrays, which replace those handed out before."""
        lengths = [size * self._xp.dtype(dtype).itemsize for size in sizes]
        rooms = [-(-length // 64) * 64 for length in lengths]  # each begins a cache line
        if sum(rooms) > self._buffer.size:
            self._buffer = self._xp.empty(0, dtype=self._xp.uint8)  # free the old one first
            self._buffer = self._xp.empty(sum(rooms), dtype=self._xp.uint8)
        starts = [sum(rooms[:index]) for index in range(len(rooms))]
        return [
            self._buffer[start : start + length].view(dtype)
            for start, length in zip(starts, lengths, strict=True)
        ]


def shaped(memory: Array, shape: Sequence[int]) -> Array:
    """The first elements of a flat array, in a shape."""
    return memory[: prod(shape)].reshape(tuple(shape))


def by_channels(xp: Namespace, x: Array, sizes: Sequence[int], steps: Sequence[Step]) -> Array:
    """Apply steps that work on each channel by itself to a few channels at a time.

    What lies between two steps then stays small, and in the caches.
    """
    out = xp.empty((*x.shape[:2], *sizes), dtype=x.dtype)
    wide = working_type(xp, x.dtype)
    channel = max(1, prod(x.shape[2:]), prod(sizes)) * wide.itemsize
    for block in blocks(x.shape[:2], max(1, block_bytes(xp) // channel)):
        values = x[block].astype(wide, copy=False)
        for step in steps:
            values = step(values)
        out[block] = values
    return out
