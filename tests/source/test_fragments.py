"""What people paste: lines without their class, a size in front, a prompt, odd indentation."""

from __future__ import annotations

import pytest

from cnncalc import CnnCalcError, analyze, parse
from cnncalc.layers.base import Shape
from tests.conftest import Command
from tests.source.reading import refused, report_of

CONVS = ["self.conv1 = nn.Conv2d(3, 6, 5)", "self.pool = nn.MaxPool2d(2, 2)"]
FORWARD = ["def forward(self, x):", "    return self.pool(F.relu(self.conv1(x)))"]
INIT = ["def __init__(self, n=6):", "    super(LeNet, self).__init__()"]


def text(*lines: str, indent: str = "") -> str:
    return "".join(f"{indent}{line}\n" for line in lines)


METHODS = [*INIT, *(f"    {line}" for line in CONVS), "", *FORWARD]
# name: (what is pasted, input, names of the rows, output)
PASTED: dict[str, tuple[str, Shape | None, list[str], Shape]] = {
    "lines": (text(*CONVS), (3, 32, 32), ["conv1", "pool"], (6, 14, 14)),
    "indented lines": (text(*CONVS, indent=" " * 8), (3, 32, 32), ["conv1", "pool"], (6, 14, 14)),
    "lines but the first indented": (
        CONVS[0] + "\n" + text(*CONVS[1:], indent=" " * 8),
        (3, 32, 32),
        ["conv1", "pool"],
        (6, 14, 14),
    ),
    "a body with super": (
        text("super(Net, self).__init__()", "n = 4", "self.c = nn.Conv2d(3, n, 3)"),
        (3, 8, 8),
        ["c"],
        (4, 6, 6),
    ),
    "a loop of lines": (
        text("for i in range(2):", "    setattr(self, f'c{i}', nn.Conv2d(3, 3, 3))"),
        (3, 8, 8),
        ["c0", "c1"],
        (3, 4, 4),
    ),
    "a stack": (
        text("self.net = nn.Sequential(", "    nn.Conv2d(3, 6, 5),", "    nn.ReLU(),", ")"),
        (3, 32, 32),
        ["net.0", "net.1"],
        (6, 28, 28),
    ),
    "methods": (text(*METHODS), (3, 32, 32), ["conv1", "relu", "pool"], (6, 14, 14)),
    "indented methods": (
        text(*METHODS, indent="    "), (3, 32, 32), ["conv1", "relu", "pool"], (6, 14, 14),
    ),
    "methods but the first line indented": (
        text(*METHODS, indent="    ")[4:], (3, 32, 32), ["conv1", "relu", "pool"], (6, 14, 14),
    ),
    "lines and a forward": (
        text("import torch.nn as nn", *CONVS, *FORWARD),
        (3, 32, 32),
        ["conv1", "relu", "pool"],
        (6, 14, 14),
    ),
    "layers by name": (
        text("conv = nn.Conv2d(3, 6, 5)", "act = nn.ReLU()"),
        (3, 32, 32),
        ["conv", "act"],
        (6, 28, 28),
    ),
    "a prompt": (
        text(">>> m = nn.Conv2d(3, 6, 5)", ">>> net = nn.Sequential(m,", "...     nn.ReLU())"),
        (3, 32, 32),
        ["0", "1"],
        (6, 28, 28),
    ),
    "a device": (
        text("nn.Sequential(nn.Conv2d(3, 6, 5)).to(device)"), (3, 32, 32), ["0"], (6, 28, 28),
    ),
    "Keras lines": (
        text("self.a = layers.Conv2D(8, 3)", "self.n = 3", "self.b = layers.Flatten()"),
        (8, 8, 3),
        ["conv2d", "flatten"],
        (288,),
    ),
    "Keras methods": (
        text("def __init__(self):", "    super().__init__()", "    self.a = layers.Conv2D(8, 3)",
             "def call(self, x):", "    return self.a(x)"),
        (8, 8, 3),
        ["conv2d"],
        (8, 6, 6),
    ),
    "a size": ("3x8x8 nn.Sequential(nn.Conv2d(3, 16, 3))", None, ["0"], (16, 6, 6)),
    "a size on a line": ("3x8x8\nnn.Conv2d(3, 16, 3)\nnn.ReLU()\n", None, ["0", "1"], (16, 6, 6)),
    "a size before a class": (
        "3x8x8\n"
        + text("class Net(nn.Module):", "    def forward(self, x):", "        return x[:, :2]"),
        None,
        ["getitem"],
        (2, 8, 8),
    ),
    "a size before indented lines": (
        "3x32x32\n" + text(*CONVS, indent="    "), None, ["conv1", "pool"], (6, 14, 14),
    ),
    "lines beside a class": (
        text("class Net(nn.Module):", "    def forward(self, x):", "        return x[:, :2]",
             "self.a = Net()", "self.b = nn.ReLU()"),
        (3, 8, 8),
        ["a", "b"],
        (2, 8, 8),
    ),
    "lines of a forward": (
        text(*CONVS, "x = self.pool(F.relu(self.conv1(x)))", "x = torch.flatten(x, 1)"),
        (3, 32, 32),
        ["conv1", "relu", "pool", "flatten"],
        (1176,),
    ),
    "lines of a forward with a return": (
        text("import torch.nn as nn", *CONVS, "", "out = self.conv1(img)", "return self.pool(out)"),
        (3, 32, 32),
        ["conv1", "pool"],
        (6, 14, 14),
    ),
    "a forward in a loop": (
        text("self.c = nn.ModuleList()", "for i in range(2):",
             "    self.c.append(nn.Conv2d(3, 3, 3))", "for c in self.c:", "    x = c(x)"),
        (3, 8, 8),
        ["c.0", "c.1"],
        (3, 4, 4),
    ),
    "lines of a forward behind a method": (
        text(*METHODS[:4], "", "x = self.pool(self.conv1(x))"),
        (3, 32, 32),
        ["conv1", "pool"],
        (6, 14, 14),
    ),
    "Keras lines of a call": (
        text("self.a = layers.Conv2D(8, 3)", "self.b = layers.Flatten()", "y = self.a(inputs)",
             "y = self.b(y)"),
        (8, 8, 3),
        ["conv2d", "flatten"],
        (288,),
    ),
    "the middle of an init": (
        text(*CONVS, indent=" " * 8) + "\n" + text(*FORWARD, indent=" " * 4),
        (3, 32, 32),
        ["conv1", "relu", "pool"],
        (6, 14, 14),
    ),
    "the middle of an init, its first line bare": (
        text(*CONVS, indent=" " * 8)[8:] + "\n" + text(*FORWARD, indent=" " * 4),
        (3, 32, 32),
        ["conv1", "relu", "pool"],
        (6, 14, 14),
    ),
    "the middle of an init, its methods at the edge": (
        text(*CONVS, indent=" " * 4) + "\n" + text(*FORWARD),
        (3, 32, 32),
        ["conv1", "relu", "pool"],
        (6, 14, 14),
    ),
    "a length": ("64 nn.Linear(64, 10)", None, ["linear"], (10,)),
    "a size of Keras": (
        "8x6x3 keras.Sequential([layers.Conv2D(8, 3)])", None, ["conv2d"], (8, 6, 4),
    ),
    "a size that is overruled": ("3x8x8 nn.Conv2d(3, 2, 1)", (3, 5, 5), ["conv2d"], (2, 5, 5)),
}  # fmt: skip


