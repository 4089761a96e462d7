"""How each kind of layer is built of torch.nn's modules, or of functions where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from cnncalc.executors.base import Array
from cnncalc.executors.geometry import (
    axis_of,
    chosen_axes,
    convolution_axes,
    entry_axes,
    learned_sizes,
    one_each,
    shared_axes,
    spread_axes,
    squeezed_channels,
)
from cnncalc.executors.shared_layers import at_entries
from cnncalc.executors.stepping import NotBuilt
from cnncalc.executors.torch.attention import attention
from cnncalc.executors.torch.functions import FUNCTIONS, MERGES
from cnncalc.executors.torch.modules import Bench, Built, alone, call, holder, real
from cnncalc.executors.torch.pools import POOLS, padded
from cnncalc.executors.torch.recurrent import recurrent
from cnncalc.layers.activation import ParametricReLU
from cnncalc.layers.attention import MultiHeadAttention, SqueezeExcitation
from cnncalc.layers.base import NO_PADS, Layer, Shape
from cnncalc.layers.conv import Conv, DepthwiseConv, SeparableConv
from cnncalc.layers.each import Each
from cnncalc.layers.embedding import Embedding
from cnncalc.layers.learned import Scale, Shift, Token
from cnncalc.layers.linear import Linear
from cnncalc.layers.norm import (
    BatchNorm,
    GroupNorm,
    LayerNorm,
    LocalResponseNorm,
    RootMeanSquareNorm,
    Standardize,
)
from cnncalc.layers.resize import Upsample
from cnncalc.layers.transposed import ConvTransposed

__all__ = ["BUILDERS", "build"]


def build(layer: Layer, inputs: tuple[Array, ...], bench: Bench) -> Built:
    """What computes a step for inputs such as these.

    Raises:
        NotBuilt: PyTorch has nothing to build it of.
    """
    if layer.kind in MERGES:
        return Built({}, lambda *branches: MERGES[layer.kind](layer, *branches))
    if isinstance(layer, MultiHeadAttention):
        return attention(layer, [_shape(x) for x in inputs], bench)
    return _of_one(layer, _shape(inputs[0]), bench)


def _of_one(layer: Layer, shape: Shape, bench: Bench) -> Built:
    """What computes a layer with one input."""
    if layer.kind in BUILDERS:
        return BUILDERS[layer.kind](layer, shape, bench)
    try:
        return alone(layer, shape, bench)
    except NotBuilt:
        if layer.kind not in FUNCTIONS:
            raise
        return Built({}, lambda x: FUNCTIONS[layer.kind](layer, x))


def _shape(x: Array) -> Shape:
    return tuple(int(size) for size in x.shape[1:])


def _conv(layer: Conv | DepthwiseConv, shape: Shape, bench: Bench) -> Built:
    if layer.padding == "same" and layer.stride == (1,):
        return alone(layer, shape, bench)
    bare, pad = padded(layer, convolution_axes(layer, shape[1:]))
    module = real(bare, shape, bench)
    return Built({"": module}, (lambda x: module(pad(x))) if pad else module)


def _separable(layer: SeparableConv, shape: Shape, bench: Bench) -> Built:
    depthwise, pointwise = layer.parts()
    first = _conv(depthwise, shape, bench)
    second = alone(pointwise, (shape[0] * layer.multiplier, *shape[1:]), bench)
    modules = {"depthwise": first.modules[""], "pointwise": second.modules[""]}
    return Built(modules, lambda x: second.run(first.run(x)))


def _transposed(layer: ConvTransposed, shape: Shape, bench: Bench) -> Built:
    """A module that cuts as it can, else a cut after one that doesn't."""
    axes = spread_axes(layer, shape[1:])
    sized = layer.replaced(padding=NO_PADS, output_padding=tuple(axis.extra for axis in axes))
    if all(axis.before == axis.after for axis in axes):
        pads = tuple((axis.before, axis.after) for axis in axes)
        return alone(sized.replaced(padding=pads), shape, bench)
    module = real(sized, shape, bench)
    cuts = [-cut for axis in reversed(axes) for cut in (axis.before, axis.after)]
    return Built({"": module}, lambda x: functional.pad(module(x), cuts))


