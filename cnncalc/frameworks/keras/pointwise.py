"""Keras's layers that keep the shape or treat each place alone: Dense, activations, dropout."""

from __future__ import annotations

from cnncalc.frameworks.keras.activation import rectified
from cnncalc.frameworks.keras.arguments import finish, integer, number
from cnncalc.frameworks.keras.frame import Call, Vocabulary
from cnncalc.layers import LAYERS
from cnncalc.layers.activation import Dropout, Noise, ParametricReLU, Rescale, Softmax
from cnncalc.layers.base import BATCH, Layer, Shape
from cnncalc.layers.embedding import Embedding
from cnncalc.layers.linear import Linear
from cnncalc.network import Declared, Expects

__all__ = ["POINTWISE"]


def dense(
    call: Call,
    units: object,
    activation: object = None,
    use_bias: object = True,
    kernel_initializer: object = "glorot_uniform",
    bias_initializer: object = "zeros",
    kernel_regularizer: object = None,
    bias_regularizer: object = None,
    activity_regularizer: object = None,
    kernel_constraint: object = None,
    bias_constraint: object = None,
    lora_rank: object = None,
    lora_alpha: object = None,
    quantization_config: object = None,
    **keywords: object,
) -> tuple[Declared, ...]:
    """Dense, which works on Keras's last axis, at every place of a map."""
    if lora_rank is not None or quantization_config is not None:
        raise call.error(
            "is read without low-rank adaptation and quantization",
            "leave out lora_rank and quantization_config",
        )
    axis, _ = call.frame.axis(-1)
    layer = Linear(integer(call, "units", units), bool(use_bias), axis)
    expects = Expects(call.words, rule=_on_vector)
    return finish(call, keywords, Declared(layer, expects), activation=activation)


def embedding(
    call: Call,
    input_dim: object,
    output_dim: object,
    embeddings_initializer: object = "uniform",
    embeddings_regularizer: object = None,
    embeddings_constraint: object = None,
    mask_zero: object = False,
    weights: object = None,
    lora_rank: object = None,
    lora_alpha: object = None,
    quantization_config: object = None,
    **keywords: object,
) -> tuple[Declared, ...]:
    """Embedding, whose features are Keras's last axis."""
    if lora_rank is not None or quantization_config is not None:
        raise call.error(
            "is read without low-rank adaptation and quantization",
            "leave out lora_rank and quantization_config",
        )
    keywords.pop("input_length", None)  # of older Keras, where it said what flows in
    entries = integer(call, "input_dim", input_dim)
    features = integer(call, "output_dim", output_dim)
    axis, _ = call.frame.axis(-1)
    layer = Embedding(entries, features, axis, call.frame.order)
    return finish(call, keywords, Declared(layer, Expects(call.words, rule=_of_axes)))


def _of_axes(layer: Layer, shape: Shape) -> Layer:
    """Numbers of one axis stand in one order only."""
    plain = {"order": "first"} if len(shape) < 2 else {}
    return layer.replaced(**plain, **({} if shape else {"axis": 0}))


def _on_vector(layer: Layer, shape: Shape) -> Layer:
    """A vector has one axis only, which needs no number."""
    return layer.replaced(axis=None) if len(shape) == 1 else layer


def activation_layer(call: Call, activation: object, **keywords: object) -> tuple[Declared, ...]:
    """Activation, by its function's name; the linear one is a step that does nothing."""
    return finish(call, keywords, activation=activation) or (Declared(LAYERS["identity"]()),)


def relu(
    call: Call,
    max_value: object = None,
    negative_slope: object = 0.0,
    threshold: object = 0.0,
    **keywords: object,
) -> tuple[Declared, ...]:
    """ReLU, which may be bounded, leaky or late."""
    limit = None if max_value is None else _at_least_0(call, "max_value", max_value)
    slope = _at_least_0(call, "negative_slope", negative_slope)
    start = _at_least_0(call, "threshold", threshold)
    return finish(call, keywords, rectified(slope, limit, start))


def leaky_relu(
    call: Call, negative_slope: object = 0.3, **keywords: object
) -> tuple[Declared, ...]:
    """LeakyReLU; `alpha` is the older name of its slope."""
    slope = _at_least_0(call, "negative_slope", keywords.pop("alpha", negative_slope))
    return finish(call, keywords, LAYERS["leakyrelu"](slope))


def prelu(
    call: Call,
    alpha_initializer: object = "Zeros",
    alpha_regularizer: object = None,
    alpha_constraint: object = None,
    shared_axes: object = None,
    **keywords: object,
) -> tuple[Declared, ...]:
    """PReLU: a slope for each value, but along the shared axes."""
    axes = shared_axes if isinstance(shared_axes, tuple | list) else (shared_axes,)
    if shared_axes is None or not axes:
        return finish(call, keywords, ParametricReLU(shared=("none",)))
    # Keras indexes the shape without its batch by `axis - 1`, whatever the sign.
    shared = tuple(integer(call, "shared_axes", axis, -8) - 1 for axis in axes)
    layer = ParametricReLU(shared=shared, order=call.frame.order)
    return finish(call, keywords, call.ordered(layer))


