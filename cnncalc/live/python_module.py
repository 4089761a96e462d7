"""Where the source of a live function lies: its module's name, and the files that may be read."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FunctionType
from typing import NamedTuple

__all__ = ["Home", "module_of"]

# Packages whose names the reader of source knows by itself.
KNOWN = ("keras", "numpy", "tensorflow", "torch")


class Home(NamedTuple):
    """The module of a function.

    Attributes:
        name: dotted, as `torchvision.ops.stochastic_depth`.
        top: its first part.
        place: the folder of the package of that name, or the file where it is a module alone.
    """

    name: str
    top: str
    place: Path


def module_of(function: object) -> Home | None:
    """The module at whose top level a function stands; None where no file says what it does."""
    if not isinstance(function, FunctionType):
        return None
    module = sys.modules.get(function.__module__)
    file = getattr(module, "__file__", None)
    if not file or getattr(module, function.__name__, None) is not function:
        return None
    spec = getattr(module, "__spec__", None)
    path = Path(file)
    name = function.__module__ if function.__module__ != "__main__" else ""
    name = name or (spec.name if spec else path.stem)
    first, *rest = name.split(".")
    inner = (
        Path(*rest, "__init__.py") if path.name == "__init__.py" else Path(*rest[:-1], path.name)
    )
    if first in KNOWN or (rest and path.stem not in ("__init__", rest[-1])):
        return None
    place = path.parents[len(inner.parts) - 1] if rest or path.name == "__init__.py" else path
    matches = place.stem == first and (place == path or place / inner == path)
    return Home(name, first, place) if matches else None
