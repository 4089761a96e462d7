"""Imports are followed by reading, and never out of the source tree."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cnncalc import CnnCalcError, analyze, parse
from cnncalc.errors import SpecError
from cnncalc.rows import Row
from tests.conftest import Command
from tests.source.reading import report_of_file

NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = block(3)

    def forward(self, x):
        return self.block(x)
"""
NOWHERE = "`parts` is neither in this source tree nor installed"
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
    "as, of a package that is being read": ("from p import _utils as u\nblock = u.block",
        {"p__INIT": "from . import _utils as u\nfrom .other import *", "p__other": "",
         "p___utils": BLOCK}, "p__net"),
    "a package with stars": ("from . import parts as p\nblock = p.block",
        {"p__INIT": "from .other import *", "p__other": "", "p__parts": BLOCK}, "p__net"),
    "tried, without a package": ("try:\n    from .parts import block\nexcept ImportError:\n"
        "    from others import block", {"others": BLOCK}, "net"),
    "tried, from a package": ("try:\n    from parts import block\nexcept ImportError:\n"
        "    from .parts import block", {"p__INIT": "", "p__parts": BLOCK}, "p__net"),
    "tried, and there": ("try:\n    from .parts import block\nexcept ImportError:\n"
        "    block = None", {"parts": BLOCK}, "net"),
    "tried, a name that is missing": ("try:\n    from parts import blocks as block\n"
        "except ImportError:\n    from parts import block", {"parts": BLOCK}, "net"),
    "a folder with signs": ("from .parts import block",
        {"res-net+v1.0__INIT": "", "res-net+v1.0__parts": BLOCK}, "res-net+v1.0__net"),
    "folders with signs": ("from ..a-b.parts import block".replace("a-b", "q"),
        {"v1.0__INIT": "", "v1.0__q__INIT": "", "v1.0__q__parts": BLOCK, "v1.0__r-2__INIT": ""},
        "v1.0__r-2__net"),
    "through a folder with signs": ("from .. import block",
        {"v1.0__INIT": "from .parts import block", "v1.0__parts": BLOCK, "v1.0__r+__INIT": ""},
        "v1.0__r+__net"),
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

    error = refused(tmp_path / "p" / "net.py")
    assert error.message.endswith("`parts` is a link out of the folder that may be read")
    assert error.help == "the folder that it leads into: `--path DIR`"


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    tree(tmp_path, net=f"from torch import nn\nfrom parts import block\n{NET}")
    os.mkfifo(tmp_path / "parts.py")

    assert NOWHERE in refused(tmp_path / "net.py").message


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


def output(path: Path | str) -> Row:
    report = analyze(path, (3, 4, 4))
    return report.rows[report.outputs[0]]


MARKS = (".git", ".hg", "pyproject.toml", "setup.py")


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize(
    ("line", "files"),
    [
        ("from models.parts import block", {"models__parts": BLOCK}),
        ("from models.parts import block", {"models__INIT": "", "models__parts": BLOCK}),
        ("import models.parts as p\nblock = p.block", {"models__parts": BLOCK}),
        ("import models.parts\nblock = models.parts.block", {"models__parts": BLOCK}),
        ("from models import parts\nblock = parts.block", {"models__parts": BLOCK}),
        ("from tools.helpers import block", {"tools__helpers": BLOCK}),
        ("from helpers import block", {"tools__helpers": BLOCK}),
        ("from shared import *", {"shared": BLOCK}),
        ("from models.a.b import block", {"models__a__b": BLOCK}),
    ],
)
def test_from_the_root_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: str, line: str, files: dict[str, str]
) -> None:
    """Wherever the command is given."""
    tree(tmp_path, **files, tools__deep__net=f"from torch import nn\n{line}\n{NET}")
    tree(tmp_path, tools__deep__INIT="")
    (tmp_path / mark).mkdir()
    if "tools" in line or "helpers" in line:
        monkeypatch.chdir(tmp_path / "tools")
        assert output("deep/net.py").output_shape == (6, 4, 4)
    assert output(tmp_path / "tools" / "deep" / "net.py").output_shape == (6, 4, 4)


