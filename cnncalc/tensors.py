"""What a table of a report's weights can show, tensor by tensor."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.columns import all_of_it, joined, percent, share
from cnncalc.layers.base import Weight, show
from cnncalc.report import BYTES, Row
from cnncalc.tables import Column

__all__ = ["TENSORS", "Tensor"]


class Tensor(NamedTuple):
    """One weight tensor; `first` of those that its row holds."""

    row: Row
    weight: Weight
    first: bool

    @property
    def params(self) -> int:
        return 0 if self.weight.role == "buffer" else self.weight.count

    @property
    def buffers(self) -> int:
        return self.weight.count - self.params


TENSORS = (
    Column(
        "index",
        "#",
        "the number of the step",
        lambda report, line: line.row.index,
        lambda report, line: str(line.row.index) if line.first else "",
        right=True,
    ),
    Column(
        "name",
        "name",
        "the step's name",
        lambda report, line: line.row.name,
        lambda report, line: line.row.name if line.first else "",
        narrow="cut",
    ),
    Column(
        "layer",
        "layer",
        "the layer with its options",
        lambda report, line: line.row.text,
        lambda report, line: line.row.text if line.first else "",
        narrow="cut",
    ),
    Column(
        "tensor",
        "tensor",
        "the tensor's name",
        lambda report, line: line.weight.name,
        narrow="cut",
    ),
    Column(
        "shape",
        "shape",
        "the tensor's shape, in the source framework's order",
        lambda report, line: joined(line.weight.shape),
        lambda report, line: show(line.weight.shape) or "scalar",
    ),
    Column(
        "params",
        "params",
        "learnable elements",
        lambda report, line: line.params,
        right=True,
        total=lambda report: report.total.params,
    ),
    Column(
        "buffers",
        "buffers",
        "elements kept beside the parameters",
        lambda report, line: line.buffers,
        right=True,
        total=lambda report: report.total.buffers,
    ),
    Column(
        "trainable",
        "trainable",
        "whether training changes it by gradient",
        lambda report, line: line.weight.trainable,
        lambda report, line: "yes" if line.weight.trainable else "no",
    ),
    Column(
        "bytes",
        "bytes",
        "bytes of the parameters",
        lambda report, line: line.params * BYTES[report.dtype],
        right=True,
        total=lambda report: report.total.param_bytes,
    ),
    Column(
        "share",
        "share",
        "the tensor's part of all parameters, for people its layer's",
        lambda report, line: share(report, line.params),
        lambda report, line: percent(share(report, line.row.params)) if line.first else "",
        right=True,
        total=all_of_it,
    ),
)
