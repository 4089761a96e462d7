"""Keras source that is written: run, read back, and formatted."""

from __future__ import annotations

import warnings
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from cnncalc import Report, SpecError, analyze, convert
from tests.convert.emitted import (
    PRODUCTS,
    assert_formatted,
    assert_named,
    read_again,
    run,
    written_or_refused,
)
from tests.frameworks.live_keras import keras_or_skip
from tests.library import NAMES, report
from tests.strategies import odd_specs, specs

STACK = """\
# cnncalc: input 32x32x3
import keras
from keras import layers

model = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        layers.Conv2D(16, 3, strides=2, padding="same"),
        layers.ReLU(),
        layers.Flatten(),
        layers.Dense(10),
    ]
)
"""


@cache
def text_of(spec: str, **options: Any) -> str:
    text = convert(spec, "keras", **options)
    assert isinstance(text, str)
    return text


def last(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with its channels last."""
    return (*shape[1:], shape[0])


def sizes_of(expected: Report) -> list[tuple[int, ...]]:
    return [last(expected.rows[number].output_shape) for number in expected.outputs]


def assert_runs(text: str, expected: Report) -> None:
    """The model has the report's trainable parameters, and its sizes."""
    keras_or_skip()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = run(text)["model"]

    count = sum(prod(weight.shape) for weight in model.trainable_weights)
    assert count == expected.total.trainable
    assert [tuple(output.shape[1:]) for output in model.outputs] == sizes_of(expected)


def assert_reads_back(text: str, expected: Report) -> None:
    again = read_again(text, "keras", expected)

    assert again.total.trainable == expected.total.trainable
    assert again.total.macs == expected.total.macs
    assert [again.rows[number].output_shape for number in again.outputs] == [
        expected.rows[number].output_shape for number in expected.outputs
    ]


def test_a_stack() -> None:
    assert text_of("3x32x32 conv:16,k3,s2,p=same relu flatten linear:10") == STACK


# Keras's LSTM has one bias for input and state, where this one has PyTorch's two.
UNSAID = ("crnn",)
WRITTEN = [name for name in NAMES if name not in UNSAID]


@pytest.mark.parametrize("name", UNSAID)
def test_an_example_of_two_biases_is_refused(name: str) -> None:
    with pytest.raises(SpecError, match=r"layers\.LSTM has 1 bias for a gate") as caught:
        text_of(name)

    assert caught.value.help == "`biases=1`, with which it computes the same"


@pytest.mark.parametrize("name", WRITTEN)
def test_examples_read_back(name: str) -> None:
    assert_reads_back(text_of(name), report(name))


@pytest.mark.parametrize("name", WRITTEN)
def test_examples_run(name: str) -> None:
    assert_runs(text_of(name), report(name))


@pytest.mark.parametrize("spec", [*PRODUCTS, "4x5x6 matmul:transpose,order=last[ | relu ]"])
def test_products(spec: str, tmp_path: Path) -> None:
    text, expected = text_of(spec), analyze(spec)

    assert_reads_back(text, expected)
    assert_formatted([text], tmp_path)
    assert_runs(text, expected)


LACKING = ["8x6 mha:2,biaskv", "8x6 mha:2,zeroattn", "6x4 token:role=buffer"]


@pytest.mark.parametrize("spec", LACKING)
def test_what_keras_lacks_of_attention(spec: str) -> None:
    with pytest.raises(SpecError, match="Keras has no class for this") as error:
        text_of(spec)

    assert_named(error.value)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(specs(max_layers=6))
def test_drawn_networks(spec: str) -> None:
    """What is written reads back; a refusal is a SpecError that names the layer."""
    expected = analyze(spec)
    text = written_or_refused(text_of, spec)
    if text is None:
        return
    assert_reads_back(text, expected)


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(specs(max_layers=6))
def test_drawn_networks_run(spec: str) -> None:
    keras_or_skip()
    try:
        text = text_of(spec)
    except SpecError:
        return
    assert_runs(text, analyze(spec))


def check_odd(spec: str) -> None:
    """What is written runs and agrees; else it is refused by the layer's name."""
    keras = keras_or_skip()
    if "lanczos" in spec and keras.backend.backend() == "torch":
        return  # Keras has it, but not on every backend
    text = written_or_refused(text_of, spec)
    if text is None:
        return
    assert_runs(text, analyze(spec))


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(odd_specs())
def test_odd_networks(spec: str) -> None:
    check_odd(spec)


@pytest.mark.slow
@settings(deadline=None, max_examples=500, suppress_health_check=list(HealthCheck))
@given(odd_specs(max_layers=3))
def test_many_odd_networks(spec: str) -> None:
    check_odd(spec)


def test_a_gate_along_another_axis() -> None:
    text = text_of("4x6x8 glu:axis=1 glu")

    assert "keras.ops.glu(inputs, axis=1)" in text
    assert_runs(text, analyze("4x6x8 glu:axis=1 glu"))


def test_channels_added_to_a_vector_are_refused() -> None:
    with pytest.raises(SpecError, match="`pad1`: Keras has no class for this `pad`") as error:
        text_of("3 pad:1,c=1:0")

    assert_named(error.value)


def test_is_formatted(tmp_path: Path) -> None:
    assert_formatted([text_of(name) for name in WRITTEN], tmp_path)
