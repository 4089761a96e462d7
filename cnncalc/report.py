"""What users hold of a network at an input size: what was found, its document and its drawing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from cnncalc.findings import Findings
from cnncalc.layers.base import Weight
from cnncalc.nesting import Place, places
from cnncalc.packages import OnUse
from cnncalc.rows import BuiltRow, JsonObject, Row
from cnncalc.symbols.size import Size

if TYPE_CHECKING:
    from cnncalc.moments import Memory
    from cnncalc.notations.compact import writer
    from cnncalc.render import reports
else:  # only a report that is shown needs them
    reports = OnUse("cnncalc.render.reports")
    writer = OnUse("cnncalc.notations.compact.writer")

__all__ = ["Report"]


class Report(Findings):
    """A network at an input size: a row for the input and each step, and their totals.

    `print` shows the table, and so does a notebook; `to_dict` is the document that `--json`
    prints. What was found is said in the attributes of `Findings`.
    """

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
        return reports.text(self)

    def _repr_html_(self) -> str:
        """The table as notebooks show it, with modules and blocks that can be folded."""
        return reports.html(self)

    def to_pandas(self) -> Any:
        """The layers as a `pandas.DataFrame`, one a row, without the input and the total.

        Its columns have the names of the document's keys, nested ones behind a dot
        (`receptive_field.size`); sizes are texts such as `16x32x32`, as in CSV.

        Raises:
            CnnCalcError: pandas isn't installed.
        """
        return reports.frame(self, "pandas")

    def to_polars(self) -> Any:
        """The same as a `polars.DataFrame`.

        Raises:
            CnnCalcError: polars isn't installed.
        """
        return reports.frame(self, "polars")

    @property
    def spec(self) -> str | None:
        """The normalised compact notation, or None where it can't say this network."""
        return writer.write(self.network, self.input) if self.complete else None

    def to_dict(self) -> JsonObject:
        """The document `cnncalc.report/1`."""
        document = self.document()
        return document | {"layers": list(document["layers"])}

    def document(self) -> JsonObject:
        """The same with its layers still to be made, one after another, for those who write it."""
        document = self._document()
        if self.symbols is None:
            return document
        return {
            key: map(_with_texts, part) if key == "layers" else _with_texts(part)
            for key, part in document.items()
        }

    def _document(self) -> JsonObject:
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

    def _row(self, row: Row | BuiltRow, path: Sequence[Place]) -> JsonObject:
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

    def _memory(self, memory: Memory) -> JsonObject:
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

    def _asked(self, macs: int, index: int | None) -> JsonObject:
        """FLOPs and other tools' counts of a row, or of all, where somebody asked."""
        found: JsonObject = {"flops": 2 * macs} if self.flops else {}
        if self.counts and (index is None or index < len(self.rows)):
            found["counts"] = {
                tool: sum(counted) if index is None else counted[index]
                for tool, counted in self.counts.items()
            }
        return found


def _weight(weight: Weight) -> JsonObject:
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