@pytest.mark.parametrize(("pasted", "input", "names", "output"), PASTED.values(), ids=PASTED)
def test_pasted(pasted: str, input: Shape | None, names: list[str], output: Shape) -> None:
    report = analyze(pasted, input)

    assert [row.name for row in report.layers] == names
    assert report.rows[report.outputs[0]].output_shape == output


NET = "class Net(nn.Module):\n    pass\n"
# name: (what is pasted, line, what is underlined, words of the message or the help)
WRONG = {
    "after a size": ("3x8x8 nn.Conv2d(4, 8, 3)", 1, "4", "receives 3 channels"),
    "on a line after a size": ("3x8x8\nnn.ReLU()\nnn.Conv2d(4, 8, 3)", 3, "4", "receives 3"),
    "indented": ("self.a = nn.ReLU()\n    self.b = nn.Linear(9, 2)", 2, "9", "the last axis"),
    "the first": ("self.b = nn.Linear(9, 2)\n    self.a = nn.ReLU()", 1, "9", "the last axis"),
    "a name": ("self.a = nn.Conv2d(width, 3, 3)", 1, "width", "`width` is not defined"),
    "a forward alone": (
        "def forward(self, x):\n    return self.conv(x)",
        2,
        "self.conv",
        "`Net` has no attribute `conv`",
    ),
    "a forward outside": (
        f"{NET}def forward(self, x):\n    return x\n",
        1,
        "class Net(nn.Module)",
        "a `forward` stands outside of the class: indent it",
    ),
    "the middle of an init": (
        "        self.a = nn.Linear(9, 2)\n\n    def forward(self, x):\n        return self.a(x)",
        1,
        "9",
        "the last axis",
    ),
    "the middle of an init, bare": (
        "self.a = nn.Linear(9, 2)\n        b = 2\n"
        "    def forward(self, x):\n        return self.a(x)",
        1,
        "9",
        "the last axis",
    ),
    "a line of a forward": (
        "self.a = nn.Linear(9, 2)\nx = self.b(x)",
        2,
        "self.b",
        "attribute `b`",
    ),
    "no Python": ("3x8x8 nn.Conv2d(4, 8, 3", 1, "(", "isn't Python"),
}


