"""Transposed convolutions and unpooling: the way back of a window that slides."""

from __future__ import annotations

from math import prod

from cnncalc.axis.windows import Spread
from cnncalc.errors import LayerError
from cnncalc.layers.base import (
    NO_PADS,
    Layer,
    Route,
    Shape,
    Weight,
    check_map,
    checked_lengths,
    empty,
    option,
    show,
    spread_out,
)
from cnncalc.layers.sliding import (
    EachChannel,
    bias,
    check_groups,
    dilation,
    groups,
    kernel,
    out_channels,
    over_groups,
    pairs,
    pool_stride,
    stride,
)


class ConvTransposed(Layer):
    """Transposed convolution: the shape goes the way back of a convolution.

    Input (C, *spatial), output (out_channels, *lengths); weight (C, out_channels/groups, *kernel).
    """

    kind = "convt"
    aliases = ("deconv",)
    formula = (
        "n' = (n-1)s - before - after + d(k-1) + op + 1; `same`: n' = n s; "
        "params = out * (C/g * prod k + 1); MACs = C * out/g * prod k * prod n"
    )
    source = "torch.nn.ConvTranspose2d; Dumoulin & Visin 2016, relationship 14"

    out_channels: int = out_channels()
    kernel: tuple[int, ...] = kernel()
    stride: tuple[int, ...] = stride()
    padding: tuple[tuple[int, int], ...] | str = option(
        "pads",
        "how much the output is cut on each side",
        key="p",
        default=NO_PADS,
        minimum=0,
        words=("valid", "same"),
    )
    output_padding: tuple[int, ...] = option(
        "axes", "extra size after the output", key="op", default=(0,), minimum=0
    )
    dilation: tuple[int, ...] = dilation()
    groups: int = groups()
    bias: bool = bias()
    empty: bool = empty()

    def check(self) -> None:
        check_groups(self.groups, self.out_channels, "output channels")
        if self.padding == "same" and self.output_padding != (0,):
            raise LayerError(
                "`same` padding fixes the output, so output_padding has no place beside it",
                code="output-padding",
                option="output_padding",
                help="padding as numbers, or no output_padding",
            )

    def windows(self, *shapes: Shape) -> tuple[Spread, ...]:
        (shape,) = shapes
        same, pads = self.padding == "same", pairs(self.padding)
        options = self.kernel, self.stride, self.dilation, pads, self.output_padding
        if not same and all(len(option) == 1 for option in options):
            (k,), (s,), (d,), ((before, after),), (op,) = options  # one does for all axes
            return (Spread(k, s, before, after, d, op),) * (len(shape) - 1)
        kernels = spread_out("kernel", self.kernel, shape)
        strides = spread_out("stride", self.stride, shape)
        dilations = spread_out("dilation", self.dilation, shape)
        steps = zip(kernels, strides, dilations, strict=True)
        if same:
            return tuple(spread_to_same(*step) for step in steps)
        pads = spread_out("padding", pads, shape)
        extra = spread_out("output_padding", self.output_padding, shape)
        return tuple(
            Spread(k, s, before, after, d, op)
            for (k, s, d), (before, after), op in zip(steps, pads, extra, strict=True)
        )

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_map(self, shape)
        check_groups(self.groups, shape[0], "input channels")
        windows = self.windows(shape)
        if self.padding != "same":
            check_output_padding(windows)
        return self.out_channels, *checked_lengths(windows, shape, 0 if self.empty else 1)

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        (shape,) = shapes
        kernels = spread_out("kernel", self.kernel, shape)
        weight = Weight("weight", (shape[0], self.out_channels // self.groups, *kernels))
        return (weight, Weight("bias", (self.out_channels,))) if self.bias else (weight,)

    def macs(self, *shapes: Shape) -> int:
        return self.weights(*shapes)[0].count * prod(shapes[0][1:])

    def route(self, shape: Shape) -> Route | None:
        return over_groups(self, shape)


def check_output_padding(windows: tuple[Spread, ...]) -> None:
    """LayerError where it would add places that nothing is spread to."""
    for w in windows:
        if w.output_padding >= max(w.stride, w.dilation):
            raise LayerError(
                f"output_padding {w.output_padding} is not smaller than the stride "
                f"({w.stride}) or the dilation ({w.dilation})",
                code="output-padding",
                option="output_padding",
                help=f"at most {max(w.stride, w.dilation) - 1}; more would add pixels "
                "that nothing is spread to",
            )


def spread_to_same(kernel: int, stride: int, dilation: int) -> Spread:
    """The transposed convolution whose output is n*stride (keras.layers.Conv2DTranspose, `same`).

    It is the way back of a `same` convolution, which pads extent - stride in all.
    """
    extent = dilation * (kernel - 1) + 1
    cut = max(extent - stride, 0)
    return Spread(kernel, stride, cut // 2, cut - cut // 2, dilation, max(stride - extent, 0))


class MaxUnpool(EachChannel):
    """The way back of a max pool: each value goes to where its maximum was, the rest is 0."""

    kind = "maxunpool"
    formula = "n' = (n-1)s - before - after + k, or `size` as given, less than s away from that"
    source = "torch.nn.MaxUnpool2d"

    kernel: tuple[int, ...] = kernel()
    stride: tuple[int, ...] | None = pool_stride()
    padding: tuple[tuple[int, int], ...] = option(
        "pads", "the pool's padding", key="p", default=NO_PADS
    )
    size: tuple[int, ...] | None = option("axes", "output size", default=None, minimum=1)

    def windows(self, *shapes: Shape) -> tuple[Spread, ...]:
        (shape,) = shapes
        steps = zip(
            spread_out("kernel", self.kernel, shape),
            spread_out("stride", self.stride or self.kernel, shape),
            spread_out("padding", self.padding, shape),
            strict=True,
        )
        spreads = [Spread(k, s, *pad) for k, s, pad in steps]
        if self.size is None:
            return tuple(spreads)
        sizes = spread_out("size", self.size, shape)
        return tuple(
            Spread(w.kernel, w.stride, w.before, w.after, 1, size - w.length(n))
            for w, size, n in zip(spreads, sizes, shape[1:], strict=True)
        )

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_map(self, shape)
        windows = self.windows(shape)
        for w in windows:
            if abs(w.output_padding) >= w.stride:
                raise LayerError(
                    f"the given size {show(self.size or ())} is {abs(w.output_padding)} away from "
                    "what the pool could have had",
                    code="output-size",
                    option="size",
                    help=f"a size less than {w.stride} away",
                )
        return shape[0], *checked_lengths(windows, shape)
