"""Keras's TimeDistributed: sizes, weights and names as Keras has them, from source and live."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc import Report, SpecError, analyze, convert, verify
from cnncalc.live import from_keras
from tests.frameworks.live_keras import keras_or_skip
from tests.live.telling import told
from tests.source.reading import refused, report_of
from tests.verification.standing_in import installed_or_skip

pytestmark = pytest.mark.filterwarnings("ignore")  # Keras's own
HEAD = """import keras
from keras import layers, ops
from keras.layers import TimeDistributed
"""
SEQUENTIAL = f"""{HEAD}
model = keras.Sequential()
model.add(TimeDistributed(layers.Conv2D(8, 3, padding="same", activation="relu"),
                          input_shape=(6, 16, 16, 3)))
model.add(TimeDistributed(layers.BatchNormalization()))
model.add(TimeDistributed(layers.MaxPooling2D(2)))
model.add(TimeDistributed(layers.DepthwiseConv2D(3, trainable=False), name="deep"))
model.add(TimeDistributed(layers.Flatten()))
model.add(TimeDistributed(layers.Dense(10)))
model.add(layers.GlobalAveragePooling1D())
model.add(layers.Dense(4, activation="softmax"))
"""
MODELS = f"""{HEAD}
class Block(layers.Layer):
    def __init__(self, n, **options):
        super().__init__(**options)
        self.conv = layers.Conv2D(n, 3, padding="same", name="inner")
        self.bn = layers.BatchNormalization(name="norm")

    def build(self, shape):
        self.conv.build(shape)
        self.bn.build((*shape[:-1], self.conv.filters))
        self.built = True

    def compute_output_shape(self, shape):
        return (*shape[:-1], self.conv.filters)

    def call(self, x, training=None):
        return x * ops.sigmoid(self.bn(self.conv(x)))


