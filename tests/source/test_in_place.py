"""What is written into a tensor in place is what comes after, as torch has it."""

from __future__ import annotations

from textwrap import indent
from typing import Any

import pytest

import cnncalc
from tests.source.reading import net, refused, report_of

WRITTEN = {
    "a method, nothing assigned": "y = x * 2\ny.add_(x.flip(1))\nreturn y",
    "another name of it": "y = x * 2\nz = y\ny += x.flip(1)\nreturn z",
    "an element of a list": "kept = [x * 2]\nkept[0] -= x.flip(1)\nreturn kept[0]",
    "a function that writes over": "y = x - 30\nF.relu_(y)\ntorch.neg_(y)\nreturn y",
    "by an argument": "y = x - 30\nF.relu(y, inplace=True)\nreturn y",
    "a copy stays": "y = x * 2\nz = y.clone()\nz += x\nreturn y * z",
    "what a mask leaves out is a copy": (
        "m = torch.zeros(4, 5)\nz = x * 2\nw = z.masked_fill(m > 1, 0)\nw += x\nreturn z"
    ),
    "a part, by an operator": "y = x * 2\ny[:, :2] += x[:, 1:]\nreturn y",
    "a part of two axes": "y = x * 2\ny[:, 1:, 2:] = x[:, :2, :2]\nreturn y",
    "one place of an axis": "y = x * 2\ny[:, 1] = x[:, 0]\nreturn y",
    "all of it": "y = x * 2\ny[:] = x\nreturn y",
    "the last axis, behind dots": "y = x * 2\ny[..., -1] = x[..., 0]\nreturn y",
    "a number": "y = x * 2\ny[:, :, 1:3, 2] = 7\nreturn y",
    "an axis of one, stretched": "y = x * 2\ny[:, :2] = x[:, 2:]\nreturn y",
    "into zeros": (
        "y = torch.zeros_like(x)\ny[:, :1, 1:] = x[:, :1, :-1]\ny[:, 1:, :-1] = x[:, 1:, 1:]\n"
        "return y"
    ),
    "into zeros, one after another": (
        "y = x.new_zeros(x.size(0), 2, 3, 4, 5)\nfor i in range(2):\n    y[:, i] = x * (i + 1)\n"
        "return y"
    ),
    "a view that is copied": (
        "y = x.permute(0, 2, 1, 3).contiguous()\ny += x.transpose(1, 2)\nreturn x.sum(1) + y.sum(2)"
    ),
}


@pytest.mark.parametrize("lines", WRITTEN.values(), ids=list(WRITTEN))
def test_the_values_are_torchs(lines: str) -> None:
    torch = pytest.importorskip("torch")
    x = torch.arange(60.0).reshape(1, 3, 4, 5)
    names: dict[str, Any] = {"torch": torch, "F": torch.nn.functional}
    exec(f"def forward(x):\n{indent(lines, '    ')}", names)
    written = cnncalc.convert(net("", lines), "torch", (3, 4, 5), name="Net")
    assert isinstance(written, str)
    exec(written, names)

    assert torch.equal(names["Net"]()(x.clone()), names["forward"](x.clone()))


def test_a_layer_that_writes_over_its_input() -> None:
    init = "self.c = nn.Conv2d(3, 8, 3)\nself.r = nn.ReLU(inplace=True)"
    report = report_of(net(init, "y = self.c(x)\nself.r(y)\nreturn y"), (3, 8, 8))

    assert [report.rows[number].kind for number in report.outputs] == ["relu"]


def test_tensors_of_keras_are_never_written_to() -> None:
    text = (
        "import keras\nfrom keras import layers\nx = inputs = keras.Input((8, 8, 3))\n"
        "y = layers.Conv2D(4, 1)(x)\nz = y\ny += layers.Conv2D(4, 1)(x)\n"
        "model = keras.Model(inputs, z)\n"
    )
    report = report_of(text)

    assert [report.rows[number].kind for number in report.outputs] == ["conv"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("z = (y := x * 2)[:, :2]\nz.add_(x[:, 1:])\nreturn y", "was written into it through"),
        ("z = (y := x * 2)[:, :2]\ny += x\nreturn torch.cat([z, x], 1)", "was written into it"),
        ("y = x * 2\ny[0] = x[:, 0]\nreturn y", "writes into a part of the batch"),
        ("y = x * 2\ny[:, ::2] = x[:, ::2]\nreturn y", "every second place"),
        ("y = x * 2\ny[:, :2] = x\nreturn y", "an axis of 3 can't be stretched to 2"),
    ],
)
def test_what_is_refused(lines: str, message: str) -> None:
    assert message in refused(net("", lines), (3, 4, 5)).message
