"""The tables of the commands: which columns stand there unasked, and the remarks below."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cnncalc.findings import Findings
from cnncalc.forks import Forks
from cnncalc.layers.base import axis_name
from cnncalc.nesting import Place, places
from cnncalc.packages import OnUse
from cnncalc.receptive.units import first_to_see_all, larger_than_input
from cnncalc.rows import BuiltRow, Row
from cnncalc.tables import costs
from cnncalc.tables.steps import COLUMNS, also_of_built
from cnncalc.tables.table import Column, Table, choose, human_bytes
from cnncalc.tables.verification import agreement, verdict
from cnncalc.tables.weights import TENSORS, Tensor

if TYPE_CHECKING:
    from cnncalc.tables import laws, tree
else:  # only `rf --law` and `--depth` need them
    laws = OnUse("cnncalc.tables.laws")
    tree = OnUse("cnncalc.tables.tree")

__all__ = ["check_columns", "notes", "remarks", "view"]

AUTOMATIC = re.compile(r"[a-z]+\d+|\d+|input")  # names that say no more than the layer's word
# What a narrow terminal leaves out of the steps and of the tensors, the least telling first.
SPARE = "kind weights activations share trainable buffers centre inputs start input status aligned "
SPARE += "phases rf flops macs"
DEAR = "name index jump params size"
SPARE_OF_TENSORS = "trainable bytes buffers share"
DEAR_OF_TENSORS = "name shape index"
MAX_INDENT = 6
MAX_NOTES = 6


def view(
    name: str,
    report: Findings,
    wanted: str | None = None,
    *,
    plain: bool = False,
    depth: int | None = None,
) -> Table:
    """The table of a command.

    Args:
        name: `shape`, `params`, `rf` or `law`.
        report: what it is about.
        wanted: what `--columns` says; None: the usual columns.
        plain: for programs, which get plain values and no column for reading's sake.
        depth: how many modules or blocks deep the rows go; None: one row for each step.

    Raises:
        CnnCalcError: a column that there is not.
    """
    if depth is None:
        table = VIEWS[name](report, wanted, plain)
    else:
        table = _tree(name, report, wanted, plain, depth)
    table.below = agreement(report)
    return table


def check_columns(name: str, wanted: str | None, depth: int | None = None) -> None:
    """CnnCalcError where `--columns` asks for one that the command's table doesn't have."""
    if wanted is not None:
        usual = laws.LAWS if name == "law" else TENSORS if name == "params" else COLUMNS
        choose(wanted, usual if depth is None else tree.TREE, ())


def _tree(name: str, report: Findings, wanted: str | None, plain: bool, depth: int) -> Table:
    """The table of modules and blocks; for programs those alone that aren't parts of others."""
    first, *lines = tree.tree(report, depth)
    work = "flops" if report.flops else "macs"
    usual = f"index name kind layer depth count output size jump params buffers share {work}"
    if not plain:
        named = any(not AUTOMATIC.fullmatch(line.name) for line in lines) and depth
        usual = f"index {'name' if named else ''} layer"
        sums = f"{_fields(report)} params share {work}" if name == "shape" else "params bytes share"
        usual = f"{usual} output {sums}"
    return Table(
        [*_chosen(wanted, tree.TREE, usual.split()), *costs.columns(report)],
        report,
        [first, *(tree.frontier(lines) if plain else lines)],
        lead=1,
        footer=remarks(report, memory=True, fields=name == "shape"),
        spare=SPARE.split(),
        dear=DEAR.split(),
    )


def _shape(report: Findings, wanted: str | None, plain: bool) -> Table:
    if plain:
        usual = "index name kind layer inputs output size jump params buffers "
        usual += "flops activations" if report.flops else "macs activations"
    else:
        usual = f"index {_names(report)} layer {_branches(report)} output {_fields(report)}"
        usual += " params flops" if report.flops else " params macs"
    return _steps(report, wanted, usual.split())


def _rf(report: Findings, wanted: str | None, plain: bool) -> Table:
    usual = "index name layer inputs output size jump start centre phases status aligned"
    if not plain:
        phased = any(len(a.field.phases) > 1 for seen in report.fields for a in seen.axes)
        apart = not all(seen.aligned for seen in report.fields)
        usual = f"index {_names(report)} layer {_branches(report)} output size jump start centre "
        usual += f"{'phases' if phased else ''} status {'aligned' if apart else ''}"
    table = _steps(report, wanted, usual.split(), built=False)
    table.footer = [*_units(report), *_reach(report), *table.footer]
    return table


