"""Products of two data in ONNX files: Attention and Einsum, in sizes that ONNX Runtime gives."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from cnncalc import SpecError
from tests.onnx.builders import model, node, report, runs

LINES = [node("Relu", "x", each, name=each) for each in "qkv"]
# The nodes behind x, its size without the batch, what comes out, MACs.
CASES: dict[str, tuple[list[Any], tuple[int, ...], tuple[int, ...], int]] = {
    "with an axis of heads": (
        [node("Attention", "q k v")], (4, 9, 16), (4, 9, 16), 2 * 4 * 9 * 9 * 16,
    ),
    "with heads in the features": (
        [node("Attention", "q k v", q_num_heads=4, kv_num_heads=4)], (9, 64), (9, 64),
        2 * 4 * 9 * 9 * 16,
    ),
    "with fewer heads of keys": (
        [node("Slice", "x zero two axis", "few"), node("Attention", "q few few")], (4, 9, 16),
        (4, 9, 16), 2 * 4 * 9 * 9 * 16,
    ),
    "scaled, capped and masked": (
        [node("Attention", "q k v mask", scale=0.5, softcap=2.0)], (4, 9, 16), (4, 9, 16),
        2 * 4 * 9 * 9 * 16,
    ),
    "causal": (
        [node("Attention", "q k v", is_causal=1)], (4, 9, 16), (4, 9, 16), 2 * 4 * 9 * 9 * 16,
    ),
    "scores by letters": (
        [node("Einsum", "q k", equation="bhid,bhjd->bhij")], (4, 9, 16), (4, 9, 9), 4 * 81 * 16,
    ),
    "of one, in another order": (
        [node("Einsum", "q", equation="bhid->bdhi")], (4, 9, 16), (16, 4, 9), 0,
    ),
    "of one, summed over": ([node("Einsum", "q", equation="bhid->bdh")], (4, 9, 16), (16, 4), 0),
    "of one, as it is": ([node("Einsum", "q", equation="bhid->bhid")], (4, 9, 16), (4, 9, 16), 0),
}  # fmt: skip
STORED = {
    "mask": numpy.zeros((9, 9), "float32"),
    "zero": numpy.array([0]),
    "two": numpy.array([2]),
    "axis": numpy.array([1]),
}


@pytest.mark.parametrize("name", CASES)
def test_sizes_and_macs(name: str) -> None:
    nodes, size, output, macs = CASES[name]
    found = report([*LINES, *nodes], STORED, x=("n", *size), opset=23)

    assert found.rows[-1].output_shape == output
    assert found.total.macs == macs
    assert found.total.params == 0


@runs
@pytest.mark.parametrize("name", CASES)
def test_sizes_of_a_run(name: str) -> None:
    import onnxruntime

    nodes, size, output, _ = CASES[name]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model([*LINES, *nodes], STORED, x=("n", *size), opset=23), options,
        providers=["CPUExecutionProvider"],
    )  # fmt: skip
    (made,) = session.run(None, {"x": numpy.ones((2, *size), "float32")})

    assert made.shape == (2, *output)


def test_the_steps_of_attention() -> None:
    nodes = [*LINES, node("Attention", "q k v", q_num_heads=2, kv_num_heads=2, softcap=4.0)]
    found = report(nodes, x=("n", 9, 16), opset=23)

    steps = ["matmul", "rescale", "rescale", "tanh", "rescale", "softmax", "matmul", "permute"]
    assert [row.kind for row in found.layers][-9:] == [*steps, "flatten"]
    assert found.rows[-1].name == "Attention5"


WRONG = {
    "heads that don't divide": (
        node("Attention", "q k v", q_num_heads=5, kv_num_heads=5), "can't be shared by 5 heads",
    ),
    "no heads": (node("Attention", "q k v"), "can't be shared by 0 heads"),
    "a diagonal": (node("Einsum", "q", equation="bii->bi"), "a diagonal"),
    "what was there before": (
        node("Attention", "q k v _ q q", q_num_heads=4, kv_num_heads=4), "of an earlier run",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_refused(name: str) -> None:
    wrong, told = WRONG[name]
    with pytest.raises(SpecError, match=told):
        report([*LINES, wrong], x=("n", 9, 64), opset=23)
