"""Pads, crops and slices."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.layers.base import Shape, spread_out
from cnncalc.layers.padding import Crop, Pad
from cnncalc.layers.reshape import Slice
from cnncalc.notations.onnx.writing.builder import Builder
from cnncalc.notations.onnx.writing.table import writes

__all__ = ["LOWEST", "cropped", "padded"]

MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
LOWEST = -3.0e38  # what a max pool's padding never wins with; -inf would make NaN of 0 * -inf

Pairs = Sequence[tuple[int, int]]


def padded(
    at: Builder,
    x: str,
    around: Pairs,
    mode: str = "zeros",
    value: float = 0.0,
    channels: tuple[int, int] = (0, 0),
) -> str:
    """A map with values added around it, less what negative amounts cut off.

    What is read again is what there was before the cut; what goes round, what it left.
    """
    pairs = [channels, *around]
    cut = [(max(-before, 0), max(-after, 0)) for before, after in pairs]
    first = mode in ("zeros", "circular") and any(map(any, cut))
    x = cropped(at, x, cut) if first else x
    added = [(max(before, 0), max(after, 0)) for before, after in pairs]
    if any(map(any, added)):
        x = _filled(at, x, added, value) if mode == "zeros" else _read_again(at, x, added, mode)
    return x if first or not any(map(any, cut)) else cropped(at, x, cut)


def _filled(at: Builder, x: str, added: Pairs, value: float) -> str:
    """A number around the map, on axes that are named.

    Without their names ONNX Runtime makes one node of it and a pool behind it: then zeros are
    no longer what a maximum sees, and padding as wide as the kernel is refused.
    """
    axes = [axis for axis, pair in enumerate(added, 1) if any(pair)]
    amounts = [added[axis - 1][side] for side in (0, 1) for axis in axes]
    filling = at.number(value) if value else ""
    return at.node("Pad", x, at.ints(amounts), filling, at.ints(axes))


def _read_again(at: Builder, x: str, added: Pairs, mode: str) -> str:
    amounts = [0, *(before for before, _ in added), 0, *(after for _, after in added)]
    return at.node("Pad", x, at.ints(amounts), mode=MODES[mode])


def cropped(at: Builder, x: str, cut: Pairs) -> str:
    """Places cut off on the axes of a sample, channels first."""
    kept = [(axis, *pair) for axis, pair in enumerate(cut, 1) if any(pair)]
    starts = at.ints([before for _, before, _ in kept])
    ends = at.ints([-after if after else END for _, _, after in kept])
    return at.node("Slice", x, starts, ends, at.ints([axis for axis, _, _ in kept]))


END = 2**62  # beyond every axis


@writes("pad")
def pad(at: Builder, layer: Pad, x: str, shape: Shape) -> str:
    around = spread_out("padding", layer.padding, shape)
    return padded(at, x, around, layer.mode, layer.value, layer.channels[0])


@writes("crop")
def crop(at: Builder, layer: Crop, x: str, shape: Shape) -> str:
    amounts = spread_out("amount", layer.amount, shape)
    return cropped(at, x, [(0, 0), *amounts]) if any(map(any, amounts)) else x


@writes("slice")
def slice_(at: Builder, layer: Slice, x: str, shape: Shape) -> str:
    start, stop = layer.interval
    axis = layer.axis % len(shape) + 1
    ends = (at.ints([start or 0]), at.ints([END if stop is None else stop]))
    return at.node("Slice", x, *ends, at.ints([axis]), at.ints([layer.step]))
