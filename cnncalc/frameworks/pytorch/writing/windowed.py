"""Convolutions and pools as calls."""

from __future__ import annotations

from cnncalc.frameworks.pytorch.arguments import spread
from cnncalc.frameworks.pytorch.writing.calls import Writer, axes_of, call, no_class, one
from cnncalc.frameworks.pytorch.writing.parts import at_most_half, pads_at, symmetric
from cnncalc.layers.adaptive import AdaptiveAverage, AdaptiveMax, FractionalMaxPool
from cnncalc.layers.base import Shape
from cnncalc.layers.conv import Conv, DepthwiseConv, PointwiseConv
from cnncalc.layers.pool import AveragePool, LpPool, MaxPool, SlidingPool
from cnncalc.layers.transposed import ConvTransposed, MaxUnpool

__all__ = ["WRITERS"]


def _both_sides(
    layer: Conv | ConvTransposed | MaxUnpool | SlidingPool, shape: Shape
) -> int | tuple[int, ...]:
    """Padding as one number per axis."""
    pads = pads_at(layer, shape)
    if not symmetric(pads):
        raise no_class(layer, "its padding differs from side to side")
    return one(tuple(before for before, _ in pads))


def _conv(layer: Conv, shape: Shape) -> str:
    same = layer.padding == "same" and layer.stride == (1,)
    return call(
        f"Conv{axes_of(layer, shape)}d",
        in_channels=shape[0],
        out_channels=layer.out_channels,
        kernel_size=one(layer.kernel),
        stride=one(layer.stride),
        padding="same" if same else _both_sides(layer, shape),
        dilation=one(layer.dilation),
        groups=layer.groups,
        bias=layer.bias,
        padding_mode=layer.mode,
    )


def _depthwise(layer: DepthwiseConv, shape: Shape) -> str:
    return _conv(layer.conv(shape[0]), shape)


def _pointwise(layer: PointwiseConv, shape: Shape) -> str:
    return _conv(layer.conv(), shape)


def _conv_transpose(layer: ConvTransposed, shape: Shape) -> str:
    if layer.padding == "same":
        raise no_class(layer, "its padding is a word")
    return call(
        f"ConvTranspose{axes_of(layer, shape)}d",
        in_channels=shape[0],
        out_channels=layer.out_channels,
        kernel_size=one(layer.kernel),
        stride=one(layer.stride),
        padding=_both_sides(layer, shape),
        output_padding=one(layer.output_padding),
        dilation=one(layer.dilation),
        groups=layer.groups,
        bias=layer.bias,
    )


def _max_pool(layer: MaxPool, shape: Shape) -> str:
    axes = axes_of(layer, shape)
    return call(
        f"MaxPool{axes}d",
        **_window(layer, shape),
        padding=_pool_padding(layer, shape),
        dilation=one(layer.dilation),
    )


def _average_pool(layer: AveragePool, shape: Shape) -> str:
    axes = axes_of(layer, shape)
    if layer.dilation != (1,):
        raise no_class(layer, "an average pool has no dilation there")
    if layer.divisor is not None and axes == 1:
        raise no_class(layer, "an average pool of one axis has no divisor there")
    return call(
        f"AvgPool{axes}d",
        **_window(layer, shape),
        padding=_pool_padding(layer, shape),
        count_include_pad=layer.count_padding,
        **({"divisor_override": layer.divisor} if axes > 1 else {}),
    )


def _lp_pool(layer: LpPool, shape: Shape) -> str:
    if layer.dilation != (1,) or set(pads_at(layer, shape)) != {(0, 0)}:
        raise no_class(layer, "an LP pool has no padding and no dilation there")
    axes = axes_of(layer, shape)
    return call(f"LPPool{axes}d", norm_type=layer.norm, **_window(layer, shape))


def _window(layer: SlidingPool, shape: Shape) -> dict[str, object]:
    axes = len(shape) - 1
    kernel, stride = layer.kernel, layer.stride or layer.kernel
    same = spread(stride, axes) == spread(kernel, axes)
    return {
        "kernel_size": one(kernel),
        "stride": None if same else one(stride),
        "ceil_mode": layer.ceil,
    }


def _pool_padding(layer: SlidingPool, shape: Shape) -> int | tuple[int, ...]:
    if not at_most_half(layer, pads_at(layer, shape), len(shape) - 1):
        raise no_class(layer, "its padding is more than half of the kernel")
    return _both_sides(layer, shape)


def _adaptive(name: str) -> Writer:
    def adaptive(layer: AdaptiveAverage | AdaptiveMax, shape: Shape) -> str:
        axes = axes_of(layer, shape)
        sizes = tuple(None if size == "keep" else size for size in spread(layer.size, axes))
        if axes == 1:
            size: object = shape[1] if sizes[0] is None else sizes[0]
        else:
            size = sizes[0] if len(set(sizes)) == 1 and sizes[0] is not None else sizes
        return call(f"{name}{axes}d", output_size=size)

    return adaptive


def _fractional(layer: FractionalMaxPool, shape: Shape) -> str:
    axes = axes_of(layer, shape, (2, 3))
    return call(
        f"FractionalMaxPool{axes}d",
        kernel_size=one(layer.kernel),
        output_size=None if layer.size is None else one(layer.size),
        output_ratio=None if layer.ratio is None else one(layer.ratio),
    )


def _unpool(layer: MaxUnpool, shape: Shape) -> str:
    if layer.size is not None:
        raise no_class(layer, "output_size is an argument of its forward there")
    stride = layer.stride or layer.kernel
    return call(
        f"MaxUnpool{axes_of(layer, shape)}d",
        kernel_size=one(layer.kernel),
        stride=None if stride == layer.kernel else one(stride),
        padding=_both_sides(layer, shape),
    )


WRITERS: dict[str, Writer] = {
    "conv": _conv,
    "dwconv": _depthwise,
    "pwconv": _pointwise,
    "convt": _conv_transpose,
    "maxpool": _max_pool,
    "avgpool": _average_pool,
    "lppool": _lp_pool,
    "adaptiveavg": _adaptive("AdaptiveAvgPool"),
    "adaptivemax": _adaptive("AdaptiveMaxPool"),
    "fracmaxpool": _fractional,
    "maxunpool": _unpool,
}
