"""Which model of a file is meant."""

from __future__ import annotations

import pytest

import cnncalc
from tests.source.reading import SAMPLES, refused, report_of, report_of_file

HEAD = "from torch import nn\n"
TWO = HEAD + (
    "class Block(nn.Module):\n    def __init__(self, n=3):\n        super().__init__()\n"
    "        self.c = nn.Conv2d(n, n, 1)\n    def forward(self, x):\n        return self.c(x)\n"
    "class Net(nn.Module):\n    def __init__(self, width=3):\n        super().__init__()\n"
    "        self.features = nn.Sequential(Block(width), nn.ReLU())\n"
    "        self.head = nn.Linear(width, 2)\n"
    "    def forward(self, x):\n        return self.head(self.features(x).mean([2, 3]))\n"
    "def small():\n    return Net(3)\n"
)


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        (None, ["features.0.c", "features.1", "mean", "head"]),
        ("Net", ["features.0.c", "features.1", "mean", "head"]),
        ("Net()", ["features.0.c", "features.1", "mean", "head"]),
        ("Net(width=3)", ["features.0.c", "features.1", "mean", "head"]),
        ("small", ["features.0.c", "features.1", "mean", "head"]),
        ("small()", ["features.0.c", "features.1", "mean", "head"]),
        ("Block", ["c"]),
        ("Net.features", ["0.c", "1"]),
        ("Net().features", ["0.c", "1"]),
        ("small().features", ["0.c", "1"]),
        ("Net(width=1 + 2).features[0]", ["c"]),
    ],
)
def test_named(entry: str | None, names: list[str]) -> None:
    assert [row.name for row in report_of(TWO, (3, 4, 4), entry).layers] == names


def test_a_single_layer() -> None:
    report = report_of(TWO, (3,), "Net.head")

    assert [row.kind for row in report.layers] == ["linear"]


@pytest.mark.parametrize(
    ("entry", "message", "help"),
    [
        ("Nett", "there is no `Nett`", "did you mean `Net`?"),
        ("Net(widht=3)", "no parameter `widht`; did you mean `width`?", None),
        ("Net.body", "has no attribute `body`", None),
        ("Net(", "names no model", "Net(n_classes=10)"),
        ("import os", "names no model", None),
        ("3", "this is a whole number, no model", None),
        ("__import__('os')", "can't be followed", None),
        ("Net(open('/etc/passwd'))", "can't be followed", None),
    ],
)
def test_a_wrong_name(entry: str, message: str, help: str | None) -> None:
    error = refused(TWO, (3, 4, 4), entry)

    assert message in error.message
    assert help is None or help in (error.help or "")


def test_several_models_are_listed() -> None:
    error = refused((SAMPLES / "probe.py").read_text(encoding="utf-8"), (1, 4000))

    assert error.code == "choose"
    assert error.message == "this source has several models: Audio, Video"
    assert error.help == "name one, as in `model.py:Audio`"


def test_functions_are_listed_where_classes_need_arguments() -> None:
    error = refused((SAMPLES / "cifar_resnet.py").read_text(encoding="utf-8"), (3, 32, 32))

    assert "ResNet18()" in error.message
    assert "ResNet50()" in error.message


@pytest.mark.parametrize(("entry", "line"), [(None, 2), ("Net", 1)])
def test_arguments_that_are_needed(entry: str | None, line: int) -> None:
    text = "import torch\n" + "class Net(torch.nn.Module):\n    def __init__(self, n, m=1): ...\n"
    error = refused(text, (3, 8, 8), entry)

    assert error.message == "`Net` needs `n`"
    assert error.help == "say what they are: `model.py:Net(n=…)`"
    assert error.line == line  # of the source, or of what was typed


def test_the_variable_that_a_script_makes() -> None:
    report = report_of_file(SAMPLES / "dcgan.py", (100, 1, 1))

    assert report.rows[1].name == "main.0"


def test_the_variable_that_holds_a_module_of_a_class_which_needs_arguments() -> None:
    text = HEAD + (
        "class Block(nn.Module):\n"
        "    def __init__(self, n):\n"
        "        super().__init__()\n"
        "        self.conv = nn.Conv2d(n, n, 3)\n"
        "    def forward(self, x):\n"
        "        return self.conv(x)\n"
        "act = nn.ReLU()\n"
        "net = nn.Sequential(nn.Conv2d(3, 8, 3), Block(8))\n"
    )

    assert [row.kind for row in cnncalc.analyze(text, (3, 9, 9)).rows[:3]] == [
        "input",
        "conv",
        "conv",
    ]
    assert refused(text + "other = nn.Sequential(Block(3))\n", (3, 9, 9)).code == "entry"


def test_a_script_is_not_run() -> None:
    """Only what the model depends on is worked out."""
    text = TWO + (
        "import os\nos.system('true')\ndata = load('x')\nmodel = Net()\n"
        "for epoch in range(10 ** 12):\n    model.train()\n    loss = step(model, data)\n"
        "while True:\n    pass\n"
    )

    assert report_of(text, (3, 4, 4)).total.params == report_of(TWO, (3, 4, 4)).total.params


def test_surgery_on_a_model() -> None:
    text = TWO + (
        "model = Net()\nmodel.head = nn.Linear(model.head.in_features, 100)\n"
        "body = model.features\nbody[1] = nn.Sigmoid()\n"
        "for weight in model.features.parameters():\n    weight.requires_grad = False\n"
    )
    report = report_of(text, (3, 4, 4), "model")

    assert report.rows[-1].output_shape == (100,)
    assert [row.kind for row in report.layers] == ["conv", "sigmoid", "gap", "linear"]
    assert report.total.params - report.total.trainable == 12
