"""PyTorch and Keras source becomes a network: it is read, never executed.

The interpreter evaluates the part of Python that builds networks, on plain data, layers and
symbolic tensors; everything else stops with the place underlined. A model's source stays a
small program: it is run again at each input size, since `x.view(x.size(0), -1)` asks for it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from cnncalc.errors import Source
from cnncalc.network import Network
from cnncalc.notations import Text
from cnncalc.notations.framework_signs import framework_of, path_of
from cnncalc.notations.source.reading import Asked, read
from cnncalc.python.source_tree import Disk

__all__ = ["of_text", "parse"]


def of_text(text: Text, notation: str, let: Mapping[str, int]) -> Network:
    """Read the network of a text; its open names get the values of `let`.

    Raises:
        SpecError: what can't be followed, with its place.
    """
    path = path_of(text)
    given = tuple(Path(os.path.abspath(each)) for each in text.paths)
    asked = Asked(notation, text.target or None, _absolute(path), given, text.package, {}, let)
    return _read(text.source, asked, Disk())


def parse(
    source: Source,
    *,
    notation: str | None = None,
    entry: str | None = None,
    path: str | None = None,
    packages: Mapping[str, Path] | None = None,
    let: Mapping[str, int] | None = None,
) -> Network:
    """Read the network that a source describes.

    Args:
        source: the text.
        notation: `torch` or `keras`: whose names those without an import are; None: detected.
        entry: which class, function or variable, such as `Net(n_classes=10)` or `Net.features`;
            None: the only one there is.
        path: where the text lies, so that its imports find the files beside it.
        packages: where further modules lie that it may import, by their first names: a
            package's folder, or a file.
        let: values for names that the source leaves open, or the `Unknowns` that are sought.

    Raises:
        SpecError: what can't be followed, with its place.
    """
    found = notation or framework_of(source.text)
    asked = Asked(found, entry or None, _absolute(path), packages=packages or {}, let=let or {})
    return _read(source, asked, Disk())


def _absolute(path: str | None) -> Path | None:
    return Path(os.path.abspath(path)) if path else None


def _read(source: Source, asked: Asked, disk: Disk) -> Network:
    network = read(source, asked, disk)
    network.remake = partial(_read, source, asked, disk)
    return network
