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
from cnncalc.notations.framework_signs import framework_of
from cnncalc.notations.source.reading import read
from cnncalc.notations.unknowns import Unknowns
from cnncalc.python.source_tree import Disk

__all__ = ["parse"]


def parse(
    source: Source,
    *,
    notation: str | None = None,
    entry: str | None = None,
    path: str | None = None,
    packages: Mapping[str, Path] | None = None,
    disk: Disk | None = None,
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
        disk: what was read before; None: nothing.
        let: `Unknowns`, where some are sought; a source has no symbols.

    Raises:
        SpecError: what can't be followed, with its place.
    """
    found = notation or framework_of(source.text)
    place = Path(os.path.abspath(path)) if path else None
    disk = disk or Disk()
    unknowns = let if isinstance(let, Unknowns) else None
    network = read(source, found, entry or None, place, packages or {}, disk, unknowns)
    network.remake = partial(
        parse, source, notation=found, entry=entry, path=path and str(place), packages=packages,
        disk=disk, let=let,
    )  # fmt: skip
    return network
