"""A report as Python shows it: with `print`, below a notebook's cell, as a data frame."""

from __future__ import annotations

from typing import Any

from cnncalc import packages
from cnncalc.findings import Findings
from cnncalc.render import page
from cnncalc.render.text import plain
from cnncalc.symbols.size import Size
from cnncalc.tables.views import view

__all__ = ["frame", "html", "text"]

HIGH = "max-height: 40em; overflow: auto"  # the table of a large network scrolls


def text(report: Findings) -> str:
    """The table of `cnncalc shape`, whole."""
    return plain(view("shape", report)).rstrip("\n")


def html(report: Findings) -> str:
    """The same as HTML, its modules and blocks foldable, with the remarks below it."""
    return page.fragment(view("shape", report), HIGH)


def frame(report: Findings, package: str) -> Any:
    """The steps as a data frame of pandas or polars, with the columns of `-f csv`."""
    frames = packages.load(package, f"`to_{package}`", "package")
    table = view("shape", report, plain=True)
    lines = [[str(each) if isinstance(each, Size) else each for each in v] for v in table.values()]
    columns = zip(*lines, strict=True) if lines else [()] * len(table.columns)
    return frames.DataFrame(dict(zip(table.fields(), map(list, columns), strict=True)))
