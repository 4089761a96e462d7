"""The executor `keras`: real Keras layers agree with predictions, and faults are caught."""

from __future__ import annotations

import logging
from functools import partial
from importlib.util import find_spec

import pytest
from hypothesis import given, settings

import cnncalc
from cnncalc.errors import CnnCalcError, SpecError
from cnncalc.executors import find
from cnncalc.executors.storage import Storage
from cnncalc.layers import KINDS, Layer, Shape
from cnncalc.layers.merge import Input
from cnncalc.network import Network, Step
from tests.executors import common
from tests.executors.common import check_broken_output, drawn
from tests.executors.test_arrays import LEARNING, alone, raise_predictions, sample, takes
from tests.library import report
from tests.strategies import specs

QUICK = [
    "lenet5",
    "inception",
    "mobilenet-blocks",
    "squeezenet1_1",
    "resnet18",
    "dcgan",
    "shufflenet_v2_x1_0",
]


@pytest.fixture(autouse=True)
def installed() -> None:
    if find_spec("keras") is None:
        pytest.skip("Keras is not installed")


verified = partial(common.verified, "keras")


@pytest.mark.parametrize("name", QUICK)
def test_examples_agree(name: str) -> None:
    """Sizes and tensors of every step."""
    outcome = verified(report(name).network, report(name).input)

    assert outcome["mismatches"] == []
    assert outcome["unchecked"] == []
    assert outcome["checked"]["shapes"] == len(report(name).layers)


@pytest.mark.parametrize(
    "spec",
    [
        "8x9x9 se:2",
        "8x9x9 scale shift",
        "8x9x9 slice:1..5 slice:0..4,axis=1",
        "8x9x9 reduce:mean,axes=0",
        "8x9x9 reduce:max,axes=2,keep",
        "8x9x9 gap:keep expand:8x5x6",
        "8x9x9 abs sqrt power:3",
        "8x9x9 convt:4,k3,s2,p1,op1,g2,d2",
        "8x9x9 conv:4,k3,s2,d2,p1:2,mode=reflect dwconv:3,s2x1",
        "8x9x9 maxpool:3,s2,p1,ceil avgpool:2,s2,p1,ceil lppool:2,ceil",
        "8x9x9 maxpool:3,d2 avgpool:2,divisor=3",
        "8x9 upsample:1.5,mode=linear,corners upsample:2,mode=linear",
        "8x9x9 adaptiveavg:4x5 adaptivemax:3",
        "8x9x9 unfold:3,p1 fold:3,size=9x9,p1",
        "8x9x9 lrn:3 softmin:axis=1 glu:axis=0 bn:nostats",
        "4x8x8 pixelshuffle:2 pixelunshuffle:4 chshuffle:4",
    ],
)
def test_what_has_no_class_is_computed(spec: str) -> None:
    """By Keras's functions."""
    outcome = verified(spec)

    assert outcome["mismatches"] == outcome["unchecked"] == []


def test_no_prediction_is_asked_during_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them raise while every kind runs."""
    runs = [
        (alone(layer), shape)
        for layer, shapes in map(sample, LEARNING)
        for shape in shapes
        if takes(layer, shape)
    ]
    raise_predictions(monkeypatch)

    for network, shape in runs:
        done = find("keras").run(network, shape)

        assert (done.steps[1].error, done.steps[1].built) == (None, True), (network.steps, shape)


def test_arrays_that_do_not_say_what_they_take() -> None:
    """TensorFlow's have no `nbytes`: they are kept and freed all the same."""
    storage = Storage(alone(sample("relu")[0]).steps, (1,))
    storage.keep(0, object())

    assert storage.values[0] is not None
    assert storage.most_bytes == 0


