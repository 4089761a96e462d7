"""What runs across the batch, as PyTorch's `dim=0` has it: worked out, with a note."""

from __future__ import annotations

from typing import Any

import pytest

import cnncalc
from cnncalc import analyze
from cnncalc.executors.bundled.executor import Stack
from cnncalc.layers.base import Shape
from tests.conftest import Command
from tests.executors.common import verified
from tests.verification.standing_in import installed_or_skip

NOTE = "runs along the batch axis: it mixes the samples"
FUNCTION = "class Net(nn.Module):\n    def forward(self, x): return {}\n"

# Source, the sample's shape, and the word of its last step.
SOURCES: tuple[tuple[str, Shape, str], ...] = (
    ("nn.Softmax(dim=0)", (3, 4, 4), "softmax:axis=batch"),
    ("nn.Softmax(dim=-4)", (3, 4, 4), "softmax:axis=batch"),
    ("nn.Softmax(-2)", (7,), "softmax:axis=batch"),
    ("nn.Softmax()", (3, 4), "softmax:axis=batch"),  # of three axes PyTorch takes the first
    ("nn.LogSoftmax(0)", (3, 4, 4), "logsoftmax:axis=batch"),
    ("nn.Softmin(0)", (3, 4), "softmin:axis=batch"),
    (FUNCTION.format("F.softmax(x, dim=0)"), (5,), "softmax:axis=batch"),
    (FUNCTION.format("x.log_softmax(0)"), (5,), "logsoftmax:axis=batch"),
    (FUNCTION.format("F.normalize(x, dim=0)"), (3, 4), "unitnorm:axes=batch"),
)


@pytest.mark.parametrize(("text", "shape", "word"), SOURCES)
def test_pytorch_source(text: str, shape: Shape, word: str) -> None:
    report = analyze(text, shape)

    assert report.rows[-1].output_shape == shape
    assert report.rows[-1].text == word
    assert [(note.step, note.message.partition("` ")[2]) for note in report.notes] == [(1, NOTE)]
    assert report.fields[-1].to_dict(report.frame) == report.fields[0].to_dict(report.frame)


@pytest.mark.parametrize("dim", [1, -1, -3])
def test_other_axes_need_no_note(dim: int) -> None:
    assert analyze(f"nn.Softmax({dim})", (3, 4, 4)).notes == []


def test_keras_source() -> None:
    report = analyze("layers.Conv2D(4, 3), layers.Softmax(axis=0)", (8, 8, 3))

    assert report.rows[-1].text == "softmax:axis=batch"
    assert NOTE in report.notes[0].message


def test_onnx_files() -> None:
    pytest.importorskip("onnx")
    from tests.onnx.builders import node, report

    for axis in (0, -4):
        found = report([node("Softmax", "x", axis=axis)])
        assert found.rows[-1].text == "softmax:axis=batch"
        assert NOTE in found.notes[0].message


SPEC = (
    "3x4x4 conv:4,k3 softmax:axis=batch relu softmin:axis=batch logsoftmax:axis=batch "
    "unitnorm:axes=batch"
)


def test_the_note_reaches_people(command: Command) -> None:
    assert f"note: `softmax1` {NOTE} (step 2)" in command("shape", SPEC).out
    assert f"note: `softmax1` {NOTE} (step 2)" in command("shape", SPEC, "--json").err


@pytest.mark.parametrize("executor", ["bundled", "torch", "keras", "onnxruntime"])
def test_every_executor_runs_it(executor: str) -> None:
    installed_or_skip(executor)
    found = verified(executor, SPEC, batch=3)

    assert (found["ok"], found.get("unchecked") or []) == (True, [])


@pytest.mark.parametrize("to", ["compact", "torch", "keras", "onnx"])
def test_it_is_written(to: str) -> None:
    if to == "onnx":
        pytest.importorskip("onnx")
    written = cnncalc.convert("3x4x4 conv:4,k3 softmax:axis=batch", to)
    if isinstance(written, str):
        size = (4, 4, 3) if to == "keras" else (3, 4, 4)
        again = analyze(cnncalc.parse(written, notation=to), size)
        assert again.rows[-1].text == "softmax:axis=batch"


@pytest.mark.parametrize("kind", ["softmax", "softmin", "logsoftmax", "unitnorm"])
def test_the_values_are_pytorchs(kind: str) -> None:
    from tests.frameworks.live_pytorch import torch_or_skip

    torch = torch_or_skip()
    functions: dict[str, Any] = {
        "softmax": lambda x: x.softmax(0),
        "softmin": lambda x: (-x).softmax(0),
        "logsoftmax": lambda x: x.log_softmax(0),
        "unitnorm": lambda x: torch.nn.functional.normalize(x, dim=0),
    }
    axis = "axes" if kind == "unitnorm" else "axis"
    network = cnncalc.parse(f"3x4x5 {kind}:{axis}=batch")
    stack = Stack(network, (3, 4, 5), batch=4)
    stack.forward()
    expected = functions[kind](torch.as_tensor(stack.input))

    assert torch.allclose(torch.as_tensor(stack.outputs[1]), expected, atol=1e-6)
