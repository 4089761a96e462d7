"""Live Keras models against what Keras says of them, a run, and their source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc import CnnCalcError
from cnncalc.live import from_keras
from tests.frameworks.live_keras import keras_or_skip
from tests.live.keras_models import MODELS
from tests.live.telling import told
from tests.source.reading import SAMPLES, report_of_file, unpacked_wheel
from tests.source.test_samples import live_module

# Models of keras.applications, and their files in Keras's wheel.
APPLICATIONS = {
    "ConvNeXtTiny": "convnext",
    "DenseNet121": "densenet",
    "EfficientNetB0": "efficientnet",
    "EfficientNetV2B0": "efficientnet_v2",
    "InceptionV3": "inception_v3",
    "MobileNet": "mobilenet",
    "MobileNetV2": "mobilenet_v2",
    "MobileNetV3Large": "mobilenet_v3",
    "MobileNetV3Small": "mobilenet_v3",
    "ResNet50": "resnet",
    "ResNet50V2": "resnet_v2",
    "VGG16": "vgg16",
    "Xception": "xception",
}
pytestmark = pytest.mark.filterwarnings("ignore")  # Keras's own
OPEN = ("MobileNetV3Large", "MobileNetV3Small")  # the size of their input is left open


@pytest.fixture(autouse=True)
def _fresh() -> None:
    """Names count from the start."""
    keras_or_skip().utils.clear_session()


def built(name: str) -> Any:
    return MODELS[name](keras_or_skip())


def count(weights: Any) -> int:
    return sum(int(keras_or_skip().ops.size(each)) for each in weights)


def check_layers(model: Any, report: cnncalc.Report, prefix: str = "") -> None:
    """The rows of a functional model's layers have their shapes and weights."""
    keras = keras_or_skip()
    rows = {row.name: row for row in report.rows}
    for layer in model.layers:
        if isinstance(layer, keras.Sequential):
            check_layers(layer, report, prefix)
        elif isinstance(layer, keras.Model):
            check_layers(layer, report, f"{prefix}{layer.name}/")
        elif prefix + layer.name in rows:
            row = rows[prefix + layer.name]
            if not isinstance(layer, keras.layers.InputLayer):
                assert row.params == (layer.count_params() if layer.weights else 0), layer.name
                assert row.trainable == count(layer.trainable_weights), layer.name
            if "activation" not in layer.get_config() and None not in layer.output.shape[1:]:
                assert report.shape(row.output_shape) == list(layer.output.shape[1:])


