"""What can't be followed ends the flow, not the answer: the rows until there, then the error."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import NamedTuple

import pytest

from cnncalc import Report, SpecError, analyze
from tests.conftest import Command
from tests.test_schema import STRICT

TORCH = """
import torch
import torch.nn as nn
from elsewhere import Attention

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16))
        {made}
        self.classifier = nn.Linear(16, 10, bias=False)
        self.scale = nn.Parameter(torch.ones(7))

    def forward(self, x):
        x = self.features(x)
        {used}
        return self.classifier(x.mean((2, 3)))
"""
KERAS = """
import keras
from keras import layers
from elsewhere import Attention
x = inputs = keras.Input((32, 32, 3))
x = layers.Conv2D(16, 3)(x)
x = Attention()(x)
model = keras.Model(inputs, layers.Dense(10)(x))
"""
SUBCLASS = """
import keras
from keras import layers
from elsewhere import Attention
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = layers.Conv2D(16, 3)
        self.attention = Attention()
    def call(self, x):
        return self.attention(self.first(x))
"""


class Case(NamedTuple):
    """A source, what flows in it, its rows' kinds, and the modules behind them."""

    source: str
    input: tuple[int, ...] | None
    kinds: list[str]
    behind: dict[str, int]
    message: str


def torch(made: str, used: str) -> str:
    return TORCH.format(made=made, used=used)


BEHIND = {"Net": 7, "classifier": 160}
CASES = {
    "a part of another package": Case(
        torch("self.attention = Attention(16)", "x = self.attention(x)"),
        (3, 32, 32), ["conv", "bn"], BEHIND, "`elsewhere.Attention` can't be followed",
    ),
    "a layer that is not read here": Case(
        torch("self.attention = nn.Bilinear(16, 16, 8)", "x = self.attention(x, x)"),
        (3, 32, 32), ["conv", "bn"], {"Net": 7, "attention": 16 * 16 * 8 + 8, "classifier": 160},
        "`nn.Bilinear` can't be followed",
    ),
    "a part that nothing uses": Case(
        torch("self.attention = Attention(16)", "pass"),
        (3, 32, 32), ["conv", "bn", "gap", "linear"], {"Net": 7},
        "`elsewhere.Attention` can't be followed",
    ),
    "a branch on what is in a tensor": Case(
        torch("pass", "x = x if x.sum() > 0 else -x"),
        (3, 32, 32), ["conv", "bn"], BEHIND, "one number for the whole batch",
    ),
    "the first thing in forward": Case(
        "import torch.nn as nn\nclass Net(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        self.c = nn.Conv2d(3, 8, 3)\n"
        "    def forward(self, x):\n        return self.c(x[0:2])\n",
        (3, 32, 32), [], {"c": 224}, "a part of the batch",
    ),
    "a functional model": Case(
        KERAS, None, ["conv"], {}, "`elsewhere.Attention` can't be followed"
    ),
    "a model's class": Case(
        SUBCLASS, (32, 32, 3), ["conv"], {}, "`elsewhere.Attention` can't be followed"
    ),
}  # fmt: skip


def stopped(source: str, input: tuple[int, ...] | None) -> SpecError:
    with pytest.raises(SpecError) as caught:
        analyze(source, input)
    return caught.value


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_the_rows_until_there(case: Case) -> None:
    error = stopped(case.source, case.input)
    assert case.message in error.message
    report = error.report
    assert isinstance(report, Report)
    assert not report.complete
    assert [row.kind for row in report.layers if row.kind != "flatten"] == case.kinds
    assert {row.name: row.params for row in report.unreached} == case.behind
    assert report.total.params == sum(row.params for row in report.layers) + sum(
        case.behind.values()
    )
    assert report.total.unused_params == 0


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_the_document(case: Case) -> None:
    report = stopped(case.source, case.input).report
    document = report.to_dict()
    STRICT.validate(json.loads(json.dumps(document)))
    assert document["complete"] is False
    assert document["spec"] is None
    assert case.message in document["error"]["message"]
    shapes = {layer["name"]: layer["output_shape"] for layer in document["layers"]}
    assert [name for name, shape in shapes.items() if shape is None] == list(case.behind)


