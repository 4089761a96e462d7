"""torch.nn's layers that move values: flatten, shuffles, fold, upsampling; and linear layers."""

from __future__ import annotations

from functools import partial

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import Reader, idle
from cnncalc.frameworks.pytorch.arguments import (
    LAZY,
    MADE,
    integer,
    on_map,
    per_axis,
    refused,
    spread,
)
from cnncalc.frameworks.pytorch.axes import batch_axis, from_front
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.folding import Fold, Unfold
from cnncalc.layers.linear import Linear
from cnncalc.layers.reshape import Flatten, Unflatten
from cnncalc.layers.shuffle import ChannelShuffle, PixelShuffle, PixelUnshuffle
from cnncalc.network import Declared, Expects

__all__ = ["READERS"]


@idle("bias", MADE)
def linear(
    call: str,
    in_features: object,
    out_features: object,
    bias: object = True,
) -> Declared:
    layer = Linear(integer(call, "out_features", out_features, 1), bias=bool(bias), axis=-1)
    if in_features is LAZY:
        return Declared(layer, Expects(call, rule=_last_axis))
    features = integer(call, "in_features", in_features, 1)
    return Declared(layer, Expects(call, (), (("in_features", -1, features),), _last_axis))


def _last_axis(layer: Layer, shape: Shape) -> Layer:
    """Of a vector the last axis is all there is, and needs no saying."""
    return layer.replaced(axis=None) if len(shape) == 1 else layer


def flatten(start_dim: object = 1, end_dim: object = -1) -> Declared:
    start = integer("nn.Flatten", "start_dim", start_dim)
    end = integer("nn.Flatten", "end_dim", end_dim)
    layer = Flatten(start=_inner(start), end=_inner(end))
    return Declared(layer, Expects("nn.Flatten", rule=partial(_flattened, start, end)))


def _inner(dim: int) -> int:
    """An axis number without the batch; negative ones stay."""
    return dim - 1 if dim > 0 else dim


def _flattened(start: int, end: int, layer: Layer, shape: Shape) -> Layer:
    """The axes counted without the batch, which may be flattened with itself alone."""
    axes = len(shape) + 1
    if start % axes == 0 == end % axes and -axes <= start < axes and -axes <= end < axes:
        return KINDS["identity"]()
    first = from_front("nn.Flatten", "start_dim", start, shape)
    last = from_front("nn.Flatten", "end_dim", end, shape)
    if first > last:
        raise LayerError(
            f"start_dim={start} of nn.Flatten comes after end_dim={end}", code="wrong-axes"
        )
    return Flatten(start=first - 1, end=-1 if last == axes - 1 else last - 1)


def unflatten(dim: object, unflattened_size: object) -> Declared:
    call = "nn.Unflatten"
    place = integer(call, "dim", dim)
    if place == 0:
        raise batch_axis(call, "dim", 0)
    if not isinstance(unflattened_size, tuple | list) or not unflattened_size:
        raise refused(
            f"{call} can't take unflattened_size={unflattened_size!r}", "a tuple of sizes"
        )
    given = [integer(call, "unflattened_size", size, -1) for size in unflattened_size]
    sizes = tuple("infer" if size == -1 else size for size in given)
    layer = Unflatten(sizes, axis=_inner(place))
    return Declared(layer, Expects(call, rule=partial(_split, call, place)))


def _split(call: str, dim: int, layer: Layer, shape: Shape) -> Layer:
    from_front(call, "dim", dim, shape)
    return layer


def pixel_shuffle(upscale_factor: object) -> Declared:
    factor = integer("nn.PixelShuffle", "upscale_factor", upscale_factor, 1)
    return Declared(PixelShuffle(factor), Expects("nn.PixelShuffle", (2,)))


def pixel_unshuffle(downscale_factor: object) -> Declared:
    factor = integer("nn.PixelUnshuffle", "downscale_factor", downscale_factor, 1)
    return Declared(PixelUnshuffle(factor), Expects("nn.PixelUnshuffle", (2,)))


def channel_shuffle(groups: object) -> Declared:
    call = "nn.ChannelShuffle"
    layer = ChannelShuffle(integer(call, "groups", groups, 1))
    return Declared(layer, Expects(call, rule=partial(on_map, call)))


def unfold(
    kernel_size: object, dilation: object = 1, padding: object = 0, stride: object = 1
) -> Declared:
    kernels, dilations, pads, strides = _folding(
        "nn.Unfold", kernel_size, dilation, padding, stride
    )
    layer = Unfold(kernels, strides, tuple((pad, pad) for pad in pads), dilations)
    return Declared(layer, Expects("nn.Unfold", (2,)))


def fold(
    output_size: object,
    kernel_size: object,
    dilation: object = 1,
    padding: object = 0,
    stride: object = 1,
) -> Declared:
    sizes = per_axis("nn.Fold", "output_size", output_size, 2, 1, single=False)
    kernels, dilations, pads, strides = _folding("nn.Fold", kernel_size, dilation, padding, stride)
    layer = Fold(
        spread(kernels, 2), spread(sizes, 2), strides, tuple((pad, pad) for pad in pads), dilations
    )
    return Declared(layer, Expects("nn.Fold", (1,)))


def _folding(call: str, *given: object) -> list[tuple[int, ...]]:
    names = (("kernel_size", 1), ("dilation", 1), ("padding", 0), ("stride", 1))
    return [
        per_axis(call, name, value, 2, least, single=False)
        for (name, least), value in zip(names, given, strict=True)
    ]


READERS: dict[str, Reader] = {
    "Linear": partial(linear, "nn.Linear"),
    "LazyLinear": partial(linear, "nn.LazyLinear", LAZY),
    "Flatten": flatten,
    "Unflatten": unflatten,
    "PixelShuffle": pixel_shuffle,
    "PixelUnshuffle": pixel_unshuffle,
    "ChannelShuffle": channel_shuffle,
    "Unfold": unfold,
    "Fold": fold,
}