def test_a_file_beside_goes_before_one_further_up(tmp_path: Path) -> None:
    tree(tmp_path, parts=BLOCK.replace("2 * n", "n"), q__parts=BLOCK, pyproject="",
         q__net=f"from torch import nn\nfrom parts import block\n{NET}")  # fmt: skip
    (tmp_path / ".git").mkdir()

    assert output(tmp_path / "q" / "net.py").output_shape == (6, 4, 4)


def test_never_beyond_the_root(tmp_path: Path) -> None:
    tree(tmp_path, parts=BLOCK, p__q__net=f"from torch import nn\nfrom parts import block\n{NET}")
    (tmp_path / "p" / "setup.py").touch()

    assert NOWHERE in refused(tmp_path / "p" / "q" / "net.py").message


def test_a_link_inside_of_the_project(tmp_path: Path) -> None:
    tree(tmp_path, common__parts=BLOCK,
         p__net=f"from torch import nn\nfrom common.parts import block\n{NET}",
         q__net=f"from torch import nn\nfrom parts import block\n{NET}")  # fmt: skip
    (tmp_path / ".git").mkdir()
    (tmp_path / "p" / "common").symlink_to(tmp_path / "common")
    (tmp_path / "q" / "parts.py").symlink_to(tmp_path / "common" / "parts.py")

    assert output(tmp_path / "p" / "net.py").output_shape == (6, 4, 4)
    assert output(tmp_path / "q" / "net.py").output_shape == (6, 4, 4)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages, and a file that imports from one of them."""
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    tree(tmp_path, net=f"from torch import nn\nfrom fastnn.parts import block\n{NET}",
         site__fastnn__INIT="from . import parts\nfrom .nets import *\nimport os\nos.abort()",
         site__fastnn__parts=BLOCK,
         site__fastnn__nets=f"from torch import nn\nfrom .parts import block\n{NET}")  # fmt: skip
    return tmp_path / "site"


def test_a_folder_that_is_named(packages: Path, command: Command) -> None:
    net = packages.parent / "net.py"
    assert "`--path DIR`" in str(refused(net).help)

    assert parse(net, path=packages).at((3, 4, 4)).steps
    assert parse(str(net), path=[str(packages)]).at((3, 4, 4)).steps
    done = command("shape", str(net), "-i", "3x4x4", "--path", "/", "--path", str(packages))
    assert (done.code, done.err) == (0, "")
    assert command("shape", str(net), "-i", "3x4x4").code == 2


@pytest.mark.parametrize("name", ["VIRTUAL_ENV", "CONDA_PREFIX"])
@pytest.mark.parametrize("folder", ["lib/python3.11/site-packages", "Lib/site-packages"])
def test_the_active_environment(
    packages: Path, monkeypatch: pytest.MonkeyPatch, name: str, folder: str
) -> None:
    home = packages.parent / "env" / folder
    home.parent.mkdir(parents=True)
    packages.rename(home)
    (home / "all.pth").write_text(f"import os; os.abort()\n{packages.parent}\n")
    monkeypatch.setenv(name, str(packages.parent / "env"))

    assert output(packages.parent / "net.py").output_shape == (6, 4, 4)


def test_the_packages_of_this_python(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("site.getsitepackages", lambda: [str(packages)])

    assert output(packages.parent / "net.py").output_shape == (6, 4, 4)
    assert "fastnn" not in sys.modules


def test_a_name_of_a_package(packages: Path, command: Command) -> None:
    at = ("-i", "3x4x4", "--path", str(packages))
    for word in ("fastnn:Net", "fastnn:Net()", "fastnn:nets.Net()", "fastnn:parts.block(n=3)"):
        assert command("shape", word, *at).code == 0, word
    for word in ("fastnn:Net", "fastnn:parts.block(3)", "fastnn:parts.block( 3 )"):
        assert parse(word, path=[packages]).at((3, 4, 4)).steps

    assert command("shape", "fastnn:parts.block(len([nn, torch]) + 1)", *at).code == 0
    error = command("shape", "fastnn:Nets", *at).err
    assert "there is no `Nets` in `fastnn`, whose files are read" in error
    assert "did you mean `Net`?" in error
    assert "there is no layer `fastnn`" in command("shape", "fastnn:Net", "-i", "3x4x4").err


def test_a_package_that_is_a_link_out_of_the_folder(packages: Path) -> None:
    elsewhere = packages.parent / "elsewhere"
    (packages / "fastnn").rename(elsewhere)
    (packages / "fastnn").symlink_to(elsewhere)

    with pytest.raises(SpecError) as caught:
        analyze(parse(packages.parent / "net.py", path=packages), (3, 4, 4))
    assert "`fastnn` is a link out of the folder" in caught.value.message


def test_a_name_that_leads_out_of_a_package(packages: Path) -> None:
    tree(packages, secret=BLOCK, fastnn__INIT="import sys\nNet = getattr(sys, '../secret')\n"
         "from . import parts as p\nBlock = getattr(p, '../../secret')")  # fmt: skip
    for name in ("Net", "Block"):
        with pytest.raises(SpecError):
            analyze(parse(f"fastnn:{name}", path=packages), (3, 4, 4))


def test_a_package_that_never_ends(packages: Path) -> None:
    """However many files it is spread over."""
    for number in range(300):
        (packages / "fastnn" / f"f{number}.py").write_text("x = 1\n" * 60_000)
    (packages / "fastnn" / "__init__.py").write_text(
        "".join(f"from .f{number} import *\n" for number in range(300))
    )
    with pytest.raises(SpecError) as caught:
        parse("fastnn:Net", path=packages)

    assert caught.value.code == "too-large"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("from torchvision.models import resnet18 as block", "`pip install torchvision`"),
        ("from torchvision.models import resnet18 as block", "`cnncalc shape resnet18`"),
        ("from keras.applications import Xception as block", "`cnncalc shape xception`"),
        ("from keras.applications import ResNet50 as block", "`pip install keras`"),
        ("import timm\nblock = timm.create_model", "`pip install timm`"),
        ("import cv2\nblock = cv2.dnn.readNet", "`pip install opencv-python`"),
        ("import cv2\nblock = cv2.dnn.readNet", "`--path DIR`"),
        ("from my_nets import block", "the folder that holds it: `--path DIR`"),
    ],
)
def test_what_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, words: str
) -> None:
    monkeypatch.setattr("cnncalc.python.module_search.installed", lambda: iter(()))
    tree(tmp_path, net=f"from torch import nn\n{line}\n{NET}")
    error = refused(tmp_path / "net.py")

    assert error.code == "foreign"
    assert "is neither in this source tree nor installed" in error.message
    assert error.help
    assert words in error.help
    assert "my_nets" not in error.help


@pytest.mark.parametrize(
    ("path", "message"),
    [(3, "`path` can't be `3`"), (["/nowhere"], "`path` can't be `'/nowhere'`"), ([3], "path")],
)
def test_folders_that_are_none(path: object, message: str) -> None:
    with pytest.raises(CnnCalcError) as caught:
        parse("nn.ReLU()", path=path)

    assert message in caught.value.message


@pytest.mark.parametrize(
    "line",
    [
        "block = nn.SiLU if 'silu' in dir(torch.nn.functional) else None",
        "block = nn.ReLU if 'SiLU' in dir(nn) and 'NoSuch' not in dir(nn) else None",
        "block = None if torch.compiler.is_compiling() else nn.ReLU",
        "import math\nblock = nn.ReLU if 0.8 < math.erf(1) < 0.9 else None",
    ],
)
def test_what_packages_ask_of_a_framework(tmp_path: Path, line: str) -> None:
    tree(tmp_path, net=f"import torch\nfrom torch import nn\n{line}\nnet = block()\n")

    assert len(analyze(f"{tmp_path / 'net.py'}:net", (3, 4, 4)).layers) == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("net = nn.Conv2d(3, len(dir(object)), 1)", "`dir` can't be followed"),
        ("import urllib\nnet = nn.Conv2d(3, urllib.size(), 1)", "that part of Python's library"),
    ],
)
def test_what_nobody_tells(tmp_path: Path, line: str, message: str) -> None:
    tree(tmp_path, net=f"import torch\nfrom torch import nn\n{line}\n")
    with pytest.raises(SpecError) as caught:
        analyze(f"{tmp_path / 'net.py'}:net", (3, 4, 4))

    assert message in caught.value.message
    assert caught.value.help or "dir" in message
