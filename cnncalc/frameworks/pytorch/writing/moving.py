"""Layers that move values, and linear ones, as calls."""

from __future__ import annotations

from cnncalc.frameworks.pytorch.arguments import spread
from cnncalc.frameworks.pytorch.writing.calls import Writer, axes_of, call, no_class, one
from cnncalc.layers.base import NO_PADS, Layer, Pads, Shape
from cnncalc.layers.embedding import Embedding
from cnncalc.layers.folding import Fold, Unfold
from cnncalc.layers.linear import Linear
from cnncalc.layers.padding import Crop, Pad
from cnncalc.layers.reshape import Flatten, Unflatten
from cnncalc.layers.resize import Upsample
from cnncalc.layers.shuffle import ChannelShuffle, PixelShuffle, PixelUnshuffle

__all__ = ["WRITERS"]

PADS = {"reflect": "Reflection", "replicate": "Replication", "circular": "Circular"}
LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


def _linear(layer: Linear, shape: Shape) -> str:
    if layer.place(shape) != len(shape) - 1:
        raise no_class(layer, "nn.Linear works on the last axis")
    return call("Linear", in_features=shape[-1], out_features=layer.out_features, bias=layer.bias)


def _embedding(layer: Embedding, shape: Shape) -> str:
    if layer.place(shape) != len(shape) or layer.moved(shape) != tuple(range(len(shape))):
        raise no_class(layer, "nn.Embedding puts the features last")
    return call("Embedding", num_embeddings=layer.entries, embedding_dim=layer.features)


def _flatten(layer: Flatten, shape: Shape) -> str:
    if layer.order != "first" and len(shape) > 1:
        raise no_class(layer, "it reads the channels last")
    axes = layer.merged(shape)
    end = -1 if axes[-1] == len(shape) - 1 else axes[-1] + 1
    return call("Flatten", start_dim=axes[0] + 1, end_dim=end)


def _unflatten(layer: Unflatten, shape: Shape) -> str:
    sizes = tuple(-1 if size == "infer" else size for size in layer.sizes)
    return call("Unflatten", dim=layer.axis % len(shape) + 1, unflattened_size=sizes)


def _pad(layer: Pad, shape: Shape) -> str:
    pads = spread(layer.padding, len(shape) - 1)
    if layer.channels != NO_PADS:
        pads = layer.channels + pads
    if layer.mode != "zeros":
        return _pad_call(f"{PADS[layer.mode]}Pad", layer, pads, 3)
    if layer.value == 0:
        return _pad_call("ZeroPad", layer, pads)
    return _pad_call("ConstantPad", layer, pads, value=layer.value)


def _pad_call(name: str, layer: Layer, pads: Pads, most: int = 8, **value: float) -> str:
    """The class for as many axes as there are pairs; constants may be given more than three."""
    axes = min(len(pads), 3)
    if not 0 < len(pads) <= most:
        raise no_class(layer, f"nn.{name}{axes}d has no place for {len(pads)} axes")
    return call(f"{name}{axes}d", padding=_numbers(pads, axes), **value)


def _crop(layer: Crop, shape: Shape) -> str:
    axes = axes_of(layer, shape)
    pads = tuple((-before, -after) for before, after in spread(layer.amount, axes))
    return _pad_call("ZeroPad", layer, pads)


def _numbers(pads: Pads, axes: int) -> int | tuple[int, ...]:
    """In PyTorch's order, the last axis first; one number where all are the same."""
    numbers = tuple(number for pair in reversed(pads) for number in pair)
    return numbers[0] if len(set(numbers)) == 1 and len(pads) == axes else numbers


def _pixel_shuffle(layer: PixelShuffle, shape: Shape) -> str:
    axes_of(layer, shape, (2,))
    return call("PixelShuffle", upscale_factor=layer.factor)


def _pixel_unshuffle(layer: PixelUnshuffle, shape: Shape) -> str:
    axes_of(layer, shape, (2,))
    return call("PixelUnshuffle", downscale_factor=layer.factor)


def _channel_shuffle(layer: ChannelShuffle, shape: Shape) -> str:
    axes_of(layer, shape)
    return call("ChannelShuffle", groups=layer.groups)


def _folding(layer: Fold | Unfold) -> dict[str, object]:
    if any(before != after for before, after in layer.padding):
        raise no_class(layer, "its padding differs from side to side")
    return {
        "kernel_size": one(layer.kernel),
        "stride": one(layer.stride),
        "padding": one(tuple(before for before, _ in layer.padding)),
        "dilation": one(layer.dilation),
    }


def _unfold(layer: Unfold, shape: Shape) -> str:
    axes_of(layer, shape, (2,))
    return call("Unfold", **_folding(layer))


def _fold(layer: Fold, shape: Shape) -> str:
    if max(len(layer.kernel), len(layer.size)) != 2:
        raise no_class(layer, "nn.Fold makes maps of two axes")
    return call("Fold", output_size=one(layer.size), **_folding(layer))


def _upsample(layer: Upsample, shape: Shape) -> str:
    axes = axes_of(layer, shape)
    modes = {"linear": LINEAR[axes], "cubic": "bicubic"}
    mode = modes.get(layer.mode, layer.mode)
    if mode.startswith("lanczos"):
        raise no_class(layer, f"nn.Upsample has no {mode}")
    return call(
        "Upsample",
        size=None if layer.size is None else one(spread(layer.size, axes)),
        scale_factor=None if layer.factor is None else one(layer.factor),
        mode=mode,
        align_corners=True if layer.corners else None,
    )


WRITERS: dict[str, Writer] = {
    "linear": _linear,
    "embedding": _embedding,
    "flatten": _flatten,
    "unflatten": _unflatten,
    "pad": _pad,
    "crop": _crop,
    "pixelshuffle": _pixel_shuffle,
    "pixelunshuffle": _pixel_unshuffle,
    "chshuffle": _channel_shuffle,
    "unfold": _unfold,
    "fold": _fold,
    "upsample": _upsample,
}
