"""The networks that are shipped as examples."""

from __future__ import annotations

import os
import re

__all__ = ["NAME", "example_names", "example_path"]

NAME = re.compile(r"[A-Za-z][\w-]*")


def example_names() -> list[str]:
    """The names of the shipped examples."""
    return sorted(
        name.removesuffix(".cnn") for name in os.listdir(_folder()) if name.endswith(".cnn")
    )


def example_path(name: str) -> str | None:
    """The file of a shipped example; None if there is none of that name."""
    path = os.path.join(_folder(), f"{name}.cnn")
    return path if NAME.fullmatch(name) and os.path.isfile(path) else None


def _folder() -> str:
    """Where examples are: in the package when installed, beside it in a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    shipped = os.path.join(package, "examples")
    return shipped if os.path.isdir(shipped) else os.path.join(os.path.dirname(package), "examples")
