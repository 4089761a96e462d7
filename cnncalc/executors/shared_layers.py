"""Layers that any library computes in the same way, by functions that are called as NumPy's.

`xp` is the library: NumPy, CuPy, `torch` or `keras.ops`. Arrays are (N, C, *spatial).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from types import ModuleType

from cnncalc.executors.base import Array
from cnncalc.executors.geometry import (
    aligned_shapes,
    chosen_axes,
    entry_axes,
    flattened_axes,
    reshaped_sizes,
    unbiased,
)
from cnncalc.layers.arithmetic import Reduce
from cnncalc.layers.each import Each
from cnncalc.layers.merge import Elementwise
from cnncalc.layers.product import MatrixProduct
from cnncalc.layers.reshape import Flatten, Permute, Reshape, Unflatten

__all__ = [
    "aligned",
    "at_entries",
    "flatten",
    "matrix_product",
    "permute",
    "reduced",
    "reshape",
    "unflatten",
]


def flatten(xp: ModuleType, layer: Flatten, x: Array) -> Array:
    """The axes from start to end as one; with order `last` the channels run fastest in it."""
    sizes = tuple(x.shape)
    first, last = (1 + axis for axis in flattened_axes(layer, len(sizes) - 1))
    if layer.order == "last" and first == 1:
        x = xp.moveaxis(x, 1, last)
    merged = prod(sizes[first : last + 1])
    return xp.reshape(x, (*sizes[:first], merged, *sizes[last + 1 :]))


def unflatten(xp: ModuleType, layer: Unflatten, x: Array) -> Array:
    """One axis as several."""
    sizes = tuple(x.shape)
    axis = range(1, len(sizes))[layer.axis]
    return xp.reshape(x, (*sizes[:axis], *reshaped_sizes(layer), *sizes[axis + 1 :]))


def reshape(xp: ModuleType, layer: Reshape, x: Array) -> Array:
    """Any other shape; with order `last` values are counted with the channels fastest."""
    sizes = reshaped_sizes(layer)
    if layer.order == "first":
        return xp.reshape(x, (x.shape[0], *sizes))
    x = xp.moveaxis(x, 1, -1) if len(x.shape) > 2 else x
    return xp.moveaxis(xp.reshape(x, (x.shape[0], *sizes[1:], sizes[0])), -1, 1)


def permute(xp: ModuleType, layer: Permute, x: Array) -> Array:
    """The axes in another order."""
    axes = tuple(1 + axis for axis in layer.axes)
    return xp.moveaxis(x, axes, tuple(range(1, len(x.shape))))


def matrix_product(
    xp: ModuleType,
    layer: MatrixProduct,
    branches: Sequence[Array],
    multiply: Callable[[Array, Array], Array],
) -> Array:
    """Matrices of a times those of b, on the last two axes; in front they are stretched."""
    if min(len(x.shape) for x in branches) < 3:
        raise ValueError("a product takes matrices")
    if layer.order == "last":
        branches = [xp.moveaxis(x, 1, -1) for x in branches]
    rank = max(len(x.shape) for x in branches)
    a, b = (
        xp.reshape(x, (x.shape[0], *(1,) * (rank - len(x.shape)), *x.shape[1:])) for x in branches
    )
    out = multiply(a, xp.swapaxes(b, -1, -2) if layer.transpose else b)
    return xp.moveaxis(out, -1, 1) if layer.order == "last" else out


def aligned(xp: ModuleType, layer: Elementwise, branches: Sequence[Array]) -> list[Array]:
    """Branches with as many axes."""
    shapes = aligned_shapes(layer, [branch.shape[1:] for branch in branches])
    return [
        x if len(x.shape) == 1 + len(shape) else xp.reshape(x, (x.shape[0], *shape))
        for x, shape in zip(branches, shapes, strict=True)
    ]


def at_entries(xp: ModuleType, layer: Each, x: Array, compute: Callable[[Array], Array]) -> Array:
    """A layer at every entry: they are samples of one larger batch, and are taken apart again."""
    axes, places = entry_axes(layer, len(x.shape))
    moved = xp.moveaxis(x, axes, places)
    entries, sample = moved.shape[: len(axes) + 1], moved.shape[len(axes) + 1 :]
    made = compute(xp.reshape(moved, (prod(entries), *sample)))
    apart = xp.reshape(made, (*entries, *made.shape[1:]))
    return xp.moveaxis(apart, places, axes)


Along = Callable[[ModuleType, Array, tuple[int, ...], bool], Array]


def _named(name: str) -> Along:
    """The library's own function of a name."""
    return lambda xp, x, axes, keep: getattr(xp, name)(x, axis=axes, keepdims=keep)


def _logsumexp(xp: ModuleType, x: Array, axes: tuple[int, ...], keep: bool) -> Array:
    shifted = xp.exp(x - xp.max(x, axis=axes, keepdims=True))
    return xp.max(x, axis=axes, keepdims=keep) + xp.log(xp.sum(shifted, axis=axes, keepdims=keep))


_sum = _named("sum")
# What a reduction does with the axes that it runs along, which stay with size 1 or go.
REDUCTIONS: dict[str, Along] = {
    **{name: _named(name) for name in ("mean", "max", "min", "prod", "std", "sum", "var")},
    "norm1": lambda xp, x, axes, keep: _sum(xp, xp.abs(x), axes, keep),
    "norm2": lambda xp, x, axes, keep: xp.sqrt(_sum(xp, xp.square(x), axes, keep)),
    "squares": lambda xp, x, axes, keep: _sum(xp, xp.square(x), axes, keep),
    "logsumexp": _logsumexp,
}


def reduced(xp: ModuleType, layer: Reduce, x: Array) -> Array:
    """The mean, maximum, sum … along axes, where the library reduces several at once."""
    axes = tuple(1 + axis for axis in sorted(set(chosen_axes(layer, len(x.shape) - 1))))
    out = REDUCTIONS[layer.by](xp, x, axes, layer.keep)
    factor = unbiased(layer, prod(x.shape[axis] for axis in axes))
    return out if factor == 1 else out * factor
