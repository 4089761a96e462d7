"""What a table of a report's steps can show.

A column is one entry here, and every renderer has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.findings import Findings
from cnncalc.layers.base import show
from cnncalc.layers.options import SCALAR
from cnncalc.rows import BYTES, Row
from cnncalc.symbols.size import Size
from cnncalc.tables.table import PART, Column, thousands

if TYPE_CHECKING:
    from cnncalc.axis.field import Field

__all__ = [
    "COLUMNS",
    "PARAM_BYTES",
    "SHARE",
    "also_of_built",
    "count",
    "joined",
    "of_reached",
    "percent",
    "share",
]


def _per_axis(values: Sequence[float]) -> str:
    """One number where all axes agree, else one for each: 3×5."""
    texts = [
        f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        for value in values
    ]
    return texts[0] if len(set(texts)) == 1 else "×".join(texts)


def joined(values: Sequence[float]) -> str | None:
    return "x".join(map(str, values)) or None


def _sources(report: Findings, row: Row) -> str:
    """The steps that are read, where it isn't just the one before."""
    if row.inputs == (row.index - 1,):
        return ""
    return ", ".join(str(number) if number else report.rows[0].name for number in row.inputs)


def _sees(report: Findings, row: Row) -> str:
    """Size and jump: `10 /4`, `all`, and `≤35` where only a bound is known."""
    seen = report.fields[row.index]
    if row.index == 0 or not seen.told:
        return ""
    if seen.whole:
        return "all"
    fields = [along.field for along in seen.axes]
    size = _per_axis([field.size for field in fields])
    if seen.status == "hull":
        size = f"≤{size}"
    jump = _per_axis([field.jump for field in fields])
    gone = all(along.place is None for along in seen.axes)
    return size if gone or jump in ("0", "1") else f"{size}{PART}/{jump}"


def _phases(report: Findings, row: Row) -> str:
    """How many fields of different size or offset follow one another, where more than one."""
    seen = report.fields[row.index]
    counts = [len(along.field.phases) for along in seen.axes]
    return "" if seen.whole or max(counts, default=1) == 1 else _per_axis(counts)


def share(report: Findings, params: int) -> float | None:
    """The part of all parameters, 0 to 1."""
    total = report.total.params
    if isinstance(total, Size):  # a ratio of expressions tells nobody anything
        return None
    return round(params / total, 6) if total else None


def percent(share: float | None) -> str:
    return "" if not share else f"{share:.1%}" if share >= 0.0005 else "<0.1%"


def _all_of_it(report: Findings) -> str | None:
    return "100%" if not isinstance(report.total.params, Size) and report.total.params else None


def _weights(report: Findings, row: Row) -> str:
    return ", ".join(f"{each.name} {show(each.shape) or 'scalar'}" for each in row.weights)


def count(
    key: str, title: str, doc: str, of: str = "", show: Callable[[Findings, Any], str] | None = None
) -> Column:
    """A count that lines have and that is summed up; `of`: where they call it otherwise."""
    return Column(
        key,
        title,
        doc,
        lambda report, line: getattr(line, of or key),
        show,
        right=True,
        total=lambda report: getattr(report.total, of or key),
        field=of,
    )


def _axes(
    key: str,
    doc: str,
    of: Callable[[Field], float],
    whole: Callable[[int], float],
    field: str = "",
) -> Column:
    """A number of the receptive field for each axis; `whole`: of an axis that is seen whole."""

    def values(report: Findings, row: Row) -> list[float]:
        seen = report.fields[row.index]
        if seen.apart:
            return []
        if seen.whole:
            return [whole(n) for n in report.frame[1:]]
        return [of(along.field) for along in seen.axes]

    return Column(
        key,
        key,
        doc,
        lambda report, row: joined(values(report, row)),
        lambda report, row: _per_axis(values(report, row)) if report.fields[row.index].told else "",
        right=True,
        field=field,
    )


# What lines of steps, of tensors and of blocks say alike of their parameters.
SHARE = Column(
    "share",
    "share",
    "the part of all parameters",
    lambda report, line: share(report, line.params),
    lambda report, line: percent(share(report, line.params)),
    right=True,
    total=_all_of_it,
)
PARAM_BYTES = Column(
    "bytes",
    "bytes",
    "bytes of the parameters",
    lambda report, line: line.params * BYTES[report.dtype],
    right=True,
    total=lambda report: report.total.param_bytes,
)

