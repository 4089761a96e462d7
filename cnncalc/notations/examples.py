"""The networks that are shipped as examples."""

from __future__ import annotations

import os
import re

from cnncalc.suggestions import plain

__all__ = ["NAME", "example_names", "example_path"]

NAME = re.compile(r"[A-Za-z][\w-]*")
# Names of networks that say less than the example's, in plain letters.
IN_PAPERS = {
    "inceptionv1": "googlenet",
    "lenet": "lenet5",
    "mobilenet": "mobilenet_v1",
    "r2plus1d": "r2plus1d_18",
    "resnext50": "resnext50_32x4d",
    "squeezenet": "squeezenet1_0",
}


def example_names() -> list[str]:
    """The names of the shipped examples."""
    return sorted(
        name.removesuffix(".cnn") for name in os.listdir(_folder()) if name.endswith(".cnn")
    )


def example_path(name: str) -> str | None:
    """The file of a shipped example, by its own name or as papers write it; None: there is none."""
    if not NAME.fullmatch(name):
        return None
    path = os.path.join(_folder(), f"{name}.cnn")
    if os.path.isfile(path):
        return path
    known = {plain(each): each for each in example_names()}
    found = known.get(plain(name)) or IN_PAPERS.get(plain(name))
    return found and os.path.join(_folder(), f"{found}.cnn")


def _folder() -> str:
    """Where examples are: in the package when installed, beside it in a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    shipped = os.path.join(package, "examples")
    return shipped if os.path.isdir(shipped) else os.path.join(os.path.dirname(package), "examples")