def small():
    return keras.Sequential([
        keras.Input((8, 8, 3)),
        layers.SeparableConv2D(4, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(6),
    ], name="small")


def branches():
    image = keras.Input((8, 8, 3))
    y = layers.Conv2D(3, 3, padding="same", name="c1")(image)
    y = layers.Concatenate()([layers.Add()([y, image]), image])
    return keras.Model(image, layers.GlobalAveragePooling2D()(y), name="branches")


def make():
    x = keras.Input((5, 8, 8, 3), name="video")
    y = TimeDistributed(Block(3))(x)
    shared = small()
    a, b = TimeDistributed(shared, name="one")(y), TimeDistributed(shared, name="two")(x)
    c = TimeDistributed(branches(), name="three")(x)
    z = layers.Concatenate()([a, b, c])
    z = TimeDistributed(layers.LayerNormalization())(z)
    return keras.Model(x, layers.Dense(2)(layers.GlobalMaxPooling1D()(z)), name="frames")


model = make()
"""
NESTED = f"""{HEAD}
x = keras.Input((2, 5, 8, 8, 3))
y = TimeDistributed(TimeDistributed(layers.Conv2D(4, 3, activation="relu")))(x)
y = TimeDistributed(layers.Conv3D(4, (1, 3, 3)), trainable=False)(y)
y = TimeDistributed(layers.Flatten())(y)
still = TimeDistributed(layers.Dense(3))
still.trainable = False
model = keras.Model(x, still(y))
"""
FIRST = f"""{HEAD}
x = keras.Input((5, 3, 9, 8))
y = TimeDistributed(layers.Conv2D(4, 3, data_format="channels_first"))(x)
y = TimeDistributed(layers.BatchNormalization(axis=1))(y)
y = TimeDistributed(layers.MaxPooling2D(2, data_format="channels_first"))(y)
model = keras.Model(x, TimeDistributed(layers.Flatten(data_format="channels_first"))(y))
"""
SOURCES = {"sequential": SEQUENTIAL, "models": MODELS, "nested": NESTED, "channels first": FIRST}
each_source = pytest.mark.parametrize("text", SOURCES.values(), ids=list(SOURCES))


def built(text: str) -> Any:
    keras = keras_or_skip()
    keras.utils.clear_session()
    names: dict[str, Any] = {}
    exec(text, names)
    return names["model"]


def read(text: str) -> Report:
    return report_of(text, entry="model")


@each_source
def test_against_keras(text: str) -> None:
    """Totals, what is trained, and every shape that Keras says."""
    model, report = built(text), read(text)
    assert report.total.params == model.count_params()
    trained = sum(int(keras_or_skip().ops.size(each)) for each in model.trainable_weights)
    assert report.total.trainable == trained
    assert report.shape(report.rows[-1].output_shape) == list(model.output_shape[1:])
    rows = {row.name: row for row in report.rows}
    for layer in model.layers[1:]:
        if layer.name in rows and "activation" not in layer.get_config():
            shape = report.shape(rows[layer.name].output_shape)
            assert shape == list(layer.output.shape[1:]), layer.name


@each_source
def test_live(text: str) -> None:
    """The model itself is read as its source is, and stays as it is."""
    model = built(text)
    before = model.count_params()
    report = analyze(from_keras(model))
    assert told(report) == told(read(text))
    assert model.count_params() == before == report.total.params


@pytest.mark.parametrize("executor", ["bundled", "torch", "keras", "onnxruntime"])
@each_source
def test_runs(executor: str, text: str) -> None:
    """Shapes, weights and receptive fields."""
    installed_or_skip(executor)
    found = verify(read(text).network, executor=executor).verify
    assert found is not None
    assert (found["mismatches"], found["unchecked"]) == ([], [])


@each_source
def test_is_written_as_itself(text: str) -> None:
    """A program that Keras takes, with as many weights, read back as the same layers."""
    report = read(text)
    written = convert(report.network, "keras")
    assert "layers.TimeDistributed(" in written
    back = report_of(written)
    if report.layout == "channels-last":
        assert [row.kind for row in back.layers] == [row.kind for row in report.layers]
    assert (back.total.params, back.total.macs) == (report.total.params, report.total.macs)
    assert built(written).count_params() == report.total.params


def test_macs_and_names() -> None:
    """The wrapper's name stands for its layer's; MACs are those of all steps in time."""
    report = read(SEQUENTIAL)
    names = [row.name for row in report.layers]
    assert names[:5] == [
        *("time_distributed", "time_distributed/relu", "time_distributed_1"),
        *("time_distributed_2", "deep"),
    ]
    assert report.rows[1].macs == 6 * 16 * 16 * 8 * 27
    assert [weight.name for weight in report.rows[1].weights] == ["kernel", "bias"]
    assert report.rows[1].weights[0].shape == (3, 3, 3, 8)
    rows = {row.name: row for row in read(MODELS).rows}
    assert {"time_distributed/inner", "one/dense", "three/c1"} <= {*rows}
    assert rows["two/dense"].shares is not None


def test_sizes_that_are_left_open() -> None:
    text = SEQUENTIAL.replace("(6, 16, 16, 3)", "(None, 16, 16, 3)")
    report = report_of(text, (9, 16, 16, 3), "model")
    assert report.rows[1].macs == 9 * 16 * 16 * 8 * 27


REFUSED = [
    ("TimeDistributed(layers.Dense)", "takes a layer of Keras, not the class `Dense`"),
    ("TimeDistributed()", "takes a layer of Keras, not None"),
    ("TimeDistributed(layers.Dense(3), units=4)", "has no argument `units`"),
    ("TimeDistributed(layers.Conv1D(3, 9))", "the kernel spans 9"),
    ("TimeDistributed(layers.Conv2D(3, 1))", "takes maps of 2 spatial axes"),
    ("TimeDistributed(TimeDistributed(TimeDistributed(layers.Dense(3))))", "two or more"),
    ("TimeDistributed(layers.LSTM(3, return_state=True))", "gives one tensor"),
    ("TimeDistributed(layers.Lambda(lambda y: (y, y)))", "gives one tensor"),
    ("TimeDistributed(layers.Lambda(lambda y: x))", "none of its input"),
]


@pytest.mark.parametrize(("words", "message"), REFUSED)
def test_refused(words: str, message: str) -> None:
    text = f"{HEAD}\nx = keras.Input((5, 8, 3))\nmodel = keras.Model(x, {words}(x))\n"
    assert message in refused(text).message


def test_what_was_followed_ends_before_it() -> None:
    """One step in time is no step of the model."""
    text = (
        f"{HEAD}\nx = keras.Input((5, 8, 3))\ny = layers.ReLU()(x)\n"
        "step = layers.Lambda(lambda y: ops.tanh(y).numpy())\n"
        "model = keras.Model(x, TimeDistributed(step)(y))\n"
    )
    with pytest.raises(SpecError) as caught:
        analyze(text)
    assert caught.value.report is not None
    assert [row.kind for row in caught.value.report.rows] == ["input", "relu"]


def test_a_recurrent_layer_at_each_entry() -> None:
    """As many sequences as there are entries, of one set of weights."""
    text = "keras.Sequential([keras.Input((4, 6, 5)), layers.TimeDistributed(layers.LSTM(3))])"
    report = analyze(f"import keras\nfrom keras import layers\nmodel = {text}\n")

    assert report.shape(report.rows[-1].output_shape) == [4, 3]
    assert report.total.params == 4 * 3 * (5 + 3 + 1)
    assert report.total.macs == 4 * 6 * 4 * 3 * (5 + 3)
