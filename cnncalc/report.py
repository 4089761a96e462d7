"""What users hold of a network at an input size: its rows, fields when read, what a run found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cnncalc.analysis import analyze
from cnncalc.layers.base import Shape, show
from cnncalc.network import Network
from cnncalc.receptive import Fields, fields_of
from cnncalc.receptive.maps import Seen
from cnncalc.rows import BYTES, Analysis, Note, Row, Totals, as_layout

__all__ = ["Report", "report_of"]


def report_of(
    network: Network,
    input: Shape | None = None,
    *,
    batch: int = 1,
    dtype: str = "float32",
    layout: str | None = None,
    notes: Iterable[str] = (),
) -> Report:
    """A network worked out at an input size; see `analysis.analyze`.

    Raises:
        SpecError: no input size, or a layer that can't take what flows in; the span says where.
    """
    return Report(analyze(network, input, batch=batch, dtype=dtype, layout=layout, notes=notes))


class Report:
    """A network at an input size: a row for the input and each step, and their totals.

    Attributes:
        network: the steps that the rows describe.
        input: the input's shape, channels first.
        rows: row 0 is the input.
        outputs: the numbers of the rows that the network ends in.
        layout: how `to_dict` and the tables order shapes.
        sizing_notes: remarks that need no fields.
        units: what single units see, where somebody asked (see `receptive.units`).
        verify: what an executor found, as the contract has it, or None.
    """

    def __init__(self, analysis: Analysis) -> None:
        self.network = analysis.network
        self.input = analysis.input
        self.rows = list(analysis.rows)
        self.batch = analysis.batch
        self.dtype = analysis.dtype
        self.layout = analysis.layout
        self.sizing_notes = list(analysis.notes)
        self.outputs = analysis.network.outputs
        self.verify: dict[str, Any] | None = None
        self.units: list[dict[str, Any]] = []
        self.writer: Callable[[Network, Shape], str | None] | None = None
        self.total = self._totals()
        self._fields: Fields | None = None

    @property
    def fields(self) -> list[Seen]:
        """What the units of each row's output see of the input; worked out when first read."""
        return self._second_pass.seen

    @property
    def notes(self) -> list[Note]:
        """All remarks, with those on branches that are out of step."""
        return [*self.sizing_notes, *self._second_pass.notes]

    @property
    def _second_pass(self) -> Fields:
        if self._fields is None:
            self._fields = fields_of(self)
        return self._fields

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
        document = self.document()
        return document | {"layers": list(document["layers"])}

    def document(self) -> dict[str, Any]:
        """The same with its layers still to be made, one after another, for those who write it."""
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
            "layers": map(self._row, self.layers),
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
            "receptive_field": self.fields[row.index].to_dict(self.frame),
        }
