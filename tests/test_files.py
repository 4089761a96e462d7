"""Files as text, in whatever encoding and with whatever ends of lines; which ones were read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cnncalc import files
from tests.conftest import Command

SPEC = "# one\n3x8x8 # two\nconv:4,k3\nrelu\n"
NET = """from torch import nn

class Netz(nn.Sequential):  # für größere Bilder
    def __init__(self):
        super().__init__(nn.Conv2d(3, 4, 3))
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


# Text


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("name", ["net.cnn", "NET.CNN", "net.txt", "-"])
def test_specs_of_every_system(
    name: str, end: str, encoding: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comment ends with its line, whatever ends that; a mark in front is no part of the text."""
    Path(name).write_bytes(SPEC.replace("\n", end).encode(encoding))
    with open(name, encoding="utf-8") as stream:
        monkeypatch.setattr("sys.stdin", stream)
        code, out, err = command("shape", name, "-f", "csv", "--columns", "layer,output")

    assert (code, err) == (0, "")
    assert out.split() == ["text,output_shape", '"conv:4,k3",4x6x6', "relu,4x6x6"]


def test_words_with_ends_of_lines_of_other_systems(command: Command) -> None:
    assert command("shape", "3x8x8 # one\rrelu") == command("shape", "3x8x8 relu")
    assert command("shape", "3x8x8 # one\r\nrelu") == command("shape", "3x8x8 relu")


@pytest.mark.parametrize(
    ("cookie", "encoding"),
    [
        ("", "utf-8"),
        ("", "utf-8-sig"),
        ("# -*- coding: latin-1 -*-", "latin-1"),
        ("# vim: set fileencoding=cp1252 :", "cp1252"),
        ("#!/usr/bin/env python\n# coding=mac-roman", "mac-roman"),
        ("# coding: iso-8859-15", "iso-8859-15"),
        ("# coding: utf-8-unix", "utf-8"),
        ("# coding: iso-latin-1-unix", "latin-1"),
        ("#\n#\n# coding: ascii", "utf-8"),  # too late
        ("import os\n# coding: ascii", "utf-8"),  # behind something
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_python_says_what_it_is_written_in(
    cookie: str, encoding: str, end: str, command: Command
) -> None:
    """As PEP 263 has it; in files that are imported, too."""
    text = f"{cookie}\n{NET}".lstrip("\n").replace("\n", end)
    Path("netz.py").write_bytes(text.encode(encoding))
    Path("MAIN.PY").write_text("from netz import Netz\n")

    for name in ("netz.py:Netz", "MAIN.PY:Netz"):
        code, out, err = command("params", name, "-i", "3x8x8", "-f", "csv")
        assert (code, err) == (0, "")
        assert len(out.splitlines()) == 3


def test_a_text_is_what_its_encoding_makes_of_it() -> None:
    data = "# coding: cp1252\nx = 'größer – kleiner'\r".encode("cp1252")

    assert files.text(data, python=True) == "# coding: cp1252\nx = 'größer – kleiner'\n"
    with pytest.raises(files.TextError, match="line 2 is not UTF-8"):
        files.text(data)


@pytest.mark.parametrize(
    "name", ["antigravity", "this", "rot13", "zip", "..os", "undefined", "idna"]
)
def test_no_codec_is_looked_up_that_is_of_no_texts(name: str) -> None:
    """A codec is a module: a file has none imported by naming it."""
    with pytest.raises(files.TextError, match=f"no encoding `{name}` of texts"):
        files.text(f"# coding: {name}\n".encode(), python=True)


# What is a file


@pytest.mark.parametrize(
    ("word", "path", "target"),
    [
        ("model.py:Enc.cnn", "model.py", "Enc.cnn"),
        ("model.py:Net.onnx.py", "model.py", "Net.onnx.py"),
        ("MODEL.PY:Net(n_classes=10)", "MODEL.PY", "Net(n_classes=10)"),
        ("a.py.cnn", "a.py.cnn", ""),
        ("net.Cnn", "net.Cnn", ""),
    ],
)
def test_what_a_word_names(word: str, path: str, target: str) -> None:
    from cnncalc.notations.texts import of_words

    Path(path).write_text("3x8x8 relu")
    text = of_words([word])

    assert (text.files, text.target) == ((path,), target)


def test_a_part_that_is_called_as_an_ending(command: Command) -> None:
    Path("enc.py").write_text(
        "from torch import nn\n\n\nclass Enc(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        self.cnn = nn.Sequential(nn.Conv2d(3, 4, 3))\n"
    )

    assert command("shape", "enc.py:Enc.cnn", "-i", "3x8x8", "--json").code == 0


def test_a_choice_of_layers_is_no_file(command: Command) -> None:
    error = command("shape", "3x8x8", "[relu]/[gelu]").err

    assert "no-file" not in error


# Nothing is lost


def spelled(name: str) -> list[str]:
    """Other ways to one file."""
    Path("folder").mkdir()
    os.symlink(name, "link.csv")
    os.link(name, "hard.csv")
    return [
        name,
        f"./{name}",
        f"folder/../{name}",
        str(Path(name).absolute()),
        "link.csv",
        "hard.csv",
    ]


def test_what_is_read_is_not_written_over(command: Command) -> None:
    Path("net.cnn").write_text(SPEC)
    for target in spelled("net.cnn"):
        for words in (["shape", "net.cnn", "-f", "csv"], ["convert", "net.cnn", "--to", "compact"]):
            code, out, err = command(*words, "-o", target)
            assert (code, out) == (2, ""), target
            assert "is read here, and would be replaced" in err
    assert Path("net.cnn").read_text() == SPEC


def test_what_is_imported_is_not_written_over(command: Command) -> None:
    Path("blocks.py").write_text(NET)
    Path("net.py").write_text("from blocks import Netz\n")
    words = ("net.py:Netz", "-i", "3x8x8", "-o", "blocks.py")

    assert command("convert", *words, "--to", "torch").code == 2
    assert command("shape", *words, "-f", "csv").code == 2
    assert Path("blocks.py").read_text() == NET


def test_standard_input_is_not_written_over(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("net.txt").write_text(SPEC)
    with open("net.txt") as stream:
        monkeypatch.setattr("sys.stdin", stream)
        code, _, err = command("shape", "-", "-o", "net.txt")

    assert (code, "would be replaced" in err) == (2, True)
    assert Path("net.txt").read_text() == SPEC


def test_another_command_may_write_there(command: Command) -> None:
    """Only what is read in the same one counts."""
    Path("net.txt").write_text(SPEC)

    assert command("shape", "net.txt").code == 0
    assert command("shape", "lenet5", "-o", "net.txt").code == 0
    assert "conv:6,k5" in Path("net.txt").read_text()
