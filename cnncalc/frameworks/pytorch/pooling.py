"""torch.nn's pools: sliding, adaptive, fractional, and unpooling."""

from __future__ import annotations

from functools import partial
from typing import Any

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import Reader
from cnncalc.frameworks.pytorch.arguments import (
    collapsed,
    flag,
    integer,
    number,
    output_sizes,
    per_axis,
    refused,
    spread,
)
from cnncalc.layers.base import Expects, Layer, Shape, axis_name
from cnncalc.layers.pool import (
    AdaptiveAverage,
    AdaptiveMax,
    AveragePool,
    FractionalMaxPool,
    LpPool,
    MaxPool,
    MaxUnpool,
)

__all__ = ["READERS", "to_output_size"]

Pads = tuple[tuple[int, int], ...]
Axes = tuple[int, ...]


def _max_pool(call: str, axes: int) -> Reader:
    def max_pool(
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: Any = False,
        ceil_mode: Any = False,
    ) -> Layer:
        kernels = per_axis(call, "kernel_size", kernel_size, axes, 1)
        layer = MaxPool(
            kernels,
            _stride(call, stride, axes),
            _padding(call, padding, kernels, axes),
            per_axis(call, "dilation", dilation, axes, 1),
            flag(call, "ceil_mode", ceil_mode),
        )
        return layer.expecting(Expects(call, (axes,)))

    return max_pool


def _average_pool_1d(call: str) -> Reader:
    def avg_pool(
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: Any = False,
        count_include_pad: Any = True,
    ) -> Layer:
        kernels = per_axis(call, "kernel_size", kernel_size, 1, 1)
        layer = AveragePool(
            kernels,
            _stride(call, stride, 1),
            _padding(call, padding, kernels, 1),
            ceil=flag(call, "ceil_mode", ceil_mode),
            count_padding=flag(call, "count_include_pad", count_include_pad),
        )
        return layer.expecting(Expects(call, (1,)))

    return avg_pool


def _average_pool(call: str, axes: int) -> Reader:
    def avg_pool(
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: Any = False,
        count_include_pad: Any = True,
        divisor_override: Any = None,
    ) -> Layer:
        kernels = per_axis(call, "kernel_size", kernel_size, axes, 1)
        layer = AveragePool(
            kernels,
            _stride(call, stride, axes),
            _padding(call, padding, kernels, axes),
            ceil=flag(call, "ceil_mode", ceil_mode),
            count_padding=flag(call, "count_include_pad", count_include_pad),
            divisor=_divisor(call, divisor_override),
        )
        return layer.expecting(Expects(call, (axes,), rule=_within if axes == 3 else None))

    return avg_pool


def _divisor(call: str, divisor: Any) -> int | None:
    if divisor is not None and integer(call, "divisor_override", divisor) == 0:
        raise refused(f"divisor_override of {call} can't be 0", "another number, or None")
    return None if divisor is None else int(divisor)


def _lp_pool(call: str, axes: int) -> Reader:
    def lp_pool(
        norm_type: Any, kernel_size: Any, stride: Any = None, ceil_mode: Any = False
    ) -> Layer:
        if axes == 1:
            integer(call, "kernel_size", kernel_size)  # a tuple of one number is refused here
        kernels = per_axis(call, "kernel_size", kernel_size, axes, 1, single=False)
        layer = LpPool(
            kernels,
            _stride(call, stride, axes),
            ceil=flag(call, "ceil_mode", ceil_mode),
            norm=number(call, "norm_type", norm_type),
        )
        return layer.expecting(Expects(call, (axes,), rule=_within if axes == 3 else None))

    return lp_pool


def _stride(call: str, stride: Any, axes: int) -> Axes | None:
    """None and an empty tuple stand for the kernel size."""
    if stride is None or stride in ((), []):
        return None
    return per_axis(call, "stride", stride, axes, 1)


def _padding(call: str, padding: Any, kernels: Axes, axes: int) -> Pads:
    """At most half of the kernel on each axis, dilated or not."""
    pads = per_axis(call, "padding", padding, axes, 0)
    for pad, kernel in zip(spread(pads, axes), spread(kernels, axes), strict=True):
        if 2 * pad > kernel:
            raise refused(
                f"padding={pad} of {call} is more than half of its kernel_size {kernel}",
                f"at most {kernel // 2}, or a padding layer before the pool",
            )
    return tuple((pad, pad) for pad in pads)


def _within(layer: Layer, shape: Shape) -> Layer:
    """Averages over three axes want the kernel within the input, padding and ceil mode aside."""
    assert isinstance(layer, AveragePool | LpPool)
    axes = len(shape) - 1
    for axis, (kernel, n) in enumerate(zip(spread(layer.kernel, axes), shape[1:], strict=True)):
        if kernel > n:
            assert layer.expects is not None
            raise LayerError(
                f"the kernel of {layer.expects.call} spans {kernel} but {axis_name(axis, axes)} "
                f"has only {n}, and PyTorch doesn't count the padding here",
                code="kernel-too-large",
                help=f"a kernel of at most {n}",
            )
    return layer


