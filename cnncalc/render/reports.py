"""A report as Python shows it: with `print`, and below a notebook's cell."""

from __future__ import annotations

from cnncalc.render.text import html_text, plain
from cnncalc.report import Report
from cnncalc.tables.views import view

__all__ = ["html", "text"]

HIGH = "max-height: 40em; overflow: auto"  # the table of a large network scrolls


def text(report: Report) -> str:
    """The table of `cnncalc shape`, whole."""
    return plain(view("shape", report)).rstrip("\n")


def html(report: Report) -> str:
    """The same as HTML, with the remarks below it."""
    from html import escape

    table = view("shape", report)
    lines = [*table.footer, *(table.below.footer if table.below else ())]
    remarks = "".join(f"<div>{escape(line)}</div>" for line in lines)
    return f'<div style="{HIGH}">\n{html_text(table, report.to_dict)}</div>\n{remarks}'
