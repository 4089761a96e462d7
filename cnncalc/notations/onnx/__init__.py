"""ONNX models: files that hold a graph of operators, and weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cnncalc.errors import SpecError
from cnncalc.findings import Findings
from cnncalc.network import Network
from cnncalc.notations import Notation, Text
from cnncalc.packages import OnUse

if TYPE_CHECKING:
    from cnncalc.notations.onnx import reading, writing
else:
    reading = OnUse("cnncalc.notations.onnx.reading")
    writing = OnUse("cnncalc.notations.onnx.writing")

__all__ = ["NOTATION"]


def _read(text: Text, let: Mapping[str, int]) -> Network:
    return reading.parse(_path(text))


def _path(text: Text) -> str:
    """The path of a model's file: a word of its own, or all of the text."""
    words = text.source.text.strip()
    paths = list(text.files) or [words]
    if len(paths) > 1 or (text.files and words) or not paths[0]:
        raise SpecError(
            "an ONNX model is one file, and stands alone",
            code="notation",
            help="`cnncalc shape model.onnx -i 3x224x224`",
        )
    return paths[0]


def _write(report: Findings, name: str | None) -> bytes:
    data: bytes = writing.write_report(report, name=name).model.SerializeToString()
    return data


NOTATION = Notation("an ONNX model", read=_read, write=_write, named=True)
