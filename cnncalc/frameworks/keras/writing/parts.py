"""A layer as the layers that Keras has, where it takes more than one to say the same."""

from __future__ import annotations

from cnncalc.axis.windows import Slide
from cnncalc.frameworks.calls import Split
from cnncalc.frameworks.keras.frame import CHANNELS_LAST
from cnncalc.frameworks.keras.writing import recurrent
from cnncalc.frameworks.keras.writing.windowed import padding_word, transposed_words
from cnncalc.layers.base import NO_PADS, Layer, Shape, spread_out
from cnncalc.layers.conv import Conv, DepthwiseConv, SeparableConv
from cnncalc.layers.each import Each
from cnncalc.layers.embedding import Embedding
from cnncalc.layers.linear import Linear
from cnncalc.layers.padding import Crop, Pad
from cnncalc.layers.pool import AveragePool, MaxPool, SlidingPool
from cnncalc.layers.reshape import Flatten, Permute, Reshape, Slice, Unflatten
from cnncalc.layers.shuffle import ChannelShuffle
from cnncalc.layers.transposed import ConvTransposed

__all__ = ["parts"]


def parts(layer: Layer, shape: Shape) -> tuple[Layer, ...]:
    """The layers to write for one, in order; itself where Keras has it, or nothing does.

    Padding in numbers becomes a layer before, and so on. Together they make the same sizes,
    read the same places and hold as many weights. A padded max pool becomes a pool of zeros
    and values, which is the same after a ReLU.
    """
    split = SPLITS.get(layer.kind)
    return split(layer, shape) if split else (layer,)


def _padded(
    layer: Conv | DepthwiseConv | SeparableConv | SlidingPool, shape: Shape, **bare: object
) -> tuple[Layer, ...]:
    """The padding, which may crop, and the layer without it."""
    pads = tuple((w.before, w.after) for w in layer.windows(shape))
    mode = getattr(layer, "mode", "zeros")
    return *_pad(Pad(pads, mode=mode), shape), layer.replaced(padding=NO_PADS, **bare)


def _pad(layer: Pad, shape: Shape) -> tuple[Layer, ...]:
    """Zeros are added and places are cut by layers of their own."""
    pads = spread_out("padding", layer.padding, shape)
    if min(map(min, pads), default=0) >= 0:  # a vector has no places to pad
        return (layer,)
    cut = Crop(tuple((max(-before, 0), max(-after, 0)) for before, after in pads))
    rest = tuple((max(before, 0), max(after, 0)) for before, after in pads)
    return (cut, layer.replaced(padding=rest)) if max(map(max, rest)) else (cut,)


def _conv(layer: Conv | DepthwiseConv | SeparableConv, shape: Shape) -> tuple[Layer, ...]:
    word = padding_word(layer, shape)
    if word == "valid" or (word and layer.mode == "zeros"):
        return (layer,)
    return _padded(layer, shape, mode="zeros")


def _depthwise(layer: DepthwiseConv, shape: Shape) -> tuple[Layer, ...]:
    """With three axes it is a convolution with as many groups as channels."""
    return _conv(layer if len(shape) < 4 else layer.conv(shape[0]), shape)


def _separable(layer: SeparableConv, shape: Shape) -> tuple[Layer, ...]:
    if len(shape) < 4:
        return _conv(layer, shape)
    depthwise, pointwise = layer.parts()
    return *_depthwise(depthwise, shape), pointwise


def _transposed(layer: ConvTransposed, shape: Shape) -> tuple[Layer, ...]:
    """Keras's own cuts, or all of the output and a crop."""
    if transposed_words(layer, shape):
        return (layer,)
    windows = layer.windows(shape)
    extra = tuple(max(w.output_padding - w.after, 0) for w in windows)
    cuts = tuple((w.before, max(w.after - w.output_padding, 0)) for w in windows)
    return layer.replaced(padding=NO_PADS, output_padding=extra), Crop(cuts)


def _max_pool(layer: MaxPool, shape: Shape) -> tuple[Layer, ...]:
    windows = layer.windows(shape)
    if layer.ceil:
        pads = tuple((w.before, _needed(w, n)) for w, n in zip(windows, shape[1:], strict=True))
        return _max_pool(layer.replaced(padding=pads, ceil=False), shape)
    return (layer,) if padding_word(layer, shape) else _padded(layer, shape)


