"""What other tools were recorded to print, and where that isn't what their rules say.

The tables of docs/conventions.md are made here.
"""

from __future__ import annotations

import json
from functools import cache
from typing import NamedTuple

from cnncalc import Report, SpecError, analyze
from cnncalc.counts import TOOLS
from tests.library import NAMES, ORACLES, report

__all__ = ["APART", "Record", "networks", "of_network", "records", "table", "tools", "worked"]

WORKED = "3x32x32 conv:16,k3 bn relu gap linear:10"
SOURCE = ORACLES / "counted_networks.py"
THOPS = ("thop", "ultralytics-thop")

ON_A_CPU = (
    "on the CPU `scaled_dot_product_attention` runs as an operator that the counter has no rule "
    "for; those of a GPU it has"
)

# Where a tool prints something else than its rule says of the same layers, and why.
APART = {
    "Functional": (
        (*THOPS, "ptflops"),
        "its pools and activations are called as functions: tools that hook modules don't see "
        "them, and ptflops counts them once",
    ),
    "densenet121": (
        (*THOPS, "ptflops"),
        "torchvision calls its last ReLU and average as functions",
    ),
    "mobilenet_v2": (
        (*THOPS, "ptflops"),
        "torchvision calls its last average as a function",
    ),
    "shufflenet_v2_x1_0": (
        (*THOPS, "ptflops", "fvcore"),
        "torchvision's last average is `x.mean([2, 3])`, which none of them counts",
    ),
    "convnext_tiny": (
        ("thop", "ptflops", "torchinfo"),
        "torchvision's `LayerNorm2d` is a class of its own, which thop and ptflops don't know; its "
        "pointwise layers are `nn.Linear` over places, whose parameters torchinfo counts once",
    ),
    "vit_b_16": (("pytorch",), ON_A_CPU),
    "Attention": (("pytorch",), ON_A_CPU),
}


class Record(NamedTuple):
    """What a tool printed for a network."""

    network: str
    input: list[int]
    tool: str
    version: str
    count: float


@cache
def records() -> tuple[Record, ...]:
    lines = (ORACLES / "counts.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(Record(**json.loads(line)) for line in lines)


def networks() -> list[str]:
    return list(dict.fromkeys(record.network for record in records()))


def tools() -> list[str]:
    """All tools in the order of the table; those of which none was recorded would be missed."""
    recorded = {record.tool for record in records()}
    assert recorded == set(TOOLS)
    return list(TOOLS)


@cache
def of_network(name: str) -> Report | None:
    """The report on a recorded network; None where its kinds of layers aren't known here yet."""
    (size, *_) = (record.input for record in records() if record.network == name)
    text = SOURCE.read_text(encoding="utf-8")
    if f"class {name}(" not in text and f"def {name}(" not in text:
        return report(name) if name in NAMES else None
    call = f"{SOURCE}:{name}" + ("" if name[0].isupper() else "()")
    try:
        return analyze(call, tuple(size))
    except SpecError as error:
        if error.code != "unsupported-layer":
            raise
        return None


def printed(value: int, tool: str) -> float:
    """A count in the form in which its tool prints it."""
    return round(value / 1e9, 3) if tool == "torchvision" else value


def table() -> str:
    """What every tool prints for every recorded network; in italics where its rule says another."""
    found = {(record.network, record.tool): record.count for record in records()}
    rows = ["| network | " + " | ".join(tools()) + " |", "| --- |" + " ---: |" * len(tools())]
    for name in networks():
        cells = []
        for tool in tools():
            value = found.get((name, tool))
            text = "" if value is None else f"{value:,}"
            cells.append(f"*{text}*" if tool in APART.get(name, ((), ""))[0] else text)
        rows.append(f"| {name} | {' | '.join(cells)} |")
    reasons = [
        f"- *{name}*, {', '.join(tools_of)}: {reason}."
        for name, (tools_of, reason) in APART.items()
    ]
    return "\n".join([*rows, "", "In italics: where a rule gives another figure.", "", *reasons])


def worked() -> str:
    """The worked layers: what each tool counts for each of them."""
    found = analyze(WORKED)
    found.show_counts(tools())
    names = ["layer", "values", "MACs", *tools()]
    rows = ["| " + " | ".join(names) + " |", "| --- |" + " ---: |" * (len(names) - 1)]
    for row in found.layers:
        counts = [row.macs, *(counted[row.index] for counted in found.counts.values())]
        cells = [found.show(row.output_shape), *(f"{each:,}" if each else "" for each in counts)]
        rows.append(f"| `{row.text}` | {' | '.join(cells)} |")
    totals = [found.total.macs, *map(sum, found.counts.values())]
    rows.append("| **all** |  | " + " | ".join(f"**{each:,}**" for each in totals) + " |")
    return "\n".join(rows)
