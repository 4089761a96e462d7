"""torch.nn's pools whose windows slide, and unpooling."""

from __future__ import annotations

from functools import partial

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import Reader
from cnncalc.frameworks.pytorch.arguments import (
    flag,
    integer,
    number,
    output_sizes,
    per_axis,
    refused,
    spread,
)
from cnncalc.layers.base import Layer, Pads, Shape, axis_name
from cnncalc.layers.pool import AveragePool, LpPool, MaxPool
from cnncalc.layers.transposed import MaxUnpool
from cnncalc.network import Declared, Expects

__all__ = ["READERS", "to_output_size"]

Axes = tuple[int, ...]


def max_pool(
    call: str,
    axes: int,
    kernel_size: object,
    stride: object = None,
    padding: object = 0,
    dilation: object = 1,
    return_indices: object = False,
    ceil_mode: object = False,
) -> Declared:
    kernels = per_axis(call, "kernel_size", kernel_size, axes, 1)
    layer = MaxPool(
        kernels,
        _stride(call, stride, axes),
        _padding(call, padding, kernels, axes),
        per_axis(call, "dilation", dilation, axes, 1),
        flag(call, "ceil_mode", ceil_mode),
    )
    return Declared(layer, Expects(call, (axes,)))


def average_pool_1d(
    call: str,
    kernel_size: object,
    stride: object = None,
    padding: object = 0,
    ceil_mode: object = False,
    count_include_pad: object = True,
) -> Declared:
    return average_pool(call, 1, kernel_size, stride, padding, ceil_mode, count_include_pad)


def average_pool(
    call: str,
    axes: int,
    kernel_size: object,
    stride: object = None,
    padding: object = 0,
    ceil_mode: object = False,
    count_include_pad: object = True,
    divisor_override: object = None,
) -> Declared:
    kernels = per_axis(call, "kernel_size", kernel_size, axes, 1)
    layer = AveragePool(
        kernels,
        _stride(call, stride, axes),
        _padding(call, padding, kernels, axes),
        ceil=flag(call, "ceil_mode", ceil_mode),
        count_padding=flag(call, "count_include_pad", count_include_pad),
        divisor=_divisor(call, divisor_override),
    )
    return Declared(
        layer, Expects(call, (axes,), rule=partial(_within, call) if axes == 3 else None)
    )


def _divisor(call: str, divisor: object) -> int | None:
    number = None if divisor is None else integer(call, "divisor_override", divisor)
    if number == 0:
        raise refused(f"divisor_override of {call} can't be 0", "another number, or None")
    return number


def lp_pool(
    call: str,
    axes: int,
    norm_type: object,
    kernel_size: object,
    stride: object = None,
    ceil_mode: object = False,
) -> Declared:
    if axes == 1:
        integer(call, "kernel_size", kernel_size)  # a tuple of one number is refused here
    kernels = per_axis(call, "kernel_size", kernel_size, axes, 1, single=False)
    layer = LpPool(
        kernels,
        _stride(call, stride, axes),
        ceil=flag(call, "ceil_mode", ceil_mode),
        norm=number(call, "norm_type", norm_type),
    )
    return Declared(
        layer, Expects(call, (axes,), rule=partial(_within, call) if axes == 3 else None)
    )


def _stride(call: str, stride: object, axes: int) -> Axes | None:
    """None and an empty tuple stand for the kernel size."""
    if stride is None or stride in ((), []):
        return None
    return per_axis(call, "stride", stride, axes, 1)


def _padding(call: str, padding: object, kernels: Axes, axes: int) -> Pads:
    """At most half of the kernel on each axis, dilated or not."""
    pads = per_axis(call, "padding", padding, axes, 0)
    for pad, kernel in zip(spread(pads, axes), spread(kernels, axes), strict=True):
        if 2 * pad > kernel:
            raise refused(
                f"padding={pad} of {call} is more than half of its kernel_size {kernel}",
                f"at most {kernel // 2}, or a padding layer before the pool",
            )
    return tuple((pad, pad) for pad in pads)


def _within(call: str, layer: Layer, shape: Shape) -> Layer:
    """Averages over three axes want the kernel within the input, padding and ceil mode aside."""
    assert isinstance(layer, AveragePool | LpPool)
    axes = len(shape) - 1
    for axis, (kernel, n) in enumerate(zip(spread(layer.kernel, axes), shape[1:], strict=True)):
        if kernel > n:
            raise LayerError(
                f"the kernel of {call} spans {kernel} but {axis_name(axis, axes)} "
                f"has only {n}, and PyTorch doesn't count the padding here",
                code="kernel-too-large",
                help=f"a kernel of at most {n}",
            )
    return layer


def max_unpool(
    call: str, axes: int, kernel_size: object, stride: object = None, padding: object = 0
) -> Declared:
    stride = kernel_size if stride is None else stride
    if axes < 3:  # numbers beyond those of the kernel are never looked at
        stride, padding = _cut(stride, axes), _cut(padding, axes)
    pads = per_axis(call, "padding", padding, axes, single=False)
    layer = MaxUnpool(
        per_axis(call, "kernel_size", kernel_size, axes, 1, single=False),
        per_axis(call, "stride", stride, axes, 1, single=False),
        tuple((pad, pad) for pad in pads),
    )
    return Declared(layer, Expects(call, (axes,)))


def _cut(value: object, axes: int) -> object:
    return value[:axes] if isinstance(value, tuple | list) else value


def to_output_size(declared: Declared, output_size: object, shape: Shape) -> Declared:
    """The layer as `unpool(x, indices, output_size=...)` calls it, at an input of this shape."""
    sizes = output_sizes("nn.MaxUnpool", output_size, len(shape) - 1)
    return declared.replaced(layer=declared.layer.replaced(size=sizes))


READERS: dict[str, Reader] = {"AvgPool1d": partial(average_pool_1d, "nn.AvgPool1d")}
for _axes in (1, 2, 3):
    READERS[f"MaxPool{_axes}d"] = partial(max_pool, f"nn.MaxPool{_axes}d", _axes)
    READERS[f"LPPool{_axes}d"] = partial(lp_pool, f"nn.LPPool{_axes}d", _axes)
    READERS[f"MaxUnpool{_axes}d"] = partial(max_unpool, f"nn.MaxUnpool{_axes}d", _axes)
for _axes in (2, 3):
    READERS[f"AvgPool{_axes}d"] = partial(average_pool, f"nn.AvgPool{_axes}d", _axes)
