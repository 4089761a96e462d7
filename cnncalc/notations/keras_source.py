"""Keras source, such as `keras.Sequential([layers.Conv2D(16, 3), layers.ReLU()])`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cnncalc.findings import Findings
from cnncalc.network import Network
from cnncalc.notations import Notation, Text
from cnncalc.notations.framework_signs import framework_of
from cnncalc.packages import OnUse

if TYPE_CHECKING:
    from cnncalc.notations import source
    from cnncalc.notations.program import keras_functional
else:
    source = OnUse("cnncalc.notations.source")
    keras_functional = OnUse("cnncalc.notations.program.keras_functional")

__all__ = ["NOTATION"]


def _looks(text: str) -> bool:
    return framework_of(text) == "keras"


def _read(text: Text, let: Mapping[str, int]) -> Network:
    return source.of_text(text, "keras", let)


def _write(report: Findings, name: str | None) -> str:
    return keras_functional.write(report, name)


NOTATION = Notation("Keras source", _looks, _read, _write, open=True, named=True)
