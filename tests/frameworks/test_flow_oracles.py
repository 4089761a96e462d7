"""Every recorded run of attention, products, states and further inputs, or that it was refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cnncalc import analyze, parse
from cnncalc.errors import CnnCalcError
from tests.library import oracle

RECORDS = oracle("layers_flows.jsonl")
TORCH = """
import torch
from torch import nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.m = {made}

    def forward(self, {inputs}):
        m = self.m
        return {words}
"""
KERAS = """
import keras
from keras import layers, ops

{inputs}
model = keras.Model([{names}], {words})
"""


def ours(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the recorded expression gives here; None: it is refused."""
    sizes = [
        tuple(size[: size.index("int")] if "int" in size else size) for size in record["inputs"]
    ]
    names = "abc"[: len(sizes)]
    *made, words = record["call"]
    keras = record["framework"] == "keras"
    if keras:
        lines = [f"{name} = keras.Input({size})" for name, size in zip(names, sizes, strict=True)]
        text = KERAS.format(inputs="\n".join(lines), names=", ".join(names), words=words)
    else:
        text = TORCH.format(made=made[0], inputs=", ".join(names), words=words)
    try:
        report = analyze(parse(text, notation=record["framework"]), None if keras else sizes)
    except CnnCalcError:
        return None
    found = {
        "output": list(report.shape(report.rows[report.outputs[0]].output_shape)),
        "params": report.total.params + report.total.unused_params,
    }
    return found if keras else found | {"macs": report.total.macs}


@pytest.mark.parametrize("number", range(len(RECORDS)))
def test_agrees_with_the_framework(number: int) -> None:
    record = RECORDS[number]
    expected = None
    if "error" not in record:
        expected = {key: record[key] for key in ("output", "params", "macs") if key in record}

    assert ours(record) == expected


def test_records_are_all_there() -> None:
    assert (len(RECORDS), sum("error" in each for each in RECORDS)) == (277, 120)
