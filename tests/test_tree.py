"""Rows of modules, definitions and blocks: `--depth`, `--summary`, and `path` in the report."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

import cnncalc
from cnncalc.notations.examples import example_names
from cnncalc.render.text import plain
from cnncalc.report import Report
from cnncalc.tables.tree import Line, frontier, tree
from cnncalc.tables.views import view
from tests.conftest import Command, Golden

TORCH = """
import torch.nn as nn

class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(c, c, 3, padding=1), nn.BatchNorm2d(c), nn.ReLU())

    def forward(self, x):
        return x + self.body(x)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.blocks = nn.ModuleList([Block(16) for _ in range(3)])
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((2, 3)))
"""
KERAS = """
import keras
from keras import layers

class Scale(layers.Layer):
    def __init__(self, filters):
        super().__init__(name="scale")
        self.conv = layers.Conv2D(filters, 3, padding="same", name="inner")

    def call(self, x):
        return x + self.conv(x)

stack = [keras.Input((8, 8, 4)), layers.Conv2D(4, 3, name="a"), Scale(4)]
body = keras.Sequential(stack, name="body")
image = keras.Input((8, 8, 4), name="image")
model = keras.Model(image, layers.Flatten(name="flat")(body(image)))
"""
COMPACT = """
3x32x32
def conv3(c) = [ conv:$c,k3,p1 bn ]
def block(c) = [ add[ conv3:$c relu | ] relu ]
conv:16,k1 3*block:16 2*[maxpool:2 relu] gap linear:10
"""


def lines_of(report: Report, depth: int) -> list[tuple[str, str, int, int]]:
    return [(each.name, each.text, each.depth, each.count) for each in tree(report, depth)[1:]]


@pytest.mark.parametrize(
    ("depth", "wanted"),
    [
        (
            1,
            [
                ("conv1", "conv:16,k1", 0, 1),
                ("block1", "block:16", 0, 3),
                ("group1", "[…]", 0, 1),
                ("group2", "[…]", 0, 1),
                ("gap1", "gap", 0, 1),
                ("linear1", "linear:10", 0, 1),
            ],
        ),
        (
            3,
            [
                ("conv1", "conv:16,k1", 0, 1),
                ("block1", "block:16", 0, 3),
                ("add1", "add[…]", 1, 3),
                ("conv3_1", "conv3:16", 2, 3),
                ("relu1", "relu", 2, 3),
                ("add1", "add", 2, 3),
                ("relu2", "relu", 1, 3),
                ("group1", "[…]", 0, 1),
                ("maxpool1", "maxpool:2", 1, 1),
                ("relu7", "relu", 1, 1),
                ("group2", "[…]", 0, 1),
                ("maxpool2", "maxpool:2", 1, 1),
                ("relu8", "relu", 1, 1),
                ("gap1", "gap", 0, 1),
                ("linear1", "linear:10", 0, 1),
            ],
        ),
        (0, [("", "22 layers", 0, 1)]),
    ],
)
def test_blocks_of_a_spec(depth: int, wanted: list[tuple[str, str, int, int]]) -> None:
    """A block stands before what it is made of; equal ones in a row are one line."""
    assert lines_of(cnncalc.analyze(COMPACT), depth) == wanted


def test_modules_of_a_model() -> None:
    """Lists of modules, which run nothing themselves, are modules as well."""
    report = cnncalc.analyze(TORCH, (3, 32, 32))
    assert lines_of(report, 2) == [
        ("stem", "conv:16,k3,p1", 0, 1),
        ("blocks", "ModuleList", 0, 1),
        ("blocks.0", "Block", 1, 3),
        ("mean", "gap", 0, 1),
        ("head", "linear:10", 0, 1),
    ]
    assert report.to_dict()["layers"][1]["path"] == [
        ["blocks", "ModuleList"],
        ["blocks.0", "Block"],
        ["blocks.0.body", "Sequential"],
    ]


def test_layers_of_keras(tmp_path: Path) -> None:
    """Layers that have names of their own stand in the model or layer that calls them."""
    path = tmp_path / "net.py"
    path.write_text(KERAS)
    found = {
        layer["name"]: layer["path"]
        for layer in cnncalc.analyze(f"{path}:model").to_dict()["layers"]
    }
    assert found["a"] == [["body", "Sequential"]]
    assert found["inner"] == [["body", "Sequential"], ["scale", "Scale"]]
    assert found["flat"] == []


def test_live_modules() -> None:
    """A live module's layers stand in its modules."""
    torch = pytest.importorskip("torch")
    nn = torch.nn
    module = nn.Sequential(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), nn.Flatten())
    layers = cnncalc.analyze(cnncalc.from_torch(module, (3, 8, 8))).to_dict()["layers"]
    assert [layer["path"] for layer in layers] == [[["0", "Sequential"]], [["0", "Sequential"]], []]


