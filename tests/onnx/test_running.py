"""ONNX Runtime makes our shape at every step of what is written: every step is an output."""

from __future__ import annotations

import numpy
import onnx
import pytest
from hypothesis import given, settings

from cnncalc import CnnCalcError, Report, analyze, parse
from cnncalc.notations.onnx_write import write_report
from tests import library
from tests.onnx.builders import runs
from tests.strategies import specs

Shape = tuple[int, ...]
LARGE = 15_000_000  # parameters from which an example takes seconds to run


def shapes(report: Report, batch: int = 2) -> dict[str, Shape]:
    """The shape that the runtime makes of every step, by its name."""
    import onnxruntime

    model = write_report(report, weights="made").model
    ends = {each.name for each in (*model.graph.output, *model.graph.input)}
    inner = [each for each in model.graph.value_info if each.name not in ends]
    model.graph.output.extend(onnx.ValueInfoProto(name=each.name) for each in inner)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    sizes = {row.name: row.output_shape for row in report.rows}
    data = {
        each.name: numpy.zeros((batch, *sizes[each.name]), "float32")
        for each in session.get_inputs()
    }
    outputs = [each.name for each in session.get_outputs()]
    found = session.run(outputs, data)
    return {name: value.shape for name, value in zip(outputs, found, strict=True)}


def assert_runs(report: Report) -> None:
    wanted = {row.name: (2, *row.output_shape) for row in report.layers}

    assert shapes(report) == wanted


def smaller(name: str) -> Report:
    """An example at the smallest of a few inputs that it takes."""
    network = parse(library.text(name))
    assert network.input is not None
    channels, *axes = network.input
    for size in (32, 64, 96, 128, 188, 224):
        if size < min(axes, default=0):
            try:
                return analyze(network, (channels, *(size for _ in axes)))
            except CnnCalcError:
                continue
    return library.report(name)


EXAMPLES = [
    pytest.param(
        name, marks=[pytest.mark.slow] if library.report(name).total.params > LARGE else []
    )
    for name in library.NAMES
]


@runs
@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name: str) -> None:
    assert_runs(smaller(name))


@runs
@settings(max_examples=100)
@given(specs())
def test_drawn_networks(spec: str) -> None:
    assert_runs(analyze(spec))


@runs
@pytest.mark.thorough
@settings(max_examples=2000)
@given(specs(max_layers=8))
def test_many_drawn_networks(spec: str) -> None:
    assert_runs(analyze(spec))


@runs
def test_a_wrong_shape_is_seen() -> None:
    """The comparison can fail: what is predicted for one network is not what another makes."""
    report, other = analyze("3x8x8 conv:4,k3 relu"), analyze("3x8x8 conv:4,k3,p1 relu")

    assert shapes(report) != {row.name: (2, *row.output_shape) for row in other.layers}
