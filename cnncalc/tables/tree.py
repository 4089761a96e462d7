"""The tree: rows of modules, definitions and groups in the place of the steps in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from cnncalc.findings import Findings
from cnncalc.layers.base import Shape
from cnncalc.nesting import Place, places
from cnncalc.rows import BuiltRow, Row
from cnncalc.tables.steps import COLUMNS, PARAM_BYTES, SHARE, count, of_reached
from cnncalc.tables.table import Column

__all__ = ["TREE", "Line", "frontier", "tree"]

# What two neighbours have in common that become one line.
Likeness = tuple[object, ...]


class Line:
    """A step, or what stands in one block, or in several equal ones side by side.

    Attributes:
        name: of the module or block, or of the step.
        kind: the layer's, or the block's.
        text: the layer as one word, or the block.
        depth: how many blocks stand around it.
        rows: the steps in it.
        lines: what it is made of, if that is shown too.
        count: how many equal ones it stands for; sums are those of all.
        last: the name of the last of them.
    """

    __slots__ = ("count", "depth", "kind", "last", "lines", "name", "rows", "text")

    def __init__(self, name: str, kind: str, text: str, depth: int) -> None:
        self.name = self.last = name
        self.kind = kind
        self.text = text
        self.depth = depth
        self.rows: list[Row | BuiltRow] = []
        self.lines: list[Line] = []
        self.count = 1

    @property
    def index(self) -> int:
        """The last step of it, whose output and field are shown."""
        return self.rows[-1].index

    @property
    def output_shape(self) -> Shape | None:
        """What comes out of the last step; None where the flow didn't come so far."""
        return self.rows[-1].output_shape

    @property
    def params(self) -> int:
        return sum(row.params for row in self.rows)

    @property
    def trainable(self) -> int:
        return sum(row.trainable for row in self.rows)

    @property
    def buffers(self) -> int:
        return sum(row.buffers for row in self.rows)

    @property
    def macs(self) -> int:
        return sum(row.macs for row in self.rows)

    @property
    def activation_bytes(self) -> int:
        return sum(row.activation_bytes for row in self.rows if not row.is_input)

    def likeness(self) -> Likeness:
        own = tuple((row.text, row.output_shape, row.params, row.macs) for row in self.rows)
        parts = tuple((line.text, line.count) for line in self.lines)
        return self.kind, self.text, own, parts

    def join(self, other: Line) -> None:
        """Stand for an equal neighbour, too."""
        self.last = other.last
        self.rows += other.rows
        self.count += other.count
        for mine, its in zip(self.lines, other.lines, strict=True):
            mine.join(its)


def tree(report: Findings, depth: int) -> list[Line]:
    """The lines of a report down to a depth, each before those that it is made of.

    Args:
        report: a finished report.
        depth: how many blocks deep; 0: one line for all.
    """
    rows = report.built
    top = Line("", "network", f"{len(rows)} {'layer' if len(rows) == 1 else 'layers'}", 0)
    known: dict[str, Line] = {}
    for row, path in zip(rows, islice(places(report.network), 1, None), strict=True):
        _put(top, known, row, path[:depth], depth)
    if depth == 0:
        return [_input(report), top]
    return [_input(report), *_listed(_folded(top.lines))]


def _input(report: Findings) -> Line:
    row = report.rows[0]
    line = Line(row.name, row.kind, row.text, 0)
    line.rows.append(row)
    return line


def _put(
    top: Line, known: dict[str, Line], row: Row | BuiltRow, path: Sequence[Place], depth: int
) -> None:
    """Put a row under the blocks that it stands in."""
    line = top
    line.rows.append(row)
    for at, place in enumerate(path):
        if place.name not in known:
            known[place.name] = Line(place.name, place.kind, place.text, at)
            line.lines.append(known[place.name])
        line = known[place.name]
        line.rows.append(row)
    if len(path) < depth:
        line.lines.append(Line(row.name, row.kind, row.text, len(path)))
        line.lines[-1].rows.append(row)


def _folded(lines: Sequence[Line]) -> list[Line]:
    """The lines with equal neighbours made one."""
    found: list[Line] = []
    before: Likeness = ()
    for line in lines:
        line.lines = _folded(line.lines)
        likeness = line.likeness()
        if likeness == before:
            found[-1].join(line)
        else:
            found.append(line)
        before = likeness
    return found


def _listed(lines: Sequence[Line]) -> Iterable[Line]:
    for line in lines:
        yield line
        if len(line.lines) > 1 or any(each.lines or each.count > 1 for each in line.lines):
            yield from _listed(line.lines)


def frontier(lines: Sequence[Line]) -> list[Line]:
    """The lines that no other one is part of, so that their sums are the totals."""
    after = [*lines[1:], None]
    return [
        line
        for line, following in zip(lines, after, strict=True)
        if following is None or following.depth <= line.depth
    ]


def _numbers(report: Findings, line: Line) -> str:
    """The first and the last step of a line."""
    first, last = line.rows[0].index, line.rows[-1].index
    whole = last - first + 1 == len(line.rows)
    return f"{first}–{last}" if whole and last > first else str(first or "")


def _name(report: Findings, line: Line) -> str:
    if line.name == line.last:
        return line.name
    stem = line.name.rstrip("0123456789")
    number = line.last.removeprefix(stem)
    return f"{line.name}–{number}" if stem and number.isdigit() else f"{line.name} …"


def _layer(report: Findings, line: Line) -> str:
    text = line.rows[0].text if len(line.rows) == line.count else line.text
    times = f" ×{line.count}" if line.count > 1 else ""
    return "  " * line.depth + text + times


OWN = (
    Column(
        "index",
        "#",
        "the numbers of the steps",
        lambda report, line: _numbers(report, line).replace("–", "-"),
        _numbers,
        right=True,
    ),
    Column("name", "name", "the module's or the block's name", _name, _name, narrow="tail"),
    Column(
        "layer",
        "layer",
        "the layer, or what it stands in, and how many",
        _layer,
        _layer,
        narrow="cut",
        field="text",
    ),
    Column("depth", "depth", "how many blocks stand around it", lambda _, line: line.depth),
    Column("count", "count", "how many equal ones", lambda _, line: line.count),
    count("params", "params", "learnable elements, each counted once"),
    PARAM_BYTES,
    SHARE,
)
SUMS = ("kind", "trainable", "buffers", "macs", "flops", "activations")
ENDS = ("output", "rf", "size", "jump", "start", "centre", "status", "aligned")
TREE = (
    *OWN,
    *(column for column in COLUMNS if column.key in SUMS),
    *(of_reached(column) for column in COLUMNS if column.key in ENDS),
)
