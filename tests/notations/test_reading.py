"""What the words of a command stand for, and which notation a text is in."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import cnncalc
from cnncalc.errors import Source, SpecError
from cnncalc.layers import LAYERS
from cnncalc.notations import Text, detect, reading, texts
from cnncalc.notations.examples import example_names, example_path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.cnn").write_text("3x8x8 relu # no end of line")
    (tmp_path / "tail.txt").write_text("\ufefftanh\r\nsigmoid\r\n", encoding="utf-8")
    (tmp_path / "model.py").write_text("import torch\n")
    (tmp_path / "model.onnx").write_bytes(b"\x08\x07\xff")
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "plain").write_text("elu")
    (tmp_path / "my net.cnn").write_text("selu")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "text", "files"),
    [
        (["3x8x8", "relu"], "3x8x8 relu", ()),
        (["3x8x8 relu"], "3x8x8 relu", ()),
        ([], "", ()),
        (["net.cnn"], "3x8x8 relu # no end of line", ("net.cnn",)),
        (["./net.cnn"], "3x8x8 relu # no end of line", ("./net.cnn",)),
        (
            ["net.cnn", "tanh", "elu"],
            "3x8x8 relu # no end of line\ntanh elu",
            ("net.cnn",),
        ),
        (["3x8x8", "tail.txt", "elu"], "3x8x8\ntanh\nsigmoid\n\nelu", ("tail.txt",)),
        (["3x8x8 # note", "relu"], "3x8x8 # note\nrelu", ()),
        (["nets/plain"], "elu", ("nets/plain",)),
        (["my net.cnn"], "selu", ("my net.cnn",)),
        (["model.onnx"], "", ("model.onnx",)),
        # Slashes that are no path's
        (["conv:16/32/64,k3/5"], "conv:16/32/64,k3/5", ()),
        (["3x64..128/16x64"], "3x64..128/16x64", ()),
        (["conv:8,k3,mode=zeros/reflect"], "conv:8,k3,mode=zeros/reflect", ()),
        (["a@2*conv:8,k3,p=same/valid"], "a@2*conv:8,k3,p=same/valid", ()),
        (["add[conv:8,k3/x|]"], "add[conv:8,k3/x|]", ()),
        (["b:{64//2}"], "b:{64//2}", ()),
        (["nn.Conv2d(3, int(16/2), 3)"], "nn.Conv2d(3, int(16/2), 3)", ()),
        (["relu # see https://example.org"], "relu # see https://example.org", ()),
        (["x = 6/2\nnn.ReLU()"], "x = 6/2\nnn.ReLU()", ()),
        # Names
        (["def vgg16 = [ relu ]", "vgg16"], "def vgg16 = [ relu ] vgg16", ()),
        (["3x8x8", "unknown"], "3x8x8 unknown", ()),
    ],
)
def test_words(words: list[str], text: str, files: tuple[str, ...]) -> None:
    found = texts.of_words(words)

    assert found.source.text == text
    assert found.files == files


@pytest.mark.parametrize(
    ("word", "path", "target"),
    [
        ("model.py", "model.py", ""),
        ("model.py:Net", "model.py", "Net"),
        ("model.py:Net(n_classes=10)", "model.py", "Net(n_classes=10)"),
        ("model.py:models.Net()", "model.py", "models.Net()"),
        ("./model.py:resnet18()", "./model.py", "resnet18()"),
    ],
)
def test_a_class_or_function_of_a_file(word: str, path: str, target: str) -> None:
    found = texts.of_words([word])

    assert (found.files, found.target) == ((path,), target)
    assert found.source.text == "import torch\n"


def test_a_name_is_an_example() -> None:
    assert (
        texts.of_words(["vgg16"]).source.text
        == texts.of_words([example_path("vgg16") or ""]).source.text
    )
    assert len(cnncalc.parse("vgg16").steps) == 41
    assert cnncalc.analyze(" lenet5\n").total.params == 61_706


def test_no_example_hides_a_layer() -> None:
    assert not set(example_names()) & set(LAYERS)
    assert len(example_names()) >= 11


@pytest.mark.parametrize("text", ["net.cnn", "./net.cnn", "net.cnn:Net", "vgg16"])
def test_a_source_opens_no_files(text: str, folder: Path) -> None:
    """What somebody else has written: it stands for itself, whatever it looks like."""
    with pytest.raises(SpecError) as caught:
        cnncalc.parse(Source(text))
    assert caught.value.code in ("syntax", "unknown-layer")


@pytest.mark.parametrize("text", ["3x8x8 relu\nnet.cnn", "3x8x8 net.cnn", "relu # net.cnn", "-"])
def test_texts_of_several_words_open_no_files(text: str, folder: Path) -> None:
    named = texts.of_string(text)
    assert (named.source.text, named.files) == (text, ())


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (["3x8x8", "tail.txt", "nope"], (None, 1, 1)),
        (["3x8x8", "nope", "tail.txt"], (None, 1, 7)),
        (["net.cnn", "relu", "nope"], (None, 1, 6)),
        (["bad.cnn", "relu"], ("bad.cnn", 2, 3)),
        (["net.cnn", "bad.cnn"], ("bad.cnn", 2, 3)),
    ],
)
def test_errors_name_the_file_and_line(
    words: list[str], place: tuple[str | None, int, int], folder: Path
) -> None:
    (folder / "bad.cnn").write_text("# first\n  nope\n")

    with pytest.raises(SpecError) as caught:
        reading.read(texts.of_words(words))

    assert (caught.value.file, caught.value.line, caught.value.column) == place


@pytest.mark.parametrize(
    ("words", "notation"),
    [
        (["3x8x8 conv:16,k3 relu"], "compact"),
        (["conv(16, k=3) relu"], "compact"),
        (["def Block(c) = [ conv:$c,k3 ] 3x8x8 Block(64)"], "compact"),
        (["layers.0@conv:16,k3"], "compact"),
        (["# from keras import Conv2D(\nrelu"], "compact"),
        (["net.cnn"], "compact"),
        (["nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU())"], "torch"),
        (["Conv2d(3, 16, 3), ReLU()"], "torch"),
        (["import torch.nn as nn\nclass Net(nn.Module): ..."], "torch"),
        (["model.py"], "torch"),
        (["keras.Sequential([keras.layers.Dense(10)])"], "keras"),
        (["layers.Conv2D(16, 3)"], "keras"),
        (["Conv2D(16, 3), MaxPooling2D(), Dense(10)"], "keras"),
        (["from tensorflow import keras\nkeras.Input((3, 8, 8))"], "keras"),
        (["model.onnx"], "onnx"),
    ],
)
def test_detection(words: list[str], notation: str) -> None:
    text = texts.of_words(words)
    assert detect(text.source.text, text.files) == notation


def test_the_notation_can_be_said() -> None:
    with pytest.raises(SpecError, match="there is no layer"):
        reading.read(Text(Source("3x8x8 Conv(16)")), "compact")
    with pytest.raises(SpecError) as caught:
        reading.read(Text(Source("relu")), "pytorch")

    assert caught.value.code == "notation"


class Pipe(io.TextIOWrapper):
    """Standard input as a pipe or a terminal hands it over."""

    def __init__(self, data: bytes, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(data))
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Pipe("3x8x8 relu # größer\n  nope\n".encode()))

    with pytest.raises(SpecError) as caught:
        reading.read(texts.of_words(["-"]))

    assert (caught.value.file, caught.value.line, caught.value.column) == ("<stdin>", 2, 3)


@pytest.mark.parametrize("stdin", [Pipe(b"", terminal=True), None])
def test_a_terminal_is_not_read(stdin: Pipe | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", stdin)

    with pytest.raises(SpecError, match="nothing is piped") as caught:
        texts.of_words(["-"])

    assert caught.value.help
    assert "cnncalc shape -" in caught.value.help


def test_a_path_with_a_zero_byte() -> None:
    """The system would refuse it with an error of its own kind."""
    with pytest.raises(SpecError, match="is no path"):
        texts.of_words(["a/b\0.cnn"])


def test_size_is_bounded(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(texts, "MAX_BYTES", 100)
    (folder / "large.cnn").write_text("#" * 101)
    (folder / "fits.cnn").write_text("#" * 100)
    monkeypatch.setattr("sys.stdin", Pipe(b"#" * 101))

    assert len(texts.of_words(["fits.cnn"]).source.text) == 100
    for word in ("large.cnn", "-"):
        with pytest.raises(SpecError) as caught:
            texts.of_words([word])
        assert caught.value.code == "too-large"


def test_many_words_are_joined_in_linear_time() -> None:
    words = ["3x8x8", *["relu"] * 50_000]

    assert len(texts.of_words(words).source.text) == 5 + 5 * 50_000