def test_devices() -> None:
    with pytest.raises(CnnCalcError, match="`cuda` is no device of the executor `keras`") as error:
        verified("8 relu", device="cuda")
    assert (error.value.code, error.value.help) == ("device", "`cpu`")


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16", "int8"])
def test_dtypes(dtype: str) -> None:
    """Each runs; whole numbers are computed in float32, and JAX by itself has nothing wider."""
    outcome = verified("3x16x16 conv:4,k3 bn relu gap linear:2", dtype=dtype, batch=2)
    import keras

    narrowed = {"int8"} | ({"float64"} if keras.backend.backend() == "jax" else set())
    assert outcome["ok"]
    assert outcome["dtype"] == ("float32" if dtype in narrowed else dtype)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (KINDS["reshape"]((5, 7)), (4, 9, 9)),
        (KINDS["permute"]((1, 0)), (4, 9, 9)),
        (KINDS["add"](), (4, 9, 9)),
    ],
)
def test_what_does_not_fit_is_evidence(layer: Layer, shape: Shape) -> None:
    """Each backend has errors of its own for it: they are about the step, and the run goes on."""
    steps = [Step(Input(), name="input"), Step(KINDS["slice"]((0, 3), axis=1), (0,), "part")]
    inputs = (0, 1) if layer.arity == "many" else (0,)
    network = Network([*steps, Step(layer, inputs, "odd"), Step(KINDS["relu"](), (0,), "after")])
    done = find("keras").run(network, shape)

    assert done.steps[1].shape == (4, 3, 9)
    assert (done.steps[2].shape, done.steps[2].built) == (None, True)
    assert done.steps[2].error
    assert "\n" not in done.steps[2].error
    assert done.steps[3].shape == shape


def test_what_a_backend_has_nothing_for_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so itself, and the reason is told."""
    import keras

    def lacking(*_: object, **__: object) -> None:
        raise NotImplementedError("`max_pool` is not supported\nby this backend")

    monkeypatch.setattr("keras.layers.MaxPooling2D.call", lacking)
    outcome = verified("3x8x8 relu maxpool:2 conv:4,k3")
    backend = keras.backend.backend()

    assert (outcome["ok"], outcome["mismatches"], outcome["unchecked"]) == (True, [], [2, 3])
    (reason,) = outcome["reasons"]
    assert reason["index"] == 2
    assert reason["reason"].startswith(f"Keras has nothing for it on {backend}: ")
    assert "`max_pool` is not supported" in reason["reason"]
    assert "\n" not in reason["reason"]


def test_the_users_own_settings_are_kept() -> None:
    """Channels first elsewhere, and TensorFlow's messages."""
    import keras

    level = logging.getLogger("tensorflow").level
    keras.config.set_image_data_format("channels_first")
    try:
        assert verified("3x8x9 conv:4,k3 maxpool:2 upsample:2 gap")["ok"]
        assert keras.config.image_data_format() == "channels_first"
    finally:
        keras.config.set_image_data_format("channels_last")
    assert logging.getLogger("tensorflow").level == level


def test_a_class_that_an_older_keras_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adaptive pooling goes by functions then; without any of them a step is not checked."""
    import keras

    monkeypatch.setattr(keras.layers, "AdaptiveAveragePooling2D", None)
    assert verified("3x9x8 adaptiveavg:4x3")["unchecked"] == []

    monkeypatch.setattr(keras.layers, "Dense", None)
    assert verified("8 relu linear:4 relu")["unchecked"] == [2, 3]


def test_keras_source_agrees() -> None:
    """A report with Keras's own names and statistics."""
    source = (
        "keras.Sequential([keras.Input((16, 16, 3)), layers.SeparableConv2D(8, 3), "
        "layers.BatchNormalization(), layers.PReLU(shared_axes=[1, 2]), "
        "layers.Conv2DTranspose(4, 2, 2), layers.Flatten(), layers.Dense(5)])"
    )
    outcome = verified(cnncalc.parse(source, notation="keras"))

    assert outcome["mismatches"] == outcome["unchecked"] == []
    assert outcome["checked"]["params"] == 3 + 4 + 1 + 2 + 2


@settings(drawn, max_examples=25)
@given(specs(max_layers=5))
def test_drawn_networks_agree(spec: str) -> None:
    """Whatever Keras can build comes out as predicted."""
    try:
        outcome = verified(spec)
    except SpecError:
        return

    assert outcome["mismatches"] == []


@pytest.mark.parametrize("kind", ["conv", "linear", "maxpool", "gap"])
def test_a_broken_output_is_caught(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One channel too many."""
    check_broken_output("keras", kind, monkeypatch)


@pytest.mark.parametrize("kind", ["conv", "bn", "linear", "convt"])
def test_a_forgotten_weight_is_caught(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tensor left out."""
    layer, _ = sample(kind)
    right = KINDS[kind].weights
    monkeypatch.setattr(KINDS[kind], "macs", lambda *_: 0)
    monkeypatch.setattr(KINDS[kind], "weights", lambda self, *s: right(self, *s)[1:])
    shape = (8,) if kind == "linear" else (8, 12, 12)

    assert verified(alone(layer), shape)["ok"] is False
