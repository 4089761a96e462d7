"""The table of `sweep`: the choices of each design, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cnncalc.layers.base import show
from cnncalc.tables.table import Column, Table, human_bytes, thousands

__all__ = ["table_of"]

TITLES = {"params": "params", "macs": "MACs", "rf": "RF", "output_shape": "output"}
DOCS = {
    "params": "how many parameters it has",
    "macs": "multiply-accumulates of one sample",
    "output_shape": "the shape that comes out",
    "rf": "how much of the input the units of the last map see",
    "param_bytes": "what the parameters take",
    "activation_bytes": "what the outputs of all layers take",
}


def table_of(
    rows: Iterable[Mapping[str, object]],
    names: Sequence[str],
    footer: Sequence[str],
    *,
    plain: bool,
) -> Table:
    """The designs.

    Args:
        rows: of each design, which may still be found while the table is written.
        names: of the choices.
        footer: remarks below.
        plain: for programs, which get plain values and everything that is known.
    """
    choices = [_choice(name) for name in names]
    figures = ("params", "macs", "output_shape", "rf", "param_bytes", "activation_bytes")
    if plain:
        columns = [SPEC, *choices, *map(_figure, figures)]
    else:
        shown = [_figure(name) for name in ("params", "macs", "output_shape", "rf")]
        columns = [*choices, *shown, MEMORY, SPEC]
    lines: Any = rows if plain else list(rows)
    spare = ["memory", *reversed(names)]  # the spec tells the choices, too
    return Table(columns, None, lines, footer=footer, spare=spare, dear=["output_shape"])


def _choice(name: str) -> Column:
    return Column(
        name,
        name,
        "the value of the choice",
        lambda _, row: row[name],
        show=lambda _, row: "" if row[name] is None else str(row[name]),
        right=True,
        narrow="cut",
    )


def _figure(name: str) -> Column:
    def of(_: None, row: Mapping[str, object]) -> object:
        value = row[name]
        return "x".join(map(str, value)) if isinstance(value, list) else value

    def shown(_: None, row: Mapping[str, object]) -> str:
        value = row[name]
        return show(tuple(value)) if isinstance(value, list) else thousands(value)

    title, right = TITLES.get(name, name), name != "output_shape"
    return Column(name, title, DOCS[name], of, show=shown, right=right)


MEMORY = Column(
    "memory",
    "memory",
    "what parameters and outputs take together",
    lambda _, row: row["param_bytes"] + row["activation_bytes"],
    show=lambda _, row: human_bytes(row["param_bytes"] + row["activation_bytes"]),
    right=True,
)
SPEC = Column("spec", "spec", "the design", lambda _, row: row["spec"], narrow="fold")
