"""The table of `solve`: values of the unknowns, and what comes out."""

from __future__ import annotations

from cnncalc.layers.base import show
from cnncalc.rows import as_layout
from cnncalc.solutions import Solution, Solutions
from cnncalc.tables.table import Column, Table

__all__ = ["table_of", "verdict"]


def table_of(found: Solutions) -> Table:
    """The solutions, or what comes nearest, and among which numbers they were looked for."""
    lines = found.solutions or found.nearest
    columns = [_value(each.name) for each in found.unknowns] if lines else []
    columns += [OUTPUT, *([FIELD] if any(each.field for each in lines) else []), SPEC]
    return Table(columns, found, lines, footer=[*_count(found), *_among(found)])


def verdict(found: Solutions) -> str | None:
    """What is to be said where there is no solution."""
    if found.count:
        return None
    if found.nearest:
        return f"nothing gives {found.goal.text}: these come nearest"
    why = f": {found.refused}" if found.refused else ""
    return f"nothing gives {found.goal.text}, and no values come near{why}"


def _count(found: Solutions) -> list[str]:
    shown, count = len(found.solutions), found.count
    if shown < count:
        return [f"the first {shown:,} of {count:,} solutions"]
    return [f"{count:,} solution{'' if count == 1 else 's'}"] if count else []


def _among(found: Solutions) -> list[str]:
    words = [f"{name} {first} to {last:,}" for name, first, last in found.unknowns]
    return [f"looked for: {', '.join(words)}"]


def _value(name: str) -> Column:
    return Column(
        name,
        name,
        "what is put in the unknown's place",
        lambda _, solution: solution.values.get(name),
        show=lambda _, solution: str(solution.values.get(name, "")),
        right=True,
    )


def _output(found: Solutions, solution: Solution) -> str:
    return show(as_layout(solution.output_shape, found.layout))


OUTPUT = Column("output", "output", "the shape that comes out", _output)
FIELD = Column(
    "rf",
    "RF",
    "the receptive field of its units",
    lambda _, solution: show(tuple(dict.fromkeys(solution.field))) if solution.field else None,
)


def _spec(found: Solutions, solution: Solution) -> str:
    """A text of many lines has no place in a table."""
    count = len(solution.spec.splitlines())
    return solution.spec if count < 4 else f"({count} lines, which `--json` shows)"


SPEC = Column(
    "spec",
    "spec",
    "the text with the values put in",
    lambda _, each: each.spec,
    show=_spec,
    narrow="cut",
)
