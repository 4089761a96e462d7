"""How the tests of source read a text or a file."""

from __future__ import annotations

import zipfile
from os import environ
from pathlib import Path

import pytest

from cnncalc import Report, analyze
from cnncalc.errors import Piece, Source, SpecError
from cnncalc.layers.base import Shape
from cnncalc.notations import source
from cnncalc.rows import Row

__all__ = [
    "HEAD",
    "SAMPLES",
    "all_params",
    "net",
    "refused",
    "refused_file",
    "report_of",
    "report_of_file",
    "unpacked_wheel",
    "wheel_or_skip",
]

HEAD = """import torch
import torch.nn as nn
import torch.nn.functional as F
"""
SAMPLES = Path(__file__).parent / "samples"
WHEELS = Path(environ.get("CNNCALC_WHEELS", Path(__file__).parents[2] / ".ci" / "wheels"))


def report_of(
    text: str, input: Shape | None = None, entry: str | None = None, notation: str | None = None
) -> Report:
    """The report of a text, at an input of this shape in its own layout."""
    return analyze(source.parse(Source(text), entry=entry, notation=notation), input)


def report_of_file(
    path: Path, input: Shape | None = None, entry: str | None = None, notation: str | None = None
) -> Report:
    """The same of a file, whose imports find the files beside it."""
    text = Source(path.read_text(encoding="utf-8"), [Piece(0, str(path))])
    network = source.parse(text, entry=entry, notation=notation, path=str(path))
    return analyze(network, input)


def refused(text: str, input: Shape | None = None, entry: str | None = None) -> SpecError:
    """The error of a text that can't be read."""
    with pytest.raises(SpecError) as caught:
        report_of(text, input, entry)
    return caught.value


def refused_file(path: Path, input: Shape, entry: str) -> SpecError:
    """The error of a file that can't be read."""
    with pytest.raises(SpecError) as caught:
        report_of_file(path, input, entry)
    return caught.value


def all_params(report: Report) -> int:
    """Parameters that run and those that are declared only, as a framework counts them."""
    return report.total.params + report.total.unused_params


def named(report: Report) -> dict[str, Row]:
    return {row.name: row for row in report.rows}


def wheel_or_skip(package: str) -> Path:
    """The newest wheel of a package."""
    wheels = sorted(WHEELS.glob(f"{package}-*.whl"))
    if not wheels:
        pytest.skip(f"no wheel of {package} in {WHEELS}")
    return wheels[-1]


def unpacked_wheel(package: str, home: Path) -> Path:
    """The Python files of a package's wheel; it is read, never installed or imported."""
    with zipfile.ZipFile(wheel_or_skip(package)) as wheel:
        wheel.extractall(home, [name for name in wheel.namelist() if name.endswith(".py")])
    return home / package


def net(init: str, forward: str, head: str = "") -> str:
    """A module with these statements; its `__init__` starts at line 7."""
    inner = "\n        ".join(init.splitlines())
    body = "\n        ".join(forward.splitlines())
    return (
        f"{HEAD}{head}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        {inner}\n    def forward(self, x):\n        {body}\n"
    )
