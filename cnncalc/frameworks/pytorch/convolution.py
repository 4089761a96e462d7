"""torch.nn's convolutions, plain and transposed, with declared or lazy channels."""

from __future__ import annotations

from functools import partial
from typing import Any

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import Reader
from cnncalc.frameworks.pytorch.arguments import (
    LAZY,
    chosen,
    collapsed,
    integer,
    output_sizes,
    per_axis,
    refused,
    spread,
)
from cnncalc.layers.base import Expects, Layer, Shape
from cnncalc.layers.conv import MODES, Conv, ConvTransposed

__all__ = ["READERS", "to_output_size"]

Pads = tuple[tuple[int, int], ...]


def _conv(call: str, axes: int) -> Reader:
    def conv(
        in_channels: Any,
        out_channels: Any,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: Any = 1,
        bias: Any = True,
        padding_mode: Any = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> Layer:
        mode = chosen(call, "padding_mode", padding_mode, MODES)
        kernels = per_axis(call, "kernel_size", kernel_size, axes, 1, single=False)
        strides = per_axis(call, "stride", stride, axes, 1)
        dilations = per_axis(call, "dilation", dilation, axes, 1)
        if isinstance(padding, str):
            pads = _worded(call, padding, strides)
            named = len(dilation) if isinstance(dilation, tuple | list) else axes
            if pads == "same" and mode != "zeros" and named < axes:
                pads = _same_first(spread(kernels, axes), dilations[0])
        else:
            pads = _pairs(call, padding, axes, mode)
        layer = Conv(
            integer(call, "out_channels", out_channels, 1),
            kernels,
            strides,
            pads,
            dilations,
            _groups(call, "out_channels", out_channels, groups),
            mode,
            bool(bias),
        )
        return layer.expecting(Expects(call, (axes,), _declared(call, in_channels, groups)))

    return conv


def _conv_transpose(call: str, axes: int) -> Reader:
    def conv_transpose(
        in_channels: Any,
        out_channels: Any,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: Any = 1,
        bias: Any = True,
        dilation: Any = 1,
        padding_mode: Any = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> Layer:
        chosen(call, "padding_mode", padding_mode, ("zeros",))
        pads = per_axis(call, "padding", padding, axes, 0)
        if in_channels is LAZY and not bias:  # here PyTorch makes what divides, and says nothing
            out_channels -= integer(call, "out_channels", out_channels) % integer(
                call, "groups", groups, 1
            )
        layer = ConvTransposed(
            integer(call, "out_channels", out_channels, 1),
            per_axis(call, "kernel_size", kernel_size, axes, 1, single=False),
            per_axis(call, "stride", stride, axes, 1),
            tuple((pad, pad) for pad in pads),
            per_axis(call, "output_padding", output_padding, axes, 0),
            per_axis(call, "dilation", dilation, axes, 1),
            _groups(call, "out_channels", out_channels, groups),
            bool(bias),
        )
        return layer.expecting(Expects(call, (axes,), _declared(call, in_channels, groups)))

    return conv_transpose


def _declared(call: str, in_channels: Any, groups: Any) -> tuple[tuple[str, int, int], ...]:
    """What flows in, unless the class is lazy and takes what comes."""
    if in_channels is LAZY:
        return ()
    _groups(call, "in_channels", in_channels, groups)
    return (("in_channels", 0, in_channels),)


def _groups(call: str, name: str, channels: Any, groups: Any) -> int:
    count = integer(call, "groups", groups, 1)
    if integer(call, name, channels, 1) % count:
        raise refused(
            f"{name}={channels} of {call} is not divisible by groups={count}",
            "groups that divide in_channels and out_channels",
        )
    return count


def _worded(call: str, padding: str, strides: tuple[int, ...]) -> str | Pads:
    chosen(call, "padding", padding, ("same", "valid"))
    if padding == "same" and strides != (1,):
        raise refused(
            f"{call} refuses padding='same' with a stride other than 1",
            "padding in numbers, or stride 1",
        )
    return padding


def _pairs(call: str, padding: Any, axes: int, mode: str) -> Pads:
    # With another mode than zeros PyTorch pads in a step of its own, which takes
    # one number per axis and crops where it is negative.
    least = 0 if mode == "zeros" else None
    pads = per_axis(call, "padding", padding, axes, least, single=mode == "zeros")
    return tuple((pad, pad) for pad in pads)


def _same_first(kernels: tuple[int, ...], dilation: int) -> Pads:
    """`same` padding of the first axis alone, the odd pixel after.

    So PyTorch does it where `dilation` is a tuple of one number and the padding is a step
    of its own: only the axes that the tuple names are padded.
    """
    total = dilation * (kernels[0] - 1)
    return (total // 2, total - total // 2), *((0, 0),) * (len(kernels) - 1)


def to_output_size(layer: ConvTransposed, output_size: Any, shape: Shape) -> ConvTransposed:
    """The layer as `conv(x, output_size=...)` calls it, at an input of this shape.

    Raises:
        LayerError: a size that no output padding below the stride gives.
    """
    axes = len(shape) - 1
    call = layer.expects.call if layer.expects else f"nn.ConvTranspose{axes}d"
    sizes = output_sizes(call, output_size, axes)
    extra = []
    steps = zip(layer.replaced(output_padding=(0,)).windows(shape), shape[1:], sizes, strict=True)
    for (window, n, size), stride in zip(steps, spread(layer.stride, axes), strict=True):
        least = window.length(n)
        if not least <= size < least + stride:
            raise LayerError(
                f"output_size={size} is none of the sizes {least} to {least + stride - 1} that "
                f"{call} can make of {n}",
                code="output-size",
            )
        extra.append(size - least)
    return layer.replaced(output_padding=collapsed(tuple(extra)))


READERS: dict[str, Reader] = {}
for _axes in (1, 2, 3):
    for _name, _make in (("Conv", _conv), ("ConvTranspose", _conv_transpose)):
        READERS[f"{_name}{_axes}d"] = _make(f"nn.{_name}{_axes}d", _axes)
        READERS[f"Lazy{_name}{_axes}d"] = partial(_make(f"nn.Lazy{_name}{_axes}d", _axes), LAZY)
