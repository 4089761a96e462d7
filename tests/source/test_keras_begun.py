"""Keras models that begin at what a layer of another model made, and those without a layer."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc.layers.base import Shape
from tests.frameworks.live_keras import keras_or_skip
from tests.source.reading import refused, report_of

HEAD = """import keras
from keras import layers
i = keras.Input((32, 32, 3))
x = layers.Conv2D(8, 3)(i)
y = layers.ReLU()(x)
"""
FLAT = "layers.Dense(3)(layers.Flatten()(x))"

# The model, its inputs' sizes, its parameters, and how many rows there are.
MODELS: list[tuple[str, list[Shape], int, int]] = [
    (f"keras.Model(x, {FLAT})", [(30, 30, 8)], 21603, 3),
    (f"keras.Model([x], [{FLAT}, y])", [(30, 30, 8)], 21603, 4),
    ("keras.Model(y, layers.Conv2D(2, 3)(y))", [(30, 30, 8)], 146, 2),
    ("keras.Model([x, y], layers.Add()([x, y]))", [(30, 30, 8)] * 2, 0, 3),
    ("keras.Model([i, x], layers.Add()([layers.Conv2D(8, 3)(i), x]))",
     [(32, 32, 3), (30, 30, 8)], 224, 4),
]  # fmt: skip


@pytest.mark.parametrize(("code", "inputs", "params", "rows"), MODELS)
def test_the_input_is_what_the_tensor_is(
    code: str, inputs: list[Shape], params: int, rows: int
) -> None:
    report = report_of(f"{HEAD}model = {code}\n")
    begun = [row for row in report.rows if row.kind == "input"]

    assert [tuple(report.shape(row.output_shape)) for row in begun] == inputs
    assert (report.total.params, len(report.rows)) == (params, rows)


@pytest.mark.parametrize(("code", "inputs", "params", "rows"), MODELS)
def test_keras_has_the_same(code: str, inputs: list[Shape], params: int, rows: int) -> None:
    keras: Any = keras_or_skip()
    names: dict[str, Any] = {"keras": keras}
    exec(f"{HEAD}model = {code}\n", names)
    model = names["model"]

    assert [tuple(each.shape[1:]) for each in model.inputs] == inputs
    assert (model.count_params(), len(model.layers)) == (params, rows)


def test_another_size_for_it() -> None:
    report = report_of(f"{HEAD}model = keras.Model(x, {FLAT})\n", (10, 12, 8))

    assert [row.name for row in report.rows] == ["input_conv2d", "flatten", "dense"]
    assert report.total.params == 10 * 12 * 8 * 3 + 3


def test_as_a_layer_of_another_model() -> None:
    head = report_of(
        f"{HEAD}head = keras.Model(x, {FLAT})\n"
        "j = keras.Input((10, 10, 8))\nmodel = keras.Model(j, head(j))\n"
    )
    assert (head.total.params, len(head.rows)) == (10 * 10 * 8 * 3 + 3, 3)


def test_what_lies_behind_must_be_given() -> None:
    error = refused(f"{HEAD}model = keras.Model(x, layers.Add()([layers.Conv2D(8, 3)(i), x]))\n")

    assert "also need the input" in error.message


@pytest.mark.parametrize("code", ["keras.Sequential()", "keras.Sequential([])"])
def test_a_model_without_a_layer(code: str) -> None:
    report = report_of(f"import keras\nmodel = {code}\n", (8, 6, 3))

    assert (len(report.rows), report.total.params) == (1, 0)


def test_a_declared_shape_that_is_none_is_refused_where_it_is_read() -> None:
    error = refused(
        "import keras\nfrom torch import nn\n"
        "model = keras.Sequential([keras.layers.Dense(3, input_shape=nn.ModuleList())])\n"
    )
    assert error.message == "layers.Layer can't take the shape a `ModuleList`"


def test_a_misspelt_add_is_no_empty_network() -> None:
    error = refused("import keras\nmodel = keras.Sequential()\nmodel.Add(keras.layers.Dense(3))\n")

    assert error.message.endswith("has no attribute `Add`; did you mean `add`?")
    assert error.line == 3
