"""Keras's convolutions: plain, transposed, depthwise and separable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cnncalc.frameworks.base import idle
from cnncalc.frameworks.keras.arguments import finish, integer, per_axis, word
from cnncalc.frameworks.keras.frame import Call, Vocabulary
from cnncalc.frameworks.keras.training import begun, held
from cnncalc.layers.base import Layer, Pads, Shape
from cnncalc.layers.conv import Conv, DepthwiseConv, SeparableConv
from cnncalc.layers.transposed import ConvTransposed
from cnncalc.network import Declared

__all__ = ["CONVOLUTIONS"]


class _Sliding(NamedTuple):
    """The per-axis arguments that all convolutions share."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]

    @classmethod
    def of(
        cls, call: Call, kernel_size: object, strides: object, dilation_rate: object
    ) -> _Sliding:
        return cls(
            per_axis(call, "kernel_size", kernel_size),
            per_axis(call, "strides", strides),
            per_axis(call, "dilation_rate", dilation_rate),
        )

    def check(self, call: Call) -> None:
        """LayerError for both stride and dilation, which Keras refuses in some layers."""
        if max(self.stride) > 1 and max(self.dilation) > 1:
            raise call.error(
                f"can't have strides={self.stride} together with dilation_rate={self.dilation}",
                "one of them is 1",
            )


@idle("use_bias", begun("kernel", "bias"), held("kernel", "bias"))
def conv(
    call: Call,
    filters: object,
    kernel_size: object,
    strides: object = 1,
    padding: object = "valid",
    data_format: object = None,
    dilation_rate: object = 1,
    groups: object = 1,
    activation: object = None,
    use_bias: object = True,
    **keywords: object,
) -> tuple[Declared, ...]:
    """Conv1D, Conv2D and Conv3D."""
    sliding = _Sliding.of(call, kernel_size, strides, dilation_rate)
    sliding.check(call)
    layer = Conv(
        integer(call, "filters", filters),
        *(sliding.kernel, sliding.stride),
        _padding(call, padding, sliding),
        sliding.dilation,
        integer(call, "groups", groups),
        bias=bool(use_bias),
    )
    return finish(
        call, _no_lora(call, keywords), *call.on_map(layer, data_format), activation=activation
    )


def _padding(call: Call, padding: object, sliding: _Sliding) -> str | Pads:
    """Padding for a convolution; `causal` is all of it before, so that no output sees ahead."""
    words = ("valid", "same", "causal") if call.name == "Conv1D" else ("valid", "same")
    named = word(call, "padding", padding, words)
    if named == "causal":
        ((kernel,), _, (dilation,)) = sliding
        return ((dilation * (kernel - 1), 0),)
    return "same" if named == "same" else ((0, 0),)


def _no_lora(call: Call, keywords: Mapping[str, object]) -> dict[str, object]:
    """The keywords without those of low-rank adaptation, which is not known here."""
    if keywords.get("lora_rank") is not None:
        raise call.error("is read without low-rank adaptation", "leave out lora_rank")
    return {key: value for key, value in keywords.items() if key not in ("lora_rank", "lora_alpha")}


@idle("use_bias", begun("kernel", "bias"), held("kernel", "bias"))
def conv_transpose(
    call: Call,
    filters: object,
    kernel_size: object,
    strides: object = 1,
    padding: object = "valid",
    output_padding: object = None,
    data_format: object = None,
    dilation_rate: object = 1,
    activation: object = None,
    use_bias: object = True,
    **keywords: object,
) -> tuple[Declared, ...]:
    """Conv1DTranspose and Conv2DTranspose."""
    sliding = _Sliding.of(call, kernel_size, strides, dilation_rate)
    sliding.check(call)
    same = word(call, "padding", padding, ("valid", "same")) == "same"
    cut, extra = _cut(call, sliding, same, output_padding)
    layer = ConvTransposed(
        integer(call, "filters", filters),
        *(sliding.kernel, sliding.stride, cut, extra, sliding.dilation),
        bias=bool(use_bias),
    )
    steps = call.on_map(layer, data_format, rule=_let_empty if same else None)
    return finish(call, keywords, *steps, activation=activation)


def _let_empty(layer: Layer, shape: Shape) -> Layer:
    """From one place Keras makes none where (n-1)*s + k%2 + output_padding is 0."""
    empty = any(
        window.length(n) == 0 for window, n in zip(layer.windows(shape), shape[1:], strict=True)
    )
    return layer.replaced(empty=True) if empty else layer


