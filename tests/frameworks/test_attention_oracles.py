"""Every recorded run of torch.nn.MultiheadAttention: output, tensors by name, MACs, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cnncalc import analyze
from cnncalc.errors import LayerError, SpecError
from cnncalc.layers.merge import Input
from cnncalc.network import Network, Step
from tests.frameworks.pytorch_reading import layer_of
from tests.library import oracle

RECORDS = oracle("attention_torch.jsonl")


def ours(record: Mapping[str, Any]) -> object:
    """Output, (name, shape) of each tensor and MACs of one sample; None: refused."""
    sizes = record["input"] if isinstance(record["input"][0], list) else [record["input"]]
    shapes = [tuple(each[1:]) for each in sizes]
    steps = [Step(Input(), name="input")]
    steps += [Step(Input(each), (), f"input{n}") for n, each in enumerate(shapes[1:], 1)]
    try:
        layer = layer_of(record["layer"], record["args"])
        inputs = tuple(range(len(shapes)))
        row = analyze(Network([*steps, Step(layer, inputs, "it")]), shapes[0]).rows[-1]
    except (LayerError, SpecError):
        return None
    return list(row.output_shape), [[w.name, list(w.shape)] for w in row.weights], row.macs


@pytest.mark.parametrize("record", RECORDS)
def test_agrees_with_pytorch(record: Mapping[str, Any]) -> None:
    expected = None
    if "error" not in record:
        expected = record["output"][1:], record["weights"], record["macs"]

    assert ours(record) == expected


def test_records_are_all_there() -> None:
    assert (len(RECORDS), sum("error" in each for each in RECORDS)) == (19, 8)
