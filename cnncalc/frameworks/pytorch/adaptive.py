"""torch.nn's pools to a size: adaptive, and fractional."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import Reader, idle
from cnncalc.frameworks.pytorch.arguments import (
    collapsed,
    integer,
    number,
    per_axis,
    refused,
    spread,
)
from cnncalc.layers.adaptive import AdaptiveAverage, AdaptiveMax, FractionalMaxPool
from cnncalc.layers.base import Layer, Shape, axis_name, show
from cnncalc.network import Declared, Expects

__all__ = ["READERS"]

Axes = tuple[int, ...]


def adaptive_1d(kind: type[Layer], call: str, output_size: object) -> Declared:
    size = per_axis(call, "output_size", output_size, 1, 0)
    return Declared(kind(size=size, empty=0 in size), Expects(call, (1,)))


def adaptive(kind: type[Layer], call: str, axes: int, output_size: object) -> Declared:
    if not isinstance(output_size, tuple | list):
        size: tuple[int | str, ...] = (integer(call, "output_size", output_size, 0),)
    elif len(output_size) != axes:
        raise refused(
            f"output_size of {call} has {len(output_size)} numbers for {axes} axes",
            f"a whole number, or {axes} of them (None leaves an axis as it is)",
        )
    else:
        size = tuple(
            "keep" if each is None else integer(call, "output_size", each, 0)
            for each in output_size
        )
    layer = kind(size=collapsed(size), empty=0 in size)
    if kind is AdaptiveAverage and set(size) <= {1, "keep"}:
        return Declared(
            layer, Expects(call, tuple(range(axes, 8)), rule=partial(_mean, call, axes))
        )
    return Declared(layer, Expects(call, (axes,)))


def _mean(call: str, axes: int, layer: Layer, shape: Shape) -> Layer:
    """An average of size 1 is a mean over the last axes, whatever stands before them."""
    before = len(shape) - 1 - axes
    if not before:
        return layer
    assert isinstance(layer, AdaptiveAverage)
    sizes = zip(spread(layer.size, axes), shape[-axes:], strict=True)
    if any(size == "keep" and n > 1 for size, n in sizes):
        raise LayerError(
            f"{call} takes maps of {axes} spatial axes but receives {show(shape)}",
            code="wrong-axes",
            help="only to an output_size of 1 it averages the last axes of any map",
        )
    return layer.replaced(size=("keep",) * before + (1,) * axes)


def fractional_max_pool(
    call: str,
    axes: int,
    kernel_size: object,
    output_size: object = None,
    output_ratio: object = None,
    return_indices: object = False,
    _random_samples: object = None,
) -> Declared:
    if (output_size is None) == (output_ratio is None):
        raise refused(f"{call} takes either output_size or output_ratio")
    layer = FractionalMaxPool(
        per_axis(call, "kernel_size", kernel_size, axes, 1, single=False),
        _fractional_size(call, output_size, axes),
        _ratio(call, output_ratio, axes),
    )
    return Declared(layer, Expects(call, (axes,), rule=_smaller if axes == 3 else None))


def _fractional_size(call: str, size: object, axes: int) -> Axes | None:
    return None if size is None else per_axis(call, "output_size", size, axes, 1, single=False)


def _ratio(call: str, ratio: object, axes: int) -> tuple[float, ...] | None:
    if ratio is None:
        return None
    given = tuple(ratio) if isinstance(ratio, tuple | list) else (ratio,) * axes
    given = given[:3]  # more are never looked at
    ratios = tuple(number(call, "output_ratio", each) for each in given)
    if len(ratios) != axes or not all(0 < each < 1 for each in ratios):
        raise refused(
            f"{call} can't take output_ratio={ratio}",
            f"a number between 0 and 1, or {axes} of them",
        )
    return collapsed(ratios)


def _smaller(layer: Layer, shape: Shape) -> Layer:
    """In three dimensions the windows leave at least one place of each axis over."""
    assert isinstance(layer, FractionalMaxPool)
    sizes, kernels = layer.output(shape)[1:], spread(layer.kernel, len(shape) - 1)
    for axis, (n, m, k) in enumerate(zip(shape[1:], sizes, kernels, strict=True)):
        if m + k - 1 >= n:
            raise LayerError(
                f"{m} windows of {k} don't fit on {axis_name(axis, len(sizes))} of {n} "
                "in nn.FractionalMaxPool3d",
                code="kernel-too-large",
                help=f"output size + kernel - 1 is at most {n - 1} in three dimensions",
            )
    return layer


_max: Callable[[Reader], Reader] = idle("output_size", {"return_indices": False})
READERS: dict[str, Reader] = {
    "AdaptiveAvgPool1d": partial(adaptive_1d, AdaptiveAverage, "nn.AdaptiveAvgPool1d"),
    "AdaptiveMaxPool1d": _max(partial(adaptive_1d, AdaptiveMax, "nn.AdaptiveMaxPool1d")),
}
for _axes in (2, 3):
    READERS[f"FractionalMaxPool{_axes}d"] = partial(
        fractional_max_pool, f"nn.FractionalMaxPool{_axes}d", _axes
    )
    _call = f"nn.AdaptiveAvgPool{_axes}d"
    READERS[f"AdaptiveAvgPool{_axes}d"] = partial(adaptive, AdaptiveAverage, _call, _axes)
    _call = f"nn.AdaptiveMaxPool{_axes}d"
    READERS[f"AdaptiveMaxPool{_axes}d"] = _max(partial(adaptive, AdaptiveMax, _call, _axes))
