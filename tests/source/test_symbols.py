"""Sources and ONNX files at sizes with names: what they compute with sizes, ask, and decide."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import cnncalc
from cnncalc import SpecError
from tests.conftest import Command

HEAD = """import math
import torch
from torch import nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 7, stride=2, padding=3)
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Conv2d(16, 10, 1)
        self.linear = nn.Linear(16, 10)
    def forward(self, x):
"""
BODIES = {
    "to a size of its own": """
        y = self.pool(self.conv(x))
        return self.head(F.interpolate(y, size=(x.size(2) // 2, x.shape[-1] // 2)))""",
    "half, as a float": """
        h, w = x.shape[2:]
        return F.interpolate(self.conv(x), size=(int(h / 2), math.floor(w * 0.5)))""",
    "rounded up": """
        h, w = x.shape[2:]
        return F.interpolate(self.conv(x), size=(math.ceil(h / 4), -(-w // 4)))""",
    "padded to what is missing": """
        a = self.conv(x)
        b = F.interpolate(self.pool(a), scale_factor=2)
        b = F.pad(b, (0, a.size(3) - b.size(3), 0, a.size(2) - b.size(2)))
        return self.head(a + b)""",
    "viewed": """
        y = F.adaptive_avg_pool2d(self.conv(x), 1)
        return self.linear(y.view(x.size(0), -1))""",
    "tokens": """
        y = self.conv(x)
        b, c, h, w = y.shape
        return self.linear(y.view(b, c, h * w).permute(0, 2, 1))""",
    "decided": """
        if x.size(2) % 2 == 0:
            x = F.avg_pool2d(x, 2)
        return self.conv(x)""",
}


def text(body: str) -> str:
    return HEAD + BODIES[body].lstrip("\n")


@pytest.mark.parametrize("body", BODIES)
def test_expressions_are_what_numbers_give(body: str) -> None:
    found = cnncalc.analyze(text(body), "3xHxW")
    draw, checked = random.Random(body), 0
    for _ in range(300):
        sizes = {"H": draw.randint(1, 300), "W": draw.randint(1, 300)}
        if not all(eval(each, {}, sizes) for each in found.assumes):
            continue
        numbers = cnncalc.analyze(text(body), (3, sizes["H"], sizes["W"]))
        for row, number in zip(found.rows, numbers.rows, strict=True):
            told = [eval(str(n), {}, sizes) for n in (*row.output_shape, row.params, row.macs)]
            assert told == [*number.output_shape, number.params, number.macs]
        checked += 1
    assert checked > 60


def test_options_are_expressions() -> None:
    (row,) = [r for r in cnncalc.analyze(text("rounded up"), "3xHxW").rows if r.kind == "upsample"]
    assert row.text == "upsample:size=((H + 3)//4)x((W + 3)//4)"


def test_what_it_decides_by_is_assumed() -> None:
    assert "H % 2 == 0" in cnncalc.analyze(text("decided"), "3xHxW").assumes


POOLED = "            x = F.avg_pool2d(x, 2)"
DECIDED = [
    (f"if @:\n{POOLED}", "x.size(2) > 32", "H ≥ 33"),
    (f"while @:\n{POOLED}", "x.size(3) > 60", "W = 122–243"),
    (f"if @:\n{POOLED}", "x.size(2) == x.size(3)", "H−W = 0"),
    ("x = F.avg_pool2d(x, 2) if @ else x", "x.shape[2] % 2", "H ≡ 0 (mod 2)"),
    ("x = @", "F.pad(x, (0, -x.size(3) % 32))", "W ≡ 0 (mod 32)"),
]


@pytest.mark.parametrize(("branch", "test", "words"), DECIDED)
def test_where_the_source_decides_by_the_size(branch: str, test: str, words: str) -> None:
    """The line is named, and which sizes the report speaks of; in numbers there is no note."""
    body = f"{HEAD}        {branch.replace('@', test)}\n        return self.conv(x)\n"
    notes = [note.message for note in cnncalc.analyze(body, "3xHxW").notes]

    assert notes[0] == f"line 14 decides by the size, `{test}`: this is the network for {words}"
    numbers = cnncalc.analyze(body, (3, 224, 224)).notes
    assert not [each for each in numbers if "decides" in each.message]


@pytest.mark.parametrize(
    "branch",
    [
        "if x.size(2) < 7:\n            raise ValueError('too small')",
        "assert x.size(2) > 6",
        "if x.size(2) > 32:\n            x = x.contiguous()",
        "if self.conv(x).size(2) > 0:\n            pass",
    ],
)
def test_what_is_no_decision(branch: str) -> None:
    """A check that refuses sizes, and branches that give the same."""
    body = f"{HEAD}        {branch}\n        return self.conv(x)\n"
    notes = cnncalc.analyze(body, "3xHxW").notes

    assert not [note for note in notes if "decides" in note.message]


LOOPS = {
    "range(x.size(2))": """for _ in range(x.size(2)):
            x = torch.relu(x)
        return x""",
    "range(1, h // 2)": "h = x.size(2)\n        return [x[..., i] for i in range(1, h // 2)]",
    "x.unbind(2)": "return torch.stack(x.unbind(2), 2)",
    "x.flip(3)": "return x.flip(3)",
    "x.split(32, dim=3)": "return self.conv(x.split(32, dim=3)[0])",
    "[x] * x.shape[3]": "return torch.cat([x] * x.shape[3], 1)",
}


@pytest.mark.parametrize("place", LOOPS)
def test_as_many_layers_as_a_size_says(place: str) -> None:
    """A loop over a size has no expression, which is told with its line."""
    with pytest.raises(SpecError, match=r"the network has as many layers as .* says") as caught:
        cnncalc.analyze(f"{HEAD}        {LOOPS[place]}\n", "3xHxW")
    error = caught.value
    assert (error.code, error.span and error.span.text) == ("symbols", place)
    assert error.help == "give a size with `-i`, such as `-i 3x224x224`"


def test_a_declared_size_ties_the_axes() -> None:
    net = "nn.Conv2d(3, 16, 3), nn.Flatten(), nn.Linear(400, 10)"
    found = cnncalc.analyze(net)

    assert found.assumes[-1] == "16*(H - 2)*(W - 2) == 400"
    assert found.total.params == 4_458  # the equation is put in
    assert found.sizing_notes[0].message == "the size of the input isn't given: it is 3×H×W"


@pytest.mark.parametrize("command_name", ["params", "rf", "shape"])
@pytest.mark.parametrize(
    "words",
    [
        "nn.Conv2d(3, 8, 3)",
        "nn.LSTM(16, 32, batch_first=True)",
        "nn.TransformerEncoderLayer(64, 4, batch_first=True)",
        "layers.Conv2D(8, 3), layers.GlobalAveragePooling2D(), layers.Dense(10)",
        "lstm:32",
        "mha:4 linear:8,axis=0",
    ],
)
def test_no_size_is_asked_for(command: Command, command_name: str, words: str) -> None:
    code, out, err = command(command_name, words)

    assert (code, err) == (0, "")
    assert "the size of the input isn't given" in out


def test_let_binds_the_symbols_of_a_size(command: Command, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(text("to a size of its own"))
    path = str(tmp_path / "net.py")
    code, out, _ = command("shape", path, "-i", "3xHxW", "--let", "H=64", "--let", "W=32")

    assert code == 0
    assert "10×32×16" in out
    assert "16×16×⌊(W+1)/4⌋" in command("shape", path, "-i", "3xHxW", "--let", "H=64").out


ENCODER = """        a = self.conv(x)
        b = F.interpolate(self.pool(a), scale_factor=2)
        return torch.cat([a, b], 1)
"""


def test_a_mismatch_names_the_sizes_that_work() -> None:
    with pytest.raises(SpecError, match="`cat` can't join") as caught:
        cnncalc.analyze(HEAD + ENCODER, (3, 225, 230))
    assert caught.value.notes[-1] == (
        "input sizes that work: H ≡ 0, 3 (mod 4), W ≡ 0, 3 (mod 4); "
        "the nearest are 3×224×228 and 3×227×231"
    )


def test_the_sizes_of_a_source(command: Command) -> None:
    valid = cnncalc.sizes(HEAD + ENCODER, (3, 225, 230))

    assert [axis.works.said(axis.symbol) for axis in valid.axes] == [
        "H ≡ 0, 3 (mod 4)",
        "W ≡ 0, 3 (mod 4)",
    ]
    assert valid.to_dict()["breaks"]["index"] is None
    assert valid.near((3, 225, 230)) == [(3, 224, 228), (3, 227, 231)]


def test_a_file_of_onnx(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    file = tmp_path / "net.onnx"
    data = cnncalc.convert(HEAD + ENCODER, "onnx", (3, 64, 64))
    assert isinstance(data, bytes)
    file.write_bytes(data)

    found = cnncalc.analyze(file, "3xHxW")
    assert str(found.rows[-1].output_shape) == "(32, (H + 1)//2, (W + 1)//2)"
    with pytest.raises(SpecError) as caught:
        cnncalc.analyze(file, (3, 225, 225))
    assert "input sizes that work: H ≡ 0, 3 (mod 4)" in caught.value.notes[-1]


def test_conditions_that_always_hold_are_not_told() -> None:
    """Where few sizes are left, a condition on several at once is tried at all of them."""
    body = """        h, w = x.shape[2:]
        assert 223 < h < @ and 223 < w < 228
        y = self.head(F.max_pool2d(self.conv(x), 8))
        return y.flatten(2).view(y.size(0), -1, int(math.sqrt(y.size(2) * y.size(3))))
"""
    few = cnncalc.analyze(HEAD + body.replace("@", "228"), "3xHxW")
    assert few.assumes == ["224 <= H <= 227", "224 <= W <= 227"]
    more = cnncalc.analyze(HEAD + body.replace("@", "250"), "3xHxW")
    assert more.assumes == [
        "224 <= H <= 249",
        "224 <= W <= 227",
        "((H + 1)//16)*((W + 1)//16) == 196",
    ]