def _needed(w: Slide, n: int) -> int:
    """The padding after that the last window really reaches into."""
    reach = (w.length(n) - 1) * w.stride + w.dilation * (w.kernel - 1) + 1
    return int(max(reach - n - w.before, 0))


def _average_pool(layer: AveragePool, shape: Shape) -> tuple[Layer, ...]:
    if layer.ceil or not layer.count_padding or padding_word(layer, shape) == "valid":
        return (layer,)
    return _padded(layer, shape)


def _linear(layer: Linear, shape: Shape) -> tuple[Layer, ...]:
    """Another axis than the channels is put in their place, and back."""
    axis = layer.place(shape)
    if axis == 0:
        return (layer.replaced(axis=0 if len(shape) > 1 else None),)
    swapped = list(range(len(shape)))
    swapped[0], swapped[axis] = axis, 0
    return Permute(tuple(swapped)), layer.replaced(axis=0), Permute(tuple(swapped))


def _embedding(layer: Embedding, shape: Shape) -> tuple[Layer, ...]:
    """Numbers of several axes are put in Keras's order before, the features moved behind it."""
    rank, at = len(shape), layer.place(shape)
    turned = rank > 1 and layer.order != "last"
    before = (Permute((rank - 1, *range(rank - 1))),) if turned else ()
    axes = (*range(1, at + 1), 0, *range(at + 1, rank + 1))
    after = (Permute(axes),) if at else ()
    return *before, layer.replaced(axis=0, order="last" if rank > 1 else "first"), *after


def _flatten(layer: Flatten, shape: Shape) -> tuple[Layer, ...]:
    if len(layer.merged(shape)) == len(shape):
        return (layer,)
    return _in_order(layer.output(shape), shape, layer.order)


def _unflatten(layer: Unflatten, shape: Shape) -> tuple[Layer, ...]:
    if len(shape) == 1:
        return (layer,)
    return _in_order(layer.output(shape), shape, "first")


def _reshape(layer: Reshape, shape: Shape) -> tuple[Layer, ...]:
    sizes = layer.output(shape)
    return (layer,) if len(shape) == 1 else _in_order(sizes, shape, layer.order)


def _in_order(sizes: Shape, shape: Shape, order: str) -> tuple[Layer, ...]:
    """A reshape; Keras reads the channels last, so channels first they are put there before."""
    if order == "last":
        return (Reshape(sizes, "last"),)
    rank, target = len(shape), len(sizes)
    before = (Permute((rank - 1, *range(rank - 1))),) if rank > 1 else ()
    after = (Permute((*range(1, target), 0)),) if target > 1 else ()
    return *before, Reshape(CHANNELS_LAST.sizes(sizes), "last"), *after


def _slice(layer: Slice, shape: Shape) -> tuple[Layer, ...]:
    """A part of a spatial axis is a crop."""
    axis, (start, stop) = layer.axis % len(shape), layer.ends(shape)
    if axis == 0 or layer.step != 1:
        return (layer,)
    amounts = [(0, 0)] * (len(shape) - 1)
    amounts[axis - 1] = (start, shape[axis] - stop)
    return (Crop(tuple(amounts)),)


def _channel_shuffle(layer: ChannelShuffle, shape: Shape) -> tuple[Layer, ...]:
    """The channels in rows of a group each, read by columns."""
    channels, *spatial = shape
    within, last = channels // layer.groups, len(shape)
    rows = Reshape((within, *spatial, layer.groups), "last")
    return rows, Permute((last, *range(1, last), 0)), Reshape(shape, "last")


def _each(layer: Each, shape: Shape) -> tuple[Layer, ...]:
    """The entries stand in front of the channels, which Keras has last: they change places."""
    if layer.trailing:
        return (layer,)
    axes, rank = layer.axes, len(layer.output(shape))
    there = (axes, *range(axes), *range(axes + 1, len(shape)))
    back = (*range(1, axes + 1), 0, *range(axes + 1, rank))
    return Permute(there), layer.replaced(order="last"), Permute(back)


SPLITS: dict[str, Split] = {
    **recurrent.SPLITS,
    "avgpool": _average_pool,
    "chshuffle": _channel_shuffle,
    "conv": _conv,
    "convt": _transposed,
    "dwconv": _depthwise,
    "each": _each,
    "embedding": _embedding,
    "flatten": _flatten,
    "linear": _linear,
    "maxpool": _max_pool,
    "pad": _pad,
    "reshape": _reshape,
    "sepconv": _separable,
    "slice": _slice,
    "unflatten": _unflatten,
}
