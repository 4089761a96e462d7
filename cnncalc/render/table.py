"""What is drawn on a terminal: tables to its width, and the progress of long runs.

This is the only file that imports rich. A pipe gets `text.plain` instead.
"""

from __future__ import annotations

import threading
import time
from textwrap import wrap
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from cnncalc.render.text import aligned, plain, width_of
from cnncalc.tables.table import Table

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["Bar", "draw"]

MARGIN = 2  # blanks before each column
LEAST = 12  # what a column of words keeps at least
MAX_LINES = 5_000  # rich takes seconds for more, and nobody reads them on a terminal
PATIENCE = 1.0  # seconds of work before its progress is worth showing


def draw(table: Table, *, width: int, color: bool = True) -> str:
    """The table for a terminal of so many columns.

    Words give way, then columns that the table can spare; numbers are never cut: where even
    that leaves too little room, lines are longer than the terminal. Without colour there are
    no escape sequences at all.
    """
    if len(table.lines) > MAX_LINES:
        return plain(table)
    table = _fitting(table, width)
    lines, total = table.texts(), table.total()
    columns = [aligned([line[n] for line in lines], False) for n in range(len(table.columns))]
    widths = _widths(table, columns, total, width)
    grid = Grid(box=None, padding=(0, 0, 0, MARGIN), header_style="bold")
    for column, wide in zip(table.columns, widths, strict=True):
        grid.add_column(
            column.title,
            justify="right" if column.right else "left",
            width=wide,
            no_wrap=True,
            overflow="ellipsis",
        )
    parts = {
        "dim": [column[: table.lead] for column in columns],
        "": [column[table.lead :] for column in columns],
        "bold": [[cell] for cell in total or ()],
    }
    for style, cells in parts.items():
        if cells and cells[0]:
            grid.add_row(*_stacked(table, cells, widths), style=style)
    room = max(width, sum(widths) + MARGIN * len(widths))
    console = Console(width=room, force_terminal=color, legacy_windows=False)
    drawn = _printed(grid, table, console, width)
    return f"{drawn}\n{draw(table.below, width=width, color=color)}" if table.below else drawn


def _fitting(table: Table, width: int) -> Table:
    """The table without the columns that it can spare, as far as the width asks for that."""
    here = [column.key for column in table.columns]
    spare = [key for key in table.spare if key in here]
    for count in range(len(spare) + 1):
        fitting = table.without(spare[:count])
        lines, total = fitting.texts(), fitting.total()
        cells = [aligned([line[n] for line in lines], False) for n in range(len(fitting.columns))]
        widths = _widths(fitting, cells, total, width)
        if sum(widths) + MARGIN * len(widths) <= width:
            return fitting
    return table.without(spare)


def _printed(grid: Grid, table: Table, console: Console, width: int) -> str:
    with console.capture() as capture:
        for line in (*table.heading, "") if table.heading else ():
            for part in wrap(line, max(width, 40)) or [""]:
                console.print(Text(part), soft_wrap=True)
        console.print(grid)
        for line in ("", *table.footer) if table.footer else ():
            for part in wrap(line, max(width, 40), subsequent_indent="  ") or [""]:
                console.print(Text(part), soft_wrap=True)
    return capture.get()


def _widths(
    table: Table, columns: list[list[str]], total: list[str] | None, width: int
) -> list[int]:
    """How wide each column is: what its cells need, less what the words must give way."""
    sums = total or [""] * len(columns)
    widths = [
        max(width_of(cell.rstrip()) for cell in (column.title, summed, *cells))
        for column, cells, summed in zip(table.columns, columns, sums, strict=True)
    ]
    words = [n for n, column in enumerate(table.columns) if column.narrow and widths[n] > LEAST]
    excess = sum(widths) + MARGIN * len(widths) - width
    while excess > 0 and words:
        widest = max(words, key=lambda n: widths[n])
        if widths[widest] <= LEAST:
            break
        widths[widest] -= 1
        excess -= 1
    return widths


def _stacked(table: Table, columns: list[list[str]], widths: list[int]) -> list[Text]:
    """Each column as one cell of many lines: rich takes its time for every cell."""
    stacks: list[list[str]] = [[] for _ in columns]
    for cells in zip(*columns, strict=True):
        folded = [
            wrap(cell, wide) if column.narrow == "fold" and len(cell) > wide else [cell]
            for column, cell, wide in zip(table.columns, cells, widths, strict=True)
        ]
        height = max(map(len, folded))
        for stack, parts in zip(stacks, folded, strict=True):
            stack += [*(part.rstrip() for part in parts), *[""] * (height - len(parts))]
    return [Text("\n".join(stack), no_wrap=True, overflow="ellipsis") for stack in stacks]


class Bar:
    """A bar on standard error, from the moment that work has taken a second.

    A thread of its own watches the time: one step may take longer than that.
    """

    def __init__(self) -> None:
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
        self.now = {"completed": done, "total": total, "description": name}
        if self.progress is None and time.monotonic() - self.started > PATIENCE:
            self._start()
        elif self.progress is not None:
            self.progress.update(self.progress.task_ids[0], **self.now)

    def _start(self) -> None:
        with self.lock:
            if self.progress is None and not self.ended:
                self.progress = _progress()
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


def _progress() -> Progress:
    from rich import progress  # costs more than all the rest, and only long runs need it

    bar = progress.Progress(
        progress.TextColumn("{task.description:<24.24}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    bar.add_task("", total=None)
    bar.start()
    return bar
