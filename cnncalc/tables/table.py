"""Tables: columns over lines, for whoever draws them.

A `Column` says how one value of a line is found, shown and summed up; renderers loop over a
table's columns and know nothing of what the lines are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from cnncalc.errors import CnnCalcError
from cnncalc.escaping import visible
from cnncalc.nesting import Place
from cnncalc.suggestions import suggest
from cnncalc.symbols.size import Size, pretty

__all__ = ["PART", "Column", "Table", "choose", "human_bytes", "thousands"]

# Parts two halves of a cell that line up below one another, as in `10 /4`.
PART = "\t"


class Column(NamedTuple):
    """One column of a table.

    Attributes:
        key: its name in `--columns`.
        title: its heading for people.
        doc: what it holds.
        of: the plain value of a line, given the table's subject and the line.
        show: the value as people read it; None: `thousands`.
        right: whether cells stand at the right, as numbers do.
        total: the plain value of the last line; None: it has none.
        narrow: how a terminal may make it narrower: `cut` ends cells with …, `tail` keeps their
            ends behind one, `fold` breaks them into lines; empty: it may not.
        parted: whether its cells have two halves, with `PART` between them.
        field: its name in CSV, which is the document's, nested ones behind a dot; empty: the key.
    """

    key: str
    title: str
    doc: str
    of: Callable[[Any, Any], Any]
    show: Callable[[Any, Any], str] | None = None
    right: bool = False
    total: Callable[[Any], Any] | None = None
    narrow: str = ""
    parted: bool = False
    field: str = ""

    def text(self, subject: object, line: object) -> str:
        """The cell as people read it, safe to be printed."""
        text = self.show(subject, line) if self.show else thousands(self.of(subject, line))
        return text if self.parted else visible(text)


class Table:
    """Chosen columns over some lines, with a total and remarks below.

    Attributes:
        subject: what the columns ask besides the line: the report.
        lines: what each column is asked about.
        lead: how many lines at the front are no records (the input).
        heading: what stands above the table, one a line.
        footer: remarks below it.
        spare: keys of columns that a narrow terminal leaves out for the sake of its words, the
            first one first.
        dear: keys of those that it leaves out after them, where it must.
        below: a further table, below the remarks.
        group: what lines belong to, which stands above the first of each group.
        nested: gives for each line the modules or blocks that it stands in, outermost first; None:
            lines stand in none.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        subject: object,
        lines: Sequence[object],
        *,
        lead: int = 0,
        heading: Sequence[str] = (),
        footer: Sequence[str] = (),
        spare: Sequence[str] = (),
        dear: Sequence[str] = (),
        below: Table | None = None,
        group: Callable[[Any], str] | None = None,
        nested: Callable[[], Sequence[Sequence[Place]]] | None = None,
    ) -> None:
        self.columns = tuple(columns)
        self.subject = subject
        self.lines = lines
        self.lead = lead
        self.heading = list(heading)
        self.footer = list(footer)
        self.spare = tuple(spare)
        self.dear = tuple(dear)
        self.below = below
        self.group = group
        self.nested = nested

    def groups(self) -> dict[int, str]:
        """The headings inside of the table, by the number of the line that each stands above."""
        if self.group is None:
            return {}
        told = [self.group(line) for line in self.lines]
        return {n: text for n, text in enumerate(told) if not n or text != told[n - 1]}

    def leaving(self) -> tuple[list[int], list[int]]:
        """The columns that can be spared, and all of them, in the order in which they go."""
        keys = [column.key for column in self.columns]
        spare = [keys.index(key) for key in self.spare if key in keys]
        dear = [keys.index(key) for key in self.dear if key in keys]
        others = [place for place in reversed(range(len(keys))) if place not in (*spare, *dear)]
        return spare, [*spare, *dear, *others]

    def titles(self) -> list[str]:
        return [column.title for column in self.columns]

    def fields(self) -> list[str]:
        """The names of the columns for programs."""
        return [column.field or column.key for column in self.columns]

    def texts(self) -> list[list[str]]:
        """The cells as people read them, line by line."""
        return [[column.text(self.subject, line) for column in self.columns] for line in self.lines]

    def total(self) -> list[str] | None:
        """The last line, with the word `total` in the first place that isn't a number's."""
        if not any(column.total for column in self.columns):
            return None
        cells = [
            (value if isinstance(value, str) else f"{value:,}")
            if column.total and (value := column.total(self.subject)) is not None
            else ""
            for column in self.columns
        ]
        named = [n for n, column in enumerate(self.columns) if not column.right]
        if named and not cells[named[0]]:
            cells[named[0]] = "total"
        return cells

    def values(self) -> Iterator[list[Any]]:
        """The plain values, line by line."""
        for line in islice(self.lines, self.lead, None):
            yield [column.of(self.subject, line) for column in self.columns]

    def part(self, places: Sequence[int]) -> Table:
        """The same table with some of its columns."""
        columns = [self.columns[place] for place in places]
        return Table(columns, self.subject, self.lines, lead=self.lead, group=self.group)

    def records(self) -> list[dict[str, object]]:
        """The same, one record a line."""
        keys = self.fields()
        return [dict(zip(keys, values, strict=True)) for values in self.values()]


