"""Tables and documents as text: plain, JSON, JSON lines, CSV, Markdown, LaTeX, HTML.

Each format is one function of a table and of the document behind it; none truncates. Those for
programs give their text piece by piece, since a large network's takes much memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from cnncalc.escaping import (
    csv_cell,
    dumps,
    latex,
    markdown,
    markdown_cell,
    visible,
)
from cnncalc.packages import OnUse
from cnncalc.tables.table import PART, Table
from cnncalc.widths import width_of

if TYPE_CHECKING:
    from cnncalc.render import page
else:  # few tables are pages
    page = OnUse("cnncalc.render.page")

__all__ = ["FORMATS", "Document", "aligned", "json_pieces", "pieces", "plain"]

Document = Callable[[], Any]  # made only if a format asks for it


LISTS = ("layers", "networks")  # the lists of documents that are lines of a table
MAX_FILLED = 400  # columns that cells are filled up to


def aligned(cells: list[str], right: bool) -> list[str]:
    """Cells filled up to equal width; where they have two parts, the parts line up.

    A cell as long as the list of a thousand branches stands out, and the others aren't filled up
    to it: that would take as much again for each line.
    """
    halves = [cell.partition(PART) for cell in cells]
    first = max((width_of(half) for half, _, other in halves if other), default=0)
    cells = [f"{a + ' ' * (first - width_of(a))} {b}" if b else a for a, _, b in halves]
    widths = [width_of(cell) for cell in cells]
    width = max((each for each in widths if each <= MAX_FILLED), default=0)
    fills = [" " * (width - each) for each in widths]
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
    titles, *rows = ["  " + "  ".join(cells) for cells in zip(*columns, strict=True)]
    rows = [titles, *_grouped(table, rows, lambda group: ["", visible(group)])]
    heading = [*map(visible, table.heading), ""] if table.heading else []
    footer = ["", *map(visible, table.footer)] if table.footer else []
    text = "".join(line.rstrip() + "\n" for line in [*heading, *rows, *footer])
    return f"{text}\n{plain(table.below)}" if table.below else text


def _grouped(table: Table, rows: Sequence[str], head: Callable[[str], list[str]]) -> Iterator[str]:
    """The rows of a table, with what stands above each of its groups."""
    groups = table.groups()
    for n, row in enumerate(rows):
        yield from head(groups[n]) if n in groups else ()
        yield row


def json_pieces(table: Table | None, document: Document) -> Iterator[str]:
    """The document with a key a line and a layer a line, so that `grep` finds whole layers.

    Python's own `indent` would take ten times as long, a tenth of a run on a large network.
    """
    yield from _laid_out(document())
    yield "\n"


def _laid_out(value: Any, margin: str = "") -> Iterator[str]:
    """JSON text whose outer object and whose lists of objects take a line for each member.

    What comes one after another, and not as a list, is objects.
    """
    inner = margin + "  "
    between = ",\n" + inner
    if isinstance(value, dict) and value and not margin:
        before = "{\n" + inner
        for key, member in value.items():
            yield f"{before}{dumps(key)}: "
            yield from _laid_out(member, inner)
            before = between
        yield "\n}"
    elif isinstance(value, Iterator) or (
        isinstance(value, list) and value and all(isinstance(member, dict) for member in value)
    ):
        before = "[\n" + inner
        for member in value:
            yield before + dumps(member)
            before = between
        yield f"\n{margin}]" if before is between else "[]"
    else:
        yield dumps(value)


def json_lines(table: Table, document: Document) -> Iterator[str]:
    """One object a line: the report's layers, the networks of a check, the table's records."""
    found = document()
    if isinstance(found, dict):
        records = next((found[key] for key in LISTS if key in found), [found])
    else:
        records = found
    return (f"{dumps(record)}\n" for record in records)


def csv_lines(table: Table, document: Document) -> Iterator[str]:
    """Plain values under the columns' keys, without the input and the total."""
    import csv

    line: list[str] = []
    writer = csv.writer(_Line(line), lineterminator="\n")
    for values in chain([table.fields()], table.values()):
        writer.writerow(map(csv_cell, values))
        yield line.pop()


class _Line:
    """What a CSV writer writes to: a place for one line."""

    def __init__(self, line: list[str]) -> None:
        self.write = line.append


def markdown_text(table: Table, document: Document) -> str:
    """A table as GitHub draws it, with the remarks as a list below."""

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cells) + " |\n"

    def escaped(cell: str) -> str:
        return markdown_cell(cell.strip().replace(PART, " "))

    def head(group: str) -> list[str]:
        return [line([f"**{escaped(group)}**", *[""] * (len(table.columns) - 1)])]

    rows = [line([escaped(cell) for cell in cells]) for cells in table.texts()]
    total = [f"**{cell}**" if cell else "" for cell in table.total() or []]
    return (
        ("\n".join(map(markdown, table.heading)) + "\n\n" if table.heading else "")
        + line([escaped(title) for title in table.titles()])
        + line(["---:" if column.right else ":---" for column in table.columns])
        + "".join(_grouped(table, rows, head))
        + (line(total) if total else "")
        + ("\n" + "".join(f"- {markdown(each)}\n" for each in table.footer) if table.footer else "")
        + (f"\n{markdown_text(table.below, document)}" if table.below else "")
    )


def latex_text(table: Table, document: Document) -> str:
    """A tabular with booktabs' rules, what stands above and below it in paragraphs."""
    return "% needs \\usepackage{booktabs}\n" + _latex(table)


def _latex(table: Table) -> str:
    def line(cells: list[str]) -> str:
        texts = [latex(cell.strip().replace(PART, " ")) for cell in cells]
        return f"  {' & '.join(texts)} \\\\\n"

    def head(group: str) -> list[str]:
        return [
            f"  \\multicolumn{{{len(table.columns)}}}{{l}}{{\\textbf{{{latex(group)}}}}} \\\\\n"
        ]

    total = table.total()
    places = "".join("r" if column.right else "l" for column in table.columns)
    rows = [line(cells) for cells in table.texts()]
    return (
        "".join(f"\\noindent {latex(each)}\n\n" for each in table.heading)
        + f"\\begin{{tabular}}{{{places}}}\n  \\toprule\n"
        + line(table.titles())
        + "  \\midrule\n"
        + "".join(_grouped(table, rows, head))
        + ("  \\midrule\n" + line(total) if total else "")
        + "  \\bottomrule\n\\end{tabular}\n"
        + "".join(
            f"\n\\noindent{{\\small {latex(each.strip())}}}\n" for each in table.footer if each
        )
        + (f"\n{_latex(table.below)}" if table.below else "")
    )


def html_text(table: Table, document: Document) -> str:
    """A page that stands alone."""
    return page.page(table)


def _whole(made: Callable[[Table, Document], Iterator[str]]) -> Callable[..., str]:
    return lambda table, document: "".join(made(table, document))


# Those that give their text piece by piece.
PIECES: dict[str, Callable[[Table, Document], Iterator[str]]] = {
    "json": json_pieces,
    "jsonl": json_lines,
    "csv": csv_lines,
}
FORMATS: dict[str, Callable[[Table, Document], str]] = {
    "table": plain,
    **{name: _whole(made) for name, made in PIECES.items()},
    "markdown": markdown_text,
    "latex": latex_text,
    "html": html_text,
}


def pieces(form: str, table: Table, document: Document) -> Iterable[str]:
    """The text of a format, in as many pieces as it likes."""
    return PIECES[form](table, document) if form in PIECES else [FORMATS[form](table, document)]