def _law(report: Findings, wanted: str | None, plain: bool) -> Table:
    """The one window between the input and each step, where somebody asked."""
    usual = f"index {'name' if plain else _names(report)} layer output kernel jump padding length"
    columns = _chosen(wanted, laws.LAWS, usual.split())
    lines = [row for row in report.rows if row.index in report.laws]
    lead = int(bool(lines) and lines[0].index == 0)
    footer = [*_units(report), *_laws(report), *remarks(report)]
    return Table(columns, report, lines, lead=lead, footer=footer, spare=("name", "output"))


def _laws(report: Findings) -> list[str]:
    """Where laws hold, and why some steps have none, each reason with the step where it begins."""
    rows = [row for row in report.rows if row.index in report.laws]
    found = [report.laws[row.index] for row in rows]
    first: dict[str, str] = {}
    for row, law in zip(rows, found, strict=True):
        if law.why:
            first.setdefault(law.why, f"step {row.index} and what reads it")
    last = [law for law in found if not law.why][-1:]  # which takes for granted what others do
    lines = [f"as long as {said}" for law in last for _, said in law.assumes]
    lines += [f"no law of {steps}: {why}" for why, steps in first.items()]
    shown = report.show(report.at_witness.input)
    if any(law.depends for law in found):
        lines.append(f"padding marked * depends on the size of the input: it is that at {shown}")
    if report.network.notation != "compact":
        lines.append(f"what its source itself computes with sizes is as it is at {shown}")
    return lines


def _units(report: Findings) -> list[str]:
    """What single units see, where somebody asked."""
    lines = []
    for seen in report.units:
        row = report.rows[seen["index"]]
        place = "×".join(map(str, seen["unit"])) or "any"
        axes = len(report.frame) - 1
        of = "sees of the input" if axes else "sees all of the input, which has no positions"
        lines.append(f"unit {place} of `{row.name}` (step {row.index}) {of}")
        for axis, (full, cut) in enumerate(zip(seen["unclipped"], seen["clipped"], strict=True)):
            inside = f"{cut[0]} … {cut[1]} ({seen['touched'][axis]} read)" if cut else "nothing"
            before = f", before clipping {full[0]} … {full[1]}" if full and full != cut else ""
            lines.append(f"  {axis_name(axis, axes)}: {inside}{before}")
    return [*lines, ""] if lines else []


def _reach(report: Findings) -> list[str]:
    """Where the fields outgrow this input."""
    report = report.at_witness
    lines, size = [], report.show(report.input)
    if first := first_to_see_all(report):
        at = f"step {first.index}, `{first.text}`"
        lines.append(f"the receptive field first covers the whole input at {at}")
    if beyond := larger_than_input(report):
        steps = ", ".join(str(row.index) for row in beyond[:12]) + (
            f", … ({len(beyond)} in all)" if len(beyond) > 12 else ""
        )
        lines.append(
            f"receptive fields larger than {size}, so unproductive at this size: "
            f"{'step' if len(beyond) == 1 else 'steps'} {steps}"
        )
    return lines


def _params(report: Findings, wanted: str | None, plain: bool) -> Table:
    if plain:
        usual = "index name layer tensor shape params buffers trainable bytes share"
    else:
        buffers = "buffers" if report.total.buffers else ""
        usual = f"index {_names(report)} layer tensor shape params {buffers} bytes share"
    lines = [
        Tensor(row, weight, weight is row.weights[0])
        for row in report.built
        if row.shares is None
        for weight in row.weights
    ]
    columns = _chosen(wanted, TENSORS, usual.split())
    return Table(
        columns,
        report,
        lines,
        footer=remarks(report, memory=True, fields=False),
        spare=SPARE_OF_TENSORS.split(),
        dear=DEAR_OF_TENSORS.split(),
        nested=lambda: _nested(report, [line.row for line in lines]),
    )


def _steps(
    report: Findings, wanted: str | None, usual: Sequence[str], *, built: bool = True
) -> Table:
    """The table of the steps; `built`: behind them the modules that the flow never came to."""
    columns = [*_chosen(wanted, COLUMNS, usual), *costs.columns(report)]
    indents = _indents(report)
    layered = [
        column._replace(show=lambda report, row: "  " * indents[row.index] + row.text)
        if column.key == "layer"
        else column
        for column in columns
    ]
    lines: list[Row | BuiltRow] = [*report.rows]
    if built and report.unreached:
        indents += [0] * len(report.unreached)
        layered = list(map(also_of_built, layered))
        lines += report.unreached
    memory = any(column.key in ("params", "macs", "flops") for column in columns)
    return Table(
        layered,
        report,
        lines,
        lead=1,
        footer=remarks(report, memory=memory),
        spare=SPARE.split(),
        dear=DEAR.split(),
        nested=lambda: _nested(report, lines),
    )


