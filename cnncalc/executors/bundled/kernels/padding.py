"""Padding around a map, by values or by its own places."""

from __future__ import annotations

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.kernels.arrays import Namespace
from cnncalc.executors.geometry import Pads


def pad(xp: Namespace, x: Array, pads: Pads, mode: str = "zeros", value: float = 0.0) -> Array:
    """Put padding around the spatial axes; negative amounts crop.

    The modes are zeros, constant (``value``), reflect, replicate and circular.
    """
    if mode in ("zeros", "constant"):
        return _pad_constant(xp, x, pads, value if mode == "constant" else 0.0)
    for axis, (before, after) in zip(range(2, x.ndim), pads, strict=True):
        if before or after:
            positions = _padded_positions(xp, x.shape[axis], before, after, mode)
            x = xp.take(x, positions, axis=axis)
    return x


def _pad_constant(xp: Namespace, x: Array, pads: Pads, value: float) -> Array:
    sizes = [n + before + after for n, (before, after) in zip(x.shape[2:], pads, strict=True)]
    if min(sizes, default=0) < 0:
        raise ValueError(f"padding by {list(pads)} crops more than there is of {x.shape[2:]}")
    out = xp.full((*x.shape[:2], *sizes), value, dtype=x.dtype)
    inside = (slice(max(0, b), n - max(0, a)) for n, (b, a) in zip(sizes, pads, strict=True))
    kept = (slice(max(0, -b), n - max(0, -a)) for n, (b, a) in zip(x.shape[2:], pads, strict=True))
    out[(..., *inside)] = x[(..., *kept)]
    return out


def _padded_positions(xp: Namespace, size: int, before: int, after: int, mode: str) -> Array:
    """The position of the data that each position of the padded axis repeats."""
    positions = xp.arange(-before, size + after)
    if mode == "replicate":
        return xp.clip(positions, 0, size - 1)
    first = 0
    if mode == "circular":  # what is cut off is gone before the rest goes round
        first = max(-before, 0)
        size -= first + max(-after, 0)
    limits = {"circular": size, "reflect": size - 1}
    if mode not in limits:
        raise ValueError(f"there is no padding mode {mode}")
    if max(before, after) > limits[mode]:
        raise ValueError(f"{mode} padding of {max(before, after)} is too much for a size of {size}")
    if mode == "circular":
        return (positions - first) % size + first
    last = size - 1
    return last - abs(last - abs(positions))