def _linear(layer: Linear, shape: Shape, bench: Bench) -> Built:
    if layer.axis is None and len(shape) > 1:
        raise ValueError(f"a linear layer without an axis takes vectors, not {shape}")
    axis = range(1, len(shape) + 1)[layer.axis or 0]
    module = real(layer.replaced(axis=None), (shape[axis - 1],), bench)
    return Built({"": module}, lambda x: module(x.movedim(axis, -1)).movedim(-1, axis))


def _embedding(layer: Embedding, shape: Shape, bench: Bench) -> Built:
    """Whole numbers of any type; the features come last and are moved."""
    module = real(layer.replaced(axis=-1, order="first"), shape, bench)

    def run(x: Array) -> Array:
        numbers = x.long()
        if layer.order == "last" and x.ndim > 2:
            numbers = numbers.movedim(1, -1)
        rows = module(numbers)
        return rows.movedim(-1, range(1, rows.ndim)[layer.axis])

    return Built({"": module}, run)


def _norm_last(layer: LayerNorm | RootMeanSquareNorm, shape: Shape, bench: Bench) -> Built:
    """LayerNorm and RMSNorm work on the last axes: others are moved there and back."""
    rank, axes = len(shape), chosen_axes(layer, len(shape))
    places = [axis + 1 for axis in axes]
    ends = list(range(rank + 1 - len(places), rank + 1))
    sizes = tuple(shape[axis] for axis in axes)
    module = real(layer.replaced(axes=tuple(range(-len(sizes), 0))), (1, *sizes), bench)
    return Built({"": module}, lambda x: module(x.movedim(places, ends)).movedim(ends, places))


def _norm_channels(layer: BatchNorm | GroupNorm, shape: Shape, bench: Bench) -> Built:
    """BatchNorm and GroupNorm work on the channels: another axis is moved there and back."""
    axis = axis_of(layer, layer.axis, len(shape))
    moved = (shape[axis], *shape[:axis], *shape[axis + 1 :])
    module = real(layer.replaced(axis=0), moved, bench)

    def run(x: Array) -> Array:
        """On strides as of a new map: from those of channels that are last PyTorch 2.13's way
        back through GroupNorm, where nobody asks for the map's own gradient, ends the process.
        """
        x = x.movedim(axis + 1, 1).contiguous()
        return module(x.view(x.shape)).movedim(1, axis + 1)

    return Built({"": module}, run)


def _squeeze(layer: SqueezeExcitation, shape: Shape, bench: Bench) -> Built:
    """Two 1x1 convolutions on the averages of the channels."""
    axes = len(shape) - 1
    if not axes:
        raise ValueError("squeeze and excitation takes maps")
    if axes > 3:
        raise NotBuilt("PyTorch has no convolution over more than three axes")
    squeezed = squeezed_channels(layer, shape[0])
    conv = f"nn.Conv{axes}d"
    first = bench.ready(call(f"{conv}({shape[0]}, {squeezed}, 1)"))
    second = bench.ready(call(f"{conv}({squeezed}, {shape[0]}, 1)"))

    def run(x: Array) -> Array:
        means = x.mean(dim=tuple(range(2, x.ndim)), keepdim=True)
        return x * torch.sigmoid(second(functional.relu(first(means))))

    return Built({"fc1": first, "fc2": second}, run)


def _learned(
    function: Callable[[Array, Array], Array],
) -> Callable[[Scale | Shift, Shape, Bench], Built]:
    """One parameter or buffer for the whole map."""

    def learned(layer: Scale | Shift, shape: Shape, bench: Bench) -> Built:
        sizes = learned_sizes(layer, shape)
        if layer.role == "constant":
            return Built({}, lambda x: function(x, x.new_ones(sizes)))
        module = bench.ready(holder(weight=(sizes, layer.role)))
        return Built({"": module}, lambda x: function(x, module.weight))

    return learned


