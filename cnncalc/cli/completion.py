"""The words that a shell offers for arguments and options of which only so many are known."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator

from cnncalc import files
from cnncalc.analysis import DTYPES
from cnncalc.counts import TOOLS
from cnncalc.executors import ALL, EXECUTORS
from cnncalc.executors.training import OPTIMIZERS
from cnncalc.layers import LAYERS
from cnncalc.notations.examples import example_names
from cnncalc.notations.refusals import networks_in
from cnncalc.notations.texts import MAX_BYTES
from cnncalc.rows import BYTES
from cnncalc.tables.steps import COLUMNS

__all__ = ["columns", "dtypes", "executors", "optimizers", "tools", "words"]


def words(before: list[str], incomplete: str) -> list[str]:
    """The words of a spec: layers, shipped examples, files, and what a file of Python defines.

    Args:
        before: the words before it; bash cuts `model.py:Net` into three.
        incomplete: as much of it as there is.
    """
    if before[-1:] == [":"] and len(before) > 1:
        return [name for name in _defined(before[-2]) if name.startswith(incomplete)]
    path, colon, start = incomplete.rpartition(":")
    if colon:
        return [f"{path}:{name}" for name in _defined(path) if name.startswith(start)]
    known = [*LAYERS, *example_names(), *_files(incomplete)]
    return [word for word in known if word.startswith(incomplete)]


def _files(incomplete: str) -> Iterator[str]:
    """The files beside what is typed that may be networks, and the folders there."""
    folder = os.path.dirname(incomplete)
    for path in networks_in(folder or "."):
        yield path if folder else os.path.basename(path)


def _defined(path: str) -> list[str]:
    """The classes and functions of a file of Python, which is read and not run."""
    try:
        tree = ast.parse(files.text(files.read(path, MAX_BYTES), python=True))
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return []
    found = (each for each in tree.body if isinstance(each, ast.ClassDef | ast.FunctionDef))
    return [each.name for each in found if not each.name.startswith("_")]


def columns() -> list[str]:
    """The keys of the columns."""
    return [column.key for column in COLUMNS]


def optimizers() -> list[str]:
    """The optimizers whose states are known."""
    return [*OPTIMIZERS]


def tools() -> list[str]:
    """The tools whose way of counting is known."""
    return [*TOOLS]


def dtypes() -> list[str]:
    """The names of dtypes, and the short ones."""
    return [*BYTES, *DTYPES]


def executors() -> list[str]:
    """The executors, and the word for all of them."""
    return [*EXECUTORS, ALL]
