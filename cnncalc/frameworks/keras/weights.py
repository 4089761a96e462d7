"""Weights as Keras has them: its names, its order of axes, its notion of a parameter."""

from __future__ import annotations

from cnncalc.frameworks.keras.frame import CHANNELS_LAST, Frame
from cnncalc.frameworks.keras.recurrent import names_of
from cnncalc.layers.activation import ParametricReLU
from cnncalc.layers.attention import MultiHeadAttention
from cnncalc.layers.base import Layer, Shape, Weight
from cnncalc.layers.conv import DepthwiseConv
from cnncalc.layers.recurrent import Recurrent

__all__ = ["relabel"]

NORM = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean"}
NORM |= {"running_var": "moving_variance", "running_std": "moving_stddev"}
NORM |= {"renorm_std": "renorm_stddev"}

# Keras's names where they differ, by the layer's kind.
NAMES: dict[str, dict[str, str]] = {
    "conv": {"weight": "kernel"},
    "convt": {"weight": "kernel"},
    "dwconv": {"weight": "kernel"},
    "pwconv": {"weight": "kernel"},
    "embedding": {"weight": "embeddings"},
    "linear": {"weight": "kernel"},
    "sepconv": {
        "depthwise.weight": "depthwise_kernel",
        "pointwise.weight": "pointwise_kernel",
        "pointwise.bias": "bias",
    },
    "bn": NORM,
    "gn": NORM,
    "in": NORM,
    "ln": NORM,
    "mha": {
        f"{ours}.{role}": f"{theirs}.{name}"
        for ours, theirs in (
            ("q_proj", "query"),
            ("k_proj", "key"),
            ("v_proj", "value"),
            ("out_proj", "attention_output"),
        )
        for role, name in (("weight", "kernel"), ("bias", "bias"))
    },
    "prelu": {"weight": "alpha"},
    "rms": {"weight": "scale"},
}


def relabel(
    layer: Layer, weights: tuple[Weight, ...], frame: Frame = CHANNELS_LAST
) -> tuple[Weight, ...]:
    """A layer's weights with Keras's names and shapes.

    Kernels are (*kernel, in/groups, out), depthwise ones (*kernel, C, multiplier), transposed
    ones (*kernel, out, in), recurrent ones (in, gates * h). Statistics are parameters that are
    not trained, and there is no counter of batches.
    """
    layer = layer.core
    recurrent = isinstance(layer, Recurrent)
    names = names_of(layer) if isinstance(layer, Recurrent) else NAMES.get(layer.kind, {})
    return tuple(
        Weight(
            names.get(weight.name, weight.name),
            weight.shape[::-1] if recurrent else _shape(layer, weight, frame),
            trainable=weight.trainable,
        )
        for weight in weights
        if weight.name != "num_batches_tracked"
    )


def _shape(layer: Layer, weight: Weight, frame: Frame) -> Shape:
    shape = weight.shape
    if isinstance(layer, ParametricReLU):
        return (*shape[1:], shape[0]) if frame.order == "last" else shape
    if isinstance(layer, MultiHeadAttention):
        return _of_heads(layer, weight)
    kept = layer.kind in ("embedding", "ln", "rms")
    if not weight.name.endswith("weight") or len(shape) < 2 or kept:
        return shape
    first, second, *kernel = shape
    if isinstance(layer, DepthwiseConv) or weight.name.startswith("depthwise"):
        multiplier: int = layer.multiplier  # type: ignore[attr-defined]
        return (*kernel, first // multiplier, multiplier)
    return (*kernel, second, first)


def _of_heads(layer: MultiHeadAttention, weight: Weight) -> Shape:
    """A tensor of attention, with an axis for the heads."""
    out = weight.name.startswith("out")
    if weight.name.endswith("bias"):
        return weight.shape if out else (layer.heads, weight.shape[0] // layer.heads)
    after, before = weight.shape
    if out:
        return layer.heads, before // layer.heads, after
    return before, layer.heads, after // layer.heads
