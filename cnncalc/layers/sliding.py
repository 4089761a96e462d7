"""What layers that slide a window share: their options, and the checks that it fits."""

from __future__ import annotations

from typing import Protocol

from cnncalc.axis.channels import Grouped
from cnncalc.axis.windows import Same, Slide, Window
from cnncalc.errors import LayerError
from cnncalc.layers.base import (
    NO_PADS,
    ONES,
    Layer,
    Route,
    Shape,
    axis_name,
    check_map,
    checked_lengths,
    option,
    spread_out,
)
from cnncalc.symbols.size import number

PADDING_WORDS = ("valid", "same", "same-lower")
MODES = ("zeros", "reflect", "replicate", "circular")
MOST_TRIED = 4096  # numbers of groups that might do, of which an error names some


def kernel() -> tuple[int, ...]:
    return option("axes", "kernel size", key="k", positional=True, minimum=1)


def stride() -> tuple[int, ...]:
    return option("axes", "stride", key="s", default=ONES, minimum=1)


def pool_stride() -> tuple[int, ...]:
    return option("axes", "stride; by default the kernel", key="s", default=None, minimum=1)


def dilation() -> tuple[int, ...]:
    return option(
        "axes", "dilation: distance between kernel taps", key="d", default=ONES, minimum=1
    )


def padding(doc: str = "padding on each side") -> tuple[tuple[int, int], ...]:
    return option("pads", doc, key="p", default=NO_PADS, words=PADDING_WORDS)


def mode() -> str:
    return option("choice", "what the padding is filled with", default="zeros", words=MODES)


def out_channels() -> int:
    return option("count", "output channels", positional=True, minimum=1)


def groups() -> int:
    return option("count", "groups of channels", key="g", default=1, minimum=1)


def bias() -> bool:
    return option("flag", "whether a bias is added", default=True, word="nobias")


class Windowed(Protocol):
    """A layer whose windows slide, as its options say; without a stride by their own length."""

    @property
    def kernel(self) -> tuple[int, ...]: ...
    @property
    def stride(self) -> tuple[int, ...] | None: ...
    @property
    def padding(self) -> tuple[tuple[int, int], ...] | str: ...
    @property
    def dilation(self) -> tuple[int, ...]: ...


class InGroups(Protocol):
    """A layer that reads its channels in groups."""

    @property
    def groups(self) -> int: ...
    @property
    def out_channels(self) -> int: ...

    def windows(self, *shapes: Shape) -> tuple[Window, ...]: ...


class EachChannel(Layer):
    """What layers share whose windows slide over each channel by itself."""

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_map(self, shape)
        least = 0 if getattr(self, "empty", False) else 1  # some have that option
        return shape[0], *checked_lengths(self.windows(shape), shape, least)


def check_padding(padding: tuple[tuple[int, int], ...] | str, mode: str) -> None:
    """Negative padding crops in the modes that pad in a step of their own (torch.nn.Conv2d)."""
    if mode == "zeros" and min(min(pair) for pair in pairs(padding)) < 0:
        raise LayerError(
            "`padding` can't be negative with zeros",
            code="bad-value",
            option="padding",
            help="padding from 0 on, or a `crop` layer before",
        )


def slides(layer: Windowed, shape: Shape) -> tuple[Slide, ...]:
    """The slide on each axis, with the padding words resolved at this input size."""
    kernel, stride, dilation = layer.kernel, layer.stride or layer.kernel, layer.dilation
    same, pads = layer.padding in ("same", "same-lower"), pairs(layer.padding)
    if not same and len(kernel) == len(stride) == len(dilation) == len(pads) == 1:
        (k,), (s,), (d,), ((before, after),) = kernel, stride, dilation, pads
        return (Slide(k, s, before, after, d),) * (len(shape) - 1)  # one does for all axes
    kernel = spread_out("kernel", kernel, shape)
    stride = spread_out("stride", stride, shape)
    dilation = spread_out("dilation", dilation, shape)
    steps = zip(kernel, stride, dilation, strict=True)
    if same:
        lower = layer.padding == "same-lower"
        sizes = zip(steps, shape[1:], strict=True)
        return tuple([Same(k, s, d, lower).at(n) for (k, s, d), n in sizes])
    ends = zip(steps, spread_out("padding", pads, shape), strict=True)
    return tuple([Slide(k, s, before, after, d) for (k, s, d), (before, after) in ends])


def pairs(padding: tuple[tuple[int, int], ...] | str) -> tuple[tuple[int, int], ...]:
    """Padding in numbers; `valid` is none."""
    return NO_PADS if isinstance(padding, str) else padding


def check_fits(windows: tuple[Slide, ...], shape: Shape) -> None:
    """LayerError where a kernel is larger than the padded input."""
    for axis, (w, n) in enumerate(zip(windows, shape[1:], strict=True)):
        extent, room = w.dilation * (w.kernel - 1) + 1, n + w.before + w.after
        if extent > room:
            dilated = f" ({w.kernel} dilated by {w.dilation})" if w.dilation > 1 else ""
            padded = f"{n} with padding {w.before}+{w.after}" if w.before or w.after else f"{n}"
            raise LayerError(
                f"the kernel spans {extent}{dilated} but {axis_name(axis, len(shape) - 1)} "
                f"has only {padded}",
                code="kernel-too-large",
                option="kernel",
                help=f"a kernel that spans at most {room}, or padding that adds {extent - room}",
            )


def check_mode(
    fill: str, pads: tuple[tuple[int, int], ...], sizes: Shape, option: str = "padding"
) -> None:
    """LayerError where a padding mode asks for more pixels than the axes have."""
    limits = {"reflect": 1, "circular": 0}
    if fill not in limits:
        return
    for axis, (pad, n) in enumerate(zip(pads, sizes, strict=True)):
        if fill == "circular":  # what is cut off is gone before the rest goes round
            n += sum(min(amount, 0) for amount in pad)
        most = n - limits[fill]
        if max(pad) > most:
            raise LayerError(
                f"{fill} padding of {max(pad)} is more than {axis_name(axis, len(pads))} "
                f"of {n} can give",
                code="padding-too-large",
                option=option,
                help=f"at most {most} with {fill} padding here",
            )


def over_groups(layer: InGroups, shape: Shape) -> Route:
    """A unit reads all of the channels, or those of its group."""
    windows = layer.windows(shape)
    if layer.groups == 1:
        return Route(shape, windows, mixes=(0,))
    across = Grouped(shape[0] // layer.groups, layer.out_channels // layer.groups)
    return Route(shape, windows, across=across)


def check_groups(groups: int, channels: int, of: str) -> None:
    if channels % groups:
        count = number(channels)
        divisors = [str(g) for g in range(1, MOST_TRIED + 1) if count % g == 0][:12]
        raise LayerError(
            f"{groups} groups don't divide the {channels} {of}",
            code="groups",
            option="groups",
            help=f"groups that divide {count}: {', '.join(divisors)}",
        )
