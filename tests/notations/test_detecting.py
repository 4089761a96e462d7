"""Which notation a text is in: one detector, for pasted pieces and whole files."""

from __future__ import annotations

import re

import pytest

from cnncalc import analyze
from cnncalc.frameworks.keras import READERS as KERAS
from cnncalc.frameworks.pytorch import READERS as TORCH
from cnncalc.notations import detect
from tests.test_arrows import loaded_by

COMMON = set(KERAS) & set(TORCH)


@pytest.mark.parametrize(
    ("text", "notation"),
    [
        ("nn.Conv2d(3, 16, 3)", "torch"),
        ("Conv2d(3, 16, 3), ReLU()", "torch"),
        ("ReLU(), Flatten()", "torch"),
        ("Linear(3, 8), Flatten()", "torch"),
        ("Conv2D(16, 3), Flatten()", "keras"),
        ("8x8x3 ZeroPadding2D(1), Flatten()", "keras"),
        ("(8, 8, 3) Rescaling(1 / 255), Flatten()", "keras"),
        ("Sequential([Input((8, 8, 3)), Flatten()])", "keras"),
        ("keras.Sequential([])", "keras"),
        ("layers.Dense(3)", "keras"),
        ("import torch", "torch"),
        ("from tensorflow.keras import layers", "keras"),
        ("import numpy as np, tensorflow as tf", "keras"),
        ("from . import parts\nimport os", "torch"),
        ("class Net(nn.Module): pass", "torch"),
        ("class Net(Module):\n    def forward(self, x): return Flatten()(x)", "torch"),
        ("class Net(Model):\n    def call(self, x): return Flatten()(x)", "keras"),
        ("class Conv2D(Module): pass\nConv2D(3)", "torch"),
        # What is only spoken of
        ("import torch\n# ported from keras\nconv = Conv2d(3, 8, 3)", "torch"),
        ('"""As tf.keras.layers has it."""\nimport torch\nx = torch.nn.ReLU()', "torch"),
        ('import os\nos.environ["KERAS_BACKEND"] = "torch"\nimport keras', "keras"),
        # Both
        ("import torch, keras\nmodel = keras.Sequential([keras.layers.Dense(3)])", "keras"),
        ("import torch\nimport tensorflow\nnn.Linear(3, 4)\nnn.ReLU()", "torch"),
        # The compact notation
        ("3x32x32 conv:16,k3 relu", "compact"),
        ("(3, 32, 32) conv:16,k3 relu", "compact"),
        ("conv(16, k=3) relu", "compact"),
        ("def block(c) = [conv:$c,k3 relu]", "compact"),
        ("def Block(c) = [ Conv2D(3) ]", "compact"),
    ],
)
def test_detection(text: str, notation: str) -> None:
    assert detect(text) == notation


def test_a_file_of_python_is_source() -> None:
    assert detect("x = 3", ["x.py"]) == "torch"


@pytest.mark.parametrize("name", sorted({*KERAS, *TORCH} - COMMON))
def test_every_class_of_one_framework_tells(name: str) -> None:
    notation = "keras" if name in KERAS else "torch"

    assert detect(f"{name}(1), Flatten()") == notation
    assert detect(f"8x8x3 {name}(1)\nFlatten()") == notation


def test_pieces_without_a_prefix_are_read() -> None:
    report = analyze("8x8x3 ZeroPadding2D(1), Flatten()")

    assert [row.output_shape for row in report.rows] == [(3, 8, 8), (3, 10, 10), (300,)]


def test_a_prefix_or_a_spelling_loads_no_vocabulary() -> None:
    for text in ("nn.Conv2d(3, 8, 3)", "Conv2D(8, 3), Flatten()", "relu", "import keras"):
        code = f"from cnncalc.notations import detect\ndetect({text!r})"
        assert not [n for n in loaded_by(code) if re.match(r"cnncalc\.frameworks", n)]
