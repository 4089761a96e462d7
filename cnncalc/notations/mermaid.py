"""A network as a Mermaid flowchart: a node for each layer with its size, an edge for each flow."""

from __future__ import annotations

from cnncalc.escaping import mermaid
from cnncalc.findings import Findings
from cnncalc.layers.base import show
from cnncalc.notations import Notation
from cnncalc.rows import Row, as_layout

__all__ = ["NOTATION", "write"]


def write(report: Findings) -> str:
    """The text of a `flowchart TD`; inputs and outputs have rounded ends."""
    lines = ["flowchart TD"]
    for row in report.rows:
        ends = row.kind == "input" or row.index in report.outputs
        opened, closed = ("([", "])") if ends else ("[", "]")
        lines.append(f'    n{row.index}{opened}"{_label(report, row)}"{closed}')
    lines += [f"    n{source} --> n{row.index}" for row in report.rows for source in row.inputs]
    return "\n".join([*lines, ""])


def _label(report: Findings, row: Row) -> str:
    size = show(as_layout(row.output_shape, report.layout))
    own = "" if report.network.steps[row.index].is_counted else row.name
    words = [own, row.text if row.kind != "input" else "" if own else "input", size]
    return "<br/>".join(mermaid(word) for word in words if word)


NOTATION = Notation("a Mermaid diagram", write=lambda report, name: write(report), weightless=True)
