"""How linear layers, normalisations, merges and padding are built of keras.layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from keras import ops

from cnncalc.executors.base import Array, Tensor
from cnncalc.executors.geometry import (
    aligned_shapes,
    axis_of,
    chosen_axes,
    map_sizes,
    one_each,
    shared_axes,
    squeezed_channels,
)
from cnncalc.executors.keras.modules import (
    Bench,
    Built,
    channels_first,
    channels_last,
    dimension,
    inside,
    padded,
)
from cnncalc.executors.stepping import NotBuilt
from cnncalc.frameworks.keras.writing.moving import MERGES
from cnncalc.layers.activation import ParametricReLU
from cnncalc.layers.adaptive import GlobalPool
from cnncalc.layers.attention import SqueezeExcitation
from cnncalc.layers.base import NO_PADS, Shape
from cnncalc.layers.embedding import Embedding
from cnncalc.layers.linear import Linear
from cnncalc.layers.merge import Concatenate, Divide, Elementwise
from cnncalc.layers.norm import BatchNorm, InstanceNorm, LayerNorm, RootMeanSquareNorm
from cnncalc.layers.padding import Crop, Pad

__all__ = ["LAYERS"]


def _linear(at: Bench, layer: Linear, x: Array) -> Built:
    """Another axis than the channels is put in their place, and back."""
    rank = len(x.shape) - 1
    if layer.axis is None and rank != 1:
        raise ValueError(f"a linear layer without an axis takes vectors, not {inside(x)}")
    axis = dimension(range(rank)[layer.axis or 0])
    made = at.made("Dense", units=layer.out_features, use_bias=layer.bias)
    value = at.run(made, ops.moveaxis(x, axis, -1))
    return ops.moveaxis(value, -1, axis), at.held("linear", made)


def _embedding(at: Bench, layer: Embedding, x: Array) -> Built:
    """The features come last; the numbers' own axes stand as they do inside, or as here."""
    numbers = ops.cast(x if layer.order == "last" else channels_first(x), "int32")
    made = at.made("Embedding", input_dim=layer.entries, output_dim=layer.features)
    value = at.run(made, numbers)
    axis = range(1, len(value.shape))[layer.axis]
    return channels_last(ops.moveaxis(value, -1, axis)), at.held("embedding", made)


def _batch_norm(at: Bench, layer: BatchNorm, x: Array) -> Built:
    """By running statistics, or by those of the batch itself."""
    axis = dimension(axis_of(layer, layer.axis, len(x.shape) - 1))
    affine = {"center": layer.affine and layer.shift, "scale": layer.affine and layer.scale}
    if layer.stats:
        more = {"renorm": True} if layer.renorm else {}
        made = at.made("BatchNormalization", axis=axis, **affine, **more)
        return at.run(made, x), at.held("bn", made)
    across = [each for each in range(len(x.shape)) if each != axis % len(x.shape)]
    mean, variance = ops.moments(x, axes=across, keepdims=True)
    sizes = tuple(int(size) for size in mean.shape)
    value, held = (x - mean) * ops.rsqrt(variance + 1e-5), []
    for name, function in (("weight", ops.multiply), ("bias", ops.add)):
        if affine["scale" if name == "weight" else "center"]:
            value = function(value, at.variable(sizes))
            held.append(Tensor(name, (prod(sizes),), prod(sizes)))
    return value, held


def _instance_norm(at: Bench, layer: InstanceNorm, x: Array) -> Built:
    if not layer.stats:
        return at.alone(layer, x)
    made = at.made("BatchNormalization", center=layer.affine, scale=layer.affine)
    return at.run(made, x), at.held("bn", made)


def _norm_along(at: Bench, layer: LayerNorm | RootMeanSquareNorm, x: Array) -> Built:
    """The axes are put last, and back: on some backends Keras normalises there alone."""
    name, options = "RMSNormalization", {}
    if isinstance(layer, LayerNorm):
        name = "LayerNormalization"
        options = {"center": layer.affine and layer.shift, "scale": layer.affine and layer.scale}
    elif not layer.affine:
        raise NotBuilt("no scale")
    axes = [dimension(axis) for axis in chosen_axes(layer, len(x.shape) - 1)]
    ends = list(range(-len(axes), 0))
    made = at.made(name, axis=ends, **options)
    value = at.run(made, ops.moveaxis(x, axes, ends))
    return ops.moveaxis(value, ends, axes), at.held(layer.kind, made)


