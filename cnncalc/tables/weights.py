"""What a table of a report's weights can show, tensor by tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from cnncalc.findings import Findings
from cnncalc.layers.base import Weight, show
from cnncalc.rows import BuiltRow, Row
from cnncalc.tables.steps import PARAM_BYTES, SHARE, count, joined, percent, share
from cnncalc.tables.table import Column

__all__ = ["TENSORS", "Tensor"]


class Tensor(NamedTuple):
    """One weight tensor; `first` of those that its row holds."""

    row: Row | BuiltRow
    weight: Weight
    first: bool

    @property
    def params(self) -> int:
        return 0 if self.weight.role == "buffer" else self.weight.count

    @property
    def buffers(self) -> int:
        return self.weight.count - self.params


def _of_step(
    key: str, title: str, doc: str, of: Callable[[Row | BuiltRow], object], **how: Any
) -> Column:
    """What belongs to the step: for people said once, beside its first tensor."""

    def once(report: Findings, line: Tensor) -> str:
        return str(of(line.row)) if line.first else ""

    return Column(key, title, doc, lambda report, line: of(line.row), once, **how)


TENSORS = (
    _of_step("index", "#", "the number of the step", lambda row: row.index, right=True),
    _of_step("name", "name", "the step's name", lambda row: row.name, narrow="tail"),
    _of_step(
        "layer",
        "layer",
        "the layer with its options",
        lambda row: row.text,
        narrow="cut",
        field="text",
    ),
    Column(
        "tensor",
        "tensor",
        "the tensor's name",
        lambda report, line: line.weight.name,
        narrow="tail",
    ),
    Column(
        "shape",
        "shape",
        "the tensor's shape, in the source framework's order",
        lambda report, line: joined(line.weight.shape),
        lambda report, line: show(line.weight.shape) or "scalar",
    ),
    count("params", "params", "learnable elements"),
    count("buffers", "buffers", "elements kept beside the parameters"),
    Column(
        "trainable",
        "trainable",
        "whether training changes it by gradient",
        lambda report, line: line.weight.trainable,
        lambda report, line: "yes" if line.weight.trainable else "no",
    ),
    PARAM_BYTES,
    SHARE._replace(
        doc="the tensor's part of all parameters, for people its layer's",
        show=lambda report, line: percent(share(report, line.row.params)) if line.first else "",
    ),
)