@pytest.mark.parametrize("name", MODELS)
def test_against_keras(name: str) -> None:
    """Totals, every layer, and the shapes of a real run."""
    keras = keras_or_skip()
    import numpy as np

    model = built(name)
    report = cnncalc.analyze(from_keras(model))

    assert report.total.params + report.total.unused_params == model.count_params()
    assert report.total.trainable == count(model.trainable_weights)
    inputs = [row for row in report.rows if row.kind == "input"]
    arrays = [np.ones((2, *report.shape(row.output_shape)), "float32") for row in inputs]
    outputs = keras.tree.flatten(model(arrays if len(arrays) > 1 else arrays[0]))
    shapes = [report.shape(report.rows[number].output_shape) for number in report.outputs]
    assert shapes == [list(each.shape[1:]) for each in outputs]
    if name not in ("custom", "subclassed", "two"):
        check_layers(model, report)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_applications(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every layer's output and weights, and all that the model's source says."""
    keras = keras_or_skip()
    size = (224, 224, 3) if name in OPEN else None
    model = getattr(keras.applications, name)(weights=None)
    report = cnncalc.analyze(from_keras(model, size))

    assert report.total.params == model.count_params()
    assert report.total.trainable == count(model.trainable_weights)
    rows = {row.name for row in report.rows}
    assert not [each.name for each in model.layers
                if each.name not in rows and not isinstance(each, keras.Sequential)]  # fmt: skip
    check_layers(model, report)
    home = Path(keras.__file__).parent / "src" / "applications"
    if not home.exists():
        home = unpacked_wheel("keras", tmp_path_factory.mktemp("wheel")) / "src" / "applications"
    source = report_of_file(
        home / f"{APPLICATIONS[name]}.py", size, f"{name}(weights=None)", "keras"
    )
    assert told(report) == told(source)


@pytest.mark.parametrize(
    ("file", "name", "size"),
    [
        ("keras_functional.py", "model", None),
        ("keras_subclass.py", "Net", (32, 32, 3)),
        ("keras_transfer.py", "model", None),
        ("keras_transfer.py", "cut", None),
    ],
)
def test_against_its_source(file: str, name: str, size: Any) -> None:
    model = getattr(live_module(file), name)
    if isinstance(model, type):
        model = model()
        model(keras_or_skip().ops.zeros((2, *size)))
    live = cnncalc.analyze(from_keras(model, size))

    assert told(live) == told(report_of_file(SAMPLES / file, size, name))


def state(model: Any) -> Any:
    """What of a model may not change: its weights by identity and value, flags, nodes, names."""
    layers = model._flatten_layers()
    return (
        [(id(each), each.path, each.trainable, float(each.numpy().sum()))
         for each in model.weights],
        [
            (id(each), each.name, each.built, each.trainable, len(each._inbound_nodes),
             len(each._outbound_nodes), sorted(vars(each)))
            for each in layers
        ],
    )  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_the_model_stays_as_it_is(name: str) -> None:
    """Nothing is run on data, and nothing that Keras keeps of the model changes."""
    model = built(name)
    layer = list(model._flatten_layers())[-1]
    ran = []
    call = layer.call

    def watched(x: Any, *args: Any, **options: Any) -> Any:
        ran.append(hasattr(x, "numpy"))
        return call(x, *args, **options)

    before = state(model)
    vars(layer)["call"] = watched
    try:
        cnncalc.analyze(from_keras(model))
    finally:
        del vars(layer)["call"]
    assert not any(ran)
    assert state(model) == before


def test_an_open_size() -> None:
    """A model of any size is worked out at several, and its channels are fixed."""
    keras = keras_or_skip()
    model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(4, 3, name="c")])
    network = from_keras(model)

    sizes = [cnncalc.analyze(network, (n, n, 3)).rows[1].output_shape for n in (8, 9)]
    assert sizes == [(4, 6, 6), (4, 7, 7)]
    assert cnncalc.analyze(from_keras(model, (8, 8, 3))).rows[1].output_shape == (4, 6, 6)
    assert [str(size) for size in cnncalc.analyze(network).rows[1].output_shape[1:]] == [
        "H - 2",
        "W - 2",
    ]
    with pytest.raises(CnnCalcError, match=r"for an input of \?×\?×3, not of 8×8×4"):
        cnncalc.analyze(network, (8, 8, 4))


def test_written_in_other_notations() -> None:
    """What was read live is verified and converted like any other network."""
    network = from_keras(built("sequential"))

    assert cnncalc.verify(network).verify["ok"]  # type: ignore[index]
    text = cnncalc.convert(network, "compact")
    assert isinstance(text, str)
    again = cnncalc.analyze(text)
    assert again.total.macs == cnncalc.analyze(network).total.macs


def refusals(keras: Any) -> dict[str, tuple[Any, str]]:
    """What can't be read, and what is said of it."""
    layers, ops = keras.layers, keras.ops
    image, row = keras.Input((8, 8, 3)), keras.Input((8, 3))

    def of(x: Any, source: Any = image) -> Any:
        return keras.Model(source, x)

    class Opaque(layers.Layer):  # type: ignore[misc, name-defined]
        def call(self, x: Any) -> Any:
            return ops.sort(x)

    class Breaks(layers.Layer):  # type: ignore[misc, name-defined]
        def call(self, x: Any) -> Any:
            if hasattr(x, "_keras_history"):
                raise ValueError("no symbols here")
            return x

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    class Twice(layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__(name="twice")
            self.dense = layers.Dense(3, name="dense")

        def call(self, x: Any) -> Any:
            return self.dense(x) * self.dense.bias

    class Unbuilt(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__(name="half")
            self.dense = layers.Dense(3, name="late")
            self.built = True

        def call(self, x: Any) -> Any:
            return self.dense(x)

    lora = of(layers.Dense(3, name="low")(image))
    lora.get_layer("low").enable_lora(2)
    frozen = of(layers.Dense(3, name="part")(image))
    frozen.get_layer("part").kernel.trainable = False
    outside = layers.Dense(3, name="outside")
    outside.build((None, 8, 8, 3))
    return {
        "layer": (layers.Dense(3), "takes a keras.Model, not a Dense"),
        "word": ("model", "takes a keras.Model, not a str"),
        "not built": (keras.Sequential([layers.Dense(3)], name="s"), "the model `s` isn't built"),
        "half built": (Unbuilt(), "the size of the input of `half` isn't known"),
        "lstm": (
            of(layers.RNN([layers.LSTMCell(4), layers.LSTMCell(5)], name="l")(row), row),
            "is a `StackedRNNCells`, which is not known",
        ),
        "custom": (of(Opaque(name="o")(image)), "`keras.ops.sort` "),
        "broken": (
            of(Breaks(name="b")(image)),
            "the `call` of `b`, a `Breaks`, can't be followed: no symbols here",
        ),
        "lambda": (
            of(layers.Lambda(lambda x: ops.cumsum(x, axis=1), name="lam")(image)),
            "`keras.ops.cumsum` ",
        ),
        "capture": (
            of(layers.Lambda(lambda x: outside(x), name="lam")(image)),
            "is no weight of it",
        ),
        "activation": (
            of(layers.Conv2D(3, 3, activation=lambda x: x, name="c")(image)),
            "`c` has the activation `<lambda>`",
        ),
        "slopes": (
            of(layers.Conv2D(3, 3, activation=layers.PReLU(), name="c")(image)),
            "`c` has 192 parameters as it is read, and 84 in Keras",
        ),
        "twice": (of(Twice()(image)), "the weight `twice/dense/bias` belongs to several layers"),
        "lora": (lora, "`low` has low-rank adaptation"),
        "one weight": (frozen, "`part` keeps its `kernel` from training and trains the rest"),
    }


REFUSED = (
    "layer", "word", "not built", "half built", "lstm", "custom", "broken", "lambda",
    "capture", "activation", "slopes", "twice", "lora", "one weight",
)  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    model, message = refusals(keras_or_skip())[name]
    with pytest.raises(CnnCalcError) as caught:
        cnncalc.analyze(from_keras(model))
    assert message in str(caught.value)


def test_a_layer_that_is_not_built_stays_so() -> None:
    model, _ = refusals(keras_or_skip())["half built"]
    with pytest.raises(CnnCalcError, match="`late` in `half` isn't built"):
        from_keras(model, (3,))
    assert not model.dense.built


def test_a_layer_from_outside_stays_as_it_is() -> None:
    """What a Lambda calls is no layer of the model, and keeps no note of it either."""
    keras = keras_or_skip()
    layer = keras.layers.Dense(3, name="outside")
    layer.build((None, 8, 8, 3))
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, keras.layers.Lambda(lambda x: layer(x))(image))
    with pytest.raises(CnnCalcError, match=r"`outside/\w+` is used by .* and is no weight of it"):
        from_keras(model)
    assert not layer._inbound_nodes


def test_layers_that_are_called_as_the_program_calls_things() -> None:
    """Its variables, what it imports, and words of Python; each layer is used twice."""
    keras = keras_or_skip()
    names = ["layers", "keras", "ops", "model", "class", "in", *(f"x{n}" for n in range(28, 38))]
    used = [keras.layers.Dense(3, name=name) for name in names]
    x = image = keras.Input((4, 4, 3), name="x0")
    for layer in (*used, *used):
        x = layer(x)
    model = keras.Model(image, x)
    report = cnncalc.analyze(from_keras(model))

    assert [row.name for row in report.layers] == [*names, *(f"{name}#2" for name in names)]
    assert report.total.params == model.count_params()


def test_wrong_sizes() -> None:
    for size in ("8x8xc", "", 3.0, (8, 0, 3), (True, 3)):
        with pytest.raises(CnnCalcError, match="can't take the input"):
            from_keras(built("sequential"), size)  # type: ignore[arg-type]
    with pytest.raises(CnnCalcError, match="was built for an input of 16×14×3, not of 8×8×3"):
        cnncalc.analyze(from_keras(built("sequential")), (8, 8, 3))


def test_without_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(CnnCalcError, match="needs Keras, which isn't installed") as caught:
        from_keras(object())
    assert caught.value.help == "pip install 'cnncalc[keras]'"