@pytest.mark.parametrize("depth", range(5))
@pytest.mark.parametrize("name", example_names())
def test_sums(name: str, depth: int) -> None:
    """What isn't part of another line sums up to the totals, and each step stands in one."""
    report = cnncalc.analyze(name) if name.islower() else cnncalc.analyze(Path(name))
    lines = tree(report, depth)
    parts = frontier(lines[1:])
    total = report.total
    assert sum(line.params for line in parts) == total.params
    assert sum(line.macs for line in parts) == total.macs
    assert sum(line.trainable for line in parts) == total.trainable
    assert sum(line.activation_bytes for line in parts) == total.activation_bytes
    found = sorted(row.index for line in parts for row in line.rows)
    assert found == [row.index for row in report.layers]


def test_a_line_for_several_has_the_sum_of_all() -> None:
    """Its output and its field are those of the last."""
    report = cnncalc.analyze(COMPACT)
    line: Line = tree(report, 1)[2]
    rows = [row for row in report.layers if 2 <= row.index <= 16]
    assert line.count == 3
    assert line.rows == rows
    assert line.params == sum(row.params for row in rows) == 3 * (16 * 16 * 9 + 16 + 32)
    assert line.output_shape == (16, 32, 32)
    assert [along.field.size for along in report.fields[line.index].axes] == [7, 7]


@pytest.mark.parametrize(
    ("words", "page"),
    [
        (("shape", "resnet50", "--depth", "1"), "tree-resnet50.txt"),
        (("params", "resnet18", "--depth", "2"), "tree-resnet18.txt"),
        (("shape", "unet", "--summary"), "tree-unet.txt"),
    ],
)
def test_pages(words: tuple[str, ...], page: str, command: Command, golden: Golden) -> None:
    """ResNet-50 on one screen."""
    code, out, err = command(*words)
    assert (code, err) == (0, "")
    assert "resnet50" not in words or len(out.splitlines()) < 24
    golden(page, out)


def test_for_programs(command: Command) -> None:
    """Values alone, of lines that aren't parts of one another; the document stays whole."""
    _, out, _ = command("shape", "resnet18", "--depth", "2", "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert sum(int(row["params"]) for row in rows) == 11_689_512
    assert {row["depth"] for row in rows} == {"0", "1"}
    _, whole, _ = command("shape", "resnet18", "--json")
    _, folded, _ = command("shape", "resnet18", "--depth", "1", "--json")
    assert json.loads(whole) == json.loads(folded)


def test_modules_that_were_never_reached() -> None:
    """They stand in their modules too, without a size."""
    source = TORCH.replace("return self.head(x.mean((2, 3)))", "return weird(self.head(x))")
    source = f"from nowhere import weird\n{source}".replace("self.stem(x)", "weird(self.stem(x))")
    with pytest.raises(cnncalc.SpecError) as info:
        cnncalc.analyze(source, (3, 32, 32))
    report = info.value.report
    text = plain(view("shape", report, depth=1))
    assert "Block" not in text
    (blocks,) = [line for line in tree(report, 1) if line.name == "blocks"]
    assert blocks.output_shape is None
    assert blocks.params == 7_056


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--depth", "one"], "`--depth one` is no whole number"),
        (["--depth", "-1"], "`--depth -1` is less than none"),
        (["--depth", "2", "--summary"], "contradicts `--depth 2`"),
        (["--depth", "1", "--columns", "weights"], "there is no column `weights`"),
    ],
)
def test_errors(words: list[str], message: str, command: Command) -> None:
    """Each is told before any work."""
    code, out, err = command("shape", "resnet18", *words)
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize(
    ("wanted", "titles"),
    [
        ("-macs", ["#", "layer", "output", "RF", "params"]),
        ("-macs,-params", ["#", "layer", "output", "RF"]),
        ("+share,-sees", ["#", "layer", "output", "params", "MACs", "share"]),
        ("-share", ["#", "layer", "output", "RF", "params", "MACs"]),
    ],
)
def test_columns_taken_away(wanted: str, titles: list[str]) -> None:
    """After a minus a column is left out of the usual ones, if it stands there."""
    report = cnncalc.analyze("3x8x8 conv:4,k3 relu")
    assert view("shape", report, wanted).titles() == titles
