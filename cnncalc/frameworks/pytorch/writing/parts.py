"""A layer as the layers that torch.nn has, where it takes more than one to say the same."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from cnncalc.frameworks.pytorch.arguments import collapsed, spread
from cnncalc.layers.adaptive import AdaptiveAverage, AdaptiveMax
from cnncalc.layers.base import NO_PADS, Layer, Shape
from cnncalc.layers.padding import Crop, Pad
from cnncalc.layers.reshape import Flatten, Unflatten

__all__ = ["pads_at", "parts", "symmetric"]

Pads = tuple[tuple[int, int], ...]
Split = Callable[[Any, Shape], tuple[Layer, ...]]


def parts(layer: Layer, shape: Shape) -> tuple[Layer, ...]:
    """The layers to write for one, in order; itself where torch.nn has it, or nothing does.

    Padding that is not the same on both sides becomes a layer before, and so on. Together
    they make the same sizes and hold as many weights.
    """
    split = SPLITS.get(layer.kind)
    return split(layer, shape) if split else (layer,)


def symmetric(pads: Pads) -> bool:
    return all(before == after for before, after in pads)


def pads_at(layer: Any, shape: Shape) -> Pads:
    """The padding in numbers at this input, words resolved."""
    if layer.padding == "valid":
        return NO_PADS
    if not isinstance(layer.padding, str):
        return tuple(layer.padding)
    return collapsed(tuple((w.before, w.after) for w in layer.windows(shape)))


def _conv(layer: Any, shape: Shape) -> tuple[Layer, ...]:
    if layer.padding == "same" and layer.stride == (1,):
        return (layer,)
    pads = pads_at(layer, shape)
    if symmetric(pads):
        return (layer.replaced(padding=pads),)
    return Pad(pads, mode=layer.mode), layer.replaced(padding=NO_PADS, mode="zeros")


def _separable(layer: Any, shape: Shape) -> tuple[Layer, ...]:
    depthwise, pointwise = layer.parts()
    return *_conv(depthwise, shape), pointwise


def _pool(value: float) -> Split:
    """A pool pads at most half its kernel, the same on both sides; the rest is a layer before."""

    def split(layer: Any, shape: Shape) -> tuple[Layer, ...]:
        pads = pads_at(layer, shape)
        if layer.padding in ("same", "same-lower"):
            layer = layer.replaced(ceil=False)  # the word says how many windows there are
        if symmetric(pads) and at_most_half(layer, pads, len(shape) - 1):
            return (layer.replaced(padding=pads),)
        if layer.ceil or not getattr(layer, "count_padding", True):
            return (layer,)  # a layer before would move the last window, or count in the mean
        return Pad(pads, value=value), layer.replaced(padding=NO_PADS)

    return split


def at_most_half(layer: Any, pads: Pads, axes: int) -> bool:
    kernels = spread(layer.kernel, axes)
    pairs = zip(spread(pads, axes), kernels, strict=True)
    return all(min(pad) >= 0 and 2 * max(pad) <= k for pad, k in pairs)


def _lp_pool(layer: Any, shape: Shape) -> tuple[Layer, ...]:
    pads = pads_at(layer, shape)
    if layer.ceil or set(pads) == {(0, 0)}:
        return (layer.replaced(padding=pads),)
    return Pad(pads), layer.replaced(padding=NO_PADS)


def _transposed(layer: Any, shape: Shape) -> tuple[Layer, ...]:
    """What is cut before and not after is output padding; what is cut after is a crop."""
    windows = layer.windows(shape)
    extra = tuple(w.before - w.after + w.output_padding for w in windows)
    pads = collapsed(tuple((w.before, w.before) for w in windows))
    bare = layer.replaced(padding=pads, output_padding=(0,), empty=False)
    if all(0 <= more < max(w.stride, w.dilation) for more, w in zip(extra, windows, strict=True)):
        return (bare.replaced(output_padding=collapsed(extra)),)
    if max(extra) > 0:
        return (layer,)
    return bare, Crop(tuple((0, -more) for more in extra))


def _global(kind: type[Layer]) -> Split:
    def split(layer: Any, shape: Shape) -> tuple[Layer, ...]:
        pool = kind(size=(1,))
        return (pool,) if layer.keep else (pool, Flatten())

    return split


def _reshape(layer: Any, shape: Shape) -> tuple[Layer, ...]:
    if layer.order != "first":
        return (layer,)
    sizes = layer.output(shape)
    flat = () if len(shape) == 1 else (Flatten(),)
    return flat if flat and len(sizes) == 1 else (*flat, Unflatten(sizes))


SPLITS: dict[str, Split] = {
    "conv": _conv,
    "dwconv": _conv,
    "sepconv": _separable,
    "convt": _transposed,
    "maxpool": _pool(-inf),
    "avgpool": _pool(0),
    "lppool": _lp_pool,
    "gap": _global(AdaptiveAverage),
    "gmp": _global(AdaptiveMax),
    "reshape": _reshape,
}