def test_a_whole_network_says_nothing_of_it() -> None:
    document = analyze("3x8x8 conv:4,k3").to_dict()
    assert "complete" not in document
    assert "error" not in document


@pytest.mark.parametrize(
    ("made", "used"),
    [
        ("self.attention = nn.Conv2d(3, 16, 3)", "x = self.attention(x)"),  # sizes don't fit
        ("self.attention = nn.Conv2dd(16, 16, 3)", "x = self.attention(x)"),  # a slip
        ("self.attention = nn.ReLU()", "x = self.atention(x)"),
        ("self.attention = nn.ReLU()", "raise ValueError('no')"),
    ],
)
def test_a_network_that_is_wrong_has_no_part_of_an_answer(made: str, used: str) -> None:
    error = stopped(torch(made, used), (3, 32, 32))
    assert error.report is None


def test_a_module_counts_once() -> None:
    made = "self.a = nn.Linear(4, 4); self.b = self.a; self.attention = Attention(16)"
    error = stopped(torch(made, "x = self.attention(x)"), (3, 32, 32))
    assert {row.name: row.params for row in error.report.unreached} == {**BEHIND, "a": 20}


def test_a_part_is_read_though_the_rest_cannot_be(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "net.py"
    path.write_text(torch("self.attention = Attention(16)", "x = self.attention(x)"))
    code, out, err = command("shape", f"{path}:Net.features", "-i", "3x32x32")
    assert (code, err) == (0, "")
    assert "16×32×32" in out
    code, out, err = command("shape", f"{path}:Net.attention", "-i", "3x32x32")
    assert (code, out) == (2, "")
    assert "`elsewhere.Attention` can't be followed" in err


@pytest.mark.parametrize("view", ["shape", "params", "rf"])
@pytest.mark.parametrize("form", ["table", "csv", "jsonl", "markdown", "latex", "html", "json"])
def test_the_command_prints_both(view: str, form: str, tmp_path: Path, command: Command) -> None:
    path = tmp_path / "net.py"
    path.write_text(torch("self.attention = Attention(16)", "x = self.attention(x)"))
    code, out, err = command(view, str(path), "-i", "3x32x32", "-f", form)
    assert code == 2
    assert "features.0" in out.replace(r"\_", "_")
    assert ("classifier" in out) == (view != "rf" or form in ("json", "jsonl"))
    assert "elsewhere" in err


def test_the_table(tmp_path: Path, command: Command, golden: object) -> None:
    path = tmp_path / "net.py"
    path.write_text(torch("self.attention = Attention(16)", "x = self.attention(x)"))
    out = command("shape", str(path), "-i", "8x3x32x32").out
    assert callable(golden)
    golden("as-far.txt", out)


def test_the_batch_in_front_counts() -> None:
    error = stopped(torch("self.a = Attention(16)", "x = self.a(x)"), (8, 3, 32, 32))
    assert error.report.batch == 8


def test_the_error_can_be_pickled() -> None:
    case = CASES["a part of another package"]
    error = stopped(case.source, case.input)
    twin = pickle.loads(pickle.dumps(error))
    assert str(twin) == str(error)
    assert twin.report.to_dict() == error.report.to_dict()


def test_an_onnx_file_until_an_unknown_operator() -> None:
    builders = pytest.importorskip("tests.onnx.builders")
    weights = {"w": (4, 3, 3, 3), "v": (4, 4, 1, 1)}
    nodes = [
        builders.node("Conv", "x w", "a"),
        builders.node("Strange", "a", "b", name="odd"),
        builders.node("Conv", "b v", "y", name="last"),
    ]
    with pytest.raises(SpecError, match="Strange") as caught:
        builders.report(nodes, weights)
    report = caught.value.report
    assert [row.kind for row in report.layers] == ["conv"]
    assert {row.name: row.params for row in report.unreached} == {"last": 16}
    assert report.total.params == 4 * 3 * 9 + 16
