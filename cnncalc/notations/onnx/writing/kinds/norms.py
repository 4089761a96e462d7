"""Normalisations. A scale or shift that a layer lacks is a constant 1 or 0, no weight."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from cnncalc.layers.base import Layer, Shape, place
from cnncalc.layers.norm import (
    BatchNorm,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    LocalResponseNorm,
    RootMeanSquareNorm,
    Standardize,
    UnitNorm,
)
from cnncalc.notations.onnx.writing.builder import Builder, unsayable
from cnncalc.notations.onnx.writing.kinds.pads import padded
from cnncalc.notations.onnx.writing.table import writes

EPSILON = 1e-5


def affine(at: Builder, layer: Layer, sizes: Shape) -> tuple[str, str]:
    """The scale and the shift, of these sizes."""
    learned = getattr(layer, "affine", True)
    scaled = learned and getattr(layer, "scale", True)
    shifted = learned and getattr(layer, "shift", True)
    scale = at.weight("weight", sizes, 1.0) if scaled else at.filled(sizes, 1.0)
    return scale, at.weight("bias", sizes) if shifted else at.filled(sizes, 0.0)


def with_channels_first(
    at: Builder,
    layer: BatchNorm | GroupNorm,
    x: str,
    shape: Shape,
    write: Callable[[str, Shape], str],
) -> str:
    """A norm of another axis: that axis is moved to the channels' place, and back."""
    axis = place(layer.axis, shape, layer.order)
    if axis == 0:
        return write(x, shape)
    order = [axis, *(each for each in range(len(shape)) if each != axis)]
    moved, back = at.moved(x, order)
    return at.permuted(write(moved, tuple(shape[each] for each in order)), back)


@writes("bn")
def batch_norm(at: Builder, layer: BatchNorm, x: str, shape: Shape) -> str:
    def write(x: str, shape: Shape) -> str:
        learned = affine(at, layer, shape[:1])
        taken = statistics(at, shape[0]) if layer.stats else of_batch(at, x, shape)
        return at.node("BatchNormalization", x, *learned, *taken, epsilon=EPSILON)

    return with_channels_first(at, layer, x, shape, write)


def statistics(at: Builder, channels: int) -> tuple[str, str]:
    mean = at.weight("running_mean", (channels,))
    return mean, at.weight("running_var", (channels,), 1.0)


def of_batch(at: Builder, x: str, shape: Shape) -> tuple[str, str]:
    """The mean and the variance of each channel over the batch."""
    axes = at.ints([0, *range(2, len(shape) + 1)])
    less = at.node("Sub", x, at.node("ReduceMean", x, axes, keepdims=1))
    variance = at.node("ReduceMean", at.node("Mul", less, less), axes, keepdims=0)
    return at.node("ReduceMean", x, axes, keepdims=0), variance


@writes("in")
def instance_norm(at: Builder, layer: InstanceNorm, x: str, shape: Shape) -> str:
    if len(shape) < 2:
        unsayable("instance norm of a vector", "a map")
    learned = affine(at, layer, shape[:1])
    if layer.stats:
        taken = statistics(at, shape[0])
        return at.node("BatchNormalization", x, *learned, *taken, epsilon=EPSILON)
    return at.node("InstanceNormalization", x, *learned, epsilon=EPSILON)


@writes("gn")
def group_norm(at: Builder, layer: GroupNorm, x: str, shape: Shape) -> str:
    def write(x: str, shape: Shape) -> str:
        groups = shape[0] if layer.groups == "each" else layer.groups
        flat = at.reshaped(x, (*shape, 1)) if len(shape) == 1 else x
        tensors = affine(at, layer, shape[:1])
        out = at.node("GroupNormalization", flat, *tensors, num_groups=groups, epsilon=EPSILON)
        return at.reshaped(out, shape) if len(shape) == 1 else out

    return with_channels_first(at, layer, x, shape, write)


@writes("ln")
def layer_norm(at: Builder, layer: LayerNorm, x: str, shape: Shape) -> str:
    """The axes that are normalised are moved to the end, and back."""
    places = layer.places(shape)
    order = [axis for axis in range(len(shape)) if axis not in places] + list(places)
    scale, shift = affine(at, layer, layer.chosen(shape))
    moved, back = at.moved(x, order)
    out = at.node("LayerNormalization", moved, scale, shift, axis=-len(places), epsilon=EPSILON)
    return at.permuted(out, back)


@writes("rms")
def rms_norm(at: Builder, layer: RootMeanSquareNorm, x: str, shape: Shape) -> str:
    places = layer.places(shape)
    axes = at.ints([axis + 1 for axis in places])
    mean = at.node("ReduceMean", at.node("Mul", x, x), axes, keepdims=1)
    out = at.node("Div", x, at.node("Sqrt", at.scaled(mean, offset=EPSILON)))
    if not layer.affine:
        return out
    sizes = tuple(n if axis in places else 1 for axis, n in enumerate(shape))
    return at.node("Mul", out, at.weight("weight", sizes, 1.0))


@writes("unitnorm")
def unit_norm(at: Builder, layer: UnitNorm, x: str, shape: Shape) -> str:
    places = layer.places(shape)
    if len(places) == 1:
        return at.node("LpNormalization", x, axis=places[0] + 1, p=2)
    axes = at.ints([axis + 1 for axis in places])
    length = at.node("ReduceL2", x, axes, keepdims=1)
    return at.node("Div", x, at.scaled(length, offset=EPSILON))


@writes("standardize")
def standardized(at: Builder, layer: Standardize, x: str, shape: Shape) -> str:
    """Less a stored mean, over the root of a stored variance; or the way back."""
    places = () if layer.axes == ("none",) else layer.places(shape)
    sizes = tuple(n if axis in places else 1 for axis, n in enumerate(shape))
    mean = at.filled(sizes, 0.0, "" if layer.given else "mean")
    root = at.node("Sqrt", at.filled(sizes, 1.0, "" if layer.given else "variance"))
    if layer.invert:
        return at.node("Add", at.node("Mul", x, root), mean)
    return at.node("Div", at.node("Sub", x, mean), root)


@writes("lrn")
def local_response(at: Builder, layer: LocalResponseNorm, x: str, shape: Shape) -> str:
    """LRN; windows of an even size and maps of other than two axes are written out."""
    if layer.size % 2 and len(shape) == 3:
        return at.node("LRN", x, size=layer.size, alpha=layer.alpha, beta=layer.beta, bias=layer.k)
    size = layer.size
    squares = at.reshaped(at.node("Mul", x, x), (1, shape[0], prod(shape[1:])))
    wider = padded(at, squares, [(size // 2, (size - 1) // 2), (0, 0)])
    mean = at.node("AveragePool", wider, kernel_shape=[size, 1])
    base = at.scaled(at.reshaped(mean, shape), layer.alpha, layer.k)
    return at.node("Div", x, at.node("Pow", base, at.number(layer.beta)))