def elu(call: Call, alpha: object = 1.0, **keywords: object) -> tuple[Declared, ...]:
    """ELU."""
    return finish(call, keywords, LAYERS["elu"](number(call, "alpha", alpha)))


def softmax(call: Call, axis: object = -1, **keywords: object) -> tuple[Declared, ...]:
    """Softmax along one axis."""
    axes = tuple(axis) if isinstance(axis, tuple | list) else (axis,)
    if len(axes) != 1:
        raise call.error("is read along one axis only", "axis=-1, or another one")
    if integer(call, "axis", axes[0], -8) == 0:
        return finish(call, keywords, Softmax(BATCH))
    place, order = call.frame.axis(axes[0])
    return finish(call, keywords, call.ordered(Softmax(place, order)))


def identity(call: Call, **keywords: object) -> tuple[Declared, ...]:
    """Identity."""
    return finish(call, keywords, LAYERS["identity"]())


def masking(call: Call, mask_value: object = 0.0, **keywords: object) -> tuple[Declared, ...]:
    """Masking, which changes no value that is not masked."""
    return identity(call, **keywords)


def activity_regularization(
    call: Call, l1: object = 0.0, l2: object = 0.0, **keywords: object
) -> tuple[Declared, ...]:
    """ActivityRegularization: a term of the loss."""
    return identity(call, **keywords)


def dropout(
    call: Call, rate: object, noise_shape: object = None, seed: object = None, **keywords: object
) -> tuple[Declared, ...]:
    """Dropout and AlphaDropout."""
    return finish(call, keywords, Dropout(number(call, "rate", rate, 0, 1)))


def gaussian_dropout(
    call: Call, rate: object, seed: object = None, **keywords: object
) -> tuple[Declared, ...]:
    """GaussianDropout."""
    return dropout(call, rate, **keywords)


def gaussian_noise(
    call: Call, stddev: object, seed: object = None, **keywords: object
) -> tuple[Declared, ...]:
    """GaussianNoise."""
    return finish(call, keywords, Noise(number(call, "stddev", stddev, 0, 1)))


def spatial_dropout1d(
    call: Call, rate: object, seed: object = None, name: object = None, dtype: object = None
) -> tuple[Declared, ...]:
    """SpatialDropout1D: whole channels are dropped."""
    layer = Dropout(number(call, "rate", rate, 0, 1))
    return finish(call, {}, Declared(layer, Expects(call.words, (call.rank,))))


def spatial_dropout(
    call: Call,
    rate: object,
    data_format: object = None,
    seed: object = None,
    name: object = None,
    dtype: object = None,
) -> tuple[Declared, ...]:
    """SpatialDropout2D and SpatialDropout3D."""
    call.data_format(data_format)
    return spatial_dropout1d(call, rate)


def rescaling(
    call: Call, scale: object, offset: object = 0.0, **keywords: object
) -> tuple[Declared, ...]:
    """Rescaling, by numbers for all channels or for each."""
    factors = tuple(scale) if isinstance(scale, tuple | list) else (scale,)
    offsets = tuple(offset) if isinstance(offset, tuple | list) else (offset,)
    factors = tuple(number(call, "scale", each) for each in factors)
    offsets = tuple(number(call, "offset", each) for each in offsets)
    return finish(call, keywords, Rescale(factors, offsets))


def _at_least_0(call: Call, name: str, value: object) -> float:
    return number(call, name, value, 0)


POINTWISE: Vocabulary = {
    "Activation": (activation_layer, 0),
    "ActivityRegularization": (activity_regularization, 0),
    "AlphaDropout": (dropout, 0),
    "Dense": (dense, 0),
    "Dropout": (dropout, 0),
    "Embedding": (embedding, 0),
    "ELU": (elu, 0),
    "GaussianDropout": (gaussian_dropout, 0),
    "GaussianNoise": (gaussian_noise, 0),
    "Identity": (identity, 0),
    "LeakyReLU": (leaky_relu, 0),
    "Masking": (masking, 0),
    "PReLU": (prelu, 0),
    "ReLU": (relu, 0),
    "Rescaling": (rescaling, 0),
    "Softmax": (softmax, 0),
    "SpatialDropout1D": (spatial_dropout1d, 1),
    "SpatialDropout2D": (spatial_dropout, 2),
    "SpatialDropout3D": (spatial_dropout, 3),
}
