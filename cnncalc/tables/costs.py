"""What a table says of FLOPs, of other tools' counts and of what runs take, if it was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.findings import Findings
from cnncalc.packages import OnUse
from cnncalc.tables.table import Column, human_bytes, thousands

if TYPE_CHECKING:
    from cnncalc import counts
    from cnncalc.moments import Memory
else:  # only who compares with other tools needs them
    counts = OnUse("cnncalc.counts")

__all__ = ["columns", "remarks"]


def columns(report: Findings) -> list[Column]:
    """A column for each tool, and one for the run that was asked for."""
    return [*map(_of_tool, report.counts), *map(_of_memory, report.memory[-1:])]


def remarks(report: Findings) -> list[str]:
    """What stands below the table."""
    return [*_runs(report), *_counts(report)]


def _of_tool(tool: str) -> Column:
    """What another tool counts for each step."""
    return Column(
        tool,
        tool,
        f"what {tool} counts",
        lambda report, line: sum(_of_rows(line, report.counts[tool])),
        right=True,
        total=lambda report: sum(report.counts[tool]),
        field=f"counts.{tool}",
    )


def _of_memory(memory: Memory) -> Column:
    """What each step has alive, or keeps for the way back, in bytes of the whole batch."""
    trained = memory.optimizer is not None
    together: Callable[[Iterable[int]], int] = sum if trained else max
    return Column(
        "kept" if trained else "alive",
        "kept bytes" if trained else "alive bytes",
        "what is kept for the way back" if trained else "what is alive while it works",
        lambda report, line: report.batch * together(_of_rows(line, memory.rows)),
        right=True,
        total=lambda report: report.batch * together(memory.rows),
    )


def _of_rows(line: Any, figures: Sequence[int]) -> list[int]:
    """The figures of a row, or of those that a line of the tree stands for; at least one."""
    rows = getattr(line, "rows", (line,))
    return [figures[row.index] for row in rows if row.index < len(figures)] or [0]


def _runs(report: Findings) -> list[str]:
    """What inference and training take, and the largest batch that fits, where somebody asked."""
    lines = []
    for memory in report.memory:
        peak = memory.at(report.batch)
        parts = [
            f"{'optimizer' if name == 'states' else name} {human_bytes(size)}"
            for name, size in peak._asdict().items()
            if size
        ]
        lines.append(f"{memory.what}: {human_bytes(peak.total)} at most ({', '.join(parts)})")
    if report.fits is not None and report.memory:
        memory = report.memory[-1]
        room = memory.room(report.fits)
        lines.append(
            f"largest batch in {human_bytes(report.fits)}, {memory.what}: {room.batch:,} "
            f"({human_bytes(room.reserve)} in reserve for contexts and workspaces)"
        )
    return lines


def _counts(report: Findings) -> list[str]:
    """FLOPs and other tools' counts, where somebody asked, and what they are."""
    lines = []
    if report.flops:
        total = thousands(2 * report.total.macs) or "0"
        lines.append(f"FLOPs: {total}, 2 × MACs: a multiplication and an addition each")
    for name, counted in report.counts.items():
        tool = counts.tool(name)
        lines.append(f"{name} {tool.version} prints {sum(counted):,} {tool.unit}: {tool.says}")
    return lines
