"""Tables as HTML: a page that stands alone, and the part of it that notebooks show.

A table whose lines stand in modules or blocks has a row for each of these, with a box that folds
it: style alone does that, so it works where scripts don't run. On a page a small script sorts the
table by the column whose head is clicked. Nothing is loaded from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from cnncalc.escaping import html
from cnncalc.nesting import Place
from cnncalc.tables.table import PART, Column, Table, thousands

__all__ = ["fragment", "page"]

OPEN = 40  # lines of a table up to which its blocks are unfolded

STYLE = """
.cnncalc table { border-collapse: collapse; margin: 1em 0; font-variant-numeric: tabular-nums; }
.cnncalc th, .cnncalc td { padding: 0.15em 0.7em; text-align: left; white-space: nowrap; }
.cnncalc td.fold { white-space: normal; }
.cnncalc .n { text-align: right; }
.cnncalc thead th, .cnncalc .group { border-bottom: 1px solid #8888; }
.cnncalc tfoot td { border-top: 1px solid #8888; font-weight: bold; }
.cnncalc .lead { opacity: 0.7; }
.cnncalc .block { background: #8881; }
.cnncalc .sorted .block, .cnncalc .sorted .group { display: none; }
.cnncalc table:not(.sorted) .again { display: none; }
"""
PAGE_STYLE = """
body { font-family: system-ui, sans-serif; margin: 2em; color-scheme: light dark; }
.cnncalc thead th { position: sticky; top: 0; background: Canvas; cursor: pointer; }
[aria-sort=descending]::after { content: " ↓"; }
[aria-sort=ascending]::after { content: " ↑"; }
"""
# No `<` and no `&` stand in it, so that the page is also well-formed XML.
SCRIPT = """
const none = ["-1"];
const text = cell => cell.textContent.trim();
const figure = cell => parseFloat((text(cell).match(/-?[\\d.,]+/) || none)[0].replaceAll(",", ""));
const byFigure = at => (a, b) => figure(a.cells[at]) - figure(b.cells[at]);
const how = {numeric: true};
const byText = at => (a, b) => text(a.cells[at]).localeCompare(text(b.cells[at]), "en", how);
const figures = {null: "descending", descending: "ascending", ascending: null};
const words = {null: "ascending", ascending: "descending", descending: null};
for (const table of document.querySelectorAll("table")) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0], rows = [...body.rows];
  const others = rows.filter(row => /lead|block|group/.test(row.className));
  const lines = rows.filter(row => !others.includes(row));
  heads.forEach((head, at) => {
    const numeric = head.classList.contains("n"), next = numeric ? figures : words;
    const compare = numeric ? byFigure(at) : byText(at);
    const sort = () => {
      const order = next[head.getAttribute("aria-sort")];
      heads.forEach(each => each.removeAttribute("aria-sort"));
      if (order) head.setAttribute("aria-sort", order);
      const sorted = [...lines].sort(compare);
      if (order === "descending") sorted.reverse();
      body.append(...(order ? [...others, ...sorted] : rows));
      table.classList.toggle("sorted", Boolean(order));
    };
    head.tabIndex = 0;
    head.addEventListener("click", sort);
    head.addEventListener("keydown", event => { if (event.key === "Enter") sort(); });
  });
}
"""


def page(table: Table) -> str:
    """A table as a page of its own, with what stands above and below it."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>\n'
        f"<title>cnncalc</title>\n<style>{PAGE_STYLE}</style>\n</head>\n<body>\n"
        f"{fragment(table)}<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def fragment(table: Table, high: str = "") -> str:
    """The same for a page of somebody else's, without a script.

    Args:
        table: what is shown.
        high: the style of what is around the table, which may scroll.
    """
    blocks: list[str] = []
    tables = "".join(_table(each, blocks, high) for each in _chain(table))
    # A box that isn't ticked hides the rows in its block, unless the table is sorted.
    folds = "".join(
        f".cnncalc table:not(.sorted):has(.{name} input:not(:checked)) .in-{name} "
        "{ display: none; }\n"
        for name in blocks
    )
    return f'<div class="cnncalc">\n<style>{STYLE}{folds}</style>\n{tables}</div>\n'


def _chain(table: Table | None) -> Iterator[Table]:
    """A table, and those below it."""
    while table is not None:
        yield table
        table = table.below


def _table(table: Table, blocks: list[str], high: str) -> str:
    """One table between its remarks; the names of its blocks join the others."""
    total = table.total()
    titles = _row(table, [html(title) for title in table.titles()], "th")
    above = "".join(f"<p>{html(line)}</p>\n" for line in table.heading)
    below = "".join(f"<div>{html(line)}</div>\n" for line in table.footer if line)
    foot = f"  <tfoot>\n{_row(table, [_cell(each) for each in total])}  </tfoot>\n" if total else ""
    body = "".join(_body(table, blocks))
    grid = f"<table>\n  <thead>\n{titles}  </thead>\n  <tbody>\n{body}  </tbody>\n{foot}</table>\n"
    return above + (f'<div style="{high}">\n{grid}</div>\n' if high else grid) + below


def _body(table: Table, blocks: list[str]) -> Iterator[str]:
    """The rows: before the first line of each group or block one for that."""
    groups, texts = table.groups(), table.texts()
    paths = table.nested() if table.nested else [()] * len(texts)
    unfolded = len(texts) <= OPEN
    open_now: list[Block] = []
    for n, (texts_of_line, path) in enumerate(zip(texts, paths, strict=True)):
        if n in groups:
            head = f'<th colspan="{len(table.columns)}">{html(groups[n])}</th>'
            yield f'    <tr class="group">{head}</tr>\n'
        kept = _shared(open_now, path)
        del open_now[kept:]
        for place in path[kept:]:
            block = Block(f"b{len(blocks) + 1}", place, _end(paths, n, len(open_now)))
            blocks.append(block.name)
            yield _block(table, block, n, open_now, unfolded)
            open_now.append(block)
        cells = [_cell(text) or _again(table, n, at) for at, text in enumerate(texts_of_line)]
        cells = _indented(table, cells, len(path))
        inside = " ".join(f"in-{block.name}" for block in open_now)
        yield _row(table, cells, kind="lead" if n < table.lead else "", inside=inside)


class Block(NamedTuple):
    """A module or block: its class in the page, what it is, and the line behind its last."""

    name: str
    place: Place
    end: int


def _shared(open_now: Sequence[Block], path: Sequence[Place]) -> int:
    """How many of the blocks that are open a line stands in, too."""
    count = 0
    while count < min(len(open_now), len(path)) and open_now[count].place.name == path[count].name:
        count += 1
    return count


def _end(paths: Sequence[Sequence[Place]], start: int, depth: int) -> int:
    """The line behind the last one in the block that a line begins at a depth."""
    name, end = paths[start][depth].name, start
    while end < len(paths) and len(paths[end]) > depth and paths[end][depth].name == name:
        end += 1
    return end


def _block(table: Table, block: Block, start: int, around: Sequence[Block], unfolded: bool) -> str:
    """The row of a block: what it is, and the sums of its lines."""
    lines = table.lines[start : block.end]
    cells = [html(_sum(table, column, lines)) for column in table.columns]
    words = {"name": block.place.name, "layer": block.place.text}
    for n, column in enumerate(table.columns):
        if column.key in words:
            cells[n] = html(words[column.key])
    first = _first(table)
    ticked = ' checked=""' if unfolded else ""
    label = html(f"unfold {block.place.name}")
    cells[first] = (
        f'<label><input type="checkbox" aria-label="{label}"{ticked}/> {cells[first]}</label>'
    )
    inside = " ".join([block.name, *(f"in-{each.name}" for each in around)])
    return _row(table, _indented(table, cells, len(around)), kind="block", inside=inside)


def _sum(table: Table, column: Column, lines: Sequence[Any]) -> str:
    """What the lines have together, where a column has a total."""
    if column.total is None:
        return ""
    values = [column.of(table.subject, line) for line in lines]
    total = sum(value for value in values if value is not None and not isinstance(value, str))
    return f"{total:.1%}" if isinstance(total, float) else thousands(total)


def _first(table: Table) -> int:
    """The column of words in which blocks are shown."""
    return next((n for n, column in enumerate(table.columns) if not column.right), 0)


def _indented(table: Table, cells: list[str], depth: int) -> list[str]:
    """The cells of a row that stands in so many blocks."""
    if depth:
        first = _first(table)
        cells[first] = f'<span style="padding-left: {depth * 1.2:g}em">{cells[first]}</span>'
    return cells


def _cell(text: str) -> str:
    """A cell; what is set in by blanks is set in here, too."""
    bare = html(text.strip().replace(PART, " "))
    depth = len(text) - len(text.lstrip())
    return (
        f'<span style="padding-left: {depth * 0.6:g}em">{bare}</span>' if depth and bare else bare
    )


def _again(table: Table, line: int, at: int) -> str:
    """What a line has in common with the one above it, which is said again once it is sorted."""
    column = table.columns[at]
    if line < table.lead or column.total is not None:
        return ""
    value = column.of(table.subject, table.lines[line])
    same = line and value == column.of(table.subject, table.lines[line - 1])
    return f'<span class="again">{html(str(value))}</span>' if value and same else ""


def _row(
    table: Table, cells: Sequence[str], tag: str = "td", kind: str = "", inside: str = ""
) -> str:
    """A row of cells; `kind` is what it is beside a line, `inside` the blocks around it."""
    classes = " ".join(filter(None, [kind, inside]))
    attribute = f' class="{classes}"' if classes else ""
    row = "".join(
        f"<{tag}{_side(column)}>{cell}</{tag}>"
        for column, cell in zip(table.columns, cells, strict=True)
    )
    return f"    <tr{attribute}>{row}</tr>\n"


def _side(column: Column) -> str:
    """The class of a column's cells: numbers stand at the right, sentences may be broken."""
    name = "n" if column.right else "fold" if column.narrow == "fold" else ""
    return f' class="{name}"' if name else ""
