"""Written models pass onnx's checker and strict shape inference, and read back the same."""

from __future__ import annotations

import sys
from math import prod

import onnx
import pytest
from hypothesis import given, settings

from cnncalc import CnnCalcError, Report, SpecError, analyze, parse
from cnncalc.layers import KINDS
from cnncalc.notations.onnx.reading import parse_bytes
from cnncalc.notations.onnx.writing import tensors, write
from cnncalc.notations.onnx.writing.kinds import WRITERS
from tests import library
from tests.onnx.builders import words
from tests.strategies import specs

# Kinds that ONNX has no words for, and why.
WITHOUT = {
    "fracmaxpool": "its places are drawn at random",
    "input": "it is the graph's input",
    "maxunpool": "it wants the indices of a pool",
    "sparsemax": "it sorts",
}


def written(report: Report, weights: str = "made") -> bytes:
    """The bytes of the model, checked: the shapes that we declare are those that are inferred."""
    data = write(report.network, report.input, weights=weights)
    model = onnx.load_from_string(data)
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True, check_type=True)
    return data


def check_read_back(report: Report, data: bytes) -> Report:
    """The same totals, and for each step one of its name and shape."""
    back = analyze(parse_bytes(data))
    rows = {row.name: row.output_shape for row in back.rows}

    assert (back.total.params, back.total.macs) == (report.total.params, report.total.macs)
    assert back.total.unused_params == 0
    assert [rows.get(row.name) for row in report.rows] == [row.output_shape for row in report.rows]
    ends = [back.rows[number].output_shape for number in back.outputs]
    assert ends == [report.rows[number].output_shape for number in report.outputs]
    return back


@pytest.mark.parametrize("name", library.NAMES)
def test_every_example_reads_back(name: str) -> None:
    report = library.report(name)
    data = written(report)
    check_read_back(report, data)

    assert len(data) < 200_000


@settings(max_examples=60)
@given(specs())
def test_drawn_networks_read_back(spec: str) -> None:
    report = analyze(spec)
    check_read_back(report, written(report))


@pytest.mark.thorough
@settings(max_examples=3000)
@given(specs(max_layers=8))
def test_many_drawn_networks_read_back(spec: str) -> None:
    report = analyze(spec)
    check_read_back(report, written(report))


def test_every_kind_is_written_or_excused() -> None:
    assert set(KINDS) - set(WRITERS) == set(WITHOUT)
    assert not WITHOUT.keys() & WRITERS.keys()


UNSAYABLE = ("fracmaxpool:2,size=3", "maxunpool:2", "sparsemax", "lppool:2,norm=1.5",
             "upsample:2,mode=lanczos3", "avgpool:3,p3,d2,nopadcount",
             "maxpool:2,p=-1,ceil", "adaptiveavg:100")  # fmt: skip


@pytest.mark.parametrize("kind", UNSAYABLE)
def test_what_onnx_cannot_say_is_refused_by_name(kind: str) -> None:
    report = analyze(f"4x150x151 relu {kind}")
    with pytest.raises(SpecError, match="ONNX can't say") as caught:
        write(report.network, report.input)

    assert caught.value.message.startswith(f"`{kind.split(':')[0]}1`: ")
    assert caught.value.column == len("4x150x151 relu ") + 1


def test_weights_are_stored_where_they_are_few() -> None:
    """Sums over the file's own tensors give the parameters; then numbers are drawn alike."""
    report = library.report("squeezenet1_1")
    data = written(report, "auto")
    model = onnx.load_from_string(data)
    stored = [each for each in model.graph.initializer if each.data_type == 1 and each.dims]

    assert sum(prod(each.dims) for each in stored) == report.total.params == 1_235_496
    assert data == written(report, "auto")
    check_read_back(report, data)
    values = onnx.numpy_helper.to_array(stored[0])
    assert 0.05 < values.std() * 27**0.5 < 1


def test_weights_are_made_where_they_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    report = library.report("squeezenet1_1")
    monkeypatch.setattr("cnncalc.notations.onnx.writing.STORED_BYTES", report.total.params * 4 - 1)
    model = onnx.load_from_string(written(report, "auto"))

    assert not [each for each in model.graph.initializer if each.data_type == 1 and each.dims]
    assert model.ByteSize() < 20_000
    monkeypatch.setattr("cnncalc.notations.onnx.writing.LARGEST", 1000)
    with pytest.raises(CnnCalcError, match="more than one ONNX file can hold"):
        write(report.network, report.input, weights="stored")
    assert tensors.LARGEST < 2**31


def test_a_shared_module_has_its_weights_once() -> None:
    """A module used again reads the same tensors, and is read back as sharing them."""
    network = parse("3x8x8 conv:3,k3,p1 relu conv:3,k3,p1")
    network.steps[3].shares = 1
    report = analyze(network)
    back = check_read_back(report, written(report))

    assert [row.shares for row in back.layers] == [None, None, 1]
    assert report.total.params == 84


def test_the_batch_stays_open() -> None:
    report = analyze("3x8x8 conv:4,k3 flatten linear:5")
    graph = onnx.load_from_string(written(report)).graph
    sizes = [
        [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.value_info, *graph.output)
    ]

    assert sizes == [["batch", 3, 8, 8], ["batch", 4, 6, 6], ["batch", 144], ["batch", 5]]


def test_an_output_that_is_the_input() -> None:
    report = analyze("3x8x8 permute:0x1x2")

    assert words(check_read_back(report, written(report))) == ["identity"]


def test_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    report = analyze("3x8x8 relu")

    with pytest.raises(CnnCalcError, match="`onnx`, which isn't installed"):
        write(report.network, report.input)
