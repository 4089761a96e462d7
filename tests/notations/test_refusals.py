"""Texts and files that hold no network: what they are called, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

import cnncalc
from cnncalc.errors import SpecError
from cnncalc.notations.examples import example_names, example_path
from cnncalc.notations.refusals import ENDINGS, PRINTED, SIGNS
from tests.conftest import Command

MODULE = """Net(
  (conv1): Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1))
  (features): Sequential(
    (0): ReLU(inplace=True)
  )
)"""
SUMMARY = """Model: "sequential"
_________________________________________________________________
 Layer (type)                Output Shape              Param #
=================================================================
 conv2d (Conv2D)             (None, 30, 30, 32)        896
=================================================================
Total params: 896"""
TORCHINFO = """==========================================================================
Layer (type:depth-idx)                   Output Shape              Param #
==========================================================================
Sequential                               [1, 6, 28, 28]            --
├─Conv2d: 1-1                            [1, 6, 28, 28]            456"""
TORCHSUMMARY = """----------------------------------------------------------------
        Layer (type)               Output Shape         Param #
================================================================
            Conv2d-1           [-1, 64, 112, 112]           9,408"""
TRACEBACK = """Traceback (most recent call last):
  File "train.py", line 12, in <module>
    out = model(x)
  File "model.py", line 30, in forward
    return self.fc(x)
RuntimeError: mat1 and mat2 shapes cannot be multiplied (1x400 and 120x84)"""
CHANNELS = (
    "Given groups=1, weight of size [6, 3, 5, 5], expected input[1, 1, 28, 28] to have 3 channels, "
    "but got 1 channels instead"
)
CELL = '{\n "cell_type": "code", "source": ["import torch"]\n}'
YOLO = """# YOLOv5 by Ultralytics
nc: 80  # number of classes
anchors:
  - [10,13, 16,30, 33,23]
backbone:
  # [from, number, module, args]
  [[-1, 1, Conv, [64, 6, 2, 2]],
   [-1, 3, C3, [128]]]
"""
PROTOTXT = 'name: "LeNet"\nlayer {\n  name: "conv1"\n  type: "Convolution"\n}'
DARKNET = "[net]\nbatch=64\n\n[convolutional]\nfilters=32\n"
README = """# My network

