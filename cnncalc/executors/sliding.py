"""Sliding windows over spatial axes, shared by every kernel.

Arrays are laid out (N, C, *spatial).  Nothing here imports an array library:
the caller hands in ``xp``, NumPy or any module with the same functions (CuPy).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, TypeAlias

Array: TypeAlias = Any  # whatever ``xp`` makes
Namespace: TypeAlias = Any  # the array module itself
Pads: TypeAlias = Sequence[tuple[int, int]]  # (before, after) for each spatial axis
Slices: TypeAlias = tuple[slice, ...]

WORKSPACE_BYTES = 64 * 2**20
# On a CPU a block should stay in the caches between being written and being read.
CACHED_BYTES = 4 * 2**20


@dataclass(frozen=True)
class Axis:
    """How windows walk along one spatial axis; pads may be negative."""

    size: int
    kernel: int
    stride: int
    before: int
    after: int
    dilation: int

    @property
    def reach(self) -> int:
        """Positions from the first tap of a window to its last, both included."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def windows(self) -> int:
        """How many windows fit."""
        starts = range(0, self.before + self.size + self.after - self.reach + 1, self.stride)
        return len(starts)

    def offset(self, tap: int) -> int:
        """Where the tap of the first window lies (negative: in the padding)."""
        return tap * self.dilation - self.before

    def is_inside(self, block: slice) -> bool:
        """Whether no window of the block touches the padding."""
        first = block.start * self.stride - self.before
        last = (block.stop - 1) * self.stride - self.before + self.reach - 1
        return first >= 0 and last < self.size

    def hits(self, tap: int, block: slice) -> tuple[slice, slice]:
        """Windows of the block whose tap lies on data, and the positions it lies on.

        The windows are counted from the start of the block.
        """
        offset = self.offset(tap)
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
    """One Axis for each spatial axis; refuses input too small for a single window."""
    described = zip(sizes, kernel, stride, pads, dilation, strict=True)
    axes = tuple(Axis(n, k, s, pad[0], pad[1], d) for n, k, s, pad, d in described)
    for axis in axes:
        if axis.windows < 1:
            padded = axis.before + axis.size + axis.after
            raise ValueError(f"a window reaching over {axis.reach} does not fit in {padded}")
    return axes


def whole(extents: Sequence[int]) -> Slices:
    """The slices that take everything."""
    return tuple(slice(0, extent) for extent in extents)


def blocks(extents: Sequence[int], points: int) -> Iterator[Slices]:
    """Tile a box with pieces of at most ``points`` points, or of one point.

    Leading axes are split first, so that each piece lies in one run over the
    trailing axes and flattens without a copy.
    """
    piece = list(extents)
    for axis, extent in enumerate(extents):
        inner = prod(extents[axis + 1 :])
        if extent * inner <= points:
            break
        pieces = -(-extent // max(1, points // max(1, inner)))
        piece[axis] = -(-extent // pieces)
    starts = (range(0, extent, step or 1) for extent, step in zip(extents, piece, strict=True))
    for corner in product(*starts):
        yield tuple(
            slice(start, min(start + step, extent))
            for start, step, extent in zip(corner, piece, extents, strict=True)
        )


def taps(axes: Sequence[Axis], block: Slices) -> Iterator[tuple[tuple[int, ...], Slices, Slices]]:
    """Each tap of the kernel with the windows it serves and the positions it reads."""
    hits = [
        [axis.hits(tap, part) for tap in range(axis.kernel)]
        for axis, part in zip(axes, block, strict=True)
    ]
    for tap in product(*(range(axis.kernel) for axis in axes)):
        found = [along[index] for along, index in zip(hits, tap, strict=True)]
        yield tap, tuple(hit[0] for hit in found), tuple(hit[1] for hit in found)


def window_view(xp: Namespace, x: Array, axes: Sequence[Axis], block: Slices) -> Array:
    """(..., *spatial) as (..., *kernel, *windows) without a copy.

    Only for windows that keep to the data: `is_inside` on every axis.
    """
    starts = tuple(
        slice(part.start * axis.stride - axis.before, None)
        for axis, part in zip(axes, block, strict=True)
    )
    lead = x.ndim - len(axes)
    steps = x.strides[lead:]
    return xp.lib.stride_tricks.as_strided(
        x[(..., *starts)],
        shape=(
            *x.shape[:lead],
            *(axis.kernel for axis in axes),
            *(part.stop - part.start for part in block),
        ),
        strides=(
            *x.strides[:lead],
            *(step * axis.dilation for step, axis in zip(steps, axes, strict=True)),
            *(step * axis.stride for step, axis in zip(steps, axes, strict=True)),
        ),
    )


def gather(xp: Namespace, x: Array, axes: Sequence[Axis], block: Slices, columns: Array) -> None:
    """Fill columns (..., *kernel, *windows) from x (..., *spatial), zero in the padding."""
    if all(axis.is_inside(part) for axis, part in zip(axes, block, strict=True)):
        columns[...] = window_view(xp, x, axes, block)
        return
    everything = (slice(None),) * len(axes)
    for tap, windows, positions in taps(axes, block):
        plane = columns[(..., *tap, *everything)]
        _clear_around(plane, windows)
        plane[(..., *windows)] = x[(..., *positions)]


def _clear_around(plane: Array, windows: Slices) -> None:
    """Zero what the tap reads from the padding, and nothing else (it is written next)."""
    for axis, hit in enumerate(windows):
        later = (slice(None),) * (len(windows) - axis - 1)
        if hit.start > 0:
            plane[(..., slice(0, hit.start), *later)] = 0
        if hit.stop < plane.shape[axis - len(windows)]:
            plane[(..., slice(hit.stop, None), *later)] = 0


def scatter(columns: Array, axes: Sequence[Axis], block: Slices, target: Array) -> None:
    """The reverse of `gather`: add columns (..., *kernel, *windows) to target."""
    everything = (slice(None),) * len(axes)
    for tap, windows, positions in taps(axes, block):
        plane = columns[(..., *tap, *everything)]
        target[(..., *positions)] += plane[(..., *windows)]


def is_host(xp: Namespace) -> bool:
    """Whether arrays live in main memory, where caches matter and half floats are slow."""
    return bool(xp.__name__ == "numpy")


def working_type(xp: Namespace, dtype: Any) -> Any:
    """The type to accumulate in: NumPy has neither fast nor accurate half sums."""
    half = is_host(xp) and dtype == xp.float16
    return xp.dtype(xp.float32) if half else xp.dtype(dtype)


def block_bytes(xp: Namespace, limit: int = WORKSPACE_BYTES) -> int:
    """How much scratch memory one block should take."""
    return min(limit, CACHED_BYTES) if is_host(xp) else limit


class Workspace:
    """One buffer of scratch memory, kept between kernels.

    Memory fresh from the system costs a page fault for every page first
    touched, so a chain of layers should share one of these.
    """

    def __init__(self, xp: Namespace, limit: int = WORKSPACE_BYTES) -> None:
        self.limit = limit
        self._xp = xp
        self._buffer: Array = xp.empty(0, dtype=xp.uint8)

    def array(self, shape: Sequence[int], dtype: Any) -> Array:
        """An uninitialised array; it replaces the one handed out before."""
        size = prod(shape) * self._xp.dtype(dtype).itemsize
        if size > self._buffer.size:
            self._buffer = self._xp.empty(0, dtype=self._xp.uint8)  # free before growing
            self._buffer = self._xp.empty(size, dtype=self._xp.uint8)
        return self._buffer[:size].view(dtype).reshape(tuple(shape))
