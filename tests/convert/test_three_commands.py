"""A PyTorch file becomes a Keras file, an ONNX file and a spec by three commands.

Each has the same totals, and its own framework takes it.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cnncalc import analyze, convert
from tests.conftest import Command
from tests.convert.test_keras import assert_runs as assert_keras_runs
from tests.convert.test_torch import assert_runs as assert_torch_runs
from tests.library import EXAMPLES
from tests.source.reading import unpacked_wheel

Files = dict[str, Path]


class Model(NamedTuple):
    """A file with its model, the input, and what the totals must be.

    Attributes:
        params: trainable parameters.
        macs: for one sample.
    """

    words: str
    input: tuple[int, ...]
    params: int
    macs: int


@pytest.fixture(params=["tutorial_net", "resnet18"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Model:
    if request.param == "tutorial_net":
        return Model(str(EXAMPLES / "tutorial_net.py"), (3, 32, 32), 62_006, 651_720)
    folder = unpacked_wheel("torchvision", tmp_path) / "models"
    return Model(f"{folder / 'resnet.py'}:resnet18()", (3, 224, 224), 11_689_512, 1_814_073_344)


@pytest.fixture
def files(model: Model, command: Command, tmp_path: Path) -> Files:
    """The three files, by their notations."""
    paths = {
        "keras": tmp_path / "net.py",
        "onnx": tmp_path / "n.onnx",
        "compact": tmp_path / "n.cnn",
    }
    if not find_spec("onnx"):
        del paths["onnx"]
    size = "x".join(map(str, model.input))
    for notation, path in paths.items():
        words = ("convert", model.words, "-i", size, "--to", notation, "-o", str(path))
        assert command(*words) == (0, "", "")
    return paths


def totals(command: Command, *words: str) -> dict[str, Any]:
    ran = command("shape", *words, "--json")
    assert (ran.code, ran.err) == (0, "")
    found: dict[str, Any] = json.loads(ran.out)["total"]
    return found


def test_the_same_totals(model: Model, files: Files, command: Command) -> None:
    """ONNX keeps no account of training, and Keras counts the statistics as parameters."""
    wanted = totals(command, model.words, "-i", "x".join(map(str, model.input)))
    assert (wanted["trainable"], wanted["macs"]) == (model.params, model.macs)

    for notation, path in files.items():
        found = totals(command, str(path), "--from", notation)
        keys = ("trainable", "macs", "activation_bytes") if notation == "compact" else ("macs",)
        assert {key: found[key] for key in keys} == {key: wanted[key] for key in keys}
        assert found["params" if notation == "onnx" else "trainable"] == model.params


def test_its_framework_takes_each(model: Model, files: Files) -> None:
    report = analyze(files["compact"].read_text(encoding="utf-8"))
    assert report.input == model.input

    assert_keras_runs(files["keras"].read_text(encoding="utf-8"), report)
    assert_torch_runs(str(convert(report.network, "torch")), report)
    if "onnx" in files:
        assert_onnx_runs(files["onnx"], (2, *model.input))


def assert_onnx_runs(path: Path, shape: tuple[int, ...]) -> None:
    """The checker, strict shape inference and the runtime take it."""
    import numpy
    import onnx

    found = onnx.load(path)
    onnx.checker.check_model(found, full_check=True)
    onnx.shape_inference.infer_shapes(found, strict_mode=True, check_type=True)
    if find_spec("onnxruntime"):
        import onnxruntime

        session = onnxruntime.InferenceSession(str(path))
        (made,) = session.run(None, {session.get_inputs()[0].name: numpy.zeros(shape, "float32")})
        sizes = found.graph.output[0].type.tensor_type.shape.dim
        assert made.shape == (2, *(size.dim_value for size in sizes[1:]))
