"""Resize of constants, as of a grid of learned positions, and what a Resize is asked for."""

from __future__ import annotations

from math import floor

import cnncalc.notations.onnx_file.shapes as shapes
from cnncalc.notations.onnx_file.call import Call
from cnncalc.notations.onnx_file.folding.base import Fold, constants
from cnncalc.notations.onnx_file.model import Constant

__all__ = ["RESIZED", "scales_and_sizes"]


def scales_and_sizes(call: Call) -> tuple[list[float] | None, list[int] | None]:
    """The factors that a Resize has, or the sizes, for all axes or for those that it names."""
    old = call.opset < 11
    scales = call.numbers(1 if old else 2) or None
    return scales, None if old or scales else call.whole("", 3)


def upsample_scales(call: Call) -> list[float] | None:
    """The factors of Upsample, which Resize took the place of."""
    return call.attributes.get("scales") or call.numbers(1)


def resize(call: Call) -> Constant:
    return _resized(call, *scales_and_sizes(call))


def upsample(call: Call) -> Constant:
    return _resized(call, upsample_scales(call), None)


def _resized(call: Call, scales: list[float] | None, sizes: list[int] | None) -> Constant:
    """Only the shape is kept."""
    data = constants(call)[0]
    shape, axes = list(data.shape), call.whole("axes")
    places = list(range(len(shape))) if axes is None else shapes.places(axes, len(shape))
    given = scales or sizes or []
    if len(given) != len(places):
        call.refuse("its scales or sizes don't fit the data")
    for place, each in zip(places, given, strict=True):
        shape[place] = floor(shape[place] * each) if scales else int(each)
    return Constant(tuple(shape), None, data.sources)


RESIZED: dict[str, Fold] = {"Resize": resize, "Upsample": upsample}
