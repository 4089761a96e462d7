"""A layer as the layers that torch.nn has, where it takes more than one to say the same."""

from __future__ import annotations

from math import inf

from cnncalc.frameworks.calls import Split
from cnncalc.frameworks.pytorch.arguments import collapsed, spread
from cnncalc.frameworks.pytorch.writing.calls import no_class
from cnncalc.layers.adaptive import AdaptiveAverage, AdaptiveMax, GlobalAverage, GlobalMax
from cnncalc.layers.base import NO_PADS, Layer, Pads, Shape
from cnncalc.layers.conv import Conv, DepthwiseConv, SeparableConv
from cnncalc.layers.embedding import Embedding
from cnncalc.layers.learned import Scale, Shift
from cnncalc.layers.linear import Linear
from cnncalc.layers.norm import BatchNorm, LayerNorm, RootMeanSquareNorm
from cnncalc.layers.padding import Crop, Pad
from cnncalc.layers.pool import AveragePool, LpPool, MaxPool, SlidingPool
from cnncalc.layers.reshape import Flatten, Permute, Reshape, Unflatten
from cnncalc.layers.transposed import ConvTransposed, MaxUnpool

__all__ = ["at_most_half", "is_turned", "pads_at", "parts", "symmetric"]


def parts(layer: Layer, shape: Shape) -> tuple[Layer, ...]:
    """The layers to write for one, in order; itself where PyTorch has it, or nothing does.

    Padding that is not the same on both sides becomes a layer before, and so on. Together
    they make the same sizes and hold as many weights.
    """
    split = SPLITS.get(layer.kind)
    return split(layer, shape) if split else (layer,)


def symmetric(pads: Pads) -> bool:
    return all(before == after for before, after in pads)


def pads_at(
    layer: Conv | DepthwiseConv | ConvTransposed | MaxUnpool | SlidingPool, shape: Shape
) -> Pads:
    """The padding in numbers at this input, words resolved."""
    if layer.padding == "valid":
        return NO_PADS
    if not isinstance(layer.padding, str):
        return tuple(layer.padding)
    return collapsed(tuple((w.before, w.after) for w in layer.windows(shape)))


def _conv(layer: Conv | DepthwiseConv, shape: Shape) -> tuple[Layer, ...]:
    if layer.padding == "same" and layer.stride == (1,):
        return (layer,)
    pads = pads_at(layer, shape)
    if symmetric(pads):
        return (layer.replaced(padding=pads),)
    return Pad(pads, mode=layer.mode), layer.replaced(padding=NO_PADS, mode="zeros")


def _separable(layer: SeparableConv, shape: Shape) -> tuple[Layer, ...]:
    depthwise, pointwise = layer.parts()
    return *_conv(depthwise, shape), pointwise


def _pool(value: float) -> Split:
    """A pool pads at most half its kernel, the same on both sides; the rest is a layer before."""

    def split(layer: AveragePool | MaxPool, shape: Shape) -> tuple[Layer, ...]:
        pads = pads_at(layer, shape)
        if layer.padding in ("same", "same-lower"):
            layer = layer.replaced(ceil=False)  # the word says how many windows there are
        if symmetric(pads) and at_most_half(layer, pads, len(shape) - 1):
            return (layer.replaced(padding=pads),)
        if layer.ceil or not getattr(layer, "count_padding", True):
            return (layer,)  # a layer before would move the last window, or count in the mean
        return Pad(pads, value=value), layer.replaced(padding=NO_PADS)

    return split


def at_most_half(layer: SlidingPool, pads: Pads, axes: int) -> bool:
    kernels = spread(layer.kernel, axes)
    pairs = zip(spread(pads, axes), kernels, strict=True)
    return all(min(pad) >= 0 and 2 * max(pad) <= k for pad, k in pairs)


def _lp_pool(layer: LpPool, shape: Shape) -> tuple[Layer, ...]:
    pads = pads_at(layer, shape)
    if layer.ceil or set(pads) == {(0, 0)}:
        return (layer.replaced(padding=pads),)
    return Pad(pads), layer.replaced(padding=NO_PADS)


