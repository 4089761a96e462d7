"""A layer at every entry: sizes and costs are those of one entry, and what runs agrees."""

from __future__ import annotations

from importlib.util import find_spec
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc import CnnCalcError, analyze
from cnncalc.layers import KINDS
from cnncalc.layers.each import Each, each, sample
from cnncalc.layers.spelling import word
from cnncalc.notations.onnx.reading import parse_bytes
from cnncalc.verification import verify_report
from tests.executors.common import drawn
from tests.strategies import layers_of, odd_specs, specs
from tests.verification.standing_in import installed_or_skip

ENTRIES = st.lists(st.integers(1, 3), min_size=1, max_size=2).map(tuple)


def at_entries(spec: str, entries: tuple[int, ...]) -> str:
    """The layers of a spec at every entry of some axes in front."""
    size, _, layers = spec.partition(" ")
    return f"{'x'.join(map(str, entries))}x{size} each:{len(entries)}[ {layers} ]"


def check(spec: str, entries: tuple[int, ...], executor: str) -> None:
    one, many = analyze(spec), analyze(at_entries(spec, entries))
    assert [row.output_shape for row in many.rows] == [
        (*entries, *row.output_shape) for row in one.rows
    ]
    assert many.total.params == one.total.params
    assert many.total.macs == prod(entries) * one.total.macs
    alone, found = verify_report(one, executor=executor), verify_report(many, executor=executor)
    assert found.verify is not None
    assert alone.verify is not None
    assert found.verify["mismatches"] == []
    assert found.verify["unchecked"] == alone.verify["unchecked"]


@drawn
@given(specs(), ENTRIES)
def test_is_the_network_of_one_entry(spec: str, entries: tuple[int, ...]) -> None:
    check(spec, entries, "bundled")


@drawn
@given(odd_specs(), ENTRIES)
def test_is_the_odd_network_of_one_entry(spec: str, entries: tuple[int, ...]) -> None:
    check(spec, entries, "bundled")


@pytest.mark.parametrize("executor", ["torch", "keras", "onnxruntime"])
@settings(drawn, max_examples=5)
@given(specs(), ENTRIES)
def test_frameworks_agree(executor: str, spec: str, entries: tuple[int, ...]) -> None:
    installed_or_skip(executor)
    check(spec, entries, executor)


@pytest.mark.parametrize(
    "to",
    [
        "compact", "torch", "keras",
        pytest.param("onnx", marks=pytest.mark.skipif(not find_spec("onnx"), reason="no onnx")),
    ],
)  # fmt: skip
@settings(drawn, max_examples=10)
@given(specs(), ENTRIES)
def test_is_written_and_read_back(to: str, spec: str, entries: tuple[int, ...]) -> None:
    """With the same sizes, weights and MACs."""
    report = analyze(at_entries(spec, entries))
    try:
        text = cnncalc.convert(report.network, to, report.shape(report.input))
    except CnnCalcError as error:
        assert error.code in ("convert", "no-class"), error  # noqa: PT017
        return
    if isinstance(text, bytes):
        back = analyze(parse_bytes(text))
    else:
        back = analyze(text, report.input if to == "torch" else None)
    assert (back.total.params, back.total.macs) == (report.total.params, report.total.macs)


CASES = [
    ("5x3x9x8 each[conv:4,k3,p1]", (5, 4, 9, 8), 112, 5 * 72 * 108),
    ("5x2x3x9 each:2[conv:4,k3]", (5, 2, 4, 7), 40, 0),
    ("5x2x3x9 each[each[conv:4,k3]]", (5, 2, 4, 7), 40, 0),
    ("3x5x9x8 each:order=last[conv:4,k3,p1]", (4, 5, 9, 8), 112, 5 * 72 * 108),
    ("5x3x9x8 each[gap linear:7]", (5, 7), 28, 5 * 21),
    ("5x3x9x8 each[flatten linear:7,nobias]", (5, 7), 7 * 216, 5 * 7 * 216),
    ("3x5x8 each:order=last[linear:7,axis=-1]", (3, 5, 7), 63, 5 * 3 * 56),
    ("5x3x9x8 each[bn:noaffine relu]", (5, 3, 9, 8), 0, 0),
]


@pytest.mark.parametrize(("spec", "shape", "params", "macs"), CASES)
def test_figures(spec: str, shape: tuple[int, ...], params: int, macs: int) -> None:
    report = analyze(spec)
    assert report.rows[-1].output_shape == shape
    assert report.total.params == params
    assert not macs or report.total.macs == macs


