"""Every recorded run of an ONNX operator: its output, or that ONNX Runtime refused it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from cnncalc import Network, Step, analyze
from cnncalc.errors import LayerError, SpecError
from cnncalc.frameworks.onnx import READERS
from cnncalc.layers.merge import Input
from cnncalc.network import Declared
from tests.library import oracle

RECORDS = oracle("layers_onnx.jsonl") + oracle("layers_onnx_sweep.jsonl")
# Where ONNX's implementations differ among themselves (`varies`), ONNX Runtime's answer is ours.


def layer_of(record: Mapping[str, Any]) -> Declared:
    """The neutral record of a node with its stored weights."""
    weights = [tuple(record["weight"])] if "weight" in record else []
    if record.get("bias"):
        weights.append((1,))
    return READERS[record["layer"]](record["args"], weights)


def output_of(layer: Declared, shape: Sequence[int]) -> list[int]:
    """The shape that comes out, without batch."""
    network = Network([Step(Input(), name="input"), Step(layer, (0,), "node")], notation="onnx")
    return analyze(network, tuple(shape)).to_dict()["output"]["shape"]  # type: ignore[no-any-return]


def outcome(record: Mapping[str, Any]) -> object:
    """What we say to a record: the output with its batch, or "refused"."""
    batch, *shape = record["input"]
    try:
        return [batch, *output_of(layer_of(record), shape)]
    except (LayerError, SpecError):
        return "refused"


def expected(record: Mapping[str, Any]) -> object:
    return "refused" if "error" in record else record["output"]


@pytest.mark.parametrize(
    "number", range(len(RECORDS)), ids=lambda number: f"{number}-{RECORDS[number]['layer']}"
)
def test_agrees_with_every_record(number: int) -> None:
    """Shapes are the recorded ones; what ONNX Runtime refused is refused."""
    record = RECORDS[number]

    assert outcome(record) == expected(record), json.dumps(record)


def test_records_are_all_there() -> None:
    """The recorded runs have not been thinned out, and hold refusals too."""
    kinds = Counter("error" in record for record in RECORDS)

    assert (kinds[False], kinds[True]) == (542, 59)


def test_weights_have_the_nodes_shapes() -> None:
    """A convolution's weight comes out as the node's own, in the same order of axes."""
    for record in RECORDS:
        if "weight" in record and outcome(record) != "refused":
            weight, *bias = layer_of(record).layer.weights(tuple(record["input"][1:]))
            assert weight.shape == tuple(record["weight"])
            assert bool(bias) == record["bias"]


def test_what_is_settled_stays_settled() -> None:
    """A layer as ONNX Runtime has it at an input is that layer when it is asked again."""
    for record in RECORDS:
        if outcome(record) != "refused":
            network = Network([Step(Input(), name="input"), Step(layer_of(record), (0,), "node")])
            once = analyze(network, tuple(record["input"][1:])).network
            again = analyze(once, tuple(record["input"][1:])).network
            assert again.steps[1].layer == once.steps[1].layer


def test_the_comparison_can_fail() -> None:
    """Another attribute gives another outcome."""
    record = next(r for r in RECORDS if r["layer"] == "MaxPool" and "strides" in r["args"])
    other = {**record, "args": {**record["args"], "strides": [9] * len(record["input"][2:])}}

    assert outcome(other) != expected(record)


REFUSED = [
    ("Conv", {"pads": [1, 1], "auto_pad": "VALID"}, [(2, 3, 3)], "beside auto_pad"),
    ("Conv", {"pads": [1]}, [(2, 3, 3)], "pads=[1]"),
    ("Conv", {"auto_pad": "SAME"}, [(2, 3, 3)], "auto_pad 'SAME'"),
    ("Conv", {"kernel_shape": [5]}, [(2, 3, 3)], "kernel_shape=[5]"),
    ("Conv", {"group": 2}, [(3, 3, 3)], "2 groups"),
    ("Conv", {}, [None], "known shape"),
    ("Conv", {"stride": [1]}, [(2, 3, 3)], "no argument `stride`"),
    ("ConvTranspose", {"strides": [2], "output_shape": [20]}, [(3, 2, 3)], "output_shape of 20"),
    ("MaxPool", {"kernel_shape": [3], "pads": [3, 0]}, [], "pads of 3"),
    ("MaxPool", {"kernel_shape": [1], "strides": [4], "auto_pad": "SAME_UPPER"}, [], "crop"),
    ("MaxPool", {}, [], "needs `kernel_shape`"),
    ("LpPool", {"kernel_shape": [3], "strides": [0]}, [], "strides=[0]"),
]


@pytest.mark.parametrize(("op", "attributes", "weights", "words"), REFUSED)
def test_refusals_name_the_attribute(
    op: str, attributes: Mapping[str, Any], weights: Sequence[Any], words: str
) -> None:
    """A node that ONNX Runtime refuses is refused with the words of the file."""
    with pytest.raises((LayerError, SpecError)) as caught:
        output_of(READERS[op](attributes, weights), (3, 8))

    assert words in str(caught.value)


def test_auto_pad_may_be_bytes() -> None:
    """The helper of the onnx package gives strings as bytes."""
    attributes = {"kernel_shape": [2], "auto_pad": b"SAME_LOWER"}

    text = READERS["MaxPool"]({**attributes, "auto_pad": "SAME_LOWER"}, [])
    assert READERS["MaxPool"](attributes, []).layer == text.layer


@pytest.mark.parametrize("op", ["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"])
def test_global_pools_leave_axes_of_size_1(op: str) -> None:
    """They keep the rank."""
    assert output_of(READERS[op]({}, []), (3, 8, 9)) == [3, 1, 1]
