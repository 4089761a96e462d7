"""A network at a size: rows, totals, and errors with their place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from cnncalc import Network, SpecError, Step, analyze, parse
from cnncalc.layers import LAYERS
from cnncalc.layers.base import Expects
from cnncalc.layers.merge import Input
from tests.strategies import specs

CONTRACT_EXAMPLE = {
    "index": 1, "name": "conv1", "kind": "conv", "text": "conv:16,k3,p1", "inputs": [0],
    "input_shapes": [[3, 32, 32]], "output_shape": [16, 32, 32],
    "weights": [
        {"name": "weight", "shape": [16, 3, 3, 3], "count": 432, "role": "parameter",
         "trainable": True},
        {"name": "bias", "shape": [16], "count": 16, "role": "parameter", "trainable": True},
    ],
    "params": 448, "trainable": 448, "buffers": 0, "shares": None, "macs": 442368,
    "activation_bytes": 65536,
    "receptive_field": {"size": [3, 3], "jump": [1, 1], "start": [-1, -1], "phases": None,
                        "status": "exact", "aligned": True},
}  # fmt: skip


def test_the_contracts_own_example() -> None:
    """The report of the contract, to the letter."""
    document = analyze("3x32x32 conv:16,k3,p1").to_dict()

    assert document["layers"] == [CONTRACT_EXAMPLE]
    assert document["total"] == {
        "params": 448, "trainable": 448, "buffers": 0, "unused_params": 0, "macs": 442368,
        "param_bytes": 1792, "activation_bytes": 65536,
    }  # fmt: skip
    assert document["spec"] == "3x32x32 conv:16,k3,p1"
    assert document["output"] == {"shape": [16, 32, 32]}


@pytest.mark.parametrize(
    ("options", "param_bytes", "activation_bytes"),
    [
        ({}, 1792, 65536),
        ({"batch": 8}, 1792, 8 * 65536),
        ({"dtype": "float64"}, 3584, 131072),
        ({"dtype": "float16", "batch": 2}, 896, 65536),
        ({"dtype": "int8"}, 448, 16384),
    ],
)
def test_bytes(options: dict[str, object], param_bytes: int, activation_bytes: int) -> None:
    """Bytes go with the batch (activations) and the dtype (both)."""
    total = analyze("3x32x32 conv:16,k3,p1", **options).total  # type: ignore[arg-type]

    assert (total.param_bytes, total.activation_bytes) == (param_bytes, activation_bytes)


def test_layout_turns_every_shape() -> None:
    """channels-last moves the channels to the end, weights keep their framework's order."""
    document = analyze("3x32x16 conv:16,k3 flatten", layout="channels-last").to_dict()

    assert document["input"]["shape"] == [32, 16, 3]
    assert document["layers"][0]["output_shape"] == [30, 14, 16]
    assert document["layers"][0]["weights"][0]["shape"] == [16, 3, 3, 3]
    assert document["output"]["shape"] == [6720]


def test_the_input_argument_wins() -> None:
    """-i beats the spec's own size."""
    assert analyze("3x32x32 conv:4,k3", (3, 8, 8)).rows[1].output_shape == (4, 6, 6)


def test_a_shared_step_counts_its_weights_once() -> None:
    """A module used again has its own MACs and no parameters."""
    conv = LAYERS["conv"](3, 3, padding=1)
    network = Network(
        [
            Step(Input(), name="input"),
            Step(conv, (0,), "conv"),
            Step(conv, (1,), "conv#2", shares=1),
        ],
        (3, 8, 8),
    )
    report = analyze(network)

    assert [row.params for row in report.layers] == [84, 0]
    assert report.rows[2].macs == report.rows[1].macs > 0
    assert report.to_dict()["layers"][1]["shares"] == 1
    assert report.spec is None


@pytest.mark.parametrize(
    ("expects", "message", "help_text"),
    [
        (Expects("nn.Conv2d", (1,)), "takes maps of 1 spatial axis but receives 3×8×8", None),
        (Expects("nn.Conv2d", (2,), (("in_channels", 0, 64),)),
         "nn.Conv2d declares in_channels=64 but receives 3 channels", "write in_channels=3"),
    ],
)  # fmt: skip
def test_declared_inputs_are_checked(expects: Expects, message: str, help_text: str | None) -> None:
    """What the source declared is held against what flows in."""
    layer = LAYERS["conv"](4, 3).expecting(expects)
    network = Network([Step(Input(), name="input"), Step(layer, (0,), "conv")], (3, 8, 8))

    with pytest.raises(SpecError, match=message.replace("(", r"\(")) as caught:
        analyze(network)
    assert caught.value.help == help_text


def test_errors_say_where_and_what_flowed_in() -> None:
    """File, line, columns, the incoming shape and the step that made it."""
    with pytest.raises(SpecError) as caught:
        analyze("1x8x8\nconv:4,k3 relu\n  maxpool:7")
    error = caught.value

    assert (error.line, error.column, error.end_column) == (3, 3, 12)
    assert error.source_line == "  maxpool:7"
    assert error.notes == ["it receives 4×6×6 from `relu` (step 2)"]
    assert error.code == "kernel-too-large"
    assert error.to_dict()["error"]["column"] == 3  # type: ignore[index]


def test_branches_that_do_not_match_name_their_paths() -> None:
    """Both shapes and both paths."""
    with pytest.raises(SpecError) as caught:
        analyze("3x8x8 conv:8,k3,p1 add[conv:8,k3 relu | ]")

    assert caught.value.notes == [
        "branch 1 gives 8×6×6: `conv:8,k3 relu`",
        "branch 2 gives 8×8×8: the identity",
    ]


def test_errors_inside_a_definition_name_the_use() -> None:
    """The place in the definition is underlined, the use is a note."""
    with pytest.raises(SpecError) as caught:
        analyze("def b(c) = [conv:$c,k9]\n3x8x8\nb(4)")

    assert caught.value.line == 1
    assert "used at line 3: `b(4)`" in caught.value.notes


@given(specs())
@settings(max_examples=100, deadline=None)
def test_totals_are_the_sums_of_the_rows(text: str) -> None:
    """Totals, counts and byte sums follow from the rows; every row's text is a word."""
    report = analyze(text)

    assert report.total.params == sum(row.params for row in report.layers)
    assert report.total.trainable <= report.total.params
    assert all(
        row.params + row.buffers == sum(weight.count for weight in row.weights)
        for row in report.layers
    )
    assert report.total.activation_bytes == 4 * sum(
        _product(row.output_shape) for row in report.layers
    )
    assert report.spec is not None
    assert analyze(report.spec).to_dict() == report.to_dict()


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"batch": 0}, "bad-value"),
        ({"dtype": "float31"}, "bad-value"),
        ({"layout": "NHWC"}, "bad-value"),
        ({"input": (3, 0, 8)}, "bad-input"),
        ({"input": ()}, "bad-input"),
        ({"input": (10**9, 10**9, 10**9)}, "too-large"),
    ],
)
def test_wrong_settings(options: dict[str, object], code: str) -> None:
    """Settings that can't be are spec errors."""
    with pytest.raises(SpecError) as caught:
        analyze(parse("conv:4,k1"), **options)  # type: ignore[arg-type]
    assert caught.value.code == code


def test_a_missing_input_size() -> None:
    """Without a size there is nothing to compute, and the message says what to type."""
    with pytest.raises(SpecError, match="size of the input is missing") as caught:
        analyze("conv:4,k1")
    assert "-i 3x224x224" in str(caught.value.help)
