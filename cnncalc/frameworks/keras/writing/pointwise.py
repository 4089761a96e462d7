"""Activations, dropout and normalisations as calls."""

from __future__ import annotations

from typing import Any

from cnncalc.frameworks.keras.writing.calls import Writer, call, no_class, one, same
from cnncalc.frameworks.keras.writing.moving import keras_axis
from cnncalc.frameworks.ops import Form, Op, names_in
from cnncalc.layers.activation import ParametricReLU, Rescale, Softmax
from cnncalc.layers.base import Layer, Shape, place
from cnncalc.layers.norm import (
    AxesNorm,
    BatchNorm,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    RootMeanSquareNorm,
    Standardize,
)

__all__ = ["WRITERS"]

# Kinds whose options are their class's arguments, in order: the class, then the arguments.
SAME = {"dropout": "Dropout rate", "noise": "GaussianNoise stddev"}


def _class(form: Form) -> Writer:
    """The writer of an element-wise kind whose class is in the table."""
    return lambda layer, shape: call(form.name, **(form.said(layer) or {}))


def _function(op: Op, form: Form) -> Writer:
    """The writer of one that Keras has as a function, which has no options as a word."""

    def write(layer: Any, shape: Shape) -> str:
        if op.along:
            if layer.place(shape) != 0:
                raise no_class(layer, "it works along the channels")
        elif layer != op.made(form.values()):
            raise no_class(layer, f"keras.activations.{form.name} has no such options")
        return call("Activation", activation=form.name)

    return write


def _functions() -> dict[str, Writer]:
    """Where a function has several names, the first is written."""
    words = [(op, form) for op, form in names_in("keras") if not form.needs]
    return {op.kind: _function(op, form) for op, form in reversed(words)}


def _relu(layer: Any, shape: Shape) -> str:
    return call(
        "ReLU", max_value=layer.limit, negative_slope=layer.slope, threshold=layer.threshold
    )


def _relu6(layer: Layer, shape: Shape) -> str:
    return call("ReLU", max_value=6)


def _softmax(layer: Softmax, shape: Shape) -> str:
    return call("Softmax", axis=keras_axis(layer.place(shape)))


def _prelu(layer: ParametricReLU, shape: Shape) -> str:
    """Slopes for each channel are shared along the others; a single one along all."""
    if layer.shared is None:
        slopes = (layer.n, *([1] * (len(shape) - 1)))
    else:
        slopes = layer.slopes(shape)
    shared = [axis or len(shape) for axis, size in enumerate(slopes) if size < shape[axis]]
    return call("PReLU", shared_axes=sorted(shared) or None)


def _rescale(layer: Rescale, shape: Shape) -> str:
    return call("Rescaling", scale=one(layer.factor), offset=one(layer.offset))


def _affine(layer: BatchNorm | GroupNorm | LayerNorm) -> dict[str, bool]:
    return {
        "center": bool(layer.affine and layer.shift),
        "scale": bool(layer.affine and layer.scale),
    }


def _batch_norm(layer: BatchNorm, shape: Shape) -> str:
    if not layer.stats:
        raise no_class(layer, "layers.BatchNormalization keeps statistics")
    axis = keras_axis(place(layer.axis, shape, layer.order))
    return call("BatchNormalization", axis=axis, renorm=layer.renorm, **_affine(layer))


def _group_norm(layer: GroupNorm, shape: Shape) -> str:
    axis = keras_axis(place(layer.axis, shape, layer.order))
    groups = -1 if layer.groups == "each" else layer.groups
    return call("GroupNormalization", groups=groups, axis=axis, **_affine(layer))


def _instance_norm(layer: InstanceNorm, shape: Shape) -> str:
    if layer.stats:
        raise no_class(layer, "layers.GroupNormalization keeps no statistics")
    affine = {"center": layer.affine, "scale": layer.affine}
    return call("GroupNormalization", groups=-1, **affine)


def _over_axes(name: str) -> Writer:
    def write(layer: AxesNorm, shape: Shape) -> str:
        axes = [keras_axis(axis) for axis in layer.places(shape)]
        if len(axes) > 1:
            axes = sorted(axis % (len(shape) + 1) for axis in axes)
        options = _affine(layer) if isinstance(layer, LayerNorm) else {}
        return call(name, axis=one(tuple(axes)), **options)

    return write


def _rms_norm(layer: RootMeanSquareNorm, shape: Shape) -> str:
    if not layer.affine:
        raise no_class(layer, "layers.RMSNormalization has a scale")
    last = [axis % len(shape) for axis in range(1 - len(layer.places(shape)), 1)]
    if sorted(last) != sorted(layer.places(shape)):
        raise no_class(layer, "the scale of layers.RMSNormalization is lined up with the last axes")
    return _over_axes("RMSNormalization")(layer, shape)


def _standardize(layer: Standardize, shape: Shape) -> str:
    if layer.given:
        raise no_class(layer, "its statistics are not known here")
    axes = sorted((axis or len(shape)) for axis in layer.places(shape))
    axis = None if not axes else -1 if axes == [len(shape)] else one(tuple(axes))
    return call("Normalization", axis=axis, invert=layer.invert)


WRITERS: dict[str, Writer] = {
    **_functions(),
    **{op.kind: _class(form) for op, form in names_in("layer")},
    **{kind: same(words) for kind, words in SAME.items()},
    "bn": _batch_norm,
    "gn": _group_norm,
    "in": _instance_norm,
    "ln": _over_axes("LayerNormalization"),
    "prelu": _prelu,
    "relu": _relu,
    "relu6": _relu6,
    "rescale": _rescale,
    "rms": _rms_norm,
    "softmax": _softmax,
    "standardize": _standardize,
    "unitnorm": _over_axes("UnitNormalization"),
}
