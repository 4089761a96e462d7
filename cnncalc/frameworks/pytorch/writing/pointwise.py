"""Activations, dropout and normalisations as calls."""

from __future__ import annotations

from typing import Any

from cnncalc.frameworks.ops import Form, names_in
from cnncalc.frameworks.pytorch.writing.calls import Writer, axes_of, call, no_class, same
from cnncalc.layers.activation import GatedLinearUnit, LogSoftmax, ParametricReLU, Softmax, Softmin
from cnncalc.layers.base import Layer, Shape, place
from cnncalc.layers.norm import (
    AxesNorm,
    BatchNorm,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    RootMeanSquareNorm,
)

__all__ = ["WRITERS"]

# Kinds whose options are their class's arguments, in order: the class, then the arguments.
SAME = {"dropout": "Dropout p", "lrn": "LocalResponseNorm size alpha beta k"}


def _class(form: Form) -> Writer:
    """The writer of an element-wise kind whose class is in the table."""

    def write(layer: Layer, shape: Shape) -> str:
        said = form.said(layer)
        if said is None:
            left = list(layer.options.values())[len(form.arguments) :]
            has = " and ".join(f"the {each.name} {_fraction(each.default)}" for each in left)
            raise no_class(layer, f"nn.{form.name} has {has}")
        return call(form.name, **said)

    return write


def _fraction(number: float) -> str:
    """A number as people write it: 1/6, and not 0.16666666666666666."""
    parts = (part for part in range(2, 100) if round(number * part) / part == number)
    part = next(parts, 1) if len(repr(number)) > 8 else 1
    return f"{round(number * part)}/{part}" if part > 1 else repr(number)


def _along(name: str) -> Writer:
    def write(layer: GatedLinearUnit | LogSoftmax | Softmax | Softmin, shape: Shape) -> str:
        return call(name, dim=layer.place(shape) + 1)

    return write


def _relu(layer: Any, shape: Shape) -> str:
    if layer.threshold != 0 or layer.limit not in (None, 6) or (layer.limit and layer.slope):
        raise no_class(layer, "with these options it is none of ReLU, ReLU6 and LeakyReLU")
    if layer.slope:
        return call("LeakyReLU", negative_slope=layer.slope)
    return call("ReLU") if layer.limit is None else call("ReLU6")


def _prelu(layer: ParametricReLU, shape: Shape) -> str:
    if layer.shared is not None:
        raise no_class(layer, "nn.PReLU has slopes for channels only")
    return call("PReLU", num_parameters=layer.n)


def _affine(layer: BatchNorm | GroupNorm | InstanceNorm | LayerNorm) -> dict[str, bool]:
    """`affine` and `bias`; a shift needs a scale there."""
    if layer.affine and layer.shift and not getattr(layer, "scale", True):
        raise no_class(layer, "there is no shift without a scale")
    affine = bool(layer.affine and getattr(layer, "scale", True))
    return {"affine": affine, "bias": bool(layer.shift) or not affine}


def _batch_norm(layer: BatchNorm, shape: Shape) -> str:
    if layer.renorm or place(layer.axis, shape, layer.order) != 0:
        raise no_class(layer, "nn.BatchNorm works on the channels, without renormalisation")
    name = f"BatchNorm{max(len(shape) - 1, 1)}d" if len(shape) <= 4 else "SyncBatchNorm"
    stats = layer.stats
    return call(name, num_features=shape[0], **_affine(layer), track_running_stats=stats)


def _group_norm(layer: GroupNorm, shape: Shape) -> str:
    if place(layer.axis, shape, layer.order) != 0:
        raise no_class(layer, "nn.GroupNorm works on the channels")
    groups = shape[0] if layer.groups == "each" else layer.groups
    return call("GroupNorm", num_groups=groups, num_channels=shape[0], **_affine(layer))


def _instance_norm(layer: InstanceNorm, shape: Shape) -> str:
    return call(
        f"InstanceNorm{axes_of(layer, shape)}d",
        num_features=shape[0],
        **_affine(layer),
        track_running_stats=layer.stats,
    )


def _layer_norm(layer: LayerNorm, shape: Shape) -> str:
    options = _affine(layer)
    return call(
        "LayerNorm",
        normalized_shape=_normalized(layer, shape),
        elementwise_affine=options["affine"],
        bias=options["bias"],
    )


def _rms_norm(layer: RootMeanSquareNorm, shape: Shape) -> str:
    return call(
        "RMSNorm",
        normalized_shape=_normalized(layer, shape),
        elementwise_affine=layer.affine,
    )


def _normalized(layer: AxesNorm, shape: Shape) -> int | Shape:
    """The sizes of the last axes, which are all that PyTorch normalises over."""
    whole = layer.axes == ("all",)
    axes = range(len(shape)) if whole else [place(a, shape, layer.order) for a in layer.axes]
    if list(axes) != list(range(len(shape) - len(axes), len(shape))):
        raise no_class(layer, "its axes are not the last ones, such as those of a vector")
    sizes = shape[-len(axes) :]
    return sizes[0] if len(sizes) == 1 else sizes


WRITERS: dict[str, Writer] = {
    **{
        op.kind: (_along(form.name) if op.along else _class(form)) for op, form in names_in("torch")
    },
    **{kind: same(words) for kind, words in SAME.items()},
    "relu": _relu,
    "prelu": _prelu,
    "bn": _batch_norm,
    "gn": _group_norm,
    "in": _instance_norm,
    "ln": _layer_norm,
    "rms": _rms_norm,
}
