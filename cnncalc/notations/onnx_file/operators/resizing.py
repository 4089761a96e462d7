"""Resize and Upsample."""

from __future__ import annotations

from collections.abc import Callable
from math import floor

import cnncalc.notations.onnx_file.shapes as shapes
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shape
from cnncalc.notations.onnx_file.call import Call, plain
from cnncalc.notations.onnx_file.folding import scales_and_sizes, upsample_scales
from cnncalc.notations.onnx_file.records import Flow, Value

__all__ = ["RESIZING"]

COORDINATES = ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
               "asymmetric")  # fmt: skip


def resize(call: Call) -> Flow:
    """Resize, by scales or to sizes, of the axes of the map alone."""
    flow = call.flow()
    scales, sizes = scales_and_sizes(call)
    if call.integer("antialias", 0):
        call.refuse("an antialiased resize can't be followed")
    if call.text("keep_aspect_ratio_policy", "stretch") != "stretch":
        call.refuse("a resize that keeps the aspect ratio can't be followed")
    return resized(call, flow, scales, sizes, "asymmetric" if call.opset < 11 else None)


def upsample(call: Call) -> Flow:
    """Upsample, which Resize took the place of."""
    return resized(call, call.flow(), upsample_scales(call), None, "asymmetric")


def resized(
    call: Call,
    flow: Flow,
    scales: list[float] | None,
    sizes: list[int] | None,
    coordinates: str | None,
) -> Flow:
    """The step, by scales or to sizes for all axes (or those that `axes` names)."""
    given: list[float] = scales or [float(each) for each in sizes or []]
    whole = call.with_batch(flow)
    axes = call.whole("axes")
    places = list(range(len(whole))) if axes is None else shapes.places(axes, len(whole))
    if len(given) != len(places):
        call.refuse("its scales or sizes don't fit the data")
    kept = [1.0] * len(whole) if scales else [float(each) for each in whole]
    for place, each in zip(places, given, strict=True):
        kept[place] = each
    fixed = [1.0, 1.0] if scales else [float(each) for each in whole[:2]]
    if kept[:2] != fixed or min(kept) <= 0:
        call.refuse("it resizes the batch or the channels", code="batch")
    if not kept[2:]:
        return call.add(KINDS["identity"](), [flow])
    transform = coordinates or call.text("coordinate_transformation_mode", "half_pixel")
    nearest = transform == "tf_half_pixel_for_nn" and call.text("mode", "nearest") == "nearest"
    if transform not in COORDINATES and not nearest:
        call.refuse(f"the coordinates `{transform[:30]}` can't be followed")
    layer = _layer(call, flow.shape, kept[2:], bool(scales), transform)
    return call.add(layer, [flow])


def _layer(call: Call, shape: Shape, values: list[float], by_scale: bool, transform: str) -> Layer:
    mode = call.text("mode", "nearest")
    mode = {"bilinear": "linear", "trilinear": "linear"}.get(mode, mode)
    if mode not in ("nearest", "linear", "cubic"):
        call.refuse(f"the mode `{mode[:20]}` can't be followed")
    corners = transform == "align_corners" and mode != "nearest"
    kind = KINDS["upsample"]
    if not by_scale:
        sizes = tuple(int(each) for each in values)
        factors = [size / n for size, n in zip(sizes, shape[1:], strict=True)]
        return kind(size=sizes, mode=_nearest(call, mode, transform, factors), corners=corners)
    import numpy

    factors = [plain(numpy.float32(each)) for each in values]
    word = _nearest(call, mode, transform, factors)
    # The runtime multiplies in single precision; where that differs, the size says it.
    sizes = tuple(
        floor(float(numpy.float32(each) * numpy.float32(n)))
        for each, n in zip(values, shape[1:], strict=True)
    )
    if sizes != tuple(int(n * each) for n, each in zip(shape[1:], factors, strict=True)):
        return kind(size=sizes, mode=word, corners=corners)
    one = factors[:1] if len(set(factors)) == 1 else factors
    return kind(factor=tuple(one), mode=word, corners=corners)


def _nearest(call: Call, mode: str, transform: str, factors: list[float]) -> str:
    """Which of the two ways to take the nearest pixel it is (they agree on whole factors)."""
    if mode != "nearest" or transform == "asymmetric":
        return mode
    rounding = call.text("nearest_mode", "round_prefer_floor")
    down = rounding == "round_prefer_floor" and all(each in (1, 0.5) for each in factors)
    whole = all(each == int(each) for each in factors)
    return "nearest" if whole or down else "nearest-exact"


RESIZING: dict[str, Callable[[Call], Value | list[Value]]] = {
    "Resize": resize,
    "Upsample": upsample,
}
