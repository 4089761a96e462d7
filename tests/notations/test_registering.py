"""A notation is one file and one line: all else learns of it from the table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import cnncalc
from cnncalc.errors import CnnCalcError
from cnncalc.notations import NOTATIONS, Entry, detect, endings, find, readable, writable
from tests.conftest import Command


@pytest.fixture
def arrows() -> Iterator[None]:
    """The line of a notation that is new, before those that take whatever is left."""
    before = dict(NOTATIONS)
    NOTATIONS.clear()
    NOTATIONS["arrows"] = Entry("tests.notations.arrows", (".arrow",), ("pointers",))
    NOTATIONS.update(before)
    yield
    NOTATIONS.clear()
    NOTATIONS.update(before)


@pytest.mark.usefixtures("arrows")
def test_a_new_notation_is_read_by_its_looks() -> None:
    assert [row.kind for row in cnncalc.analyze("3x8x8 -> relu -> flatten").rows] == [
        "input", "relu", "flatten"
    ]  # fmt: skip
    assert cnncalc.analyze("3x8x8 -> relu -> flatten").rows[-1].output_shape == (192,)
    assert detect("3x8x8 relu") == "compact"


@pytest.mark.usefixtures("arrows")
def test_a_new_notation_is_read_from_its_files(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.arrow").write_text("3x8x8 -> tanh")

    assert detect("3x8x8", ["net.arrow"]) == "arrows"
    assert "tanh" in command("shape", "net.arrow")[1]
    assert "did you mean `net.arrow`?" in command("shape", "nte.arrow")[2]
    assert "has no symbol `H`" in command("shape", "net.arrow", "--let", "H=3")[2]


@pytest.mark.usefixtures("arrows")
def test_a_new_notation_is_written(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "net.arrow"

    assert cnncalc.convert("3x8x8 relu flatten", "arrows") == "3x8x8 -> relu -> flatten"
    assert cnncalc.convert("3x8x8 relu", "arrows", name="Net") == "Net -> relu"
    assert command("convert", "3x8x8 relu", "-o", str(out))[0] == 0
    assert cnncalc.analyze(out).rows[-1].kind == "relu"


@pytest.mark.usefixtures("arrows")
def test_messages_know_a_new_notation(command: Command) -> None:
    _, _, read = command("shape", "3x8x8 relu", "--from", "pointer")
    _, _, written = command("convert", "3x8x8 relu", "--to", "qwertz")
    _, _, ends = command("shape", "3x8x8 relu.q")

    assert "did you mean `arrows`?" in read
    assert "one of arrows, compact, torch, keras, onnx, mermaid" in written
    assert ".onnx" in ends
    assert ".arrow" in ends


@pytest.mark.parametrize("name", NOTATIONS)
def test_the_line_and_the_file_say_the_same(name: str) -> None:
    entry, notation = NOTATIONS[name], find(name)

    assert entry.reads == (notation.read is not None)
    assert entry.writes == (notation.write is not None)
    assert entry.module.startswith("cnncalc.notations.")
    assert entry.suffixes
    assert notation.title


def test_the_notations() -> None:
    assert readable() == ["compact", "torch", "keras", "onnx"]
    assert writable() == ["compact", "torch", "keras", "onnx", "mermaid", "python"]
    assert endings() == [".cnn", ".txt", ".py", ".onnx", ".ipynb", ".md"]


@pytest.mark.parametrize(
    ("text", "files", "notation"),
    [
        ("nn.ReLU()", ["a.cnn"], "compact"),
        ("relu", ["a.py"], "torch"),
        ("import keras", ["a.py"], "keras"),
        ("import keras", ["a.txt"], "keras"),
        ("relu", ["a.txt"], "compact"),
        ("relu", ["A.CNN", "b.onnx"], "onnx"),  # of which nothing is in the text
        ("import keras", ["a.py", "b.cnn"], "compact"),
        ("import keras", ["a.ipynb"], "keras"),
        ("relu", ["A.MD"], "torch"),
        ("flowchart TD", ["a.mmd"], "compact"),  # not read
    ],
)
def test_a_file_tells_before_looks(text: str, files: list[str], notation: str) -> None:
    assert detect(text, files) == notation


def test_an_unknown_notation_is_no_module() -> None:
    """Nothing is imported because a text names it."""
    with pytest.raises(CnnCalcError, match="there is no notation `os`"):
        cnncalc.parse("3x8x8 relu", notation="os")
    with pytest.raises(CnnCalcError, match="there is no notation `os` to write"):
        cnncalc.convert("3x8x8 relu", "os")