@idle("use_bias", begun("kernel", "bias"), held("kernel", "bias"))
def conv3d_transpose(
    call: Call,
    filters: object,
    kernel_size: object,
    strides: object = 1,
    padding: object = "valid",
    data_format: object = None,
    output_padding: object = None,
    dilation_rate: object = 1,
    activation: object = None,
    use_bias: object = True,
    **keywords: object,
) -> tuple[Declared, ...]:
    """Conv3DTranspose, which has two of its arguments in another order."""
    named = {"output_padding": output_padding, "data_format": data_format}
    named |= {"dilation_rate": dilation_rate, "activation": activation, "use_bias": use_bias}
    return conv_transpose(call, filters, kernel_size, strides, padding, **named, **keywords)


def _cut(
    call: Call, sliding: _Sliding, same: bool, output_padding: object
) -> tuple[str | Pads, tuple[int, ...]]:
    """What a transposed convolution cuts off its output, and what it adds after it.

    Without output_padding `same` gives n*s and `valid` gives (n-1)*s + max(k, s); with one,
    even 0, the length is (n-1)*s + k + output_padding, under `same` less 2*(k//2)
    (keras.src.backend.common.backend_utils; k is the dilated kernel).
    """
    extents = [d * (k - 1) + 1 for k, d in zip(sliding.kernel, sliding.dilation, strict=True)]
    if output_padding is None:
        lacking = tuple(max(s - k, 0) for k, s in zip(extents, sliding.stride, strict=True))
        return ("same", (0,)) if same else (((0, 0),), lacking)
    extra = per_axis(call, "output_padding", output_padding, 0)
    for each, stride in zip(extra, sliding.stride, strict=True):
        if each >= stride:
            raise call.error(
                f"can't have output_padding={each} with a stride of {stride}",
                f"output_padding below the stride, at most {stride - 1}",
            )
    if not same:
        return ((0, 0),), extra
    cuts = [k // 2 * 2 - op for k, op in zip(extents, extra, strict=True)]
    return (
        tuple((max(cut, 0) // 2, -(-max(cut, 0) // 2)) for cut in cuts),
        tuple(max(-cut, 0) for cut in cuts),
    )


@idle("use_bias", begun("depthwise", "bias"), held("depthwise", "bias"))
def depthwise_conv(
    call: Call,
    kernel_size: object,
    strides: object = 1,
    padding: object = "valid",
    depth_multiplier: object = 1,
    data_format: object = None,
    dilation_rate: object = 1,
    activation: object = None,
    use_bias: object = True,
    **keywords: object,
) -> tuple[Declared, ...]:
    """DepthwiseConv1D and DepthwiseConv2D."""
    sliding = _Sliding.of(call, kernel_size, strides, dilation_rate)
    layer = DepthwiseConv(
        sliding.kernel,
        integer(call, "depth_multiplier", depth_multiplier),
        *(sliding.stride, _padding(call, padding, sliding), sliding.dilation),
        bias=bool(use_bias),
    )
    return finish(call, keywords, *call.on_map(layer, data_format), activation=activation)


@idle(
    "use_bias",
    begun("depthwise", "pointwise", "bias"),
    held("depthwise", "pointwise", "bias"),
)
def separable_conv(
    call: Call,
    filters: object,
    kernel_size: object,
    strides: object = 1,
    padding: object = "valid",
    data_format: object = None,
    dilation_rate: object = 1,
    depth_multiplier: object = 1,
    activation: object = None,
    use_bias: object = True,
    **keywords: object,
) -> tuple[Declared, ...]:
    """SeparableConv1D and SeparableConv2D."""
    sliding = _Sliding.of(call, kernel_size, strides, dilation_rate)
    layer = SeparableConv(
        integer(call, "filters", filters),
        sliding.kernel,
        integer(call, "depth_multiplier", depth_multiplier),
        *(sliding.stride, _padding(call, padding, sliding), sliding.dilation),
        bias=bool(use_bias),
    )
    return finish(call, keywords, *call.on_map(layer, data_format), activation=activation)


CONVOLUTIONS: Vocabulary = {
    "Conv1D": (conv, 1),
    "Conv2D": (conv, 2),
    "Conv3D": (conv, 3),
    "Conv1DTranspose": (conv_transpose, 1),
    "Conv2DTranspose": (conv_transpose, 2),
    "Conv3DTranspose": (conv3d_transpose, 3),
    "DepthwiseConv1D": (depthwise_conv, 1),
    "DepthwiseConv2D": (depthwise_conv, 2),
    "SeparableConv1D": (separable_conv, 1),
    "SeparableConv2D": (separable_conv, 2),
}
