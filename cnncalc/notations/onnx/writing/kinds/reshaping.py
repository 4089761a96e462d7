"""Layers that only move values."""

from __future__ import annotations

from math import prod

from cnncalc.layers.base import Shape, spread_out
from cnncalc.layers.expand import Expand
from cnncalc.layers.folding import Fold, Unfold
from cnncalc.layers.reshape import Flatten, Permute, Reshape, Unflatten
from cnncalc.layers.resize import Upsample
from cnncalc.layers.shuffle import ChannelShuffle, PixelShuffle, PixelUnshuffle
from cnncalc.notations.onnx.writing.builder import Builder, unsayable
from cnncalc.notations.onnx.writing.kinds.pads import padded
from cnncalc.notations.onnx.writing.kinds.pools import MOST_AXES, binned
from cnncalc.notations.onnx.writing.kinds.sliding import Sliding, sliding
from cnncalc.notations.onnx.writing.table import writes

MOST_TAPS = 256  # of an unfold: each is a node


def channels_last(at: Builder, x: str, shape: Shape) -> str:
    if len(shape) < 2:
        return x
    return at.permuted(x, [*range(1, len(shape)), 0])


def rest(sizes: tuple[int | str, ...]) -> list[int]:
    """Sizes as Reshape has them: -1 for the one to work out."""
    return [-1 if isinstance(size, str) else size for size in sizes]


@writes("flatten")
def flatten(at: Builder, layer: Flatten, x: str, shape: Shape) -> str:
    moved, merged = x, layer.merged(shape)
    if layer.order == "last" and merged.start == 0 and len(merged) > 1:
        # The channels run fastest in what is merged.
        order = [*range(1, merged.stop), 0, *range(merged.stop, len(shape))]
        moved = at.permuted(moved, order)
    if len(merged) == len(shape):
        return at.node("Flatten", moved)
    return at.reshaped(moved, [*shape[: merged.start], -1, *shape[merged.stop :]])


@writes("unflatten")
def unflatten(at: Builder, layer: Unflatten, x: str, shape: Shape) -> str:
    axis = layer.axis % len(shape)
    return at.reshaped(x, [*shape[:axis], *rest(layer.sizes), *shape[axis + 1 :]])


@writes("reshape")
def reshape(at: Builder, layer: Reshape, x: str, shape: Shape) -> str:
    """Row-major, or as channels last has values: then both sides are turned."""
    sizes = rest(layer.sizes)
    if layer.order == "first":
        return at.reshaped(x, sizes)
    moved = at.reshaped(channels_last(at, x, shape), [*sizes[1:], sizes[0]])
    return at.permuted(moved, [len(sizes) - 1, *range(len(sizes) - 1)])


@writes("permute")
def permute(at: Builder, layer: Permute, x: str, shape: Shape) -> str:
    return at.permuted(x, layer.axes)


@writes("expand")
def expand(at: Builder, layer: Expand, x: str, shape: Shape) -> str:
    return at.node("Expand", x, at.ints([1, *layer.sizes]))


@writes("pixelshuffle")
def shuffled(at: Builder, layer: PixelShuffle, x: str, shape: Shape) -> str:
    factor, axes = layer.factor, len(shape) - 1
    if axes == 2:
        return at.node("DepthToSpace", x, blocksize=factor, mode="CRD")
    split = at.reshaped(x, (-1, *(factor,) * axes, *shape[1:]))
    order = [0, *(each for axis in range(axes) for each in (1 + axes + axis, 1 + axis))]
    return at.reshaped(at.permuted(split, order), (-1, *(n * factor for n in shape[1:])))