A small ResNet for CIFAR-10, written in PyTorch. It has the usual blocks,
and a head of its own.
"""
TABLE = "  #  layer       output    RF  params     MACs\n     input       3×32×32\n"
ONNX_BYTES = b"\x08\x0a\x12\x07pytorch"

# What is pasted, and words of what it is called.
TEXTS: dict[str, tuple[str, str]] = {
    "traceback": (TRACEBACK, "an error message"),
    "its last line": (TRACEBACK.splitlines()[-1], "an error message"),
    "an error without its name": (CHANNELS, "an error message"),
    "an error of Keras": (
        'ValueError: Input 0 of layer "dense" is incompatible with the layer: expected axis -1',
        "an error message",
    ),
    "an object": ("<__main__.Net object at 0x7f1c2d3e4f50>", "how Python shows an object"),
    "a Keras object": ("<Sequential name=sequential, built=True>", "how Python shows an object"),
    "the call that shows it": ("print(model)", "a call that shows a model"),
    "summary of Keras": (SUMMARY, "the table of a summary"),
    "torchinfo": (TORCHINFO, "the table of a summary"),
    "torchsummary": (TORCHSUMMARY, "the table of a summary"),
    "our own table": (TABLE, "a table of this program"),
    "a cell": (CELL, "a part of a notebook"),
    "report": ('{"schema": "cnncalc.report/1", "spec": "3x8x8 relu"}', "a report of this program"),
    "Keras's configuration": ('{"class_name": "Sequential", "config": {}}', "Keras model's config"),
    "JSON": ('[{"layer": "conv"}]', "JSON"),
    "state_dict": ("OrderedDict([('conv.weight', tensor([[1., 2.]]))])", "a `state_dict`"),
    "its sizes": ("conv1.weight \t torch.Size([64, 3, 7, 7])\n", "a `state_dict`"),
    "YAML": (YOLO, "a YAML configuration"),
    "prototxt": (PROTOTXT, "Caffe's prototxt"),
    "Darknet": (DARKNET, "a Darknet configuration"),
    "README": (README, "a sentence"),
    "prose": ("the network has a conv layer with 16 filters and then a relu", "a sentence"),
    "page": ("<!DOCTYPE html>\n<html><body>relu</body></html>", "a document"),
    "Mermaid": ("flowchart TD\n  a --> b", "a Mermaid diagram"),
    "command": ("$ cnncalc shape 3x8x8 relu", "a command of this program"),
    "shell": ("pip install cnncalc", "a command of the shell"),
    "path": ("weights.pt", "weights or a pickled module"),
}


@pytest.mark.parametrize(("text", "what"), TEXTS.values(), ids=TEXTS)
def test_what_is_pasted(text: str, what: str) -> None:
    with pytest.raises(SpecError) as caught:
        cnncalc.analyze(text, (3, 32, 32))

    assert caught.value.code == "no-network"
    assert what in caught.value.message
    assert caught.value.help
    assert caught.value.line is not None or text == "weights.pt"


def test_a_printed_model_in_another_notation(tmp_path: Path, command: Command) -> None:
    (tmp_path / "net.cnn").write_text(MODULE)
    code, out, err = command("shape", str(tmp_path / "net.cnn"))

    assert (code, out) == (2, "")
    assert "this is what `print(model)` shows, read as another notation" in err


def test_a_docstring_is_no_json() -> None:
    """A source that begins with one keeps its own error."""
    source = '"""A layer."""\nimport torch.nn as nn\nmodel = nn.Conv2d(3, 8)\n'

    with pytest.raises(SpecError) as caught:
        cnncalc.analyze(source, (3, 32, 32))

    assert "kernel_size" in caught.value.message


@pytest.mark.parametrize("name", ["text.txt", "text.cnn", "text.py"])
@pytest.mark.parametrize("text", [TRACEBACK, SUMMARY], ids=["error", "summary"])
def test_whatever_the_file_is_called(
    text: str, name: str, tmp_path: Path, command: Command
) -> None:
    (tmp_path / name).write_text(text)

    code, out, err = command("shape", str(tmp_path / name))

    assert (code, out) == (2, "")
    assert err.startswith("error[no-network]: this is ")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"%PDF-1.4\n%\xe2\xe3", "a PDF"),
        (b"PK\x03\x04\x00\x00\xff", "a zip archive"),
        (b"\x89HDF\r\n\x1a\n\x00", "HDF5"),
        (b"\x80\x02}q\x00.\xff", "a pickled module"),
        (b"\x1c\x00\x00\x00TFL3\xff\x00", "a compiled model"),
        (b'\x40\x00\x00\x00\x00\x00\x00\x00{"a": 1}', "weights"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (ONNX_BYTES + b"\xff\x00", "an ONNX model"),
        (b"\xfa\xfb\x00\x01", "line 1 is not UTF-8"),
        (b"relu \x00", "zero bytes"),
    ],
)
def test_what_is_no_text(data: bytes, what: str, tmp_path: Path, command: Command) -> None:
    (tmp_path / "net.txt").write_bytes(data)

    code, out, err = command("shape", str(tmp_path / "net.txt"))

    assert (code, out) == (2, "")
    assert err.startswith("error[not-text]: ")
    assert what in err


@pytest.mark.parametrize("ending", ENDINGS)
def test_endings(ending: str, command: Command) -> None:
    """With a folder before it and without, in any case, whether the file is there or not."""
    if ending == ".json":
        return  # a report has a spec in it
    for word in (f"model{ending}", f"./models/net{ending.upper()}", f"net{ending}:Net(3)"):
        code, out, err = command("shape", word)
        assert (code, out) == (2, "")
        assert err.startswith(f"error[no-network]: `{word}` is {ENDINGS[ending].what}")


@pytest.mark.parametrize("word", ["https://github.com/a/b/blob/main/m.py", "http://x.org/net"])
def test_an_address_is_not_fetched(word: str, command: Command) -> None:
    assert "is an address, and nothing is fetched" in command("shape", word).err


def test_folders_and_files_of_a_plain_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    for name in ("b.py", "a.cnn", "__init__.py", "notes.md"):
        (tmp_path / "models" / name).write_text("")
    (tmp_path / "net").write_text("3x8x8 relu")
    (tmp_path / "none").mkdir()

    assert "a file in it: `models/a.cnn`, `models/b.py`" in command("shape", "models").err
    assert "a file in it: `models/a.cnn`, `models/b.py`" in command(
        "shape", "./models/"
    ).err.replace("./models/", "models/")
    assert "`none` is a folder" in command("shape", "none").err
    assert "`.` is a folder" in command("shape", ".").err
    assert "the file of that name is `./net`" in command("shape", "net").err
    assert command("shape", "./net").code == 0


def test_an_empty_source(tmp_path: Path, command: Command) -> None:
    (tmp_path / "net.py").write_text("\n\n")

    assert "error[empty]: the source is empty" in command("shape", str(tmp_path / "net.py")).err


# What looks like something else in a comment, a text or a name, and is wrong in its own way.
OWN_MISTAKES: dict[str, tuple[str, str]] = {
    "a comment": ("# RuntimeError: to have 3 channels, but got 1\n3x8x8 foo", "unknown-layer"),
    "comments of prose": ("# the first of a\n3x8x8 relu\n# and then it\n foo", "unknown-layer"),
    "a head of columns": ("# layer  kernel\n3x8x8 foo", "unknown-layer"),
    "a docstring": (
        f'"""A net.\n\n{TRACEBACK}\n"""\nimport torch.nn as nn\nm = nn.Sequential(nn.Foo())\n',
        "unsupported",
    ),
    "a docstring behind an import": (
        f'import torch.nn as nn\ndef f():\n    """{MODULE}"""\n    return nn.ReLU(\n',
        "syntax",
    ),
    "a docstring of prose": (
        'class Net(nn.Module):\n    """The head of the network, and what it is by default."""\n'
        "    def forward(self, x:\n        return x\n",
        "syntax",
    ),
    "labels with dots": ("3x8x8 nn.a@relu torch.b@foo", "unknown-layer"),
    "JSON in a name": ("3x8x8 [ {2}*foo ]", "unknown-layer"),
    "a choice": ("3x8x8 conv:16/32,k3", "choice"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "code"), OWN_MISTAKES.values(), ids=OWN_MISTAKES)
def test_a_network_keeps_its_own_mistakes(text: str, code: str) -> None:
    with pytest.raises(SpecError) as caught:
        cnncalc.analyze(text, (3, 8, 8))

    assert caught.value.code == code


@pytest.mark.parametrize("name", example_names())
def test_no_example_is_taken_for_something_else(name: str) -> None:
    """With a word that is wrong the message is about that word."""
    text = Path(example_path(name) or "").read_text()

    with pytest.raises(SpecError, match="there is no layer `wrongword`"):
        cnncalc.parse(f"{text}\nwrongword")


@pytest.mark.parametrize(
    "piece", ["\n", " ", "(a", "a.", "a: ", "#", "{", "[", "A_", "<a", "- ", "\t"]
)
def test_hostile_texts(piece: str) -> None:
    """The signs are sought in a text of bounded length, and none looks back over what it read."""
    for text in (piece * 30_000, f"foo {piece * 30_000}", f"{piece * 9_000}Error"):
        with pytest.raises(SpecError):
            cnncalc.parse(f"{text} foo")


def test_every_sign_is_seen() -> None:
    """The texts above show each kind of text once at least."""
    shown = {what for _, what in TEXTS.values()} | {PRINTED.what}

    for _, kind in SIGNS:
        assert any(what in f"this is {kind.what}" for what in shown), kind.what
