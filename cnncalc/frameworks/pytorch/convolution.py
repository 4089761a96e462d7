"""torch.nn's convolutions, plain and transposed, with declared or lazy channels."""

from __future__ import annotations

from functools import partial

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import Reader, idle
from cnncalc.frameworks.pytorch.arguments import (
    LAZY,
    MADE,
    chosen,
    collapsed,
    integer,
    output_sizes,
    per_axis,
    refused,
    spread,
)
from cnncalc.layers.base import Pads, Shape
from cnncalc.layers.conv import Conv
from cnncalc.layers.sliding import MODES
from cnncalc.layers.transposed import ConvTransposed
from cnncalc.network import Declared, Expects

__all__ = ["READERS", "to_output_size"]


@idle("padding_mode", MADE)
def conv(
    call: str,
    axes: int,
    in_channels: object,
    out_channels: object,
    kernel_size: object,
    stride: object = 1,
    padding: object = 0,
    dilation: object = 1,
    groups: object = 1,
    bias: object = True,
    padding_mode: object = "zeros",
) -> Declared:
    mode = chosen(call, "padding_mode", padding_mode, MODES)
    kernels = per_axis(call, "kernel_size", kernel_size, axes, 1, single=False)
    strides = per_axis(call, "stride", stride, axes, 1)
    dilations = per_axis(call, "dilation", dilation, axes, 1)
    if not isinstance(padding, str):
        pads: str | Pads = _pairs(call, padding, axes, mode)
    elif _worded(call, padding, strides) == "same" and mode != "zeros":
        pads = _same(spread(kernels, axes), dilation, dilations)
    else:
        pads = padding
    outputs, parts = _groups(call, "out_channels", out_channels, groups)
    layer = Conv(outputs, kernels, strides, pads, dilations, parts, mode, bool(bias))
    return Declared(layer, Expects(call, (axes,), _declared(call, in_channels, groups)))


@idle("padding_mode", MADE)
def conv_transpose(
    call: str,
    axes: int,
    in_channels: object,
    out_channels: object,
    kernel_size: object,
    stride: object = 1,
    padding: object = 0,
    output_padding: object = 0,
    groups: object = 1,
    bias: object = True,
    dilation: object = 1,
    padding_mode: object = "zeros",
) -> Declared:
    chosen(call, "padding_mode", padding_mode, ("zeros",))
    if in_channels is LAZY and not bias:  # here PyTorch makes what divides, and says nothing
        rest = integer(call, "groups", groups, 1)
        wanted = integer(call, "out_channels", out_channels)
        out_channels = wanted - wanted % rest
    pads = per_axis(call, "padding", padding, axes, 0)
    outputs, parts = _groups(call, "out_channels", out_channels, groups)
    layer = ConvTransposed(
        outputs,
        per_axis(call, "kernel_size", kernel_size, axes, 1, single=False),
        per_axis(call, "stride", stride, axes, 1),
        tuple((pad, pad) for pad in pads),
        per_axis(call, "output_padding", output_padding, axes, 0),
        per_axis(call, "dilation", dilation, axes, 1),
        parts,
        bool(bias),
    )
    return Declared(layer, Expects(call, (axes,), _declared(call, in_channels, groups)))


def _declared(call: str, in_channels: object, groups: object) -> tuple[tuple[str, int, int], ...]:
    """What flows in, unless the class is lazy and takes what comes."""
    if in_channels is LAZY:
        return ()
    channels, _ = _groups(call, "in_channels", in_channels, groups)
    return (("in_channels", 0, channels),)


def _groups(call: str, name: str, channels: object, groups: object) -> tuple[int, int]:
    """The channels, and the groups, which divide them."""
    whole, parts = integer(call, name, channels, 1), integer(call, "groups", groups, 1)
    if whole % parts:
        raise refused(
            f"{name}={channels} of {call} is not divisible by groups={groups}",
            "groups that divide in_channels and out_channels",
        )
    return whole, parts


def _worded(call: str, padding: str, strides: tuple[int, ...]) -> str:
    chosen(call, "padding", padding, ("same", "valid"))
    if padding == "same" and strides != (1,):
        raise refused(
            f"{call} refuses padding='same' with a stride other than 1",
            "padding in numbers, or stride 1",
        )
    return padding


def _pairs(call: str, padding: object, axes: int, mode: str) -> Pads:
    if mode == "zeros":
        pads = per_axis(call, "padding", padding, axes, 0)
        return tuple((pad, pad) for pad in pads)
    # In another mode PyTorch pads in a step of its own, which takes one number per axis (one
    # more is the channels', of which none can be added) and crops where it is negative.
    if isinstance(padding, tuple | list) and len(padding) == axes + 1 < 4 and padding[0] == 0:
        padding = padding[1:]
    pads = per_axis(call, "padding", padding, axes, single=False)
    return tuple((pad, pad) for pad in pads)


def _same(kernels: tuple[int, ...], dilation: object, dilations: tuple[int, ...]) -> str | Pads:
    """`same` where the padding is a step of its own: only the axes that `dilation` names.

    A tuple of one number, which stands for all axes elsewhere, names the first alone.
    """
    if not isinstance(dilation, tuple | list) or len(dilation) == len(kernels):
        return "same"
    total = dilations[0] * (kernels[0] - 1)
    return (total // 2, total - total // 2), *((0, 0),) * (len(kernels) - 1)


def to_output_size(declared: Declared, output_size: object, shape: Shape) -> Declared:
    """The layer as `conv(x, output_size=...)` calls it, at an input of this shape.

    Raises:
        LayerError: a size that no output padding below the stride gives.
    """
    axes, layer = len(shape) - 1, declared.layer
    assert isinstance(layer, ConvTransposed)
    call = declared.expects.call if declared.expects else f"nn.ConvTranspose{axes}d"
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
    return declared.replaced(layer=layer.replaced(output_padding=collapsed(tuple(extra))))


READERS: dict[str, Reader] = {}
for _axes in (1, 2, 3):
    for _name, _reader in (("Conv", conv), ("ConvTranspose", conv_transpose)):
        READERS[f"{_name}{_axes}d"] = partial(_reader, f"nn.{_name}{_axes}d", _axes)
        READERS[f"Lazy{_name}{_axes}d"] = partial(_reader, f"nn.Lazy{_name}{_axes}d", _axes, LAZY)
