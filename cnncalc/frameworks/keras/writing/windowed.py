"""Convolutions and pools as calls."""

from __future__ import annotations

from cnncalc.axis.windows import Same, Slide, Spread
from cnncalc.frameworks.keras.writing.calls import Writer, axes_of, call, no_class, one
from cnncalc.layers.adaptive import AdaptiveAverage, AdaptiveMax, GlobalAverage, GlobalMax
from cnncalc.layers.base import Shape
from cnncalc.layers.conv import Conv, DepthwiseConv, PointwiseConv, SeparableConv
from cnncalc.layers.pool import AveragePool, MaxPool, SlidingPool
from cnncalc.layers.transposed import ConvTransposed, spread_to_same

__all__ = ["WRITERS", "padding_word", "transposed_words"]


def padding_word(
    layer: Conv | DepthwiseConv | SeparableConv | SlidingPool, shape: Shape
) -> str | None:
    """`valid`, `same` or `causal` if that is what pads this layer, whatever the input's size."""
    windows: tuple[Slide, ...] = layer.windows(shape)
    if layer.padding == "same" and not getattr(layer, "ceil", False):
        return "same"
    if all(w.before == w.after == 0 for w in windows):
        return "valid"
    if all(_pads_as_same(w) for w in windows):
        return "same"
    (first, *others) = windows
    reach = first.dilation * (first.kernel - 1)
    causal = not others and (first.before, first.after) == (reach, 0)
    return "causal" if causal and layer.kind == "conv" else None


def _pads_as_same(w: Slide) -> bool:
    """Whether the pads are those of `same`, which depend on the size unless the stride is 1."""
    same = Same(w.kernel, 1, w.dilation).at(w.dilation * w.kernel)
    return w.stride == 1 and (w.before, w.after) == (same.before, same.after)


def _convolving(layer: Conv | DepthwiseConv | SeparableConv, shape: Shape) -> dict[str, object]:
    word = padding_word(layer, shape)
    if word is None or (layer.mode != "zeros" and word != "valid"):
        raise no_class(layer, "its padding is none of Keras's words")
    return {
        "kernel_size": one(layer.kernel),
        "strides": one(layer.stride),
        "padding": word,
        "dilation_rate": one(layer.dilation),
        "use_bias": layer.bias,
    }


def _one_of_both(layer: Conv | ConvTransposed) -> None:
    if max(layer.stride) > 1 and max(layer.dilation) > 1:
        raise no_class(layer, "it has both a stride and a dilation")


def _conv(layer: Conv, shape: Shape) -> str:
    _one_of_both(layer)
    options = _convolving(layer, shape) | {"groups": layer.groups}
    return call(f"Conv{axes_of(layer, shape)}D", filters=layer.out_channels, **options)


def _pointwise(layer: PointwiseConv, shape: Shape) -> str:
    return _conv(layer.conv(), shape)


def _depthwise(layer: DepthwiseConv, shape: Shape) -> str:
    options = _convolving(layer, shape) | {"depth_multiplier": layer.multiplier}
    return call(f"DepthwiseConv{axes_of(layer, shape, (1, 2))}D", **options)


def _separable(layer: SeparableConv, shape: Shape) -> str:
    options = _convolving(layer, shape) | {"depth_multiplier": layer.multiplier}
    name = f"SeparableConv{axes_of(layer, shape, (1, 2))}D"
    return call(name, filters=layer.out_channels, **options)


def _transposed(layer: ConvTransposed, shape: Shape) -> str:
    words = transposed_words(layer, shape)
    _one_of_both(layer)
    if words is None or layer.groups > 1:
        raise no_class(layer, "it has groups" if words else "Keras cuts its output elsewhere")
    return call(
        f"Conv{axes_of(layer, shape)}DTranspose",
        filters=layer.out_channels,
        kernel_size=one(layer.kernel),
        strides=one(layer.stride),
        padding=words[0],
        output_padding=None if words[1] is None else one(words[1]),
        dilation_rate=one(layer.dilation),
        use_bias=layer.bias,
    )


def transposed_words(
    layer: ConvTransposed, shape: Shape
) -> tuple[str, tuple[int, ...] | None] | None:
    """Keras's padding and output_padding that cut as this layer does, or None."""
    windows: tuple[Spread, ...] = layer.windows(shape)
    cuts = [(w.before, w.after - w.output_padding) for w in windows]
    same = [spread_to_same(w.kernel, w.stride, w.dilation) for w in windows]
    if cuts == [(w.before, w.after - w.output_padding) for w in same]:
        return "same", None
    extents = [w.dilation * (w.kernel - 1) + 1 for w in windows]
    if cuts == [(0, -max(w.stride - k, 0)) for w, k in zip(windows, extents, strict=True)]:
        return "valid", None
    for word, most in (("valid", [0] * len(extents)), ("same", [k // 2 * 2 for k in extents])):
        extra = tuple(m - sum(cut) for m, cut in zip(most, cuts, strict=True))
        fits = all(0 <= op < w.stride for op, w in zip(extra, windows, strict=True))
        if fits and all(before == max(sum((before, end)), 0) // 2 for before, end in cuts):
            return word, extra
    return None


def _sliding(layer: SlidingPool, shape: Shape) -> dict[str, object]:
    word = padding_word(layer, shape)
    if word not in ("same", "valid"):
        raise no_class(layer, "its padding is none of Keras's words")
    if layer.dilation != (1,) and max(layer.dilation) > 1:
        raise no_class(layer, "pools there have no dilation")
    if layer.ceil and any(
        _hangs(w, n) for w, n in zip(layer.windows(shape), shape[1:], strict=True)
    ):
        raise no_class(layer, "its last window hangs over the end")
    stride = one(layer.stride or layer.kernel)
    kernel = one(layer.kernel)
    return {
        "pool_size": kernel,
        "strides": None if stride == kernel else stride,
        "padding": word,
    }


def _hangs(w: Slide, n: int) -> bool:
    return w.after > 0 and w.length(n) > Slide(w.kernel, w.stride, w.before).length(n)


def _max_pool(layer: MaxPool, shape: Shape) -> str:
    return call(f"MaxPooling{axes_of(layer, shape)}D", **_sliding(layer, shape))


def _average_pool(layer: AveragePool, shape: Shape) -> str:
    options = _sliding(layer, shape)
    if layer.divisor is not None:
        raise no_class(layer, "it has no divisor")
    pads = any(w.before or w.after for w in layer.windows(shape))
    if layer.count_padding and options["padding"] == "same" and pads:
        raise no_class(layer, "padding doesn't count there")
    return call(f"AveragePooling{axes_of(layer, shape)}D", **options)


def _adaptive(name: str) -> Writer:
    def write(layer: AdaptiveAverage | AdaptiveMax, shape: Shape) -> str:
        sizes = layer.output(shape)[1:]
        return call(f"Adaptive{name}Pooling{axes_of(layer, shape)}D", output_size=one(sizes))

    return write


def _global(name: str) -> Writer:
    def write(layer: GlobalAverage | GlobalMax, shape: Shape) -> str:
        return call(f"Global{name}Pooling{axes_of(layer, shape)}D", keepdims=layer.keep)

    return write


WRITERS: dict[str, Writer] = {
    "conv": _conv,
    "pwconv": _pointwise,
    "dwconv": _depthwise,
    "sepconv": _separable,
    "convt": _transposed,
    "maxpool": _max_pool,
    "avgpool": _average_pool,
    "adaptiveavg": _adaptive("Average"),
    "adaptivemax": _adaptive("Max"),
    "gap": _global("Average"),
    "gmp": _global("Max"),
}
