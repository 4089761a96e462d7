"""Activations, dropout and normalisations as calls."""

from __future__ import annotations

from typing import Any

from cnncalc.frameworks.keras.activations import ACTIVATIONS
from cnncalc.frameworks.keras.frame import Call
from cnncalc.frameworks.keras.writing.calls import Writer, call, no_class, one, same
from cnncalc.frameworks.keras.writing.moving import keras_axis
from cnncalc.layers.base import Layer, Shape, place

__all__ = ["WRITERS"]

# Kinds whose options are their class's arguments, in order: the class, then the arguments.
SAME = {
    "dropout": "Dropout rate",
    "elu": "ELU alpha",
    "identity": "Identity",
    "leakyrelu": "LeakyReLU negative_slope",
    "noise": "GaussianNoise stddev",
}


def _functions() -> dict[str, tuple[str, Layer]]:
    """Keras's activations by the kind that they are, with that kind's record."""
    made = {name: make(Call("Activation")) for name, make in ACTIVATIONS.items() if make}
    return {layer.kind: (name, layer) for name, layer in reversed(made.items())}


FUNCTIONS = _functions()


def _function(layer: Any, shape: Shape) -> str:
    name, record = FUNCTIONS[layer.kind]
    if layer != record:
        raise no_class(layer, f"keras.activations.{name} has no such options")
    return call("Activation", activation=name)


def _relu(layer: Any, shape: Shape) -> str:
    return call(
        "ReLU", max_value=layer.limit, negative_slope=layer.slope, threshold=layer.threshold
    )


def _relu6(layer: Any, shape: Shape) -> str:
    return call("ReLU", max_value=6)


def _softmax(layer: Any, shape: Shape) -> str:
    return call("Softmax", axis=keras_axis(layer.place(shape)))


def _along(layer: Any, shape: Shape) -> str:
    """Functions that Keras's layers apply along the channels only."""
    if layer.place(shape) != 0:
        raise no_class(layer, "it works along the channels")
    return call("Activation", activation=FUNCTIONS[layer.kind][0])


def _prelu(layer: Any, shape: Shape) -> str:
    """Slopes for each channel are shared along the others; a single one along all."""
    if layer.shared is None:
        slopes = (layer.n, *([1] * (len(shape) - 1)))
    else:
        slopes = layer.slopes(shape)
    shared = [axis or len(shape) for axis, size in enumerate(slopes) if size < shape[axis]]
    return call("PReLU", shared_axes=sorted(shared) or None)


def _rescale(layer: Any, shape: Shape) -> str:
    return call("Rescaling", scale=one(layer.factor), offset=one(layer.offset))


def _affine(layer: Any) -> dict[str, bool]:
    return {
        "center": bool(layer.affine and layer.shift),
        "scale": bool(layer.affine and layer.scale),
    }


def _batch_norm(layer: Any, shape: Shape) -> str:
    if not layer.stats:
        raise no_class(layer, "layers.BatchNormalization keeps statistics")
    axis = keras_axis(place(layer.axis, shape, layer.order))
    return call("BatchNormalization", axis=axis, renorm=layer.renorm, **_affine(layer))


def _group_norm(layer: Any, shape: Shape) -> str:
    axis = keras_axis(place(layer.axis, shape, layer.order))
    groups = -1 if layer.groups == "each" else layer.groups
    return call("GroupNormalization", groups=groups, axis=axis, **_affine(layer))


def _instance_norm(layer: Any, shape: Shape) -> str:
    if layer.stats:
        raise no_class(layer, "layers.GroupNormalization keeps no statistics")
    affine = {"center": layer.affine, "scale": layer.affine}
    return call("GroupNormalization", groups=-1, **affine)


def _over_axes(name: str) -> Writer:
    def write(layer: Any, shape: Shape) -> str:
        axes = [keras_axis(axis) for axis in layer.places(shape)]
        if len(axes) > 1:
            axes = sorted(axis % (len(shape) + 1) for axis in axes)
        options = _affine(layer) if name == "LayerNormalization" else {}
        return call(name, axis=one(tuple(axes)), **options)

    return write


def _rms_norm(layer: Any, shape: Shape) -> str:
    if not layer.affine:
        raise no_class(layer, "layers.RMSNormalization has a scale")
    last = [axis % len(shape) for axis in range(1 - len(layer.places(shape)), 1)]
    if sorted(last) != sorted(layer.places(shape)):
        raise no_class(layer, "the scale of layers.RMSNormalization is lined up with the last axes")
    return _over_axes("RMSNormalization")(layer, shape)


def _standardize(layer: Any, shape: Shape) -> str:
    if layer.given:
        raise no_class(layer, "its statistics are not known here")
    axes = sorted((axis or len(shape)) for axis in layer.places(shape))
    axis = None if not axes else -1 if axes == [len(shape)] else one(tuple(axes))
    return call("Normalization", axis=axis, invert=layer.invert)


WRITERS: dict[str, Writer] = {
    **dict.fromkeys(FUNCTIONS, _function),
    **{kind: same(words) for kind, words in SAME.items()},
    **dict.fromkeys(("glu", "logsoftmax", "sparsemax"), _along),
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
