"""Convolutions, linear layers, embeddings, squeeze and excitation."""

from __future__ import annotations

from math import prod

from cnncalc.layers.attention import SqueezeExcitation
from cnncalc.layers.base import Shape, spread_out
from cnncalc.layers.conv import Conv, DepthwiseConv, PointwiseConv, SeparableConv
from cnncalc.layers.embedding import Embedding
from cnncalc.layers.linear import Linear
from cnncalc.layers.transposed import ConvTransposed
from cnncalc.notations.onnx.writing.builder import Builder
from cnncalc.notations.onnx.writing.kinds.pads import padded
from cnncalc.notations.onnx.writing.kinds.sliding import sliding
from cnncalc.notations.onnx.writing.table import writes


@writes("conv")
def conv(at: Builder, layer: Conv, x: str, shape: Shape) -> str:
    return convolved(at, layer, x, shape)


@writes("dwconv")
def depthwise(at: Builder, layer: DepthwiseConv, x: str, shape: Shape) -> str:
    return convolved(at, layer.conv(shape[0]), x, shape)


@writes("pwconv")
def pointwise(at: Builder, layer: PointwiseConv, x: str, shape: Shape) -> str:
    return convolved(at, layer.conv(), x, shape)


@writes("sepconv")
def separable(at: Builder, layer: SeparableConv, x: str, shape: Shape) -> str:
    first, second = layer.parts()
    between = convolved(at, first.conv(shape[0]), x, shape, "depthwise.")
    return convolved(
        at, second.conv(), between, (shape[0] * layer.multiplier, *shape[1:]), "pointwise."
    )


def convolved(at: Builder, layer: Conv, x: str, shape: Shape, prefix: str = "") -> str:
    """A convolution with its padding in numbers; what Conv can't pad is padded before."""
    window = sliding(layer, shape)
    if layer.mode != "zeros":
        x = padded(at, x, window.pads, layer.mode)
        window = window._replace(pads=[(0, 0)] * len(window.pads))
    weight = (layer.out_channels, shape[0] // layer.groups, *window.kernels)
    inputs = [x, at.weight(f"{prefix}weight", weight, fan_in=prod(weight[1:]))]
    if layer.bias:
        inputs.append(at.weight(f"{prefix}bias", weight[:1]))
    return at.node("Conv", *inputs, group=layer.groups, **window.attributes())


@writes("convt")
def transposed(at: Builder, layer: ConvTransposed, x: str, shape: Shape) -> str:
    """A transposed convolution; `same` is what is cut or added to give n times the stride."""
    words = layer.padding == "same"
    window = sliding(layer.replaced(padding=0) if words else layer, shape)
    extra = list(spread_out("output_padding", layer.output_padding, shape))
    if words:
        over = [e - s for e, s in zip(window.extents, window.strides, strict=True)]
        cut = [max(each, 0) for each in over]
        window = window._replace(pads=[(each // 2, each - each // 2) for each in cut])
        extra = [max(-each, 0) for each in over]
    # Runtimes want less than a stride: places of zeros after the map give the strides.
    steps = list(zip(extra, window.strides, strict=True))
    source = padded(at, x, [(0, more // stride) for more, stride in steps])
    extra = [more % stride for more, stride in steps]
    weight = (shape[0], layer.out_channels // layer.groups, *window.kernels)
    inputs = [source, at.weight("weight", weight, fan_in=weight[0] * prod(window.kernels))]
    if layer.bias:
        inputs.append(at.weight("bias", (layer.out_channels,)))
    attributes = window.attributes() | {"output_padding": extra if any(extra) else None}
    return at.node("ConvTranspose", *inputs, group=layer.groups, **attributes)


@writes("embedding")
def embedding(at: Builder, layer: Embedding, x: str, shape: Shape) -> str:
    place, rank = layer.place(shape), len(shape)
    weight = at.weight("weight", (layer.entries, layer.features), fan_in=layer.features)
    rows = at.node("Gather", weight, at.permuted(x, layer.moved(shape)))
    return at.permuted(rows, [*range(place), rank, *range(place, rank)])


@writes("linear")
def linear(at: Builder, layer: Linear, x: str, shape: Shape) -> str:
    """Gemm on vectors; on one axis of a map MatMul, with that axis moved to the end."""
    axis, features = layer.place(shape), shape[layer.place(shape)]
    bias = layer.bias
    if len(shape) == 1:
        inputs = [x, at.weight("weight", (layer.out_features, features), fan_in=features)]
        inputs += [at.weight("bias", (layer.out_features,))] if bias else []
        return at.node("Gemm", *inputs, transB=1)
    moved, back = at.moved(x, [*(each for each in range(len(shape)) if each != axis), axis])
    weight = at.weight("weight", (features, layer.out_features), fan_in=features)
    out = at.node("MatMul", moved, weight)
    if bias:
        out = at.node("Add", out, at.weight("bias", (layer.out_features,)))
    return at.permuted(out, back)


@writes("se")
def squeezed(at: Builder, layer: SqueezeExcitation, x: str, shape: Shape) -> str:
    """A gate of two 1x1 convolutions on the global average, times the map."""
    channels, ones = shape[0], (1,) * (len(shape) - 1)
    gate = at.node("ReduceMean", x, at.ints(range(2, len(shape) + 1)))
    steps = ((layer.squeezed(channels), "Relu"), (channels, "Sigmoid"))
    inputs = channels
    for number, (outputs, function) in enumerate(steps, 1):
        weight = at.weight(f"fc{number}.weight", (outputs, inputs, *ones), fan_in=inputs)
        gate = at.node("Conv", gate, weight, at.weight(f"fc{number}.bias", (outputs,)))
        gate, inputs = at.node(function, gate), outputs
    return at.node("Mul", x, gate)
