"""Keras's pools: sliding, adaptive and global."""

from __future__ import annotations

from cnncalc.frameworks.keras.arguments import finish, per_axis, word
from cnncalc.frameworks.keras.frame import Call, Reader, Vocabulary
from cnncalc.layers.adaptive import AdaptiveAverage, AdaptiveMax, GlobalAverage, GlobalMax
from cnncalc.layers.base import Pads
from cnncalc.layers.pool import AveragePool, MaxPool
from cnncalc.network import Declared

__all__ = ["POOLS"]

Axes = tuple[int, ...]


def max_pooling(
    call: Call,
    pool_size: object = 2,
    strides: object = None,
    padding: object = "valid",
    data_format: object = None,
    name: object = None,
    **keywords: object,
) -> tuple[Declared, ...]:
    """MaxPooling1D, MaxPooling2D and MaxPooling3D."""
    options = _sliding(call, pool_size, strides, padding)
    return finish(call, keywords, *call.on_map(MaxPool(*options), data_format))


def average_pooling(
    call: Call,
    pool_size: object,
    strides: object = None,
    padding: object = "valid",
    data_format: object = None,
    name: object = None,
    **keywords: object,
) -> tuple[Declared, ...]:
    """AveragePooling1D, AveragePooling2D and AveragePooling3D; padding never counts."""
    layer = AveragePool(*_sliding(call, pool_size, strides, padding), count_padding=False)
    return finish(call, keywords, *call.on_map(layer, data_format))


def _sliding(
    call: Call, pool_size: object, strides: object, padding: object
) -> tuple[Axes, Axes | None, str | Pads]:
    kernel = per_axis(call, "pool_size", pool_size)
    stride = None if strides is None else per_axis(call, "strides", strides)
    same = word(call, "padding", padding, ("valid", "same"), lower=False) == "same"
    return kernel, stride, "same" if same else ((0, 0),)


def adaptive_average(
    call: Call, output_size: object, data_format: object = None, **keywords: object
) -> tuple[Declared, ...]:
    """AdaptiveAveragePooling1D, AdaptiveAveragePooling2D and AdaptiveAveragePooling3D."""
    layer = AdaptiveAverage(per_axis(call, "output_size", output_size))
    return finish(call, keywords, *call.on_map(layer, data_format))


def adaptive_max(
    call: Call, output_size: object, data_format: object = None, **keywords: object
) -> tuple[Declared, ...]:
    """AdaptiveMaxPooling1D, AdaptiveMaxPooling2D and AdaptiveMaxPooling3D."""
    layer = AdaptiveMax(per_axis(call, "output_size", output_size))
    return finish(call, keywords, *call.on_map(layer, data_format))


def global_average(
    call: Call, data_format: object = None, keepdims: object = False, **keywords: object
) -> tuple[Declared, ...]:
    """GlobalAveragePooling1D, GlobalAveragePooling2D and GlobalAveragePooling3D."""
    keep = bool(keepdims)
    return finish(call, keywords, *call.on_map(GlobalAverage(keep), data_format, back=keep))


def global_max(
    call: Call, data_format: object = None, keepdims: object = False, **keywords: object
) -> tuple[Declared, ...]:
    """GlobalMaxPooling1D, GlobalMaxPooling2D and GlobalMaxPooling3D."""
    keep = bool(keepdims)
    return finish(call, keywords, *call.on_map(GlobalMax(keep), data_format, back=keep))


KINDS: dict[str, Reader] = {
    "MaxPooling": max_pooling,
    "AveragePooling": average_pooling,
    "AdaptiveAveragePooling": adaptive_average,
    "AdaptiveMaxPooling": adaptive_max,
    "GlobalAveragePooling": global_average,
    "GlobalMaxPooling": global_max,
}
POOLS: Vocabulary = {
    f"{name}{rank}D": (reader, rank) for rank in (1, 2, 3) for name, reader in KINDS.items()
}
