"""Keras's normalisations and its layers with statistics."""

from __future__ import annotations

from functools import partial

from cnncalc.frameworks.keras.arguments import finish, integer
from cnncalc.frameworks.keras.frame import Call, Frame, Vocabulary, settled
from cnncalc.layers.base import Layer, Shape, show
from cnncalc.layers.norm import (
    BatchNorm,
    GroupNorm,
    LayerNorm,
    RootMeanSquareNorm,
    Standardize,
    UnitNorm,
)
from cnncalc.network import Declared, Expects

__all__ = ["NORMS"]


def batch_normalization(
    call: Call,
    axis: object = -1,
    momentum: object = 0.99,
    epsilon: object = 0.001,
    center: object = True,
    scale: object = True,
    beta_initializer: object = "zeros",
    gamma_initializer: object = "ones",
    moving_mean_initializer: object = "zeros",
    moving_variance_initializer: object = "ones",
    beta_regularizer: object = None,
    gamma_regularizer: object = None,
    beta_constraint: object = None,
    gamma_constraint: object = None,
    renorm: object = False,
    renorm_clipping: object = None,
    renorm_momentum: object = 0.99,
    synchronized: object = False,
    **keywords: object,
) -> tuple[Declared, ...]:
    """BatchNormalization: its moving statistics are parameters that are not trained."""
    place, order = call.frame.axis(_axis(call, axis))
    layer = BatchNorm(
        scale=bool(scale), shift=bool(center), axis=place, order=order, renorm=bool(renorm)
    )
    return finish(call, keywords, call.ordered(layer))


def layer_normalization(
    call: Call,
    axis: object = -1,
    epsilon: object = 0.001,
    center: object = True,
    scale: object = True,
    beta_initializer: object = "zeros",
    gamma_initializer: object = "ones",
    beta_regularizer: object = None,
    gamma_regularizer: object = None,
    beta_constraint: object = None,
    gamma_constraint: object = None,
    **keywords: object,
) -> tuple[Declared, ...]:
    """LayerNormalization."""
    rms = bool(keywords.pop("rms_scaling", False))
    places, order = call.frame.axes(sorted(_axes(call, axis)))
    layer = LayerNorm(places, order, scale=bool(scale) or rms, shift=bool(center) and not rms)
    return finish(call, keywords, call.ordered(layer))


def rms_normalization(
    call: Call, axis: object = -1, epsilon: object = 1e-6, **keywords: object
) -> tuple[Declared, ...]:
    """RMSNormalization."""
    places, order = call.frame.axes(sorted(_axes(call, axis)))
    rule = partial(_scaled, call)
    layer = Declared(RootMeanSquareNorm(places, order), Expects(call.words, rule=rule))
    return finish(call, keywords, layer)


def _scaled(call: Call, layer: Layer, shape: Shape) -> Layer:
    """Keras multiplies by the scale as it is, so it must fit on the last axes."""
    (scale,) = layer.weights(shape)
    last = call.frame.outside(shape)[-len(scale.shape) :]
    if any(size not in (1, n) for size, n in zip(scale.shape, last, strict=True)):
        raise call.error(
            f"has a scale of {show(scale.shape)}, which can't stretch over {show(last)}",
            "the last axes, such as axis=-1",
        )
    return settled(layer, shape)


def unit_normalization(call: Call, axis: object = -1, **keywords: object) -> tuple[Declared, ...]:
    """UnitNormalization."""
    places, order = call.frame.axes(_axes(call, axis))
    return finish(call, keywords, call.ordered(UnitNorm(places, order)))


def group_normalization(
    call: Call,
    groups: object = 32,
    axis: object = -1,
    epsilon: object = 0.001,
    center: object = True,
    scale: object = True,
    beta_initializer: object = "zeros",
    gamma_initializer: object = "ones",
    beta_regularizer: object = None,
    gamma_regularizer: object = None,
    beta_constraint: object = None,
    gamma_constraint: object = None,
    **keywords: object,
) -> tuple[Declared, ...]:
    """GroupNormalization; -1 groups are as many as there are channels."""
    place, order = call.frame.axis(_axis(call, axis))
    layer = GroupNorm(
        "each" if groups == -1 else integer(call, "groups", groups),
        scale=bool(scale),
        shift=bool(center),
        axis=place,
        order=order,
    )
    return finish(call, keywords, call.ordered(layer))


def normalization(
    call: Call,
    axis: object = -1,
    mean: object = None,
    variance: object = None,
    invert: object = False,
    **keywords: object,
) -> tuple[Declared, ...]:
    """Normalization: it holds mean, variance and count, unless they are given."""
    if (mean is None) != (variance is None):
        raise call.error("takes mean and variance together", "both of them, or neither")
    axes = () if axis is None else _axes(call, axis)
    places, order = call.frame.axes(axes) if axes else (("none",), "first")
    layer = Standardize(places, order, given=mean is not None, invert=bool(invert))
    rule = partial(_in_order, call.frame)
    return finish(call, keywords, Declared(layer, Expects(call.words, rule=rule)))


def _in_order(frame: Frame, layer: Layer, shape: Shape) -> Layer:
    """Keras holds the statistics in the order of the axes, whatever order they are given in."""
    assert isinstance(layer, Standardize)
    rank = len(shape)
    order = [frame.inside(axis, rank) for axis in range(rank)]
    places = tuple(sorted(layer.places(shape), key=order.index))
    return layer.replaced(axes=places, order="first") if places else layer


def _axis(call: Call, axis: object) -> int:
    if isinstance(axis, bool) or not isinstance(axis, int):
        raise call.error(f"can't take axis={axis!r:.40}", "one axis, such as -1")
    return axis


def _axes(call: Call, axis: object) -> tuple[int, ...]:
    axes = tuple(axis) if isinstance(axis, tuple | list) else (axis,)
    if not all(isinstance(each, int) and not isinstance(each, bool) for each in axes):
        raise call.error(f"can't take axis={axis!r:.40}", "axes such as -1 or (1, 2)")
    return axes


NORMS: Vocabulary = {
    "BatchNormalization": (batch_normalization, 0),
    "GroupNormalization": (group_normalization, 0),
    "LayerNormalization": (layer_normalization, 0),
    "Normalization": (normalization, 0),
    "RMSNormalization": (rms_normalization, 0),
    "UnitNormalization": (unit_normalization, 0),
}
