"""Tables and documents as text: plain, JSON, JSON lines, CSV, Markdown, LaTeX, HTML.

Each format is one function of a table and of the document behind it; none truncates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.escaping import (
    csv_cell,
    dumps,
    html,
    latex,
    markdown,
    markdown_cell,
    visible,
)
from cnncalc.render.widths import width_of
from cnncalc.tables import PART, Table

__all__ = ["FORMATS", "aligned", "plain"]

Document = Callable[[], Any]  # made only if a format asks for it


def aligned(cells: list[str], right: bool) -> list[str]:
    """Cells filled up to equal width; where they have two parts, the parts line up."""
    halves = [cell.partition(PART) for cell in cells]
    first = max((width_of(half) for half, _, other in halves if other), default=0)
    cells = [f"{a + ' ' * (first - width_of(a))} {b}" if b else a for a, _, b in halves]
    width = max(map(width_of, cells), default=0)
    fills = [" " * (width - width_of(cell)) for cell in cells]
    return [fill + cell if right else cell + fill for fill, cell in zip(fills, cells, strict=True)]


def plain(table: Table, document: Document | None = None) -> str:
    """The table for a pipe: whole, without colour and without trailing blanks."""
    lines = [table.titles(), *table.texts()]
    total = table.total()
    if total:
        lines.append(total)
    columns = [
        aligned([line[n] for line in lines], column.right) for n, column in enumerate(table.columns)
    ]
    rows = ["  " + "  ".join(cells) for cells in zip(*columns, strict=True)]
    heading = [*map(visible, table.heading), ""] if table.heading else []
    footer = ["", *map(visible, table.footer)] if table.footer else []
    text = "".join(line.rstrip() + "\n" for line in [*heading, *rows, *footer])
    return f"{text}\n{plain(table.below)}" if table.below else text


def json_text(table: Table, document: Document) -> str:
    """The document with a key a line and a layer a line, so that `grep` finds whole layers.

    Python's own `indent` would take ten times as long, a tenth of a run on a large network.
    """
    return _laid_out(document(), "") + "\n"


def _laid_out(value: Any, margin: str) -> str:
    """JSON text whose outer object and whose lists of objects take a line for each member."""
    inner = margin + "  "
    if isinstance(value, dict) and value and not margin:
        members = [
            f"{inner}{dumps(key)}: {_laid_out(member, inner)}" for key, member in value.items()
        ]
        return "{\n" + ",\n".join(members) + "\n}"
    if isinstance(value, list) and value and all(isinstance(member, dict) for member in value):
        members = [inner + dumps(member) for member in value]
        return "[\n" + ",\n".join(members) + f"\n{margin}]"
    return dumps(value)


def json_lines(table: Table, document: Document) -> str:
    """One object a line: the report's layers, or the table's records."""
    found = document()
    records = found.get("layers", [found]) if isinstance(found, dict) else found
    return "".join(dumps(record) + "\n" for record in records)


def csv_text(table: Table, document: Document) -> str:
    """Plain values under the columns' keys, without the input and the total."""
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.key for column in table.columns])
    writer.writerows(map(csv_cell, record.values()) for record in table.records())
    return text.getvalue()


def markdown_text(table: Table, document: Document) -> str:
    """A table as GitHub draws it, with the remarks as a list below."""

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cells) + " |\n"

    def escaped(cell: str) -> str:
        return markdown_cell(cell.strip().replace(PART, " "))

    total = [f"**{cell}**" if cell else "" for cell in table.total() or []]
    return (
        ("\n".join(map(markdown, table.heading)) + "\n\n" if table.heading else "")
        + line([escaped(title) for title in table.titles()])
        + line(["---:" if column.right else ":---" for column in table.columns])
        + "".join(line([escaped(cell) for cell in cells]) for cells in table.texts())
        + (line(total) if total else "")
        + ("\n" + "".join(f"- {markdown(each)}\n" for each in table.footer) if table.footer else "")
        + (f"\n{markdown_text(table.below, document)}" if table.below else "")
    )


def latex_text(table: Table, document: Document) -> str:
    """A tabular with booktabs' rules."""

    def line(cells: list[str]) -> str:
        texts = [latex(cell.strip().replace(PART, " ")) for cell in cells]
        return f"  {' & '.join(texts)} \\\\\n"

    total = table.total()
    places = "".join("r" if column.right else "l" for column in table.columns)
    return (
        f"\\begin{{tabular}}{{{places}}}\n  \\toprule\n"
        + line(table.titles())
        + "  \\midrule\n"
        + "".join(line(cells) for cells in table.texts())
        + ("  \\midrule\n" + line(total) if total else "")
        + "  \\bottomrule\n\\end{tabular}\n"
        + (f"\n{latex_text(table.below, document)}" if table.below else "")
    )


def html_text(table: Table, document: Document) -> str:
    """A table element, numbers to the right."""
    sides = [' style="text-align: right"' if column.right else "" for column in table.columns]

    def line(cells: list[str], tag: str) -> str:
        texts = [html(cell.strip().replace(PART, " ")) for cell in cells]
        columns = zip(texts, sides, strict=True)
        return f"    <tr>{''.join(f'<{tag}{side}>{text}</{tag}>' for text, side in columns)}</tr>\n"

    total = table.total()
    return (
        "<table>\n  <thead>\n"
        + line(table.titles(), "th")
        + "  </thead>\n  <tbody>\n"
        + "".join(line(cells, "td") for cells in table.texts())
        + "  </tbody>\n"
        + (f"  <tfoot>\n{line(total, 'td')}  </tfoot>\n" if total else "")
        + "</table>\n"
        + (html_text(table.below, document) if table.below else "")
    )


FORMATS: dict[str, Callable[[Table, Document], str]] = {
    "table": plain,
    "json": json_text,
    "jsonl": json_lines,
    "csv": csv_text,
    "markdown": markdown_text,
    "latex": latex_text,
    "html": html_text,
}
