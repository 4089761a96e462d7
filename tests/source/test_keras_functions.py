"""`keras.ops` that move values or take parts, read from source; and what of them is refused."""

from __future__ import annotations

import pytest

from cnncalc.layers.base import Shape
from tests.frameworks.live_keras import keras_or_skip
from tests.source.reading import refused, report_of

# What is computed of x, a map of 8×6 with 4 channels: what comes out, channels last.
CASES: list[tuple[str, Shape]] = [
    ("ops.expand_dims(x, 1)", (1, 8, 6, 4)),
    ("ops.expand_dims(x, -1)", (8, 6, 4, 1)),
    ("ops.expand_dims(ops.mean(x, axis=(1, 2)), (1, 2))", (1, 1, 4)),
    ("ops.squeeze(ops.mean(x, axis=1, keepdims=True), 1)", (6, 4)),
    ("ops.squeeze(ops.mean(x, axis=(1, 2), keepdims=True))", (4,)),
    ("ops.squeeze(ops.max(x, axis=(1, 3), keepdims=True), (1, 3))", (6,)),
    ("ops.transpose(x, (0, 3, 1, 2))", (4, 8, 6)),
    ("ops.swapaxes(x, 1, -1)", (4, 6, 8)),
    ("ops.split(x, 2, axis=-1)[1]", (8, 6, 2)),
    ("ops.split(x, [1, 5], axis=1)[1]", (4, 6, 4)),
    ("x[:, 0]", (6, 4)),
    ("x[:, -1, 2:]", (4, 4)),
    ("x[..., 0]", (8, 6)),
    ("x[..., 1:, 3]", (8, 5)),
    ("x[:, :, 0, 0]", (8,)),
    ("x[:, None]", (1, 8, 6, 4)),
    ("x[..., None, 0]", (8, 6, 1)),
    ("x[:, 1, None, ::2, -1]", (1, 3)),
    ("ops.moveaxis(x, 1, -1)", (6, 4, 8)),
    ("ops.moveaxis(x, -1, 1)", (4, 8, 6)),
    ("ops.moveaxis(x, (1, 2), (3, 1))", (6, 4, 8)),
    ("ops.flip(x, axis=2)", (8, 6, 4)),
    ("ops.flip(x, axis=(1, -1))", (8, 6, 4)),
    ("ops.roll(x, 3, axis=1)", (8, 6, 4)),
    ("ops.roll(x, (-1, 2), axis=(1, 3))", (8, 6, 4)),
    ("ops.take(x, 0, axis=1)", (6, 4)),
    ("ops.take(x, -1, -1)", (8, 6)),
    ("ops.take(x, [0, 3, 1, 1], axis=-1)", (8, 6, 4)),
    ("ops.stack([x, ops.relu(x)], axis=1)", (2, 8, 6, 4)),
    ("ops.stack([x, x, x], axis=-1)", (8, 6, 4, 3)),
    ("ops.repeat(x, 3, axis=1)", (24, 6, 4)),
    ("ops.repeat(x, 2, -1)", (8, 6, 8)),
    ("ops.tile(x, (1, 2, 1, 3))", (16, 6, 12)),
    ("ops.tile(x, 2)", (8, 6, 8)),
    ("ops.norm(x, axis=-1)", (8, 6)),
    ("ops.norm(x, ord=1, axis=1, keepdims=True)", (1, 6, 4)),
    ("ops.norm(x, axis=(1, 2))", (4,)),
    ("ops.max_pool(x, 2)", (4, 3, 4)),
    ("ops.average_pool(x, (3, 2), strides=1, padding='same')", (8, 6, 4)),
    ("ops.max_pool(ops.mean(x, axis=2), 3)", (2, 4)),
    ("ops.maximum(x, ops.negative(x))", (8, 6, 4)),
    ("ops.minimum(ops.sqrt(x), ops.square(x))", (8, 6, 4)),
    ("ops.maximum(x, 1e-7) + ops.minimum(6, x)", (8, 6, 4)),
    ("keras.layers.Activation(lambda t: t * ops.sigmoid(t))(x)", (8, 6, 4)),
    ("keras.layers.Activation(activation=lambda t: ops.relu6(t + 3) / 6)(x)", (8, 6, 4)),
    ("keras.layers.Dense(5, lambda t: ops.tanh(t))(x)", (8, 6, 5)),
    ("keras.layers.Conv2D(5, 3, activation=lambda t: ops.tanh(t))(x)", (6, 4, 5)),
    ("ops.abs(ops.exp(x)) + ops.absolute(ops.log(x))", (8, 6, 4)),
    ("ops.power(ops.rsqrt(x), 3)", (8, 6, 4)),
    ("ops.true_divide(x, 2)", (8, 6, 4)),
    ("ops.softmax(x, axis=1)", (8, 6, 4)),
    ("keras.activations.get('relu')(x) + keras.activations.get(None)(x)", (8, 6, 4)),
    (
        "keras.layers.Activation(keras.activations.serialize(keras.activations.get('elu')))(x)",
        (8, 6, 4),
    ),
]
REFUSED = [
    ("ops.squeeze(x, 1)", "only axes of one can be squeezed"),
    ("ops.squeeze(x, 0)", "axis 0 is the batch"),
    ("ops.squeeze(x, 4)", "4 is no axis of a tensor of 4"),
    ("ops.expand_dims(x, 0)", "axis 0 is the batch"),
    ("ops.transpose(x, (1, 0, 2, 3))", "moves the batch from the front"),
    ("ops.transpose(x)", "moves the batch from the front"),
    ("ops.transpose(x, (0, 1, 2))", "Permute"),
    ("ops.split(x, 3, axis=-1)", "an axis of 4 can't be split into 3 equal parts"),
    ("ops.split(x, 0, axis=-1)", "an axis of 4 can't be split into 0 equal parts"),
    ("ops.maximum(x, 'two')", "this works on tensors that flow"),
    ("x[0]", "takes a part of the batch"),
    ("x[None]", "takes a part of the batch"),
    ("x[:, 8]", "index 8 is out of an axis of 8"),
    ("x[:, 0, 0, 0, 0]", "too many indices for a tensor of 4 axes"),
    ("x[:, 'a']", "an index of a text can't be followed"),
    ("ops.moveaxis(x, 0, 1)", "axis 0 is the batch"),
    ("ops.moveaxis(x, (1, 2), 1)", "as many places as axes"),
    ("ops.flip(x)", "axis 0 is the batch"),
    ("ops.roll(x, 1)", "axis 0 is the batch"),
    ("ops.roll(x, (1, 2), axis=1)", "a whole number for each axis"),
    ("ops.take(x, 0)", "axis 0 is the batch"),
    ("ops.take(x, [0, 8], axis=1)", "8 is out of an axis of 8"),
    ("ops.stack([x, x])", "axis 0 is the batch"),
    ("ops.stack([], axis=1)", "`stack` of nothing"),
    ("ops.repeat(x, 2)", "axis 0 is the batch"),
    ("ops.repeat(x, x, axis=1)", "is no number of times"),
    ("ops.tile(x, (2, 1, 1, 1))", "copies along the batch"),
    ("ops.norm(x, ord=3, axis=1)", "only norms of vectors with ord 1 or 2"),
    ("ops.norm(x, ord=2, axis=(1, 2))", "only norms of vectors with ord 1 or 2"),
    ("ops.max_pool(ops.mean(x, axis=(1, 2)), 2)", "1 to 3 spatial axes"),
]


