"""Resize and Upsample."""

from __future__ import annotations

from math import floor, trunc
from typing import NamedTuple

import cnncalc.notations.onnx.reading.shapes as shapes
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shape
from cnncalc.notations.onnx.reading.call import Call, plain
from cnncalc.notations.onnx.reading.operators.base import Either, Numbers, Value, Whole, operator
from cnncalc.python.open_numbers import plain_number
from cnncalc.tracing.arrays import single
from cnncalc.tracing.tensors import Static, Tensor

COORDINATES = ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
               "asymmetric")  # fmt: skip


@operator("Resize")
def resize(
    call: Call,
    data: Either,
    roi: Value = None,
    scales: Value = None,
    sizes: Value = None,
    *,
    antialias: int = 0,
    axes: Whole = None,
    coordinate_transformation_mode: str = "half_pixel",
    keep_aspect_ratio_policy: str = "stretch",
    mode: str = "nearest",
    nearest_mode: str = "round_prefer_floor",
) -> Either:
    """By scales or to sizes, of the axes of the map alone. In operator set 10 scales come first."""
    old = call.opset < 11
    factors = call.numbers(1 if old else 2) or None
    wanted = None if old or factors else call.numbers(3)
    if isinstance(data, Static):
        return _folded(call, data, factors, wanted, axes)
    if antialias:
        call.refuse("an antialiased resize can't be followed")
    if keep_aspect_ratio_policy != "stretch":
        call.refuse("a resize that keeps the aspect ratio can't be followed")
    how = How(mode, "asymmetric" if old else coordinate_transformation_mode, nearest_mode)
    return _resized(call, data, factors, wanted, axes, how)


@operator("Upsample")
def upsample(
    call: Call,
    data: Either,
    factors: Value = None,
    *,
    mode: str = "nearest",
    scales: Numbers = None,
) -> Either:
    """What Resize took the place of."""
    given = scales or call.numbers(1)
    if isinstance(data, Static):
        return _folded(call, data, given, None, None)
    return _resized(call, data, given, None, None, How(mode, "asymmetric", "floor"))


class How(NamedTuple):
    """How values are taken between others."""

    mode: str
    coordinates: str
    nearest: str


def _places(call: Call, given: list[float], axes: list[int] | None, rank: int) -> list[int]:
    """The axes that the scales or sizes are for."""
    places = list(range(rank)) if axes is None else shapes.places(axes, rank)
    if len(given) != len(places):
        call.refuse("its scales or sizes don't fit the data")
    return places


def _folded(
    call: Call,
    data: Static,
    scales: list[float] | None,
    sizes: list[float] | None,
    axes: list[int] | None,
) -> Static:
    """Of stored numbers, as of a grid of learned positions: only the sizes are kept."""
    given, shape = scales or sizes or [], list(data.shape)
    for place, each in zip(_places(call, given, axes, len(shape)), given, strict=True):
        shape[place] = floor(shape[place] * each) if scales else trunc(each)
    return call.made(tuple(shape), [data])


def _resized(
    call: Call,
    data: Tensor,
    scales: list[float] | None,
    sizes: list[float] | None,
    axes: list[int] | None,
    how: How,
) -> Tensor:
    """The step, by scales or to sizes."""
    given = [each if isinstance(each, int) else float(each) for each in scales or sizes or []]
    whole = call.sizes(data)
    kept: list[float] = [1.0] * len(whole) if scales else list(whole)
    for place, each in zip(_places(call, given, axes, len(whole)), given, strict=True):
        kept[place] = each
    fixed: list[float] = [1.0, 1.0] if scales else list(whole[:2])
    if kept[:2] != fixed or min(kept) <= 0:
        call.refuse("it resizes the batch or the channels", code="batch")
    if not kept[2:]:
        return call.same(data)
    nearest = how.coordinates == "tf_half_pixel_for_nn" and how.mode == "nearest"
    if how.coordinates not in COORDINATES and not nearest:
        call.refuse(f"the coordinates `{how.coordinates[:30]}` can't be followed")
    return call.add(_layer(call, data.shape, kept[2:], bool(scales), how), [data])


def _layer(call: Call, shape: Shape, values: list[float], by_scale: bool, how: How) -> Layer:
    mode = {"bilinear": "linear", "trilinear": "linear"}.get(how.mode, how.mode)
    if mode not in ("nearest", "linear", "cubic"):
        call.refuse(f"the mode `{mode[:20]}` can't be followed")
    corners = how.coordinates == "align_corners" and mode != "nearest"
    kind = KINDS["upsample"]
    if not by_scale:
        sizes = tuple(trunc(each) for each in values)
        factors = [int(size) / int(n) for size, n in zip(sizes, shape[1:], strict=True)]
        return kind(size=sizes, mode=_nearest(mode, how, factors), corners=corners)
    factors = [plain(each) for each in values]
    word = _nearest(mode, how, factors)
    # The runtime multiplies in single precision; where that differs, the size says it.
    sizes = tuple(
        floor(single(single(each) * int(n))) for each, n in zip(values, shape[1:], strict=True)
    )
    if sizes != tuple(trunc(int(n) * each) for n, each in zip(shape[1:], factors, strict=True)):
        for n in shape[1:]:
            plain_number(n)
        return kind(size=sizes, mode=word, corners=corners)
    one = factors[:1] if len(set(factors)) == 1 else factors
    return kind(factor=tuple(one), mode=word, corners=corners)


def _nearest(mode: str, how: How, factors: list[float]) -> str:
    """Which of the two ways to take the nearest pixel it is (they agree on whole factors)."""
    if mode != "nearest" or how.coordinates == "asymmetric":
        return mode
    down = how.nearest == "round_prefer_floor" and all(each in (1, 0.5) for each in factors)
    whole = all(each == trunc(each) for each in factors)
    return "nearest" if whole or down else "nearest-exact"