def _token(layer: Token, shape: Shape, bench: Bench) -> Built:
    """Positions joined to those that flow."""
    axis = range(len(shape))[layer.axis]
    sizes = (*shape[:axis], layer.count, *shape[axis + 1 :])
    constant = layer.role == "constant"
    module = None if constant else bench.ready(holder(weight=(sizes, layer.role)))

    def run(x: Array) -> Array:
        more = x.new_ones(sizes) if module is None else module.weight
        more = more.expand(x.shape[0], *sizes)
        return torch.cat((x, more) if layer.behind else (more, x), dim=axis + 1)

    return Built({"": module} if module is not None else {}, run)


def _standardize(layer: Standardize, shape: Shape, bench: Bench) -> Built:
    """A mean and a variance for each place on the axes, and how many data they came from."""
    axes = chosen_axes(layer, len(shape))
    sizes = [shape[axis] for axis in axes]
    whole = [n if axis in axes else 1 for axis, n in enumerate(shape)]
    order = sorted(range(len(sizes)), key=axes.__getitem__)
    module = nn.Module()
    for name, held in (("mean", sizes), ("variance", sizes), ("count", ())):
        module.register_buffer(name, torch.empty(held, device="meta"))
    module = bench.ready(module)

    def run(x: Array) -> Array:
        mean, variance = (
            held.permute(order).reshape(whole) for held in (module.mean, module.variance)
        )
        deviation = variance.sqrt()
        return x * deviation + mean if layer.invert else (x - mean) / deviation

    return Built({} if layer.given else {"": module}, run)


def _across(layer: LocalResponseNorm, shape: Shape, bench: Bench) -> Built:
    """Local response normalisation of a vector as of a map of one place."""
    module = real(layer, shape, bench)
    if len(shape) > 1:  # in the order of its axes, of which PyTorch makes a view
        return Built({"": module}, lambda x: module(x.contiguous()))
    return Built({"": module}, lambda x: module(x[..., None])[..., 0])


def _prelu(layer: ParametricReLU, shape: Shape, bench: Bench) -> Built:
    if layer.shared is None:
        return alone(layer, shape, bench)
    ones = shared_axes(layer, len(shape))
    sizes = tuple(1 if a in ones else n for a, n in enumerate(shape))
    module = bench.ready(holder(weight=(sizes, "parameter")))
    return Built({"": module}, lambda x: torch.where(x >= 0, x, x * module.weight))


def _resized(layer: Upsample, shape: Shape, bench: Bench) -> Built:
    if layer.size is not None:
        layer = layer.replaced(size=one_each(layer.size, shape[1:]))
    return alone(layer, shape, bench)


def _each(layer: Each, shape: Shape, bench: Bench) -> Built:
    """The entries are samples of one larger batch."""
    axes, _ = entry_axes(layer, len(shape) + 1)
    sample = tuple(n for axis, n in enumerate(shape, 1) if axis not in axes)
    built = _of_one(layer.layer, sample, bench)
    return Built(built.modules, lambda x: at_entries(torch, layer, x, built.run))


BUILDERS: dict[str, Callable[[Any, Shape, Bench], Built]] = POOLS | {
    "conv": _conv,
    "dwconv": _conv,
    "sepconv": _separable,
    "convt": _transposed,
    "linear": _linear,
    "embedding": _embedding,
    "ln": _norm_last,
    "rms": _norm_last,
    "bn": _norm_channels,
    "gn": _norm_channels,
    "se": _squeeze,
    "standardize": _standardize,
    "scale": _learned(torch.mul),
    "token": _token,
    "shift": _learned(torch.add),
    "lrn": _across,
    "prelu": _prelu,
    **dict.fromkeys(("lstm", "gru", "rnn"), recurrent),
    "upsample": _resized,
    "each": _each,
}
