"""ONNX Runtime makes our shape at every step of what is written: every step is an output."""

from __future__ import annotations

import numpy
import onnx
import pytest
from hypothesis import HealthCheck, given, settings

from cnncalc import CnnCalcError, Report, SpecError, analyze, parse
from cnncalc.notations.onnx.writing import write_report
from tests import library
from tests.convert.emitted import assert_named
from tests.onnx.builders import runs
from tests.strategies import odd_specs, specs

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
    rows = {row.name: row for row in report.rows}
    data = {}
    for each in session.get_inputs():
        row = rows[each.name]
        kind = "int64" if row.index in report.network.looked_up else "float32"
        data[each.name] = numpy.zeros((batch, *row.output_shape), kind)
    outputs = [each.name for each in session.get_outputs()]
    found = session.run(outputs, data)
    return {name: value.shape for name, value in zip(outputs, found, strict=True)}


def assert_runs(report: Report) -> None:
    wanted = {row.name: (2, *row.output_shape) for row in report.layers if row.kind != "input"}

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


def check_odd(spec: str) -> None:
    """The runtime makes what is predicted, or the writer refuses a layer by its name."""
    report = analyze(spec)
    try:
        assert_runs(report)
    except SpecError as error:
        assert_named(error)


@runs
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(odd_specs())
def test_odd_networks(spec: str) -> None:
    check_odd(spec)


@runs
@pytest.mark.slow
@settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
@given(odd_specs(max_layers=3))
def test_many_odd_networks(spec: str) -> None:
    check_odd(spec)


WIDE = (
    "maxpool:2", "avgpool:2", "lppool:2", "adaptiveavg:2", "adaptivemax:3", "adaptiveavg:keep",
    "gap:keep", "gmp:keep", "gap", "glp", "se:2", "upsample:2", "upsample:2,mode=linear",
    "upsample:1.5,mode=area", "conv:4,k2", "in", "lrn:3", "pad:1 maxpool:2",
)  # fmt: skip


@runs
@pytest.mark.parametrize("axes", ["4x6x6", "4x6x6x6", "4x8x4x6 unflatten:2x4,axis=1"])
@pytest.mark.parametrize("layer", WIDE)
def test_maps_of_two_axes_three_and_four(layer: str, axes: str) -> None:
    """Of four the runtime has no pools and no interpolation: what can't do without is refused."""
    check_odd(f"{axes} {layer}")


@runs
@pytest.mark.parametrize(
    ("spec", "ends"),
    [
        ("1x4x4 pad:2 maxpool:2", (-1.0, 0.0)),
        ("1x4x4 pad:1 maxpool:3,s1", (-1.0, 0.0)),
        ("1x4x4 pad:2 avgpool:2", (-1.0, 0.0)),
    ],
)
def test_padding_before_a_pool_stays_what_it_is(spec: str, ends: tuple[float, float]) -> None:
    """ONNX Runtime would make one node of both, in which zeros are no longer what is seen."""
    import onnxruntime

    report = analyze(spec)
    data = write_report(report).model.SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"input": -numpy.ones((1, *report.input), "float32")})

    assert (found.min(), found.max()) == ends


@runs
@pytest.mark.parametrize(
    "spec",
    [
        "3x2x3 ln:noaffine upsample:2 linear:3,axis=-1 tanh permute:2x0x1",
        "4x7x6 linear:5,axis=0 upsample:2.3,mode=nearest-exact gn:1,axis=-1",
        "1x2x9 bn:axis=-1 upsample:size=5x1 bn ln",
        "2x10x10 upsample:1.3x3",
    ],
)
def test_resizing_between_transposes(spec: str) -> None:
    """Which ONNX Runtime takes past one another."""
    assert_runs(analyze(spec))


@runs
def test_a_wrong_shape_is_seen() -> None:
    """The comparison can fail: what is predicted for one network is not what another makes."""
    report, other = analyze("3x8x8 conv:4,k3 relu"), analyze("3x8x8 conv:4,k3,p1 relu")

    assert shapes(report) != {row.name: (2, *row.output_shape) for row in other.layers}
