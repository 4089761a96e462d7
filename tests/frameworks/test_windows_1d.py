"""Recorded 1-d layers: which input indices each output reads, so where the padding lies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from cnncalc.analysis import settle
from cnncalc.frameworks import onnx
from cnncalc.network import Declared
from tests.frameworks import keras_reading, pytorch_reading
from tests.library import oracle

Record = Mapping[str, Any]

RECORDS = oracle("windows_1d.jsonl")


def from_torch(record: Record) -> Declared:
    args = {name: pytorch_reading.tuples(value) for name, value in record["args"].items()}
    return pytorch_reading.layer_of(record["layer"], args)


def from_keras(record: Record) -> Declared:
    (layer,) = keras_reading.layers_of(record["layer"], record["args"])
    return layer


def from_onnx(record: Record) -> Declared:
    convolves = "Conv" in record["layer"]
    weights = [(1, 1, *record["args"]["kernel_shape"])] if convolves else []
    return onnx.READERS[record["layer"]](record["args"], weights)


READ: dict[str, Callable[[Record], Declared]] = {
    "torch": from_torch,
    "keras": from_keras,
    "onnx": from_onnx,
}


def windows(record: Record) -> list[list[int] | None]:
    """First and last index that each output reads, clipped to the input; None: none."""
    length = record["input"][1 if record["framework"] == "keras" else 2]
    shape = (1, length)
    layer = settle(READ[record["framework"]](record), (shape,))
    (window,) = layer.windows(shape)
    read = [[i for i in window.reads(o) if 0 <= i < length] for o in range(layer.output(shape)[1])]
    return [[places[0], places[-1]] if places else None for places in read]


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(each, id=f"{each['framework']}-{each['layer']}-{n}")
        for n, each in enumerate(RECORDS)
    ],
)
def test_reads_what_was_read(record: Record) -> None:
    assert windows(record) == record["windows"]


def test_records_are_all_there() -> None:
    """Each framework's; all of them have one channel."""
    assert Counter(each["framework"] for each in RECORDS) == {"keras": 100, "onnx": 99, "torch": 91}
    assert all(sorted(each["input"])[:2] == [1, 1] for each in RECORDS)


def test_the_comparison_can_fail() -> None:
    """Padding that lies elsewhere is told apart."""
    record = next(each for each in RECORDS if each["args"].get("padding") == 1)
    moved = {**record, "args": {**record["args"], "padding": 0}}

    assert windows(record) == record["windows"]
    assert windows(moved) != record["windows"]
