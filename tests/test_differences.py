"""The table of differences between the frameworks, held against the frameworks themselves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.differences import CASES, Case, onnx_node, outcome
from tests.frameworks.live_keras import keras_or_skip
from tests.frameworks.live_onnx import onnxruntime_or_skip, run
from tests.frameworks.live_pytorch import torch_or_skip

CELLS = [(notation, case) for case in CASES for notation in case.cells]


def named(cell: tuple[str, Case]) -> str:
    return f"{cell[0]}-{cell[1].about}"


def shown(shape: Any) -> str:
    return "×".join(map(str, shape[1:]))


def real_torch(case: Case) -> str:
    """What PyTorch says to its cell."""
    torch = torch_or_skip()
    try:
        module = eval(case.cells["torch"], {"nn": torch.nn}).eval()
        output = module(torch.zeros(2, *case.input))
    except (RuntimeError, ValueError):
        return "refused"
    if case.shows == "params":
        params = sum(each.numel() for each in module.parameters())
        return f"{params}, {sum(each.numel() for each in module.buffers())}"
    return shown(output.shape)


def real_keras(case: Case) -> str:
    """What Keras says to its cell."""
    keras = keras_or_skip()
    try:
        layer = eval(case.cells["keras"], {"layers": keras.layers})
        output = layer(keras.ops.zeros((2, *case.input[1:], case.input[0])))
    except (RuntimeError, ValueError):
        return "refused"
    return f"{layer.count_params()}, 0" if case.shows == "params" else shown(output.shape)


def real_onnx(case: Case) -> str:
    """What ONNX Runtime says to its cell."""
    onnxruntime_or_skip()
    import numpy as np

    op, weights, attributes = onnx_node(case.cells["onnx"])
    array = np.zeros((2, *case.input), "float32")
    output = run(op, attributes, weights[0] if weights else None, array)
    return "refused" if output is None else shown(output.shape)


REAL = {"torch": real_torch, "keras": real_keras, "onnx": real_onnx}


@pytest.mark.parametrize(
    ("notation", "case"),
    [cell for cell in CELLS if cell[0] in REAL],
    ids=lambda cell: str(cell)[:60],
)
def test_the_framework_says_the_same(notation: str, case: Case) -> None:
    """Each cell's outcome is what the framework does with the same words."""
    assert outcome(notation, case) == REAL[notation](case)


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: CASES[number].about)
def test_the_notations_part_here(number: int) -> None:
    """Two cells of a row differ (axes in whatever order), or it differs from the row beside it."""
    case = CASES[number]
    outcomes = {name: _unordered(outcome(name, case)) for name in case.cells}
    if case.beside:
        above = CASES[number - 1]
        assert any(_unordered(outcome(name, above)) != each for name, each in outcomes.items())
    else:
        assert len(set(outcomes.values())) > 1


def _unordered(text: str) -> str:
    return "×".join(sorted(text.split("×")))
