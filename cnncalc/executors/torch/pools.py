"""How pools are built of torch.nn's modules, and what pads before a module where that can't."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol, Self, TypeVar

import torch
from torch.nn import functional

from cnncalc.executors.base import Array
from cnncalc.executors.geometry import Axis, fractional_axes, pads_of, pool_axes, unpool_axes
from cnncalc.executors.stepping import NotBuilt
from cnncalc.executors.torch.modules import Bench, Built, alone, real
from cnncalc.frameworks.pytorch.writing import parts
from cnncalc.layers.adaptive import FractionalMaxPool, GlobalAverage, GlobalMax
from cnncalc.layers.base import NO_PADS, Shape
from cnncalc.layers.pool import AveragePool, SlidingPool
from cnncalc.layers.transposed import MaxUnpool

__all__ = ["POOLS", "padded"]

Padding = Callable[[Array], Array]


class Padded(Protocol):
    """A layer with padding around its map, as numbers or as a word."""

    @property
    def padding(self) -> tuple[tuple[int, int], ...] | str: ...

    def replaced(self, **options: object) -> Self:
        """The same layer with other values for some of its options."""


Windowed = TypeVar("Windowed", bound=Padded)


def padded(
    layer: Windowed, axes: Sequence[Axis], value: float = 0.0
) -> tuple[Windowed, Padding | None]:
    """A layer with padding in numbers, and what pads before it where a module can't."""
    even = all(axis.before == axis.after for axis in axes)
    if even and (not hasattr(layer, "count_padding") or layer.padding != "same"):
        return layer.replaced(padding=tuple(pads_of(axes))), None
    mode = getattr(layer, "mode", "zeros")
    bare = {"padding": NO_PADS} | ({"mode": "zeros"} if hasattr(layer, "mode") else {})
    return layer.replaced(**bare), _around(axes, value, "constant" if mode == "zeros" else mode)


def _pool(value: float) -> Callable[[SlidingPool, Shape, Bench], Built]:
    def pool(layer: SlidingPool, shape: Shape, bench: Bench) -> Built:
        axes = pool_axes(layer, shape[1:])
        if isinstance(layer.padding, str) and layer.padding != "valid":
            layer = layer.replaced(ceil=False)  # the word says how many windows there are
        if layer.ceil or not getattr(layer, "count_padding", True):
            return _hanging_over(layer, shape, bench, axes)
        bare, pad = padded(layer, axes, value)
        if pad is None and not _takes(layer, axes):
            bare, pad = layer.replaced(padding=NO_PADS), _around(axes, value)
        if pad is None:
            _check_room(layer, axes)
        module = real(bare, shape, bench)
        return Built({"": module}, (lambda x: module(pad(x))) if pad else module)

    return pool


def _takes(layer: SlidingPool, axes: Sequence[Axis]) -> bool:
    """Whether a pool of torch.nn takes even padding itself."""
    within = all(0 <= 2 * axis.before <= axis.kernel for axis in axes)
    return within and layer.kind != "lppool" and not _misses(layer, axes)


def _check_room(layer: SlidingPool, axes: Sequence[Axis]) -> None:
    """NotBuilt where PyTorch refuses sums over three axes: there padding doesn't count as room."""
    if len(axes) == 3 and layer.kind != "maxpool" and any(axis.size < axis.kernel for axis in axes):
        raise NotBuilt(
            "PyTorch's means and norms over three axes want windows within the map, padding aside"
        )


def _misses(layer: SlidingPool, axes: Sequence[Axis]) -> bool:
    """Whether some maximum is of padding alone, as with dilation.

    PyTorch 2.13 takes it from a place outside of the map, and writes there on its way back.
    """
    return layer.kind == "maxpool" and any(
        axis.dilation > 1
        and any(
            all(not 0 <= start + tap * axis.dilation < axis.size for tap in range(axis.kernel))
            for start in axis.starts
        )
        for axis in axes
    )


def _hanging_over(layer: SlidingPool, shape: Shape, bench: Bench, axes: Sequence[Axis]) -> Built:
    """Ceil mode as the module has it, or maxima of a map that is padded as far as windows go."""
    if layer.kind == "maxpool":
        with suppress(NotBuilt):
            if not _misses(layer, axes):
                return alone(layer, shape, bench)
        module = real(layer.replaced(padding=NO_PADS, ceil=False), shape, bench)
        pad = _around(axes, -float("inf"))
        return Built({"": module}, lambda x: module(pad(x)))
    _check_room(layer, axes)
    return alone(layer, shape, bench)


def _around(axes: Sequence[Axis], value: float, mode: str = "constant") -> Padding:
    """What puts padding around a map."""
    amounts = [pad for axis in reversed(axes) for pad in (axis.before, axis.after)]
    filled = {"value": value} if mode == "constant" else {}
    return lambda x: functional.pad(x, amounts, mode=mode, **filled)


def _average_pool(layer: AveragePool, shape: Shape, bench: Bench) -> Built:
    """Padding that doesn't count and isn't even: sums over how many values there were."""
    axes = pool_axes(layer, shape[1:])
    if layer.divisor is not None:
        layer = layer.replaced(count_padding=True)
    even = all(axis.before == axis.after for axis in axes)
    if layer.count_padding or layer.ceil or (even and _takes(layer, axes)):
        return _pool(0.0)(_numbered(layer, axes) if even else layer, shape, bench)
    module = real(layer.replaced(padding=NO_PADS), shape, bench)
    pad = _around(axes, 0.0)
    return Built({"": module}, lambda x: module(pad(x)) / module(pad(torch.ones_like(x))))


def _numbered(layer: AveragePool, axes: Sequence[Axis]) -> AveragePool:
    if layer.ceil:
        return layer
    return layer.replaced(padding=tuple(pads_of(axes)))


def _global(layer: GlobalAverage | GlobalMax, shape: Shape, bench: Bench) -> Built:
    """Adaptive pooling to one place, and what flattens."""
    pool, *rest = parts(layer, shape)
    module = real(pool, shape, bench)
    if not rest:
        return Built({"": module}, module)
    return Built({"": module}, lambda x: torch.flatten(module(x), 1))


def _fractional(layer: FractionalMaxPool, shape: Shape, bench: Bench) -> Built:
    axes = fractional_axes(layer, shape[1:])
    if len(axes) == 3 and any(count + k - 1 == n for n, k, count in axes):
        raise NotBuilt("PyTorch wants room for one window more on maps of three axes")
    return alone(layer, shape, bench)


def _unpool(layer: MaxUnpool, shape: Shape, bench: Bench) -> Built:
    """Each value to the first place of the map: no step hands on where the maxima were."""
    module = real(layer.replaced(size=None), shape, bench)
    axes = unpool_axes(layer, shape[1:])
    sizes = [len(axis.places(n)) for axis, n in zip(axes, shape[1:], strict=True)]

    def run(x: Array) -> Array:
        places = torch.zeros(x.shape, dtype=torch.int64, device=x.device)
        return module(x, places, output_size=sizes if layer.size is not None else None)

    return Built({"": module}, run)


POOLS: dict[str, Callable[[Any, Shape, Bench], Built]] = {
    "maxpool": _pool(-float("inf")),
    "avgpool": _average_pool,
    "lppool": _pool(0.0),
    "gap": _global,
    "gmp": _global,
    "fracmaxpool": _fractional,
    "maxunpool": _unpool,
}