COLUMNS = (
    Column(
        "index",
        "#",
        "the number of the step",
        lambda report, row: row.index,
        lambda report, row: str(row.index or ""),
        right=True,
    ),
    Column("name", "name", "the step's name", lambda report, row: row.name, narrow="tail"),
    Column("kind", "kind", "the kind of layer", lambda report, row: row.kind),
    Column(
        "layer",
        "layer",
        "the layer with its options",
        lambda report, row: row.text,
        narrow="cut",
        field="text",
    ),
    Column(
        "inputs",
        "from",
        "the steps it reads; in tables only where that isn't the one before",
        lambda report, row: " ".join(map(str, row.inputs)),
        _sources,
        narrow="cut",
    ),
    Column(
        "input",
        "input",
        "the shape that flows in, one for each branch",
        lambda report, row: " ".join(joined(report.shape(s)) or SCALAR for s in row.input_shapes),
        lambda report, row: ", ".join(report.show(shape) for shape in row.input_shapes),
        narrow="cut",
        field="input_shapes",
    ),
    Column(
        "output",
        "output",
        "the shape that comes out",
        lambda report, row: joined(report.shape(row.output_shape)) or SCALAR,
        lambda report, row: report.show(row.output_shape),
        field="output_shape",
    ),
    Column(
        "rf",
        "RF",
        "the receptive field's size and, after /, the cumulative stride",
        lambda report, row: _sees(report, row).replace(PART, " ").replace("×", "x"),
        _sees,
        parted=True,
        field="receptive_field",
    ),
    _axes(
        "size",
        "the receptive field's size, in input pixels",
        lambda f: f.size,
        lambda n: n,
        field="receptive_field.size",
    ),
    _axes(
        "jump",
        "the cumulative stride: input pixels from one output to the next",
        lambda f: f.jump,
        lambda n: 0,
        field="receptive_field.jump",
    ),
    _axes(
        "start",
        "the first input index that output 0 sees; below 0 is padding",
        lambda f: f.start,
        lambda n: 0,
        field="receptive_field.start",
    ),
    _axes(
        "centre",
        "the middle of what output 0 sees, in input pixels",
        lambda f: f.centre,
        lambda n: (n - 1) / 2,
    ),
    Column(
        "phases",
        "phases",
        "after upsampling: how many outputs side by side have fields of their own size or offset",
        lambda report, row: _phases(report, row).replace("×", "x") or "1",
        _phases,
        field="receptive_field.phases",
    ),
    Column(
        "status",
        "status",
        "exact, hull (an upper bound) or global (something sees the whole input)",
        lambda report, row: (
            None if report.fields[row.index].apart else report.fields[row.index].status
        ),
        lambda report, row: (
            report.fields[row.index].status if report.fields[row.index].told else ""
        ),
        field="receptive_field.status",
    ),
    Column(
        "aligned",
        "aligned",
        "no once branches met whose fields differ in jump or centre",
        lambda report, row: report.fields[row.index].aligned,
        lambda report, row: "yes" if report.fields[row.index].aligned else "no",
        field="receptive_field.aligned",
    ),
    Column(
        "weights",
        "weights",
        "the tensors and their shapes",
        lambda report, row: _weights(report, row).replace("×", "x"),
        _weights,
        narrow="cut",
    ),
    count(
        "params",
        "params",
        "learnable elements, each counted once",
        show=lambda report, row: (
            thousands(row.params) if row.shares is None or not row.weights else f"as {row.shares}"
        ),
    ),
    SHARE,
    count("trainable", "trainable", "parameters that training changes"),
    count("buffers", "buffers", "elements kept beside the parameters"),
    count("macs", "MACs", "multiply-accumulates for one sample"),
    Column(
        "flops",
        "FLOPs",
        "2 × MACs: a multiplication and an addition each",
        lambda report, row: 2 * row.macs,
        right=True,
        total=lambda report: 2 * report.total.macs,
    ),
    count(
        "activations",
        "act. bytes",
        "bytes of the output for the whole batch",
        "activation_bytes",
        lambda report, row: thousands(0 if row.is_input else row.activation_bytes),
    ),
)

# What there is to say of a module that the flow never came to.
OF_BUILT = ["index", "name", "kind", "layer", "weights", "params", "share", "trainable", "buffers"]


def also_of_built(column: Column) -> Column:
    """A column that also takes lines of modules that the flow never came to."""
    return column if column.key in OF_BUILT else of_reached(column)


def of_reached(column: Column) -> Column:
    """A column of steps, empty on lines of which nothing came out."""

    def of(report: Findings, line: Any) -> object:
        return None if line.output_shape is None else column.of(report, line)

    def show(report: Findings, line: Any) -> str:
        return "" if line.output_shape is None else column.text(report, line)

    return column._replace(of=of, show=show)
