"""PyTorch source, such as `nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU())`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cnncalc.findings import Findings
from cnncalc.network import Network
from cnncalc.notations import Notation, Text
from cnncalc.notations.framework_signs import framework_of
from cnncalc.notations.reserved import TORCH
from cnncalc.packages import OnUse

if TYPE_CHECKING:
    from cnncalc.notations import source
    from cnncalc.notations.program import torch_classes
else:
    source = OnUse("cnncalc.notations.source")
    torch_classes = OnUse("cnncalc.notations.program.torch_classes")

__all__ = ["NOTATION"]


def _looks(text: str) -> bool:
    return framework_of(text) == "torch"


def _read(text: Text, let: Mapping[str, int]) -> Network:
    return source.of_text(text, "torch", let)


def _write(report: Findings, name: str | None) -> str:
    return torch_classes.write(report, name)


NOTATION = Notation(
    "PyTorch source", _looks, _read, _write, open=True, named=True, reserved=TORCH.values
)
