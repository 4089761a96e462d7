"""The bundled executor against recorded runs of PyTorch's and Keras's layers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from cnncalc import analyze
from cnncalc.errors import LayerError, SpecError
from cnncalc.report import Report
from cnncalc.verification import verify_report
from tests.executors.test_arrays import alone
from tests.frameworks import keras_reading, pytorch_reading
from tests.library import oracle

Record = Mapping[str, Any]


def by_layer(file: str) -> dict[str, list[Record]]:
    """The records that were not refused, by layer."""
    records: dict[str, list[Record]] = {}
    for record in oracle(file):
        if "error" not in record and "varies" not in record:
            records.setdefault(record["layer"], []).append(record)
    return records


def of_pytorch(record: Record) -> tuple[Report, list[int]]:
    """The report of a record of PyTorch's, and the output of one sample."""
    args = {name: pytorch_reading.tuples(value) for name, value in record["args"].items()}
    cut = 0 if record.get("unbatched") or len(record["input"]) == 1 else 1
    layer = pytorch_reading.layer_of(record["layer"], args)
    return analyze(alone(layer), tuple(record["input"][cut:])), record["output"][cut:]


def of_keras(record: Record) -> tuple[Report, list[int]]:
    report = keras_reading.analysed(record["layer"], record["args"], [record["input"][1:]])
    return report, record["output"][1:]


# Every fourth record, and all of them.
STEPS = [4, pytest.param(1, marks=pytest.mark.slow)]
PYTORCH, KERAS = by_layer("layers_torch.jsonl"), by_layer("layers_keras.jsonl")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("layer", sorted(PYTORCH))
def test_pytorch_layers(layer: str, step: int) -> None:
    """What is computed has PyTorch's size and holds as many elements."""
    records = PYTORCH[layer][::step]
    taken = accepted(records)

    assert len(taken) >= 0.9 * len(records) - (step > 1)
    assert all(agrees(report, output, record) for report, output, record in taken)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("layer", sorted(KERAS))
def test_keras_layers(layer: str, step: int) -> None:
    """What is computed has Keras's size and holds as many elements."""
    assert all(agrees(*of_keras(record), record) for record in KERAS[layer][::step])


def accepted(records: list[Record]) -> list[tuple[Report, list[int], Record]]:
    """Those that cnncalc takes too: a few flatten the batch into the sample."""
    taken = []
    for record in records:
        with suppress(LayerError, SpecError):
            taken.append((*of_pytorch(record), record))
    return taken


def agrees(report: Report, output: list[int], record: Record) -> bool:
    """Assert that a run comes out as recorded, and as predicted."""
    outcome = verify_report(report).verify
    assert outcome is not None
    assert outcome["ok"], (record, outcome["mismatches"])
    assert outcome["unchecked"] == []
    assert report.shape(report.rows[-1].output_shape) == output, record
    return True
