"""The input size that a source says itself: in a comment, or where it calls its model."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from cnncalc import analyze, convert, parse
from cnncalc.errors import SpecError
from cnncalc.layers.base import Shape
from tests.conftest import Command

NET = """import torch
from torch import nn
class Net(nn.Module):
    def __init__(self, n=8):
        super().__init__()
        self.conv = nn.Conv2d(3, n, 3)
    def forward(self, x):
        return self.conv(x)
class Other(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.conv = nn.Conv2d(n, 8, 3)
    def forward(self, x):
        return self.conv(x)
def build(n=4):
    net = Net(n)
    return net
def other():
    return Other(3)
"""
SIZE = (3, 20, 24)
# name: (what stands behind the classes, what of the file is meant)
GIVEN: dict[str, tuple[str, str]] = {
    "a call": ("y = Net()(torch.randn(1, 3, 20, 24))", "Net"),
    "a variable": ("net = Net(4)\ny = net(torch.zeros(1, 3, 20, 24))", "Net"),
    "a variable that is meant": ("net = Other(3)\ny = net(torch.ones(1, 3, 20, 24))", "net"),
    "a batch": ("net = Net()\nx = torch.rand(16, 3, 20, 24)\nnet(x)", "Net"),
    "on a device": ("net = Net().to(dev).eval()\nx = torch.empty((1, 3, 20, 24)).cuda()\nnet(x)",
        "Net"),
    "named numbers": ("h, b = 20, 2\nw = 24\nhh = 20\nnet = Net()\nx = torch.randn(2, 3, hh, w)\n"
        "net(x)", "Net"),
    "numbers side by side": ("h, w = 20, 24\nNet()(torch.randn(2, 3, h, w, device=d))", "Net"),
    "by name": ("Net()(torch.randn(size=[1, 3, 20, 24]))", "Net"),
    "forward": ("net = Net()\nnet.forward(torch.randn(1, 3, 20, 24))", "Net"),
    "in a function": ("def test():\n    net = Net()\n    x = torch.randn(1, 3, 20, 24)\n    net(x)",
        "Net"),
    "in the main block": ("if __name__ == '__main__':\n    net = build()\n"
        "    net(torch.randn(1, 3, 20, 24))", "Net"),
    "of the function that is meant": ("build(3)(torch.randn(1, 3, 20, 24))", "build()"),
    "of another function of the class": ("Net()(torch.randn(1, 3, 20, 24))", "build()"),
    "the model's alone": ("Net()(torch.randn(1, 3, 20, 24))\nOther(3)(torch.randn(1, 3, 9, 9))\n"
        "other()(torch.randn(1, 3, 7, 7))", "Net"),
    "the same twice": ("Net()(torch.randn(1, 3, 20, 24))\nbuild()(torch.randn(4, 3, 20, 24))",
        "Net"),
    "torchsummary": ("from torchsummary import summary\nsummary(Net(), (3, 20, 24))", "Net"),
    "torchinfo": ("from torchinfo import summary\nm = Net()\n"
        "summary(m, input_size=(1, 3, 20, 24))", "Net"),
    "torchinfo's data": ("from torchinfo import summary\n"
        "summary(Net(), input_data=torch.randn(1, 3, 20, 24))", "Net"),
    "a summary with a batch": ("summary(Net(), (1, 3, 20, 24))", "Net"),
    "ptflops": ("get_model_complexity_info(Net(), (3, 20, 24), as_strings=True)", "Net"),
    "thop": ("m = Net()\nx = torch.randn(1, 3, 20, 24)\nmacs, n = profile(m, inputs=(x, ))", "Net"),
    "an export": ("torch.onnx.export(Net(), torch.randn(1, 3, 20, 24), 'net.onnx')", "Net"),
    "a trace": ("torch.jit.trace(nn.DataParallel(Net()), torch.randn(1, 3, 20, 24))", "Net"),
    "a comment": ("# cnncalc: input 3x20x24", "Net"),
    "a comment in brackets": ("#cnncalc:input (3, 20, 24)  # as in the paper", "Net"),
    "a comment before calls": ("Net()(torch.randn(1, 3, 9, 9))  # cnncalc: input 3x20x24", "Net"),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "meant"), GIVEN.values(), ids=GIVEN)
def test_given(lines: str, meant: str, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(f"{NET}{lines}\n")
    report = analyze(f"{path}:{meant}")
    notes = [message for _, message in report.notes if "input" in message]

    assert report.input == SIZE
    assert report.batch == 1
    assert ["cnncalc:" in lines] == [not notes]
    assert analyze(f"{path}:{meant}", (3, 8, 8)).input == (3, 8, 8)


def test_the_note_names_the_line(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "net.py"
    path.write_text(f"{NET}net = Net()\ny = net(torch.randn(1, 3, 20, 24))\n")
    note = "note: the input is 3×20×24, from line 21: `torch.randn(1, 3, 20, 24)`"

    assert note in command("shape", f"{path}:Net").out
    assert note in command("convert", f"{path}:Net", "--to", "compact").err
    assert "note" not in command("shape", f"{path}:Net", "-i", "3x9x9").out


@pytest.mark.parametrize(
    ("lines", "meant"),
    [
        ("", "Net"),
        ("Other(3)(torch.randn(1, 3, 9, 9))", "Net"),
        ("other()(torch.randn(1, 3, 9, 9))", "build()"),
        ("Net()(torch.randn(1, 3, size, size))", "Net"),
        ("Net()(torch.randn(1, 3, -9, 9))", "Net"),
        ("Net()(load())", "Net"),
        ("x = torch.randn(1, 3, 9, 9)\nx = load()\nNet()(x)", "Net"),
        ("Net()(torch.randn(1, 3, 9, 9), torch.randn(1, 3))", "Net"),
        ("net = net()\nnet(net)\na = b\nb = a\na(b)", "Net"),
        ("train(Net(), 3, (1, 2))", "Net"),
        ("Net()(torch.randn(1, 3, 20, 24))", "Net().conv"),
    ],
)
def test_no_size(lines: str, meant: str, tmp_path: Path) -> None:
    """Nothing is guessed: figures are in names then, or a size is asked for."""
    path = tmp_path / "net.py"
    path.write_text(f"{NET}{lines}\n")
    network = parse(f"{path}:{meant}")

    assert network.input is None
    assert network.hint is not None
    assert network.hint() is None


def failed(text: str, meant: str, tmp_path: Path) -> SpecError:
    path = tmp_path / "net.py"
    path.write_text(text)
    with pytest.raises(SpecError) as caught:
        analyze(f"{path}:{meant}")
    return caught.value


def test_sizes_that_disagree(tmp_path: Path) -> None:
    calls = "Net()(torch.randn(1, 3, 20, 24))\nbuild()(torch.randn(1, 3, 32, 32))\n"
    error = failed(NET + calls, "Net", tmp_path)

    assert (error.code, error.line) == ("several-sizes", 20)
    assert error.message == (
        "this source gives its model several input sizes: 3×20×24 in line 20, 3×32×32 in line 21"
    )
    assert error.help == "say which: `-i 3x20x24`"
    more = "".join(f"Net()(torch.randn(1, 3, {n}, {n}))\n" for n in range(9, 15))
    assert failed(NET + more, "Net", tmp_path).message.endswith(" and 2 more")


def test_a_size_that_does_not_fit(tmp_path: Path) -> None:
    error = failed(f"{NET}Net()(torch.randn(1, 4, 20, 24))\n", "Net", tmp_path)

    assert error.notes[-1] == ("the input is 4×20×24, from line 20: `torch.randn(1, 4, 20, 24)`")


def test_comments_of_several_classes(tmp_path: Path) -> None:
    """That of a class stands in it, or right above it."""
    text = NET.replace("class Net", "# cnncalc: input 3x20x24\nclass Net").replace(
        "    def __init__(self, n):", "    # cnncalc: input 3x9x9\n    def __init__(self, n):"
    )
    (tmp_path / "net.py").write_text(text)

    assert analyze(f"{tmp_path / 'net.py'}:Net").input == SIZE
    assert analyze(f"{tmp_path / 'net.py'}:Other(3)").input == (3, 9, 9)
    (tmp_path / "net.py").write_text(f"{text}# cnncalc: input 3x5x5\n")
    assert analyze(f"{tmp_path / 'net.py'}:Net").input == SIZE


def test_comments_that_disagree(tmp_path: Path) -> None:
    error = failed(f"# cnncalc: input 3x5x5\n{NET}# cnncalc: input 3x6x6\n", "Net", tmp_path)
    assert error.message.endswith("3×5×5 in line 1, 3×6×6 in line 21")

    error = failed(f"{NET}# cnncalc: input 3xwide\n", "Net", tmp_path)
    assert (error.code, error.line, error.column) == ("bad-input", 20, 18)


KERAS = """import tensorflow as tf
from tensorflow.keras import layers, Model
class Net(Model):
    def __init__(self):
        super().__init__()
        self.conv = layers.Conv2D(8, 3)
    def call(self, x):
        return self.conv(x)
"""


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (f"{KERAS}net = Net()\nnet.build((None, 20, 24, 3))", (20, 24, 3)),
        (f"{KERAS}net = Net()\nnet.build(input_shape=(None, 20, 24, 3))", (20, 24, 3)),
        (f"{KERAS}net = Net()\nnet(tf.zeros((1, 20, 24, 3)))", (20, 24, 3)),
        (f"# cnncalc: input 20x24x3\n{KERAS}", (20, 24, 3)),
        ("# cnncalc: input 9x9x3\nmodel = keras.Sequential([keras.Input((20, 24, 3)), "
         "layers.Conv2D(8, 3)])", (9, 9, 3)),
        ("model = keras.Sequential([keras.Input((20, 24, 3)), layers.Conv2D(8, 3)])", (20, 24, 3)),
    ],
)  # fmt: skip
def test_keras(text: str, size: Shape) -> None:
    report = analyze(text)

    assert report.shape(report.input) == list(size)


@pytest.mark.parametrize("to", ["torch", "keras"])
def test_what_is_written_says_its_size(to: str) -> None:
    text = str(convert("3x20x24 conv:8,k3 relu gap linear:10", to))
    first = "# cnncalc: input 20x24x3" if to == "keras" else "# cnncalc: input 3x20x24"

    assert text.splitlines()[0] == first
    assert analyze(text).total.params == 224 + 90


def test_a_copy_knows_the_size() -> None:
    network = parse(f"{NET.partition('class Other')[0]}y = Net()(torch.randn(1, 3, 20, 24))\n")

    assert analyze(pickle.loads(pickle.dumps(network))).input == SIZE


def test_sources_that_call_without_end() -> None:
    """The work is bounded, whatever is bound to what."""
    names = "".join(f"a{n} = a{n + 1}\n" * 30 for n in range(40))
    calls = "".join(f"a{n % 40}(a0)\n" for n in range(2_000))
    network = parse(f"{NET.partition('class Other')[0]}{names}{calls}")

    assert network.hint is not None
    assert network.hint() is None


TWO = """
import torch
from torch import nn
{comment}
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(7, 2)
    def forward(self, image, facts):
        return self.fc(torch.cat([image.flatten(1), facts], 1))
"""


def test_sizes_of_several_inputs(tmp_path: Path) -> None:
    """One for each, in their order; `convert` writes them so."""
    path = tmp_path / "net.py"
    path.write_text(TWO.format(comment="# cnncalc: input 1x2x2; 3"))
    report = analyze(path)

    assert report.rows[-1].output_shape == (2,)
    assert str(convert(path, "torch")).startswith("# cnncalc: input 1x2x2; 3\n")
    with pytest.raises(SpecError, match="takes 2 inputs, and the comment has sizes for 3"):
        parse(TWO.format(comment="# cnncalc: input 1x2x2; 3; 4"))