def _nested(report: Findings, rows: Sequence[Row | BuiltRow]) -> list[tuple[Place, ...]]:
    """The modules or blocks that each row stands in."""
    found = list(places(report.network))
    return [found[row.index] for row in rows]


def _chosen(wanted: str | None, known: Sequence[Column], usual: Sequence[str]) -> list[Column]:
    keys = usual if wanted is None else choose(wanted, known, usual)
    by_key = {column.key: column for column in known}
    return [by_key[key] for key in keys]


def _names(report: Findings) -> str:
    """The names are a column where someone chose them."""
    return "" if all(AUTOMATIC.fullmatch(row.name) for row in report.rows) else "name"


def _branches(report: Findings) -> str:
    return "" if all(row.inputs == (row.index - 1,) for row in report.layers) else "inputs"


def _fields(report: Findings) -> str:
    return "rf" if len(report.frame) > 1 else ""


def _indents(report: Findings) -> list[int]:
    """How many forks each step lies behind, so that branches stand to the right of their merge.

    A merge belongs to the last step that all of its branches come from; what lies between
    the two is one deeper.
    """
    forks, change = Forks(), [0] * (len(report.rows) + 1)
    for row in report.layers:
        fork = forks.add(row.inputs)
        if len(row.inputs) > 1:
            change[fork + 1] += 1
            change[row.index] -= 1
    indents, now = [], 0
    for step in change[:-1]:
        now += step
        indents.append(min(now, MAX_INDENT))
    return indents


def remarks(report: Findings, *, memory: bool = False, fields: bool = True) -> list[str]:
    """What stands below a table: memory, and what the columns can't say.

    Notes on receptive fields are left out of tables that show no fields.
    """
    lines = [_memory(report)] if memory else []
    lines += [*_of_batch(report), *_beside(report)] if memory else []
    lines += [*costs.remarks(report), *_end(report)]
    return [*lines, *notes(report, fields=fields), *verdict(report)]


def notes(report: Findings, *, fields: bool = True) -> list[str]:
    """The report's notes, the first of many."""
    found = report.notes if fields else report.sizing_notes
    lines = [f"assumes {said}" for _, said in report.assumptions]
    lines += [
        f"note: {message}{'' if step is None else f' (step {step})'}"
        for step, message in found[:MAX_NOTES]
    ]
    if len(found) > MAX_NOTES:
        lines.append(f"note: {len(found) - MAX_NOTES} more are in the report of --json")
    return lines


def _end(report: Findings) -> list[str]:
    """That the rows are no whole network, if they aren't."""
    if report.complete:
        return []
    count = len(report.unreached)
    modules = f"; {count} {'module' if count == 1 else 'modules'} behind it" if count else ""
    return [f"incomplete: what comes next can't be followed{modules}"]


def _memory(report: Findings) -> str:
    total = report.total
    batch = f", batch {report.batch}" if report.batch > 1 else ""
    return (
        f"memory: parameters {human_bytes(total.param_bytes)}, "
        f"activations {human_bytes(total.activation_bytes)} ({report.dtype}{batch})"
    )


def _of_batch(report: Findings) -> list[str]:
    """What grows with the batch, and what doesn't."""
    if report.batch == 1:
        return []
    return [
        f"batch {report.batch}: activations grow with it; shapes and MACs are of one sample, "
        "parameters stay"
    ]


def _beside(report: Findings) -> list[str]:
    """Elements that the column of parameters doesn't show."""
    total, lines = report.total, []
    if total.buffers:
        lines.append(f"buffers: {total.buffers:,} elements beside the parameters")
    if total.trainable != total.params:
        lines.append(f"trainable: {total.trainable:,} of {total.params:,} parameters")
    if total.unused_params:
        lines.append(f"unused: {total.unused_params:,} parameters that no step uses, not counted")
    again = [row for row in report.layers if row.shares is not None and row.weights]
    if again:
        steps = ", ".join(str(row.index) for row in again[:8]) + (", …" if len(again) > 8 else "")
        use = "step {} uses" if len(again) == 1 else "steps {} use"
        lines.append(f"shared: {use.format(steps)} weights that are counted before")
    return lines


VIEWS: dict[str, Callable[[Findings, str | None, bool], Table]] = {
    "shape": _shape,
    "params": _params,
    "rf": _rf,
    "law": _law,
}
