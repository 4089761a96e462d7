"""Keras's products of several axes, with matrices of weights, and tokens beside what flows."""

from __future__ import annotations

import pytest

from cnncalc import Report
from cnncalc.layers.base import Shape
from tests.source.reading import refused, report_of

HEAD = "import keras\nfrom keras import layers, ops\n"
FUNCTIONAL = HEAD + "x = keras.Input({input})\nmodel = keras.Model(x, {words})\n"
# Sizes are those that Keras 3.15 gives.
PRODUCTS = [
    ("layers.Dot(axes=3)([x, x])", (5, 4, 6), (5, 4, 5, 4), 20 * 20 * 6),
    ("layers.Dot(axes=(1, 2))([x, x])", (5, 4, 5), (4, 5, 5, 4), None),
    ("layers.Dot(axes=(2, 1))([x, ops.transpose(x, (0, 2, 1))])", (7, 3), (7, 7), 7 * 7 * 3),
    ("ops.einsum('bhnd,bhmd->bhnm', x, x)", (2, 5, 3), (2, 5, 5), 2 * 25 * 3),
    ("ops.einsum('bnd,bmd->bmn', x, x)", (5, 3), (5, 5), 25 * 3),
]


def in_keras(report: Report) -> Shape:
    """What comes out in Keras's order; inside the last axis stands in front."""
    first, *rest = report.rows[-1].output_shape
    return (*rest, first)


@pytest.mark.parametrize(("words", "input", "output", "macs"), PRODUCTS)
def test_products(
    words: str, input: tuple[int, ...], output: tuple[int, ...], macs: int | None
) -> None:
    text = FUNCTIONAL.format(input=input, words=words)
    if macs is None:
        assert "is 5 of" in refused(text).message
        return
    report = report_of(text)

    assert in_keras(report) == output
    assert report.total.macs == macs


LAYER = (
    HEAD + "class Own(layers.Layer):\n"
    "    def __init__(self):\n        super().__init__()\n"
    "        self.join = layers.Concatenate(axis=1)\n"
    "    def build(self, shape):\n"
    "        self.token = self.add_weight(shape=(1, 1, 16), name='token')\n"
    "        self.kernel = self.add_weight(shape=(16, 24), name='kernel')\n"
    "    def call(self, x):\n        {call}\n"
    "x = keras.Input((9, 16))\nmodel = keras.Model(x, Own()(x))\n"
)
TOKEN = "token = ops.broadcast_to(self.token, (ops.shape(x)[0], 1, 16))\n        "


@pytest.mark.parametrize(
    ("joined", "output"), [("[token, x]", (10, 16)), ("[x, token, token]", (11, 16))]
)
def test_a_token_beside_what_flows(joined: str, output: tuple[int, ...]) -> None:
    report = report_of(LAYER.format(call=f"{TOKEN}return self.join({joined})"))

    assert in_keras(report) == output
    assert report.total.params == 16


@pytest.mark.parametrize(
    "equation", ["'bnd,df->bnf', x, self.kernel", "'df,bnd->bnf', self.kernel, x"]
)
def test_an_equation_with_a_matrix(equation: str) -> None:
    report = report_of(LAYER.format(call=f"return ops.einsum({equation})"))

    assert in_keras(report) == (9, 24)
    assert report.total.params == 16 * 24
    assert report.total.macs == 9 * 16 * 24


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("return ops.einsum('bnd,df->bfn', x, self.kernel)", "of weights can't be followed"),
        ("return ops.einsum('bnd,fd->bnf', x, self.kernel)", "16 is not 24"),
        ("return self.join([self.token, 3])", "a layer works on tensors"),
        ("return layers.Concatenate(axis=0)([self.token, x])", "axis 0 is the batch"),
    ],
)
def test_refused(call: str, told: str) -> None:
    assert told in refused(LAYER.format(call=call)).message