@pytest.mark.parametrize(("pasted", "line", "underlined", "words"), WRONG.values(), ids=WRONG)
def test_the_place_is_the_users_own(pasted: str, line: int, underlined: str, words: str) -> None:
    error = refused(pasted, (3, 8, 8))

    assert words in f"{error.message} {error.help}"
    assert error.line == line
    assert error.span is not None
    assert error.span.text == underlined


@pytest.mark.parametrize("pasted", ["3x8x8", "3x8x8\n", "3x8x8 # no", f"3x{'9' * 30} nn.ReLU()"])
def test_a_size_alone_is_no_source(pasted: str) -> None:
    with pytest.raises(CnnCalcError):
        report_of(pasted)


OPEN = "nn.Sequential(nn.Conv2d(in_channels, width, 3), nn.Conv2d(width, n_classes, 1))"


def test_values_for_open_names(command: Command) -> None:
    let = {"in_channels": 3, "width": 8, "n_classes": 5}
    at = [f"--let={name}={value}" for name, value in let.items()]

    assert analyze(parse(OPEN, let=let), (3, 8, 8)).total.params == 224 + 45
    assert command("params", OPEN, "-i", "3x8x8", *at).code == 0
    error = command("params", OPEN, "-i", "3x8x8", *at[:1])
    assert "`width` is not defined in this source" in error.err
    assert "`--let width=64` gives it a value; in Python `let={'width': 64}`" in error.err


def test_a_name_that_is_not_open(command: Command) -> None:
    """A value from outside is for names alone that nothing defines."""
    text = "n = 4\nnet = nn.Conv2d(3, n, 1)"

    assert analyze(parse(text, let={"n": 9}), (3, 8, 8)).total.params == 16
    error = command("shape", text, "-i", "3x8x8", "--let", "m=3")
    assert (error.code, "nothing in this source is called `m`" in error.err) == (2, True)


@pytest.mark.parametrize("text", ["nn.Conv2d(args.width, 3, 3)", "nn.Conv2d(width(), 3, 3)"])
def test_names_that_stand_for_no_number(text: str) -> None:
    assert refused(text, (3, 8, 8)).help is None
