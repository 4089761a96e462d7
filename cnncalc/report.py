"""What analysis says about a network: rows and totals, plain data.

`Report.to_dict` is the document of the contract (`cnncalc.report/1`); `COLUMNS` is the one
description of a column that every renderer loops over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.layers.base import Shape, Weight, show

if TYPE_CHECKING:
    from cnncalc.network import Network
    from cnncalc.seen import Seen

__all__ = ["BYTES", "LAYOUTS", "Report", "Row", "Totals", "as_layout", "from_layout"]

BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int8": 1, "uint8": 1}
LAYOUTS = ("channels-first", "channels-last")


def as_layout(shape: Shape, layout: str) -> Shape:
    """A channels-first shape in another layout."""
    return shape if layout == "channels-first" else (*shape[1:], *shape[:1])


def from_layout(shape: Shape, layout: str) -> Shape:
    """A shape of some layout, channels first."""
    return shape if layout == "channels-first" else (*shape[-1:], *shape[:-1])


class Row:
    """One step at a known input size.

    Shapes are channels first, without batch; `params`, `trainable` and `buffers` count
    elements of this step's own tensors (0 where it `shares` an earlier step's);
    `activation_bytes` is batch times elements times bytes of the output.
    """

    __slots__ = (
        "activation_bytes",
        "buffers",
        "index",
        "input_shapes",
        "inputs",
        "kind",
        "macs",
        "name",
        "output_shape",
        "params",
        "seen",
        "shares",
        "text",
        "trainable",
        "weights",
    )

    index: int
    name: str
    kind: str
    text: str
    inputs: tuple[int, ...]
    input_shapes: tuple[Shape, ...]
    output_shape: Shape
    weights: tuple[Weight, ...]
    params: int
    trainable: int
    buffers: int
    shares: int | None
    macs: int
    activation_bytes: int
    seen: Seen

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)

    def __repr__(self) -> str:
        return f"<Row {self.index}: {self.name}, {self.text}, gives {show(self.output_shape)}>"


class Totals(NamedTuple):
    """Sums over a report's rows, without the input; `buffers` with those that nothing uses.

    Parameters and buffers are elements, `macs` multiply-accumulates of one sample, and bytes are
    those of the report's dtype, of the activations for its whole batch.
    """

    params: int
    trainable: int
    buffers: int
    unused_params: int
    macs: int
    param_bytes: int
    activation_bytes: int


class Note(NamedTuple):
    """A remark on one step, such as branches that are out of step."""

    step: int
    message: str


class Report:
    """A network at an input size: a row for the input and each step, and their totals.

    Attributes:
        network: the steps that the rows describe.
        input: the input's shape, channels first.
        rows: row 0 is the input.
        outputs: the numbers of the rows that the network ends in.
        layout: how `to_dict` and the tables order shapes.
        units: what single units see, where somebody asked (see `sources`).
        verify: what an executor found, as the contract has it, or None.
    """

    def __init__(
        self,
        network: Network,
        input: Shape,
        rows: Sequence[Row],
        *,
        batch: int,
        dtype: str,
        layout: str,
        notes: Sequence[Note] = (),
    ) -> None:
        self.network = network
        self.input = input
        self.rows = list(rows)
        self.batch = batch
        self.dtype = dtype
        self.layout = layout
        self.notes = list(notes)
        self.outputs = network.outputs
        self.verify: dict[str, Any] | None = None
        self.units: list[dict[str, Any]] = []
        self.writer: Callable[[Network, Shape], str | None] | None = None
        self.total = self._totals()

    def __repr__(self) -> str:
        count, total = len(self.layers), self.total
        ends = [self.show(self.rows[number].output_shape) for number in self.outputs[:3]]
        ends += ["…"] if len(self.outputs) > 3 else []
        return (
            f"<Report: {self.show(self.input)} to {', '.join(ends)}, "
            f"{count} layer{'' if count == 1 else 's'}, "
            f"{total.params:,} parameters, {total.macs:,} MACs>"
        )

    def __str__(self) -> str:
        """The table, whole, as `cnncalc shape` prints it into a pipe."""
        from cnncalc.render.reports import text  # only a report that is shown needs it

        return text(self)

    def _repr_html_(self) -> str:
        """The table as notebooks show it."""
        from cnncalc.render.reports import html

        return html(self)

    def _totals(self) -> Totals:
        layers = self.layers
        params = sum(row.params for row in layers)
        return Totals(
            params=params,
            trainable=sum(row.trainable for row in layers),
            buffers=sum(row.buffers for row in layers) + self.network.unused_buffers,
            unused_params=self.network.unused_params,
            macs=sum(row.macs for row in layers),
            param_bytes=params * BYTES[self.dtype],
            activation_bytes=sum(row.activation_bytes for row in layers),
        )

    @property
    def frame(self) -> Shape:
        """The input's shape with its channels first, whatever axis they are in its source."""
        return self.network.frame(self.input)

    @property
    def layers(self) -> list[Row]:
        """The rows without the input."""
        return self.rows[1:]

    @property
    def spec(self) -> str | None:
        """The normalised compact notation, or None where it can't say this network."""
        return self.writer(self.network, self.input) if self.writer else None

    def shape(self, shape: Shape) -> list[int]:
        """A shape of this report in its layout."""
        return list(as_layout(shape, self.layout))

    def show(self, shape: Shape) -> str:
        """The same as people write it: 16×32×32."""
        return show(as_layout(shape, self.layout))

    def to_dict(self) -> dict[str, Any]:
        """The document `cnncalc.report/1`."""
        ends = [
            {"index": number, "shape": self.shape(self.rows[number].output_shape)}
            for number in self.outputs
        ]
        return {
            "schema": "cnncalc.report/1",
            "spec": self.spec,
            "input": {
                "shape": self.shape(self.input),
                "batch": self.batch,
                "layout": self.layout,
                "dtype": self.dtype,
            },
            "layers": [self._row(row) for row in self.layers],
            "output": {"shape": ends[0]["shape"]},
            "outputs": ends,
            "total": self.total._asdict(),
            "notes": [{"index": note.step, "message": note.message} for note in self.notes],
            **({"units": self.units} if self.units else {}),
            "verify": self.verify,
        }

    def _row(self, row: Row) -> dict[str, Any]:
        return {
            "index": row.index,
            "name": row.name,
            "kind": row.kind,
            "text": row.text,
            "inputs": list(row.inputs),
            "input_shapes": [self.shape(shape) for shape in row.input_shapes],
            "output_shape": self.shape(row.output_shape),
            "weights": [
                {
                    "name": weight.name,
                    "shape": list(weight.shape),
                    "count": weight.count,
                    "role": weight.role,
                    "trainable": weight.trainable,
                }
                for weight in row.weights
            ],
            "params": row.params,
            "trainable": row.trainable,
            "buffers": row.buffers,
            "shares": row.shares,
            "macs": row.macs,
            "activation_bytes": row.activation_bytes,
            "receptive_field": row.seen.to_dict(self.frame),
        }
