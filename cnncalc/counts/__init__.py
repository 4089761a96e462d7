"""What other tools print for the same network: each a documented rule over the report's own rows.

`TOOLS` maps a tool's name to its rule; `docs/conventions.md` works out why they differ.
"""

from __future__ import annotations

from cnncalc.counts.tools import TOOLS, Tool
from cnncalc.counts.work import Work
from cnncalc.errors import CnnCalcError
from cnncalc.network import Network
from cnncalc.rows import Row
from cnncalc.suggestions import suggest

__all__ = ["TOOLS", "Tool", "count", "tool"]

# What people call them otherwise.
MEANT = {
    "flopcountermode": "pytorch",
    "flopcountanalysis": "fvcore",
    "countparams": "keras",
    "torch": "pytorch",
    "torchsummary": "torchinfo",
    "ultralytics": "ultralytics-thop",
    "yolo": "ultralytics-thop",
}


def tool(name: str) -> Tool:
    """The tool of a name; CnnCalcError if none has it."""
    if name in TOOLS:
        return TOOLS[name]
    near = suggest(name, TOOLS, MEANT)
    raise CnnCalcError(
        f"how `{name}` counts isn't known here",
        code="count",
        help=f"did you mean `{near}`?" if near else f"one of {', '.join(TOOLS)}",
    )


def count(name: str, network: Network, row: Row) -> int:
    """What a tool counts for one row, for one sample.

    Args:
        name: the tool.
        network: whose row it is.
        row: one whose sizes are numbers.

    Raises:
        CnnCalcError: there is no such tool.
    """
    rules = tool(name)
    return rules.of(row.kind)(Work(row, network.steps[row.index]))
