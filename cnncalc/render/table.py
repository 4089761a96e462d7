"""What is drawn on a terminal: tables to its width, and the progress of long runs.

A pipe gets `text.plain` instead. Rich, which this is the only file to import, draws the progress.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from cnncalc.escaping import ASCII, visible
from cnncalc.render.text import aligned
from cnncalc.tables.table import Column, Table
from cnncalc.widths import MORE, shortened, width_of, wrapped

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["NARROWEST", "Bar", "draw"]

MARGIN = 2  # blanks before each column
NARROWEST = 40  # columns of a terminal, below which lines are longer than it
# What a column keeps that may be narrower, by how that is done: while there is another that can
# be spared, and then.
ROOMY = {"cut": 12, "tail": 12, "fold": 20}
TIGHT = {"cut": 8, "tail": 8, "fold": 10}
PATIENCE = 1.0  # seconds of work before its progress is worth showing
BOLD, DIM, RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"


class Layout(NamedTuple):
    """What of a table stands on a terminal.

    Attributes:
        places: the columns that stand there.
        widths: how wide they are.
        gone: the places of the others.
        fits: whether they have the width that they need.
    """

    places: list[int]
    widths: list[int]
    gone: Sequence[int]
    fits: bool


def draw(table: Table, *, width: int, color: bool = True, ascii: bool = False) -> str:
    """The table for a terminal of so many columns, 40 at least: no line of it is wider.

    Words give way, then the less telling columns, which a remark names; numbers are never cut.
    Without colour there are no escape sequences at all.

    Args:
        table: what is drawn.
        width: columns of the terminal.
        color: whether to use its colours.
        ascii: whether it has no other characters.
    """
    terminal = Terminal(max(width, NARROWEST), color, ASCII if ascii else {})
    text = "".join(f"{line}\n" for line in terminal.page(table))
    if table.below is None:
        return text
    return f"{text}\n{draw(table.below, width=width, color=color, ascii=ascii)}"


class Terminal(NamedTuple):
    """What is drawn on: its columns, whether in colour, and what it writes for other signs."""

    width: int
    color: bool
    signs: Mapping[int, str]

    def page(self, table: Table) -> Iterator[str]:
        """The lines of a table, with what stands above and below it."""
        rows = [[cell.translate(self.signs) for cell in row] for row in table.texts()]
        columns = [aligned(list(cells), False) for cells in zip(*rows, strict=True)]
        columns = columns or [[] for _ in table.columns]
        layout = _laid_out(table, columns, self.width)
        yield from self.paragraphs([*table.heading, ""] if table.heading else [])
        yield from self.grid(table.part(layout.places), layout, columns)
        remarks = [
            *table.footer,
            *_left_out([table.columns[place].title for place in layout.gone], self.width),
        ]
        yield from self.paragraphs(["", *remarks] if remarks else [], "  ")

    def grid(self, table: Table, layout: Layout, columns: Sequence[Sequence[str]]) -> Iterator[str]:
        """The titles, what is no record, the records, the total."""
        shown = [
            _indented(columns[place], column, width)
            for place, column, width in zip(
                layout.places, table.columns, layout.widths, strict=True
            )
        ]
        lines = list(zip(*shown, strict=True))
        total = table.total()
        parts = (
            (BOLD, [table.titles()]),
            (DIM, lines[: table.lead]),
            ("", lines[table.lead :]),
            (BOLD, [total] if total else []),
        )
        groups = table.groups()
        for style, part in parts:
            for n, cells in enumerate(part):
                if not style and n + table.lead in groups:
                    yield from self.heading(groups[n + table.lead])
                for line in _lines(cells, table.columns, layout.widths, MORE.translate(self.signs)):
                    yield f"{style}{line}{RESET}" if style and self.color else line

    def heading(self, group: str) -> Iterator[str]:
        """What stands above a group of lines."""
        yield ""
        for line in wrapped(visible(group).translate(self.signs), self.width):
            yield f"{BOLD}{line}{RESET}" if self.color else line

    def paragraphs(self, lines: Sequence[str], indent: str = "") -> Iterator[str]:
        for line in lines:
            yield from wrapped(visible(line).translate(self.signs), self.width, indent)


def _left_out(gone: Sequence[str], width: int) -> list[str]:
    if not gone:
        return []
    return [f"left out to fit {width} columns: {', '.join(gone)}; a pipe or -o FILE has them"]


def _indented(cells: Sequence[str], column: Column, width: int) -> Sequence[str]:
    """A column's cells; in one that is cut, steps in branches are set in by half as much."""
    if column.narrow != "cut" or all(width_of(cell.rstrip()) <= width for cell in cells):
        return cells
    bare = [cell.lstrip() for cell in cells]
    pairs = zip(cells, bare, strict=True)
    return [" " * min((len(cell) - len(text)) // 2, width // 4) + text for cell, text in pairs]


def _laid_out(table: Table, columns: Sequence[Sequence[str]], width: int) -> Layout:
    """The columns that fit beside one another, and what each of them gets."""
    natural = [
        max(width_of(cell.rstrip()) for cell in (column.title, *cells))
        for column, cells in zip(table.columns, columns, strict=True)
    ]
    spare, leaving = table.leaving()
    steps = [(ROOMY, spare[:count]) for count in range(len(spare) + 1)]
    steps += [(TIGHT, leaving[:count]) for count in range(len(spare), len(leaving))]
    for least, gone in steps:
        layout = _without(gone, table, natural, least, width)
        if layout.fits:
            break
    for place in reversed(layout.gone):  # what left before a wide column did may fit whole again
        others = [other for other in layout.gone if other != place]
        again = _without(others, table, natural, {}, width)
        layout = again if again.fits else layout
    return layout


def _without(
    gone: Sequence[int], table: Table, natural: Sequence[int], least: Mapping[str, int], width: int
) -> Layout:
    """What the columns get where some have gone."""
    places = [place for place in range(len(natural)) if place not in gone]
    part = table.part(places)
    sums = part.total() or [""] * len(places)
    wanted = [
        max(natural[place], width_of(summed)) for place, summed in zip(places, sums, strict=True)
    ]
    floors = [
        min(wide, least.get(column.narrow, wide))
        for column, wide in zip(part.columns, wanted, strict=True)
    ]
    room = width - MARGIN * len(places)
    return Layout(places, _shared(wanted, floors, room), gone, sum(floors) <= room)


def _shared(wanted: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Widths that fit into the room as far as may be: what is widest gives way first."""
    widths = list(wanted)
    while sum(widths) > room:
        givers = [place for place, wide in enumerate(widths) if wide > least[place]]
        if not givers:
            break
        widths[max(givers, key=lambda place: widths[place])] -= 1
    return widths


def _lines(
    cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int], more: str
) -> Iterator[str]:
    """The lines of a row: one, unless cells are folded."""
    stacks = [
        _fitted(cell, column, width, more)
        for cell, column, width in zip(cells, columns, widths, strict=True)
    ]
    for at in range(max(map(len, stacks))):
        line = ""
        for stack, column, width in zip(stacks, columns, widths, strict=True):
            cell = stack[at] if at < len(stack) else ""
            fill = " " * (width - width_of(cell))
            line += " " * MARGIN + (fill + cell if column.right else cell + fill)
        yield line.rstrip()


def _fitted(cell: str, column: Column, width: int, more: str) -> list[str]:
    cell = cell.rstrip()
    if width_of(cell) <= width:
        return [cell]
    if column.narrow == "fold":
        return wrapped(cell, width)
    return [shortened(cell, width, tail=column.narrow == "tail", more=more)]


class Bar:
    """A bar on standard error, from the moment that work has taken a second.

    A thread of its own watches the time: one step may take longer than that.

    Args:
        rated: whether it shows how many steps are done in a second.
    """

    def __init__(self, *, rated: bool = False) -> None:
        self.rated = rated
        self.progress: Progress | None = None
        self.started = time.monotonic()
        self.ended = False
        self.lock = threading.Lock()
        self.timer = threading.Timer(max(PATIENCE, 0), self._start)
        self.timer.daemon = True
        self.now: dict[str, Any] = {"completed": 0, "total": None, "description": ""}

    def __enter__(self) -> Self:
        if PATIENCE < threading.TIMEOUT_MAX:
            self.timer.start()
        return self

    def __call__(self, done: int, total: int, name: str) -> None:
        """Show how many steps are done, and the name of the next one."""
        self.now = {"completed": done, "total": total, "description": visible(name)}
        if self.progress is None and time.monotonic() - self.started > PATIENCE:
            self._start()
        elif self.progress is not None:
            self.progress.update(self.progress.task_ids[0], **self.now)

    def _start(self) -> None:
        with self.lock:
            if self.progress is None and not self.ended:
                self.progress = _progress(self.rated)
                self.progress.update(self.progress.task_ids[0], **self.now)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.timer.cancel()
        with self.lock:
            self.ended = True
            if self.progress is not None:
                self.progress.stop()


def _progress(rated: bool) -> Progress:
    from rich import progress  # costs more than all the rest, and only long runs need it
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True)
    room = min(24, console.width // 3)

    class Name(progress.ProgressColumn):
        """The step at work, in so many columns whatever its name."""

        def render(self, task: progress.Task) -> Text:
            name = shortened(task.description, room, tail=True)
            return Text(name + " " * (room - width_of(name)))

    class Rate(progress.ProgressColumn):
        """Steps a second, lately."""

        def render(self, task: progress.Task) -> Text:
            return Text(f"{round(task.speed):,}/s" if task.speed else "")

    bar = progress.Progress(
        Name(),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        *([Rate()] if rated else []),
        progress.TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    bar.add_task("", total=None)
    bar.start()
    return bar
