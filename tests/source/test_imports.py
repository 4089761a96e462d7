"""Imports are followed by reading, and never out of the source tree."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cnncalc.errors import SpecError
from tests.source.reading import report_of_file

NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = block(3)

    def forward(self, x):
        return self.block(x)
"""
BLOCK = "from torch import nn\ndef block(n):\n    return nn.Conv2d(n, 2 * n, 1)\n"


def tree(home: Path, **files: str) -> Path:
    """A folder of files; `__` in a name stands for `/`."""
    for name, text in files.items():
        path = home / (name.replace("__", "/").replace("INIT", "__init__") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return home


CASES = {
    "beside": ("from parts import block", {"parts": BLOCK}, "net"),
    "module": ("import parts\nblock = parts.block", {"parts": BLOCK}, "net"),
    "renamed": ("import parts as p\nblock = p.block", {"parts": BLOCK}, "net"),
    "star": ("from parts import *", {"parts": BLOCK}, "net"),
    "folder": ("from models.parts import block", {"models__parts": BLOCK}, "net"),
    "dotted": ("import models.parts\nblock = models.parts.block", {"models__parts": BLOCK}, "net"),
    "own folder": ("from models.parts import block", {"models__parts": BLOCK}, "models__net"),
    "relative": ("from .parts import block", {"p__INIT": "", "p__parts": BLOCK}, "p__net"),
    "relative without a package": ("from .parts import block", {"parts": BLOCK}, "net"),
    "relative module": ("from . import parts\nblock = parts.block",
        {"p__INIT": "", "p__parts": BLOCK}, "p__net"),
    "up": ("from ..parts import block",
        {"p__INIT": "", "p__q__INIT": "", "p__parts": BLOCK}, "p__q__net"),
    "absolute": ("from p.parts import block", {"p__INIT": "", "p__parts": BLOCK}, "p__q__net"),
    "through a package": ("from .q import block",
        {"p__INIT": "", "p__q__INIT": "from .parts import block", "p__q__parts": BLOCK}, "p__net"),
    "a circle": ("from parts import block", {"parts": "import net\n" + BLOCK}, "net"),
    "tried": ("try:\n    from fastnn import block\nexcept ImportError:\n    from parts import *",
        {"parts": BLOCK}, "net"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "files", "net"), CASES.values(), ids=CASES)
def test_followed(tmp_path: Path, line: str, files: dict[str, str], net: str) -> None:
    text = f"from torch import nn\n{line}\n{NET}"
    tree(tmp_path, **files, **{net: text})

    report = report_of_file(tmp_path / (net.replace("__", "/") + ".py"), (3, 4, 4), "Net")

    assert report.rows[report.outputs[0]].output_shape == (6, 4, 4)


def refused(path: Path) -> SpecError:
    with pytest.raises(SpecError) as caught:
        report_of_file(path, (3, 5, 5), "Net")
    return caught.value


@pytest.mark.parametrize(
    "line",
    [
        "from ..outside import block",
        "from ...outside import block",
        "from .missing import block",
        "from outside import block",
        "import outside\nblock = outside.block",
    ],
)
def test_never_outside(tmp_path: Path, line: str) -> None:
    tree(tmp_path, outside=BLOCK, p__INIT="", p__net=f"from torch import nn\n{line}\n{NET}")
    error = refused(tmp_path / "p" / "net.py")

    assert error.file == str(tmp_path / "p" / "net.py")


def test_a_link_out_of_the_tree_is_not_followed(tmp_path: Path) -> None:
    tree(tmp_path, outside=BLOCK, p__net=f"from torch import nn\nfrom parts import block\n{NET}")
    (tmp_path / "p" / "parts.py").symlink_to(tmp_path / "outside.py")

    assert "`parts` is not part of this source tree" in refused(tmp_path / "p" / "net.py").message


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    tree(tmp_path, net=f"from torch import nn\nfrom parts import block\n{NET}")
    os.mkfifo(tmp_path / "parts.py")

    assert "`parts` is not part of this source tree" in refused(tmp_path / "net.py").message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = (", "isn't Python"),
        ("x = 1\n" * 100_000, "too large"),
        ("block = eval('1')", "`eval` can't be followed"),
    ],
)
def test_a_wrong_neighbour(tmp_path: Path, text: str, message: str) -> None:
    tree(tmp_path, parts=text, net=f"from torch import nn\nfrom parts import block\n{NET}")
    error = refused(tmp_path / "net.py")

    assert message in error.message


def test_the_error_is_placed_in_the_neighbour(tmp_path: Path) -> None:
    tree(tmp_path, parts=BLOCK.replace("(n, 2", "(n + 1, 2"),
        net=f"from torch import nn\nfrom parts import block\n{NET}")  # fmt: skip
    error = refused(tmp_path / "net.py")

    assert error.file == str(tmp_path / "parts.py")
    assert error.line == 3
    assert any("net.py, line 10: `self.block(x)`" in note for note in error.notes)


def test_not_text(tmp_path: Path) -> None:
    tree(tmp_path, net=f"from torch import nn\nfrom parts import block\n{NET}")
    (tmp_path / "parts.py").write_bytes(b"\xff\xfe\x00x")

    error = refused(tmp_path / "net.py")
    assert error.message == "`parts.py` is not text: it is in UTF-16 or UTF-32"
    assert error.help == "a file in UTF-8, which Python can read"
