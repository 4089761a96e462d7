"""What people paste: lines without their class, a size in front, a prompt, odd indentation."""

from __future__ import annotations

import pytest

from cnncalc import CnnCalcError, analyze
from cnncalc.layers.base import Shape
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
