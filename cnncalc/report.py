"""What users hold of a network at an input size: its rows, fields when read, what a run found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from cnncalc.analysis import analyze
from cnncalc.errors import SpecError
from cnncalc.layers.base import Shape, Weight, show
from cnncalc.nesting import Place, places
from cnncalc.network import Network
from cnncalc.packages import OnUse
from cnncalc.receptive import Fields, fields_of
from cnncalc.receptive.maps import Seen
from cnncalc.rows import BYTES, Analysis, BuiltRow, Note, Row, Totals, as_layout
from cnncalc.symbols.size import Size

if TYPE_CHECKING:
    from cnncalc import counts
    from cnncalc.moments import Memory
else:  # only who compares with other tools needs them
    counts = OnUse("cnncalc.counts")

__all__ = ["Report"]


class Report:
    """A network at an input size: a row for the input and each step, and their totals.

    Attributes:
        network: the steps that the rows describe.
        input: the input's shape, channels first.
        rows: row 0 is the input.
        outputs: the numbers of the rows that the network ends in.
        layout: how `to_dict` and the tables order shapes.
        sizing_notes: remarks that need no fields.
        symbols: what sizes with names take for granted; None: all are numbers.
        error: what the rows end at, where they are but as much as could be followed; None: they are
            the whole network.
        units: what single units see, where somebody asked (see `receptive.units`).
        laws: the one window between the input and each row, where somebody asked (see `law`).
        flops: whether FLOPs, 2 × MACs, are told of too.
        counts: what other tools count for each row, by their names, where somebody asked.
        memory: what inference and training take, where somebody asked.
        fits: bytes of a device that the largest batch is asked for; None: nobody asked.
        checks: each limit that was set, held against this: `what`, `limit`, `value` and `ok`.
        verify: what an executor found, as the contract has it, or None.
    """

    def __init__(self, analysis: Analysis, error: SpecError | None = None) -> None:
        self.error = error
        self.network = analysis.network
        self.input = analysis.input
        self.rows = list(analysis.rows)
        self.batch = analysis.batch
        self.dtype = analysis.dtype
        self.layout = analysis.layout
        self.sizing_notes = list(analysis.notes)
        self.symbols = analysis.symbols
        self.outputs = analysis.network.outputs
        self.verify: dict[str, Any] | None = None
        self.units: list[dict[str, Any]] = []
        self.checks: list[dict[str, Any]] = []
        self.laws: dict[int, Any] = {}  # of `law.Law`, which looks up at this
        self.flops = False
        self.counts: dict[str, list[int]] = {}
        self.memory: list[Memory] = []
        self.fits: int | None = None
        self.writer: Callable[[Network, Shape], str | None] | None = None
        self.total = self._totals()
        self._fields: Fields | None = None
        self._at_witness: Report | None = None

    @property
    def fields(self) -> list[Seen]:
        """What the units of each row's output see of the input; worked out when first read."""
        return self.at_witness._second_pass.seen

    @property
    def notes(self) -> list[Note]:
        """All remarks, with those on branches that are out of step."""
        notes = [*self.sizing_notes, *self.at_witness._second_pass.notes]
        if self.symbols and len(self.frame) > 1:
            shown = self.show(self.symbols.witness)
            notes.append(Note(None, f"the receptive fields are those at {shown}"))
        return notes

    @property
    def at_witness(self) -> Report:
        """The same in numbers: itself, or what sizes with names are at their witness."""
        if self.symbols is None:
            return self
        if self._at_witness is None:
            shape = as_layout(self.symbols.witness, self.network.layout)
            how = {"dtype": self.dtype, "layout": self.layout}
            self._at_witness = Report(analyze(self.symbols.network, shape, batch=self.batch, **how))
        return self._at_witness

    @property
    def assumes(self) -> list[str]:
        """What sizes with names take for granted, in Python's syntax: `H >= 32`."""
        return [python for python, _ in self.assumptions]

    @property
    def assumptions(self) -> list[tuple[str, str]]:
        """The same, each in Python's syntax and as people write it."""
        return [] if self.symbols is None else self.symbols.assumptions()

    def count(self, tool: str) -> int:
        """What another tool prints for this network and one sample, such as `thop`.

        It follows the tool's own rule over these rows; `cnncalc.counts.TOOLS` has them all.

        Raises:
            CnnCalcError: there is no such tool, or sizes have names.
        """
        return sum(self._counted(tool))

    def show_counts(self, tools: Sequence[str]) -> None:
        """Tell of what these tools print, in tables and in the document."""
        self.counts = {tool: self._counted(tool) for tool in tools}

    def _counted(self, tool: str) -> list[int]:
        """What a tool counts for each row, the input's first."""
        counts.tool(tool)
        self.check_numbers()
        return [0, *(counts.count(tool, self.network, row) for row in self.layers)]

    def check_numbers(self) -> None:
        """SpecError where a size of the input has a name."""
        if self.symbols is not None:
            raise self.symbols.missing

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
        """The table as notebooks show it, with modules and blocks that can be folded."""
        from cnncalc.render.reports import html

        return html(self)

    def to_pandas(self) -> Any:
        """The layers as a `pandas.DataFrame`, one a row, without the input and the total.

        Its columns have the names of the document's keys, nested ones behind a dot
        (`receptive_field.size`); sizes are texts such as `16x32x32`, as in CSV.

        Raises:
            CnnCalcError: pandas isn't installed.
        """
        from cnncalc.render.reports import frame

        return frame(self, "pandas")

    def to_polars(self) -> Any:
        """The same as a `polars.DataFrame`.

        Raises:
            CnnCalcError: polars isn't installed.
        """
        from cnncalc.render.reports import frame

        return frame(self, "polars")

    def _totals(self) -> Totals:
        layers = self.layers
        holders = self.built
        params = sum(row.params for row in holders)
        return Totals(
            params=params,
            trainable=sum(row.trainable for row in holders),
            buffers=sum(row.buffers for row in holders) + self.network.unused_buffers,
            unused_params=self.network.unused_params,
            macs=sum(row.macs for row in layers),
            param_bytes=params * BYTES[self.dtype],
            activation_bytes=sum(row.activation_bytes for row in layers if not row.is_input),
        )

    @property
    def frame(self) -> Shape:
        """The input's shape with its channels first, whatever axis they are in its source.

        It is what fields lie in, and so always in numbers.
        """
        return self.network.frame(self.symbols.witness if self.symbols else self.input)

    @property
    def complete(self) -> bool:
        """Whether the rows are the whole network, and not only as much as could be followed."""
        return self.error is None

    @property
    def unreached(self) -> list[BuiltRow]:
        """A row without shapes for each module that the flow never came to."""
        first = len(self.rows)
        return [BuiltRow(first + n, each) for n, each in enumerate(self.network.unreached)]

    @property
    def built(self) -> list[Row | BuiltRow]:
        """All that holds weights: the layers, behind them the modules that were never reached."""
        return [*self.layers, *self.unreached]

    @property
    def layers(self) -> list[Row]:
        """The rows without the input."""
        return self.rows[1:]

    @property
    def spec(self) -> str | None:
        """The normalised compact notation, or None where it can't say this network."""
        return self.writer(self.network, self.input) if self.writer and self.complete else None

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
        document = self._document()
        if self.symbols is None:
            return document
        return {
            key: map(_with_texts, part) if key == "layers" else _with_texts(part)
            for key, part in document.items()
        }

    def _document(self) -> dict[str, Any]:
        """The same with sizes as they are."""
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
            "layers": map(self._row, self.built, islice(places(self.network), 1, None)),
            "output": {"shape": ends[0]["shape"]},
            "outputs": ends,
            "total": self.total._asdict() | self._asked(self.total.macs, None),
            "notes": [{"index": note.step, "message": note.message} for note in self.notes],
            **({"assumes": self.assumes} if self.symbols else {}),
            **({"memory": list(map(self._memory, self.memory))} if self.memory else {}),
            **({"units": self.units} if self.units else {}),
            **({"checks": self.checks} if self.checks else {}),
            **({"complete": False, "error": self.error.to_dict()["error"]} if self.error else {}),
            "verify": self.verify,
        }

    def _row(self, row: Row | BuiltRow, path: Sequence[Place]) -> dict[str, Any]:
        """A row in the document; of a module that the flow never came to, without shapes."""
        shape = row.output_shape
        return {
            "index": row.index,
            "name": row.name,
            "kind": row.kind,
            "text": row.text,
            "path": [[place.name, place.kind] for place in path],
            "inputs": list(row.inputs),
            "input_shapes": [self.shape(each) for each in row.input_shapes],
            "output_shape": None if shape is None else self.shape(shape),
            "weights": list(map(_weight, row.weights)),
            "params": row.params,
            "trainable": row.trainable,
            "buffers": row.buffers,
            "shares": row.shares,
            "macs": row.macs,
            **self._asked(row.macs, row.index),
            "activation_bytes": row.activation_bytes,
            "receptive_field": (
                None if shape is None else self.fields[row.index].to_dict(self.frame)
            ),
            **({"law": self.laws[row.index].to_dict()} if row.index in self.laws else {}),
        }

    def _memory(self, memory: Memory) -> dict[str, Any]:
        """What inference or training takes at this report's batch, and the largest that fits."""
        peak = memory.at(self.batch)
        found = {
            "what": "inference" if memory.optimizer is None else "training",
            "optimizer": memory.optimizer,
            **{f"{name}_bytes": size for name, size in peak._asdict().items()},
            "total_bytes": peak.total,
            "layer_bytes": [self.batch * size for size in memory.rows],
        }
        if self.fits is not None:
            room = memory.room(self.fits)
            found["fits"] = {"limit": self.fits, "reserve": room.reserve, "batch": room.batch}
        return found

    def _asked(self, macs: int, index: int | None) -> dict[str, Any]:
        """FLOPs and other tools' counts of a row, or of all, where somebody asked."""
        found: dict[str, Any] = {"flops": 2 * macs} if self.flops else {}
        if self.counts and (index is None or index < len(self.rows)):
            found["counts"] = {
                tool: sum(counted) if index is None else counted[index]
                for tool, counted in self.counts.items()
            }
        return found


def _weight(weight: Weight) -> dict[str, Any]:
    return {
        "name": weight.name,
        "shape": list(weight.shape),
        "count": weight.count,
        "role": weight.role,
        "trainable": weight.trainable,
    }


def _with_texts(value: Any) -> Any:
    """A part of the document with texts in the place of sizes that have names."""
    if isinstance(value, Size):
        return str(value)
    if isinstance(value, dict):
        return {key: _with_texts(member) for key, member in value.items()}
    return [_with_texts(member) for member in value] if isinstance(value, list) else value