def source(code: str) -> str:
    return (
        "import keras\nfrom keras import ops\n"
        f"x = keras.Input((8, 6, 4))\nmodel = keras.Model(x, {code})\n"
    )


@pytest.mark.parametrize(("code", "shape"), CASES)
def test_what_comes_out(code: str, shape: Shape) -> None:
    report = report_of(source(code))
    assert tuple(report.shape(report.rows[report.outputs[0]].output_shape)) == shape


@pytest.mark.parametrize(("code", "shape"), CASES)
def test_keras_agrees(code: str, shape: Shape) -> None:
    keras = keras_or_skip()
    names = {"keras": keras, "ops": keras.ops, "x": keras.Input((8, 6, 4))}
    assert tuple(eval(code, names).shape[1:]) == shape


@pytest.mark.parametrize(("code", "message"), REFUSED)
def test_what_is_refused(code: str, message: str) -> None:
    assert message in refused(source(code)).message


def test_softmax_keeps_its_axis() -> None:
    """Along the height, a unit sees its whole column."""
    report = report_of(source("ops.softmax(x, axis=1)"))
    assert report.rows[1].text == "softmax:axis=1"


def test_a_product_with_weights_is_along_the_last_axis() -> None:
    """Which is kept in front inside, as Dense has it."""
    text = """
import keras
from keras import layers
class Project(layers.Layer):
    def build(self, shape):
        self.w = self.add_weight(shape=(6, 4))
    def call(self, x):
        return x @ self.w
x = keras.Input((5, 6))
model = keras.Model(x, Project()(x))
"""
    report = report_of(text)
    row = report.layers[-1]
    assert report.shape(row.output_shape) == [5, 4]
    assert (row.params, row.macs) == (24, 120)


@pytest.mark.parametrize("activation", ["f", "activation=f"])
def test_a_function_as_activation_is_all_that_the_layer_does(activation: str) -> None:
    text = (
        "from keras import Sequential, layers\n"
        "def f(x):\n    return layers.ReLU(6.0)(x)\n"
        f"model = Sequential([layers.Input((8, 6, 4)), layers.Activation({activation})])\n"
    )
    assert [row.text for row in report_of(text).layers] == ["relu6"]


@pytest.mark.parametrize(
    ("bounded", "written"),
    [
        ("ops.maximum(0.5, x)", "hardtanh:0.5,high=inf"),
        ("ops.minimum(x, 6)", "hardtanh:-inf,high=6"),
    ],
)
def test_a_number_bounds_from_its_own_side(bounded: str, written: str) -> None:
    assert report_of(source(bounded)).rows[1].text == written


SAMPLED = """
from keras import Model, Input, layers, ops, random
class Sampling(layers.Layer):
    def call(self, pair):
        mean, variance = pair
        batch, size = ops.shape(mean)
        drawn = random.normal(shape=(batch, size))
        return mean + ops.exp(0.5 * variance) * drawn
x = Input((8,))
mean = layers.Dense(3)(x)
model = Model(x, layers.Dense(8)(Sampling()([mean, layers.Dense(3)(x)])))
"""


@pytest.mark.parametrize("size", ["size", "2"])
def test_what_is_drawn_is_a_tensor_of_its_size(size: str) -> None:
    """A variational network samples like that; other sizes than the mean's are told."""
    text = SAMPLED.replace("(batch, size))", f"(batch, {size}))")
    if size == "2":
        assert "3" in refused(text).message
        return
    report = report_of(text)
    assert report.total.params == 2 * (8 * 3 + 3) + 3 * 8 + 8
    assert report.shape(report.layers[-1].output_shape) == [8]