def choose(wanted: str, known: Sequence[Column], usual: Sequence[str]) -> list[str]:
    """The keys that `--columns` asks for.

    Args:
        wanted: keys between commas, or `all`; after a leading `+` they join the usual ones,
            after a `-` they are left out of them.
        known: the columns to choose from.
        usual: the keys that stand there unasked.

    Raises:
        CnnCalcError: a column that there is not.
    """
    keys = [column.key for column in known]
    fields = {column.field: column.key for column in known if column.field}
    if wanted.strip() == "all":
        return keys
    chosen = list(usual) if wanted.startswith(("+", "-")) else []
    for word in wanted.removeprefix("+").split(","):
        away = word.strip().startswith("-")
        word = word.strip().removeprefix("-" if away else "+")
        key = word.strip().lower()
        key = ALIASES.get(key) or fields.get(key) or key
        if key not in keys:
            near = suggest(key, [*keys, "all"], MEANT)
            meant = f"did you mean `{near}`? " if near else ""
            named = word.strip()
            raise CnnCalcError(
                f"there is no column `{named}`" if named else "there is no column without a name",
                code="column",
                help=f"{meant}columns: {', '.join(keys)}, all",
            )
        if away and key in chosen:
            chosen.remove(key)
        elif not away and key not in chosen:
            chosen.append(key)
    return chosen


# Words that mean another figure, or one that has another name.
MEANT = {"mac": "macs", "shape": "output", "trainableparams": "trainable"}

# Words that people would try, beside the names of the report's JSON.
ALIASES = {
    "#": "index",
    "center": "centre",
    "from": "inputs",
    "memory": "activations",
    "sees": "rf",
}


def thousands(value: object) -> str:
    """A number with separators; nothing for nothing and for zero; other values as they are."""
    if isinstance(value, Size):
        return pretty(value)
    if value is None or value is False or value == 0:
        return ""
    return f"{value:,}" if isinstance(value, int) and value is not True else str(value)


def human_bytes(count: int) -> str:
    """Bytes in the unit that leaves one to three digits before the point: 553 MB, 1.18 GB."""
    if isinstance(count, Size):
        return f"{pretty(count)} bytes"
    size, units = float(count), ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")
    unit = 0
    while size >= 999.5 and unit < len(units) - 1:
        size, unit = size / 1000, unit + 1
    if unit == 0:
        return "1 byte" if count == 1 else f"{count} bytes"
    return f"{size:.{0 if size >= 99.95 else 1 if size >= 9.995 else 2}f} {units[unit]}"
