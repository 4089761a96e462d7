"""Pools."""

from __future__ import annotations

from math import prod

from cnncalc.layers.adaptive import (
    AdaptiveAverage,
    AdaptiveMax,
    GlobalAverage,
    GlobalLp,
    GlobalMax,
)
from cnncalc.layers.base import Shape, spread_out
from cnncalc.layers.pool import AveragePool, LpPool, MaxPool, SlidingPool
from cnncalc.notations.onnx.writing.builder import Attribute, Builder, unsayable
from cnncalc.notations.onnx.writing.kinds.pads import LOWEST, padded
from cnncalc.notations.onnx.writing.kinds.sliding import sliding
from cnncalc.notations.onnx.writing.table import writes

__all__ = ["MOST_AXES", "binned"]

MOST_BINS = 64  # on one axis: each is a few nodes
MOST_AXES = 3  # of which ONNX Runtime has pools


def pooled(
    at: Builder,
    op: str,
    layer: SlidingPool,
    x: str,
    shape: Shape,
    value: float = 0.0,
    **attributes: Attribute,
) -> str:
    """A pool with its padding in numbers; what crops, or pads a whole window, goes before it."""
    check_axes(shape)
    window = sliding(layer, shape)
    ceil = int(layer.ceil and layer.padding not in ("same", "same-lower")) or None
    wide = any(max(pads) >= k for pads, k in zip(window.pads, window.kernels, strict=True))
    if wide or min(map(min, window.pads)) < 0:
        if ceil:
            unsayable(
                "ceil mode beside padding of a whole window, or of less than none",
                "padding before the pool",
            )
        if wide and not attributes.get("count_include_pad", 1):
            unsayable("means of which padding of a whole window is no part", "a smaller padding")
        before = [pads if wide else (min(pads[0], 0), min(pads[1], 0)) for pads in window.pads]
        x = padded(at, x, before, value=value)
        rest = zip(window.pads, before, strict=True)
        window = window._replace(pads=[(b - done, a - cut) for (b, a), (done, cut) in rest])
    return at.node(op, x, ceil_mode=ceil, **window.attributes(), **attributes)


def check_axes(shape: Shape) -> None:
    if len(shape) - 1 > MOST_AXES:
        unsayable(f"a pool over {len(shape) - 1} axes so that ONNX Runtime has it")


@writes("maxpool")
def maxpool(at: Builder, layer: MaxPool, x: str, shape: Shape) -> str:
    return pooled(at, "MaxPool", layer, x, shape, LOWEST)


@writes("avgpool")
def avgpool(at: Builder, layer: AveragePool, x: str, shape: Shape) -> str:
    counted = int(layer.count_padding or layer.divisor is not None)
    out = pooled(at, "AveragePool", layer, x, shape, count_include_pad=counted)
    if layer.divisor is None:
        return out
    taps = prod(spread_out("kernel", layer.kernel, shape))
    return at.scaled(out, taps / layer.divisor)


@writes("lppool")
def lppool(at: Builder, layer: LpPool, x: str, shape: Shape) -> str:
    return pooled(at, "LpPool", layer, x, shape, p=norm(layer.norm))


def norm(p: float) -> int:
    if p != int(p) or p < 1:
        unsayable(f"a pool by the norm {p:g}", "whole norms from 1 on")
    return int(p)


@writes("gap", "gmp")
def global_pool(at: Builder, layer: GlobalAverage | GlobalMax, x: str, shape: Shape) -> str:
    axes = len(shape) - 1
    if layer.keep and axes <= MOST_AXES:
        return at.node({"gap": "GlobalAveragePool", "gmp": "GlobalMaxPool"}[layer.kind], x)
    op = {"gap": "ReduceMean", "gmp": "ReduceMax"}[layer.kind]
    return at.node(op, x, at.ints(range(2, axes + 2)), keepdims=int(layer.keep))


@writes("glp")
def global_lp(at: Builder, layer: GlobalLp, x: str, shape: Shape) -> str:
    """A norm over the map (ONNX Runtime has no GlobalLpPool since operator set 22)."""
    p = norm(layer.norm)
    if p <= 2:
        axes = at.ints(range(2, len(shape) + 1))
        return at.node(f"ReduceL{p}", x, axes, keepdims=int(layer.keep))
    check_axes(shape)
    out = at.node("LpPool", x, kernel_shape=shape[1:], p=p)
    return out if layer.keep else at.reshaped(out, shape[:1])


@writes("adaptiveavg", "adaptivemax")
def adaptive(at: Builder, layer: AdaptiveAverage | AdaptiveMax, x: str, shape: Shape) -> str:
    return binned(at, layer.sizes(shape), x, shape, mean=layer.kind == "adaptiveavg")


def binned(at: Builder, counts: Shape, x: str, shape: Shape, mean: bool) -> str:
    """One pool where the bins are equal on all axes; else slices, one axis after the other."""
    even = not any(n % m for n, m in zip(shape[1:], counts, strict=True))
    if even and len(counts) <= MOST_AXES:
        kernels = [n // m for n, m in zip(shape[1:], counts, strict=True)]
        op = "AveragePool" if mean else "MaxPool"
        return at.node(op, x, kernel_shape=kernels, strides=kernels)
    op = "ReduceMean" if mean else "ReduceMax"
    for axis, (n, m) in enumerate(zip(shape[1:], counts, strict=True), 2):
        if m > MOST_BINS:
            unsayable(f"{m} bins on an axis of {n}", f"a size that divides {n}, or {MOST_BINS}")
        bins = [range(o * n // m, -(-(o + 1) * n // m)) for o in range(m)]
        x = _binned_axis(at, x, axis, bins, op) if m != n else x
    return x


def _binned_axis(at: Builder, x: str, axis: int, bins: list[range], op: str) -> str:
    axes = at.ints([axis])
    parts = [
        at.node(op, at.node("Slice", x, at.ints([b.start]), at.ints([b.stop]), axes), axes)
        for b in bins
    ]
    return at.node("Concat", *parts, axis=axis)
