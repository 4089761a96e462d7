"""The executor `keras`: real Keras layers agree with predictions, and faults are caught."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import cnncalc
from cnncalc.analysis import analyze
from cnncalc.errors import SpecError
from cnncalc.executors import find
from cnncalc.executors.storage import Storage
from cnncalc.layers import KINDS
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
        if os.environ.get("CI"):
            pytest.fail("Keras is not installed, and CI is to compare with it")
        pytest.skip("Keras is not installed")


def verified(spec: Any, input: Any = None, **options: Any) -> dict[str, Any]:
    outcome = cnncalc.verify(spec, input, executor="keras", **options).verify
    assert outcome is not None
    return outcome


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
        done = find("keras")(network, shape)

        assert (done.steps[1].error, done.steps[1].built) == (None, True), (network.steps, shape)


def test_arrays_that_do_not_say_what_they_take() -> None:
    """TensorFlow's have no `nbytes`: they are kept and freed all the same."""
    storage = Storage(alone(sample("relu")[0]).steps, (1,))
    storage.keep(0, object())

    assert storage.values[0] is not None
    assert storage.most_bytes == 0


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16", "int8"])
def test_dtypes(dtype: str) -> None:
    """Each runs; whole numbers are computed in float32."""
    outcome = verified("3x16x16 conv:4,k3 bn relu gap linear:2", dtype=dtype, batch=2)

    assert outcome["ok"]
    assert outcome["dtype"] == ("float32" if dtype == "int8" else dtype)


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


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
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
    layer, shapes = sample(kind)
    right = KINDS[kind].output
    monkeypatch.setattr(
        KINDS[kind], "output", lambda self, *s: (right(self, *s)[0] + 1, *right(self, *s)[1:])
    )
    for shape in shapes:
        try:
            analyze(alone(layer), shape)
        except SpecError:
            continue
        outcome = verified(alone(layer), shape)

        assert [(each["index"], each["what"]) for each in outcome["mismatches"]] == [(1, "shape")]


@pytest.mark.parametrize("kind", ["conv", "bn", "linear", "convt"])
def test_a_forgotten_weight_is_caught(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tensor left out."""
    layer, _ = sample(kind)
    right = KINDS[kind].weights
    monkeypatch.setattr(KINDS[kind], "macs", lambda *_: 0)
    monkeypatch.setattr(KINDS[kind], "weights", lambda self, *s: right(self, *s)[1:])
    shape = (8,) if kind == "linear" else (8, 12, 12)

    assert verified(alone(layer), shape)["ok"] is False
