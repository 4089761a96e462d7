"""torchvision's Python part, out of its wheel, for networks to measure and to test with.

Its compiled part fits few builds of torch, and no classification network needs it: the operators
that the package asks for when it is imported are declared, and what it draws with stands in.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

OPERATORS = ("nms", "qnms")
PILLOW = ("Image", "ImageColor", "ImageDraw", "ImageEnhance", "ImageFont", "ImageOps")
kept: list[Any] = []  # operators are there as long as their library is


def torchvision(wheel: Path, folder: Path) -> Any:
    """The package, imported from a folder that its files are put into and have to stay in."""
    import torch

    if "torchvision" in sys.modules:
        return sys.modules["torchvision"]
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if name.endswith(".py")])
    library = torch.library.Library("torchvision", "DEF")
    for name in OPERATORS:
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    kept.append(library)
    sys.path.insert(0, str(folder))
    try:
        with warnings.catch_warnings(), _stand_in():
            warnings.simplefilter("ignore")
            return importlib.import_module("torchvision")
    finally:
        sys.path.remove(str(folder))


@contextmanager
def _stand_in() -> Iterator[None]:
    """Something by pillow's name for as long as torchvision is imported, if pillow isn't there."""
    if importlib.util.find_spec("PIL") is not None:
        yield
        return
    package = _Anything("PIL")
    parts = {f"PIL.{name}": _Anything(f"PIL.{name}") for name in PILLOW}
    for path, part in parts.items():
        setattr(package, path.rpartition(".")[2], part)
    names = {"PIL": package, **parts}
    sys.modules.update(names)
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]


class _Anything(ModuleType):
    """A module in which every name is some class."""

    __version__ = "10.0.0"
    __path__: list[str] = []  # noqa: RUF012, a package has one

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})