@writes("pixelunshuffle")
def unshuffled(at: Builder, layer: PixelUnshuffle, x: str, shape: Shape) -> str:
    factor, axes = layer.factor, len(shape) - 1
    split = at.reshaped(x, (shape[0], *(s for n in shape[1:] for s in (n // factor, factor))))
    order = [0, *range(2, 2 * axes + 1, 2), *range(1, 2 * axes, 2)]
    return at.reshaped(at.permuted(split, order), (-1, *(n // factor for n in shape[1:])))


@writes("chshuffle")
def dealt(at: Builder, layer: ChannelShuffle, x: str, shape: Shape) -> str:
    split = at.reshaped(x, (layer.groups, -1, *shape[1:]))
    return at.reshaped(at.permuted(split, [1, 0, *range(2, len(shape) + 1)]), (-1, *shape[1:]))


@writes("unfold")
def unfold(at: Builder, layer: Unfold, x: str, shape: Shape) -> str:
    """A strided slice for each tap of the window, side by side behind each channel."""
    window = sliding(layer, shape)
    taps = prod(window.kernels)
    if taps > MOST_TAPS:
        unsayable(f"an unfold of {taps} taps", f"at most {MOST_TAPS}")
    source = padded(at, x, window.pads)
    axes, steps = at.ints(range(2, len(shape) + 1)), at.ints(window.strides)
    reach = list(zip(shape[1:], window.pads, window.extents, strict=True))
    columns = []
    for number in range(taps):
        starts = _tap(number, window)
        # The last place from which the window's end is still on the padded axis.
        ends = [
            start + n + sum(pads) - extent + 1
            for start, (n, pads, extent) in zip(starts, reach, strict=True)
        ]
        part = at.node("Slice", source, at.ints(starts), at.ints(ends), axes, steps)
        columns.append(at.reshaped(part, (shape[0], 1, -1)))
    joined = columns[0] if taps == 1 else at.node("Concat", *columns, axis=2)
    return at.node("Reshape", joined, at.ints([0, shape[0] * taps, -1]))


def _tap(number: int, window: Sliding) -> list[int]:
    """Where the n-th tap begins on each axis, the last axis running fastest."""
    places = []
    for kernel, dilation in zip(reversed(window.kernels), reversed(window.dilations), strict=True):
        number, tap = divmod(number, kernel)
        places.append(tap * dilation)
    return places[::-1]


@writes("fold")
def fold(at: Builder, layer: Fold, x: str, shape: Shape) -> str:
    axes = max(len(layer.kernel), len(layer.size))
    size = layer.size * (axes // len(layer.size))
    window = sliding(layer, (1, *size))
    attributes = window.attributes() | {"kernel_shape": None}
    return at.node("Col2Im", x, at.ints(size), at.ints(window.kernels), **attributes)


@writes("upsample")
def upsample(at: Builder, layer: Upsample, x: str, shape: Shape) -> str:
    if layer.mode == "area":
        _, sizes = _scales(layer, shape)
        return binned(at, tuple(sizes), x, shape, mean=True)
    modes = {
        "nearest": ("nearest", "asymmetric", "floor"),
        "nearest-exact": ("nearest", "half_pixel", "round_prefer_ceil"),
        "linear": ("linear", "half_pixel", None),
        "cubic": ("cubic", "half_pixel", None),
    }
    if layer.mode not in modes:
        unsayable(f"interpolation by `{layer.mode}`", f"one of {', '.join(modes)}")
    mode, coordinates, rounding = modes[layer.mode]
    if mode != "nearest" and len(shape) - 1 > MOST_AXES:
        unsayable(f"interpolation over {len(shape) - 1} axes so that ONNX Runtime has it")
    # For all axes: where but some are named, ONNX Runtime takes a transpose past it wrongly.
    scales, sizes = _scales(layer, shape)
    if scales:
        inputs = ["", at.floats([1.0, 1.0, *scales])]
    else:
        same = at.node("Shape", x, end=2)
        inputs = ["", "", at.node("Concat", same, at.ints(sizes), axis=0)]
    return at.node(
        "Resize",
        x,
        *inputs,
        mode=mode,
        coordinate_transformation_mode="align_corners" if layer.corners else coordinates,
        nearest_mode=rounding,
        cubic_coeff_a=-0.75 if mode == "cubic" else None,
    )


def _scales(layer: Upsample, shape: Shape) -> tuple[list[float] | None, list[int]]:
    """The factors, if single precision makes the right sizes of them, and those sizes."""
    if layer.factor is None:
        return None, list(spread_out("size", layer.size or (), shape))
    import numpy

    factors = spread_out("factor", layer.factor, shape)
    pairs = list(zip(shape[1:], factors, strict=True))
    sizes = [int(n * factor) for n, factor in pairs]
    # As PyTorch does, which passes over the factor where places are but copied or doubled.
    plain = {"linear": (1,), "nearest": (1, 2) if len(sizes) == 2 else ()}.get(layer.mode, ())
    if layer.mode == "cubic" and sizes == list(shape[1:]):
        plain = (1,)
    known = zip(pairs, sizes, strict=True)
    pairs = [(n, m / n if m / n in plain else factor) for (n, factor), m in known]
    scales = [numpy.float32(factor) for _, factor in pairs]
    ways = [[int(numpy.float32(n) * s) for n, s in zip(shape[1:], scales, strict=True)]]
    ways += [[int(n * float(s)) for n, s in zip(shape[1:], scales, strict=True)]]
    return [factor for _, factor in pairs] if ways == [sizes, sizes] else None, sizes
