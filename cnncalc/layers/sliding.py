"""What layers that slide a window share: padding words resolved, and the checks that it fits."""

from __future__ import annotations

from typing import Any

from cnncalc.errors import LayerError
from cnncalc.layers.base import NO_PADS, Shape, axis_name, spread_out
from cnncalc.windows import Same, Slide


def slides(layer: Any, shape: Shape) -> tuple[Slide, ...]:
    """The slide on each axis, with the padding words resolved at this input size."""
    kernels = spread_out("kernel", layer.kernel, shape)
    strides = spread_out("stride", layer.stride, shape)
    dilations = spread_out("dilation", layer.dilation, shape)
    steps = zip(kernels, strides, dilations, strict=True)
    if layer.padding in ("same", "same-lower"):
        lower = layer.padding == "same-lower"
        return tuple(
            Same(k, s, d, lower).at(n) for (k, s, d), n in zip(steps, shape[1:], strict=True)
        )
    pads = spread_out("padding", pairs(layer.padding), shape)
    return tuple(
        Slide(k, s, before, after, d)
        for (k, s, d), (before, after) in zip(steps, pads, strict=True)
    )


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
                help=f"a kernel that spans at most {room}, or padding that adds {extent - room}",
            )


def check_mode(fill: str, pads: tuple[tuple[int, int], ...], shape: Shape) -> None:
    """LayerError where a padding mode asks for more pixels than the input has."""
    limits = {"reflect": 1, "circular": 0}
    if fill not in limits:
        return
    for axis, (pad, n) in enumerate(zip(pads, shape[1:], strict=True)):
        most = n - limits[fill]
        if max(pad) > most:
            raise LayerError(
                f"{fill} padding of {max(pad)} is more than {axis_name(axis, len(pads))} "
                f"of {n} can give",
                code="padding-too-large",
                help=f"at most {most} with {fill} padding here",
            )


def check_groups(groups: int, channels: int, of: str) -> None:
    if channels % groups:
        divisors = [str(g) for g in range(1, min(channels, 4096) + 1) if channels % g == 0][:12]
        raise LayerError(
            f"{groups} groups don't divide the {channels} {of}",
            code="groups",
            help=f"groups that divide {channels}: {', '.join(divisors)}",
        )
