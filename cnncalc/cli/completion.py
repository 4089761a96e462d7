"""The words that a shell offers for arguments and options of which only so many are known."""

from __future__ import annotations

from cnncalc.executors import ALL, EXECUTORS
from cnncalc.layers import LAYERS
from cnncalc.notations.examples import example_names
from cnncalc.tables.steps import COLUMNS

__all__ = ["columns", "executors", "words"]


def words() -> list[str]:
    """The first words of a spec: layers and shipped examples."""
    return [*LAYERS, *example_names()]


def columns() -> list[str]:
    """The keys of the columns."""
    return [column.key for column in COLUMNS]


def executors() -> list[str]:
    """The executors, and the word for all of them."""
    return [*EXECUTORS, ALL]