def _adaptive_1d(kind: type[Layer], call: str) -> Reader:
    def adaptive_pool(output_size: Any) -> Layer:
        size = per_axis(call, "output_size", output_size, 1, 0)
        return kind(size=size, empty=0 in size).expecting(Expects(call, (1,)))

    return adaptive_pool


def _adaptive(kind: type[Layer], call: str, axes: int) -> Reader:
    def adaptive_pool(output_size: Any) -> Layer:
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
        if kind is AdaptiveAverage and set(size) == {1}:
            return layer.expecting(Expects(call, tuple(range(axes, 8)), rule=partial(_mean, axes)))
        return layer.expecting(Expects(call, (axes,)))

    return adaptive_pool


def _mean(axes: int, layer: Layer, shape: Shape) -> Layer:
    """An average of size 1 is a mean over the last axes, whatever stands before them."""
    before = len(shape) - 1 - axes
    return layer.replaced(size=("keep",) * before + (1,) * axes) if before else layer


def _with_indices(reader: Reader) -> Reader:
    """The same call with `return_indices`, which changes nothing about the map."""

    def adaptive_pool(output_size: Any, return_indices: Any = False) -> Layer:
        return reader(output_size)

    return adaptive_pool


def _fractional(call: str, axes: int) -> Reader:
    def fractional_max_pool(
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: Any = False,
        _random_samples: Any = None,
    ) -> Layer:
        if (output_size is None) == (output_ratio is None):
            raise refused(f"{call} takes either output_size or output_ratio")
        layer = FractionalMaxPool(
            per_axis(call, "kernel_size", kernel_size, axes, 1, single=False),
            _fractional_size(call, output_size, axes),
            _ratio(call, output_ratio, axes),
        )
        return layer.expecting(Expects(call, (axes,), rule=_smaller if axes == 3 else None))

    return fractional_max_pool


def _fractional_size(call: str, size: Any, axes: int) -> Axes | None:
    return None if size is None else per_axis(call, "output_size", size, axes, 1, single=False)


def _ratio(call: str, ratio: Any, axes: int) -> tuple[float, ...] | None:
    if ratio is None:
        return None
    given = tuple(ratio)[:axes] if isinstance(ratio, tuple | list) else (ratio,) * axes
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


def _unpool(call: str, axes: int) -> Reader:
    def max_unpool(kernel_size: Any, stride: Any = None, padding: Any = 0) -> Layer:
        stride = kernel_size if stride is None else stride
        if axes < 3:  # numbers beyond those of the kernel are never looked at
            stride, padding = _cut(stride, axes), _cut(padding, axes)
        pads = per_axis(call, "padding", padding, axes, single=False)
        layer = MaxUnpool(
            per_axis(call, "kernel_size", kernel_size, axes, 1, single=False),
            per_axis(call, "stride", stride, axes, 1, single=False),
            tuple((pad, pad) for pad in pads),
        )
        return layer.expecting(Expects(call, (axes,)))

    return max_unpool


def _cut(value: Any, axes: int) -> Any:
    return value[:axes] if isinstance(value, tuple | list) else value


def to_output_size(layer: MaxUnpool, output_size: Any, shape: Shape) -> MaxUnpool:
    """The layer as `unpool(x, indices, output_size=...)` calls it, at an input of this shape."""
    sizes = output_sizes("nn.MaxUnpool", output_size, len(shape) - 1)
    return layer.replaced(size=sizes)


READERS: dict[str, Reader] = {
    "AvgPool1d": _average_pool_1d("nn.AvgPool1d"),
    "AdaptiveAvgPool1d": _adaptive_1d(AdaptiveAverage, "nn.AdaptiveAvgPool1d"),
    "AdaptiveMaxPool1d": _with_indices(_adaptive_1d(AdaptiveMax, "nn.AdaptiveMaxPool1d")),
}
for _axes in (1, 2, 3):
    READERS[f"MaxPool{_axes}d"] = _max_pool(f"nn.MaxPool{_axes}d", _axes)
    READERS[f"LPPool{_axes}d"] = _lp_pool(f"nn.LPPool{_axes}d", _axes)
    READERS[f"MaxUnpool{_axes}d"] = _unpool(f"nn.MaxUnpool{_axes}d", _axes)
for _axes in (2, 3):
    READERS[f"AvgPool{_axes}d"] = _average_pool(f"nn.AvgPool{_axes}d", _axes)
    READERS[f"FractionalMaxPool{_axes}d"] = _fractional(f"nn.FractionalMaxPool{_axes}d", _axes)
    _call = f"nn.AdaptiveAvgPool{_axes}d"
    READERS[f"AdaptiveAvgPool{_axes}d"] = _adaptive(AdaptiveAverage, _call, _axes)
    _call = f"nn.AdaptiveMaxPool{_axes}d"
    READERS[f"AdaptiveMaxPool{_axes}d"] = _with_indices(_adaptive(AdaptiveMax, _call, _axes))