def _transposed(layer: ConvTransposed, shape: Shape) -> tuple[Layer, ...]:
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
    def split(layer: GlobalAverage | GlobalMax, shape: Shape) -> tuple[Layer, ...]:
        pool = kind(size=(1,))
        return (pool,) if layer.keep else (pool, Flatten())

    return split


def _normed(layer: LayerNorm | RootMeanSquareNorm, shape: Shape) -> tuple[Layer, ...]:
    """nn.LayerNorm works on the last axes: others are put there, and back."""
    places = layer.places(shape)
    count = len(places)
    if places == tuple(range(len(shape) - count, len(shape))):
        return (layer,)
    order = (*(axis for axis in range(len(shape)) if axis not in places), *places)
    return _with_axes(order, layer.replaced(axes=tuple(range(-count, 0)), order="first"))


def _with_axes(order: tuple[int, ...], layer: Layer) -> tuple[Layer, ...]:
    """A layer on axes in another order, which are put back behind it."""
    if order == tuple(range(len(order))):
        return (layer,)
    back = tuple(sorted(range(len(order)), key=order.__getitem__))
    return Permute(order), layer, Permute(back)


def _linear(layer: Linear, shape: Shape) -> tuple[Layer, ...]:
    axis = layer.place(shape)
    if axis == len(shape) - 1:
        return (layer,)
    order = (*(each for each in range(len(shape)) if each != axis), axis)
    return _with_axes(order, layer.replaced(axis=-1))


def _embedding(layer: Embedding, shape: Shape) -> tuple[Layer, ...]:
    """nn.Embedding puts the features last, from where they are moved."""
    at, order = layer.place(shape), layer.moved(shape)
    turned = () if order == tuple(range(len(shape))) else (Permute(order),)
    axes = (*range(at), len(shape), *range(at, len(shape)))
    moved = () if at == len(shape) else (Permute(axes),)
    return *turned, layer.replaced(axis=-1, order="first"), *moved


def _flatten(layer: Flatten, shape: Shape) -> tuple[Layer, ...]:
    """With the channels running fastest they are put last before."""
    if layer.order == "first" or len(shape) == 1:
        return (layer,)
    if len(layer.merged(shape)) < len(shape):
        raise no_class(layer, "it reads the channels last")
    return Permute((*range(1, len(shape)), 0)), Flatten()


def _reshape(layer: Reshape, shape: Shape) -> tuple[Layer, ...]:
    sizes = layer.output(shape)
    if is_turned(layer, shape):
        to_last = (Permute((*range(1, len(shape)), 0)),) if len(shape) > 1 else ()
        middle = _reshape(Reshape((*sizes[1:], *sizes[:1])), (*shape[1:], *shape[:1]))
        to_first = (Permute((len(sizes) - 1, *range(len(sizes) - 1))),) if len(sizes) > 1 else ()
        return *to_last, *middle, *to_first
    if not shape or not sizes:
        return (layer,)
    flat = () if len(shape) == 1 else (Flatten(),)
    return flat if flat and len(sizes) == 1 else (*flat, Unflatten(sizes))


def is_turned(layer: Flatten | Reshape, shape: Shape) -> bool:
    """Whether a reshape reads or writes the channels last, and that makes a difference."""
    return layer.order != "first" and max(len(shape), len(layer.output(shape))) > 1


def _half_affine(layer: BatchNorm, shape: Shape) -> tuple[Layer, ...]:
    """Keras's batch norm may have a shift without a scale, or the other way round."""
    if not layer.affine or layer.scale == layer.shift:
        return (layer,)
    learned = Scale() if layer.scale else Shift()
    return layer.replaced(affine=False, scale=True, shift=True), learned


SPLITS: dict[str, Split] = {
    "avgpool": _pool(0),
    "bn": _half_affine,
    "conv": _conv,
    "convt": _transposed,
    "dwconv": _conv,
    "embedding": _embedding,
    "flatten": _flatten,
    "gap": _global(AdaptiveAverage),
    "gmp": _global(AdaptiveMax),
    "linear": _linear,
    "ln": _normed,
    "lppool": _lp_pool,
    "maxpool": _pool(-inf),
    "reshape": _reshape,
    "rms": _normed,
    "sepconv": _separable,
}