def _squeeze(at: Bench, layer: SqueezeExcitation, x: Array) -> Built:
    """Two 1x1 convolutions on the averages of the channels."""
    axes, channels = len(map_sizes(inside(x))), int(x.shape[-1])
    squeezed = squeezed_channels(layer, channels)
    first, second = (
        at.made(f"Conv{axes}D", filters=filters, kernel_size=1, activation=activation)
        for filters, activation in ((squeezed, "relu"), (channels, "sigmoid"))
    )
    means = ops.mean(x, axis=tuple(range(1, axes + 1)), keepdims=True)
    gates = at.run(second, at.run(first, means))
    return x * gates, at.held("conv", first, "fc1.") + at.held("conv", second, "fc2.")


def _prelu(at: Bench, layer: ParametricReLU, x: Array) -> Built:
    """One slope for all, one for each channel, or a map of them with some axes shared."""
    rank = len(x.shape) - 1
    if layer.shared is None:
        alike = set(range(1, rank)) | ({0} if layer.n == 1 else set())
    else:
        alike = shared_axes(layer, rank)
    if layer.shared is None and layer.n not in (1, int(x.shape[-1])):
        raise ValueError(f"{layer.n} slopes for {int(x.shape[-1])} channels")
    made = at.made("PReLU", shared_axes=sorted(axis or rank for axis in alike) or None)
    return at.run(made, x), at.held("prelu", made)


def _merge(name: str) -> Callable[..., Built]:
    """One of Keras's merges, of branches with as many axes."""

    def merge(at: Bench, layer: Elementwise, *branches: Array) -> Built:
        aligned = _aligned(layer, branches)
        return (at.run(at.made(name), aligned) if len(aligned) > 1 else aligned[0]), []

    return merge


def _divide(at: Bench, layer: Divide, *branches: Array) -> Built:
    first, second = _aligned(layer, branches)
    return first / second, []


def _aligned(layer: Elementwise, branches: Sequence[Array]) -> list[Array]:
    """The branches with as many axes."""
    shapes = aligned_shapes(layer, [inside(branch) for branch in branches])
    return [
        branch if len(branch.shape) == 1 + len(shape) else _with_axes(branch, shape)
        for branch, shape in zip(branches, shapes, strict=True)
    ]


def _with_axes(branch: Array, shape: Shape) -> Array:
    """A branch in another shape of the same channels or, where axes come first, of others."""
    return channels_last(ops.reshape(channels_first(branch), (branch.shape[0], *shape)))


def _concatenate(at: Bench, layer: Concatenate, *branches: Array) -> Built:
    if len(branches) == 1:
        return branches[0], []
    axis = dimension(axis_of(layer, layer.axis, len(branches[0].shape) - 1))
    return at.run(at.made("Concatenate", axis=axis), list(branches)), []


def _global(name: str) -> Callable[[Bench, GlobalPool, Array], Built]:
    def pool(at: Bench, layer: GlobalPool, x: Array) -> Built:
        made = at.made(f"Global{name}Pooling{len(map_sizes(inside(x)))}D", keepdims=layer.keep)
        return at.run(made, x), []

    return pool


def _pad(at: Bench, layer: Pad, x: Array) -> Built:
    """Around the map, and channels; Keras's layer where it does that."""
    pads = one_each(layer.padding, x.shape[1:-1]) if len(x.shape) > 2 else ()
    mode = "constant" if layer.mode == "zeros" else layer.mode
    if mode == "constant" and not layer.value and pads and min(map(min, pads)) >= 0:
        amounts = pads[0] if len(pads) == 1 else tuple(pads)
        x = at.run(at.made(f"ZeroPadding{len(pads)}D", padding=amounts), x)
    elif pads:
        x = padded(x, pads, mode, layer.value)
    if layer.channels == NO_PADS:
        return x, []
    as_map = ops.expand_dims(channels_first(x), -1)  # (N, C, *spatial, 1)
    around = [*layer.channels, *[(0, 0)] * (len(x.shape) - 2)]
    return channels_last(padded(as_map, around, mode, layer.value)[..., 0]), []


def _crop(at: Bench, layer: Crop, x: Array) -> Built:
    sizes = map_sizes(inside(x))
    amounts = one_each(layer.amount, sizes)
    if any(sum(cut) >= n for cut, n in zip(amounts, sizes, strict=True)):
        raise ValueError(f"nothing is left of {sizes} less {amounts}")
    cropping = amounts[0] if len(sizes) == 1 else tuple(amounts)
    return at.run(at.made(f"Cropping{len(sizes)}D", cropping=cropping), x), []


LAYERS: dict[str, Callable[..., Built]] = {
    "linear": _linear,
    "embedding": _embedding,
    "bn": _batch_norm,
    "in": _instance_norm,
    "ln": _norm_along,
    "rms": _norm_along,
    "se": _squeeze,
    "prelu": _prelu,
    "gap": _global("Average"),
    "gmp": _global("Max"),
    "pad": _pad,
    "crop": _crop,
    "cat": _concatenate,
    "div": _divide,
    **{kind: _merge(name) for kind, name in MERGES.items()},
}
