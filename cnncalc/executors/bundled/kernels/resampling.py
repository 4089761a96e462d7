"""Interpolation to other sizes, one axis after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from numpy.typing import DTypeLike

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.kernels.arrays import Namespace, working_type
from cnncalc.executors.bundled.kernels.blocks import Stage, by_channels

if TYPE_CHECKING:
    import numpy
    from numpy.typing import DTypeLike

Term = tuple[Array, Array | None]  # positions to take and their weights (None: one)
Rule = Callable[[Namespace, Array, int], list[Term]]


def resize(
    xp: Namespace,
    x: Array,
    sizes: Sequence[int],
    mode: str = "nearest",
    corners: bool = False,
    scales: Sequence[float] | None = None,
) -> Array:
    """Interpolate to the sizes given, as torch.nn.functional.interpolate does.

    The modes are nearest, nearest-exact, linear, cubic, lanczos3 and lanczos5.
    ``corners`` aligns the outermost positions (linear and cubic).  ``scales`` are
    the factors asked for, from which PyTorch rather than from the sizes finds the
    source of a position.
    """
    rule = RULES.get(mode)
    if rule is None:
        raise ValueError(f"there is no interpolation {mode}")
    wide = working_type(xp, x.dtype)
    exact = xp.dtype(xp.float64 if wide == xp.float64 else xp.float32)
    stages: list[Stage] = []
    for axis, (n, m) in enumerate(zip(x.shape[2:], sizes, strict=True)):
        factor = None if scales is None else scales[axis]
        if n == m and mode == "linear":  # PyTorch then looks at no scale
            continue
        if mode == "nearest" and len(sizes) == 2 and m in (n, 2 * n):  # nor here, on two axes
            factor = None
        source = _sources(xp, n, m, corners, factor, exact, centred=mode != "nearest")
        terms = rule(xp, source, n)
        stages.append(_stage(xp, axis - len(sizes), terms, wide))
    return by_channels(xp, x, sizes, stages)


def _sources(
    xp: Namespace,
    size: int,
    target: int,
    corners: bool,
    factor: float | None,
    exact: numpy.dtype[numpy.generic],
    centred: bool,
) -> Array:
    """The coordinate in the data of each position of the result."""
    positions = xp.arange(target, dtype=exact)
    if corners:
        return positions * exact.type((size - 1) / (target - 1) if target > 1 else 0.0)
    step = exact.type(size / target if factor is None else 1.0 / factor)
    half = exact.type(0.5 if centred else 0.0)
    return (positions + half) * step - half


def _nearest(xp: Namespace, source: Array, size: int) -> list[Term]:
    # PyTorch rounds to single precision before it rounds down, whatever the data.
    return [(_clipped(xp, source.astype(xp.float32), size), None)]


def _linear(xp: Namespace, source: Array, size: int) -> list[Term]:
    source = xp.maximum(source, 0)
    lower = _clipped(xp, source, size)
    share = xp.clip(source - lower.astype(source.dtype), 0, 1)
    return [(lower, 1 - share), (_clipped(xp, lower + 1, size), share)]


def _cubic(xp: Namespace, source: Array, size: int) -> list[Term]:
    """Keys' convolution with a = -0.75 over four neighbours, repeated at the ends."""
    lower = xp.minimum(xp.floor(source), size - 1)
    share = xp.clip(source - lower, 0, 1)
    weights: list[Callable[[Array], Array]] = [_far, _near]
    distances = (share + 1, share, 1 - share, 2 - share)
    kernels = (*weights, *weights[::-1])
    return [
        (_clipped(xp, lower + offset, size), kernel(distance))
        for offset, kernel, distance in zip(range(-1, 3), kernels, distances, strict=True)
    ]


def _near(distance: Array) -> Array:
    return (1.25 * distance - 2.25) * distance * distance + 1


def _far(distance: Array) -> Array:
    return ((-0.75 * distance + 3.75) * distance - 6) * distance + 3


def _clipped(xp: Namespace, positions: Array, size: int) -> Array:
    return xp.clip(xp.floor(positions), 0, size - 1).astype(xp.int64)


def _nearest_exact(xp: Namespace, source: Array, size: int) -> list[Term]:
    return [(_clipped(xp, (source + 0.5).astype(xp.float32), size), None)]


def _lanczos(lobes: int) -> Rule:
    """Sinc functions cut off by a wider one (Duchon 1979), made to add up to 1."""

    def rule(xp: Namespace, source: Array, size: int) -> list[Term]:
        lower = xp.floor(source)
        offsets = range(1 - lobes, lobes + 1)
        distances = [source - lower - offset for offset in offsets]
        weights = [xp.sinc(distance) * xp.sinc(distance / lobes) for distance in distances]
        total = sum(weights)
        return [
            (_clipped(xp, lower + offset, size), weight / total)
            for offset, weight in zip(offsets, weights, strict=True)
        ]

    return rule


RULES: dict[str, Rule] = {
    "nearest": _nearest,
    "nearest-exact": _nearest_exact,
    "linear": _linear,
    "cubic": _cubic,
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
}


def _stage(xp: Namespace, at: int, terms: Sequence[Term], dtype: DTypeLike) -> Stage:
    """Add up weighted slices along the axis ``at``, counted from the last."""
    later = (None,) * (-at - 1)

    def stage(values: Array) -> Array:
        total = None
        for positions, weights in terms:
            part = xp.take(values, positions, axis=at)
            if weights is not None:
                part *= weights.astype(dtype)[(..., *(slice(None), *later))]
            total = part if total is None else xp.add(total, part, out=total)
        return total

    return stage