@pytest.mark.parametrize(
    ("layer", "axes", "order", "made"),
    [
        ("relu", 2, "first", "relu"),
        ("dropout", 1, "last", "dropout"),
        ("add", 1, "last", "add"),
        ("cat", 2, "first", "cat:axis=2"),
        ("cat:axis=1", 1, "first", "cat:axis=2"),
        ("cat:axis=-1", 1, "first", "cat:axis=-1"),
        ("cat", 1, "last", "cat"),
        ("cat:axis=1", 1, "last", "cat:axis=2"),
        ("cat:axis=-1,order=last", 1, "last", "cat:axis=-1,order=last"),
        ("flatten", 1, "first", "flatten:start=1"),
        ("flatten:end=1", 2, "first", "flatten:start=2,end=3"),
        ("flatten", 1, "last", "each:order=last[flatten]"),
        ("bn", 3, "first", "each:3[bn]"),
    ],
)
def test_the_plainest_layer(layer: str, axes: int, order: str, made: str) -> None:
    text = f"3x3x3 {layer}" if not layer.startswith(("add", "cat")) else f"3x3x3 {layer}[ | ]"
    assert word(each(cnncalc.parse(text).steps[1].layer, axes, order)) == made


def test_within_one_another_is_over_more_axes() -> None:
    inner = each(KINDS["bn"](), 2)
    assert each(inner) == Each(KINDS["bn"](), 3)
    with pytest.raises(cnncalc.errors.LayerError, match="can't run at every entry by itself"):
        each(inner, 1, "last")


def test_one_entry() -> None:
    assert sample((5, 3, 8), 1) == (3, 8)
    assert sample((3, 5, 8), 1, "last") == (3, 8)
    with pytest.raises(cnncalc.errors.LayerError, match="runs over 2 axes but the input 5×3"):
        sample((5, 3), 2)


def test_names_count_with_those_outside() -> None:
    """A step is called after the layer that computes."""
    report = analyze("5x3x9x8 each[conv:3,k3 bn relu] conv:6,k1x1x1 each[last@conv:3,k3]")
    assert [row.name for row in report.layers] == ["conv1", "bn1", "relu1", "conv2", "last"]


@pytest.mark.parametrize(
    "text",
    [
        "5x3x9x8 each[conv:4,k3,p1 bn relu conv:4,k3] gap",
        "5x3x9x8 each:order=last[conv:4,k3] relu each[bn]",
        "5x3x9x8 each[conv:4,k3] relu linear:4,axis=-1 each:2[bn]",
        "5x3x9x8 each[conv:3,k3,p1] add[| each[conv:3,k1 relu conv:3,k1]]",
    ],
)
def test_is_written_as_one_group(text: str) -> None:
    """Neighbours over the same axes, with what does the same to every value between them."""
    assert " ".join(cnncalc.convert(text, "compact").split()) == text


def test_symbols() -> None:
    """Sizes with names, the number of frames too."""
    report = analyze("Tx3xHx8 each[conv:4,k3,p1 maxpool:2]")
    assert [str(size) for size in report.rows[-1].output_shape] == ["T", "4", "H//2", "4"]
    assert str(report.total.macs) == "864*H*T"


def test_an_unknown_inside_is_found() -> None:
    found = cnncalc.solve("5x3x9x8 each[conv:_,k3]", output="5x4x7x6")
    assert [each.spec for each in found.solutions] == ["5x3x9x8 each[conv:4,k3]"]


PLAIN = [
    "relu", "add", "mul", *(f"cat:axis={axis}" for axis in range(-3, 3)),
    *(f"cat:axis={axis},order=last" for axis in range(-3, 2)),
    *(f"flatten:start={start},end={end}" for start in (-3, -2, 0, 1) for end in (-1, 1, 2)),
]  # fmt: skip


@pytest.mark.parametrize("order", ["first", "last"])
@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_layer_does_the_same_at_every_entry(text: str, order: str) -> None:
    """What comes out is that of one sample, with the entries where they stood."""
    front, kind = int(order == "last"), text.partition(":")[0]
    (layer,) = layers_of(text if kind in ("relu", "flatten") else f"{text}[ | ]")
    samples = [(2, 3, 4)]
    if kind == "cat":
        samples *= 2
    for entries in ((5,), (5, 6)):
        plain = layer.at_each(len(entries), order)
        if plain is not None:
            whole = [each[:front] + entries + each[front:] for each in samples]
            made = layer.output(*samples)
            assert plain.output(*whole) == made[:front] + entries + made[front:]


def test_channels_of_a_sample_that_become_places() -> None:
    """No window says which of them a place is: along them it is a bound, all of them."""
    found = verify_report(analyze("2x4x3x3 each[ pixelshuffle:2 ]"), executor="bundled")
    seen = found.to_dict()["layers"][0]["receptive_field"]

    assert (seen["size"], seen["status"]) == ([4, 1, 1], "hull")
    assert found.verify is not None
    assert found.verify["mismatches"] == []
