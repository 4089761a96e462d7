# ruff: noqa: E501, a source is a line
"""Calls as a notation: bare layers, Sequential, in PyTorch's words and in Keras's."""

from __future__ import annotations

import pytest

from tests.source.reading import refused, report_of

CONV = "nn.Conv2d(3, 16, 3, padding=1)"
REST = "nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16*16*16, 10)"
TORCH = {
    "commas": f"{CONV}, {REST}",
    "lines": f"{CONV}\n{REST.replace(', nn', chr(10) + 'nn')}",
    "lines with commas": f"{CONV},\n{REST.replace(', nn', ',' + chr(10) + 'nn')},\n",
    "indented lines": f"    {CONV},\n    {REST},\n",
    "no prefix": f"{CONV}, {REST}".replace("nn.", ""),
    "torch.nn": f"{CONV}, {REST}".replace("nn.", "torch.nn."),
    "sequential": f"nn.Sequential({CONV}, {REST})",
    "nested": f"nn.Sequential(nn.Sequential({CONV}), nn.Sequential({REST}))",
    "list": f"[{CONV}, {REST}]",
    "dictionary": f"nn.Sequential(OrderedDict([('conv', {CONV}), ('rest', nn.Sequential({REST}))]))",
    "assigned": f"model = nn.Sequential({CONV}, {REST})\nprint(model)",
    "imported": f"import torch.nn as nn\nnn.Sequential({CONV}, {REST})",
    "renamed": f"from torch.nn import Conv2d as C, Sequential\nSequential(C(3, 16, 3, padding=1), {REST})",
    "comments": f"# a network\n{CONV},  # first\n{REST}\n",
    "arithmetic": f"nn.Conv2d(6 // 2, 2**4, 7 - 4, padding=(3 - 1) // 2), {REST}",
    "tuples": f"nn.Conv2d(3, 16, (3, 3), padding=(1, 1)), {REST}",
    "lazy": f"nn.LazyConv2d(16, 3, padding=1), {REST}".replace("Linear(16*16*16, ", "LazyLinear("),
}  # fmt: skip


@pytest.mark.parametrize("text", TORCH.values(), ids=TORCH)
def test_pytorch_calls(text: str) -> None:
    report = report_of(text, (3, 32, 32))

    assert [row.output_shape for row in report.layers] == [
        (16, 32, 32),
        (16, 32, 32),
        (16, 16, 16),
        (4096,),
        (10,),
    ]
    assert report.total.params == 448 + 40970
    assert report.total.macs == 16 * 27 * 32 * 32 + 40960


KERAS_LAYERS = (
    "{p}Conv2D(16, 3, padding='same', activation='relu'), {p}MaxPooling2D(), {p}Flatten(), "
    "{p}Dense(10)"
)
INPUT = "keras.Input(shape=(32, 32, 3))"
KERAS = {
    "sequential": f"keras.Sequential([{INPUT}, {KERAS_LAYERS.format(p='layers.')}])",
    "keras.layers": f"keras.Sequential([{INPUT}, {KERAS_LAYERS.format(p='keras.layers.')}])",
    "tf.keras": f"tf.keras.Sequential([{INPUT}, {KERAS_LAYERS.format(p='tf.keras.layers.')}])",
    "bare": f"InputLayer((32, 32, 3)), {KERAS_LAYERS.format(p='')}",
    "input_shape": KERAS_LAYERS.format(p="").replace("3, padding", "3, input_shape=(32, 32, 3), padding"),
    "lines": f"{INPUT}\n" + KERAS_LAYERS.format(p="layers.").replace("), ", ")\n"),
    "activation apart": f"Input((32, 32, 3)), {KERAS_LAYERS.format(p='')}".replace(
        ", activation='relu')", "), Activation('relu')"
    ),
    "added": "model = keras.Sequential()\nmodel.add(keras.Input((32, 32, 3)))\n"
    + "\n".join(f"model.add({each})" for each in KERAS_LAYERS.format(p="layers.").replace("), ", ")|").split("|")),
}  # fmt: skip


@pytest.mark.parametrize("text", KERAS.values(), ids=KERAS)
def test_keras_calls(text: str) -> None:
    report = report_of(text)

    shapes = [tuple(report.shape(row.output_shape)) for row in report.layers]
    assert shapes == [(32, 32, 16), (32, 32, 16), (16, 16, 16), (4096,), (10,)]
    assert report.layout == "channels-last"
    assert report.total.params == 448 + 40970
    assert [weight.name for weight in report.rows[1].weights] == ["kernel", "bias"]


def test_an_input_from_outside_wins() -> None:
    report = report_of(KERAS["sequential"], (64, 48, 3))

    assert report.shape(report.rows[3].output_shape) == [32, 24, 16]


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("nn.Conv2D(3, 16, 3)", "`torch.nn.Conv2D` has no counterpart in this calculator", None),
        ("Conv2dd(3, 16, 3)", "no layer that is read here", "did you mean `Conv2d`?"),
        ("nn.Conv2d(3, 16)", "nn.Conv2d needs `kernel_size`", "it takes"),
        ("nn.Conv2d(3, 16, 3, pading=1)", "no argument `pading`", "did you mean `padding`?"),
        ("nn.ReLU", "`ReLU` is a class", "write `nn.ReLU()`"),
        ("nn.Sequential([nn.ReLU()])", "not a list", None),
        ("nn.Sequential(nn.ReLU)", "`nn.ReLU` is a class: write `nn.ReLU()`", None),
        ("nn.Bilinear(3, 4, 5)", "bilinear layers", "layers"),
        ("nn.Linear(4, 5) nn.ReLU()", "isn't Python", "a comma between"),
        ("nn.Conv2d(3, 16, 3), layers.Dense(3)", "side by side", None),
    ],
)
def test_a_wrong_call(text: str, message: str, help: str | None) -> None:
    error = refused(text, (3, 32, 32))

    assert message in error.message
    assert help is None or help in (error.help or "")
    assert error.line == 1
