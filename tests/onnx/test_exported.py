"""Models that torch.onnx and Keras (through tf2onnx) exported, held against ONNX Runtime."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy
import onnx
import pytest

from cnncalc import Report, analyze, parse, verify
from tests.onnx.builders import runs

FOLDER = Path(__file__).parent / "exported"
SIZES: dict[str, tuple[int, ...] | None] = {
    "torch_unet_dynamic": (3, 37, 51),
    "torch_layers_dynamo": None,
    "torch_conv1d_opset11": None,
    "keras_small": None,
    "keras_conv1d": None,
}

each_model = pytest.mark.parametrize("name", SIZES)


def path(name: str) -> str:
    return str(FOLDER / f"{name}.onnx")


def read(name: str) -> Report:
    return analyze(parse(path(name), notation="onnx"), SIZES[name])


def test_every_file_is_tested() -> None:
    assert {file.stem for file in FOLDER.glob("*.onnx")} == set(SIZES)


@pytest.mark.parametrize(
    ("name", "params", "macs", "output"),
    [
        # PyTorch: sum(p.numel() for p in model.parameters()); MACs by hand from the shapes
        ("torch_unet_dynamic", 2011, 1320184, (3, 74, 102)),
        ("torch_layers_dynamo", 4126, 375296, (10,)),
        ("torch_conv1d_opset11", 252, 3560, (4,)),
        # Keras: count_params() less batch norm's four tensors of 8, which became two
        ("keras_small", 802 - 16, 260896, (10,)),
        ("keras_conv1d", 657, 3000, (5,)),
    ],
)
def test_totals(name: str, params: int, macs: int, output: tuple[int, ...]) -> None:
    report = read(name)

    assert (report.total.params, report.total.macs) == (params, macs)
    assert report.rows[report.outputs[0]].output_shape == output


@each_model
def test_every_weight_of_the_file_is_counted(name: str) -> None:
    """The sum over the stored fractions, less single numbers and what norms don't need.

    A copy of a stored tensor, as exporters make of what is all ones, counts again.
    """
    graph = onnx.load(path(name), load_external_data=False).graph
    sizes = {t.name: prod(t.dims) for t in graph.initializer if t.data_type == 1 and t.dims}
    copies = [each.input[0] for each in graph.node if each.op_type == "Identity"]
    report = read(name)
    total = report.total.params + report.total.buffers + report.total.unused_params

    assert total == sum(sizes.values()) + sum(sizes.get(copy, 0) for copy in copies)


@runs
@each_model
def test_every_step_has_the_runtimes_shape(name: str) -> None:
    """A step is named after the node whose output it is: the runtime is asked for that."""
    import onnxruntime

    report = read(name)
    model = onnx.load(path(name))
    nodes = {node.name or node.output[0]: node.output[0] for node in model.graph.node}
    rows = {nodes[row.name]: row for row in report.layers if row.name in nodes}
    for output in rows.keys() - {output.name for output in model.graph.output}:
        model.graph.output.append(onnx.helper.make_tensor_value_info(output, 1, None))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    data = numpy.zeros((1, *report.input), "float32")
    found = session.run(list(rows), {session.get_inputs()[0].name: data})

    assert len(rows) >= len(report.layers) - 2  # a split's parts are no nodes
    for row, value in zip(rows.values(), found, strict=True):
        assert (row.name, row.output_shape) == (row.name, value.shape[1:])


@each_model
def test_verifies(name: str) -> None:
    """The bundled executor makes the same of the steps, receptive fields included."""
    found = verify(parse(path(name), notation="onnx"), SIZES[name]).verify

    assert found is not None
    assert (found["ok"], found["mismatches"]) == (True, [])


def test_fields_of_a_model_with_channels_last() -> None:
    """The same as Keras's own layers have, along height and width."""
    report = read("keras_small")
    fields: dict[str, Any] = {
        row.text: report.fields[row.index].to_dict(report.frame) for row in report.layers
    }

    assert report.input == (32, 32, 3)
    assert fields["conv:8,k3,s2,p=0:1,g8"]["size"] == [12, 12]
    assert fields["gap:keep"]["status"] == "global"


def test_names_are_the_nodes() -> None:
    names = [row.name for row in read("torch_unet_dynamic").rows]

    assert names[:3] == ["x", "/a/a.0/Conv", "/a/a.1/Add"]
