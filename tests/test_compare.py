"""Networks side by side: totals, ratios, and the layers that differ."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import cnncalc
from cnncalc import CnnCalcError
from cnncalc.comparison import Comparison
from cnncalc.render.table import draw
from cnncalc.tables.comparison import table_of
from tests.conftest import Command

SCHEMA = json.loads((Path(cnncalc.__file__).parent / "report.schema.json").read_text())
ONE = "3x32x32 conv:16,k3,p1 relu maxpool:2 gap linear:10"
TWO = "3x32x32 conv:32,k3,p1 relu conv:8,k3 maxpool:2 gap linear:10"


def texts(found: Comparison) -> list[tuple[str | None, ...]]:
    return [tuple(each and each["text"] for each in row.layers) for row in found.layers]


def test_totals_and_ratios() -> None:
    found = cnncalc.compare(ONE, TWO)

    one, two = cnncalc.analyze(ONE).total, cnncalc.analyze(TWO).total
    params = found.figures[0]
    assert (params.what, params.values) == ("params", (one.params, two.params))
    assert params.ratios == (1, two.params / one.params)
    assert params.least == 0
    assert found.field(1) == [6, 6]


def test_layers_are_aligned() -> None:
    found = cnncalc.compare(ONE, TWO)

    assert texts(found) == [
        ("conv:16,k3,p1", "conv:32,k3,p1"),
        ("relu", "relu"),
        (None, "conv:8,k3"),
        ("maxpool:2", "maxpool:2"),
        ("gap", "gap"),
        ("linear:10", "linear:10"),
    ]
    assert [row.differs for row in found.layers] == [
        ("text", "output_shape", "params", "macs"),
        ("output_shape",),
        ("layer",),
        ("output_shape",),
        ("output_shape",),
        ("params", "macs"),
    ]


def test_layers_with_names_are_aligned_by_them() -> None:
    one = "3x8x8 first_a@conv:4,k3 mid_b@relu last_c@conv:8,k3"
    two = "3x8x8 first_a@conv:4,k3 new_d@relu last_c@relu"

    found = cnncalc.compare(one, two)

    assert texts(found)[0] == ("conv:4,k3", "conv:4,k3")
    assert texts(found)[-1] == ("conv:8,k3", "relu")


def test_three_networks() -> None:
    found = cnncalc.compare(ONE, TWO, ONE, names=["a", "b", "c"])

    assert found.figures[0].ratios[2] == 1
    assert found.figures[0].least is None
    assert [row.layers[0] == row.layers[2] for row in found.layers] == [True] * 6


def test_the_document() -> None:
    document = cnncalc.compare(ONE, TWO).to_dict()

    jsonschema.validate(document, {"$ref": "#/$defs/comparison", "$defs": SCHEMA["$defs"]})
    assert set(document) == set(SCHEMA["$defs"]["comparison"]["properties"])
    assert [each["output_shape"] for each in document["networks"]] == [[10], [10]]


def test_a_saved_report(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    assert command("shape", ONE, "--json", "-o", str(path)).code == 0

    ran = command("compare", TWO, "--baseline", str(path), "--json")

    assert ran.code == 0
    document = json.loads(ran.out)
    assert [each["name"] for each in document["networks"]] == ["baseline", "A"]
    same = cnncalc.compare(ONE, TWO, names=["baseline", "A"]).to_dict()
    assert document == same
    assert cnncalc.compare(TWO, baseline=json.loads(path.read_text())).to_dict() == same
    assert cnncalc.compare(TWO, baseline=path).to_dict() == same


def test_the_table(command: Command) -> None:
    ran = command("compare", ONE, TWO)

    assert ran.code == 0
    lines = [line.split() for line in ran.out.splitlines()]
    assert lines[0] == ["A", "B", "×"]
    assert lines[1] == ["parameters", "618", "3,298", "5.34"]
    assert "A has the least of parameters, MACs" in ran.out
    assert "0 of 6 layers are the same" in ran.out


def test_for_a_pull_request(command: Command) -> None:
    ran = command("compare", "vgg11", "vgg13", "-f", "markdown")

    assert ran.out.startswith("|  | vgg11 | vgg13 | × |\n| :--- | ---: | ---: | ---: |\n")
    assert "| parameters | 132,863,336 | 133,047,848 | 1 |" in ran.out


def test_the_same_network_has_nothing_that_differs(command: Command) -> None:
    ran = command("compare", ONE, ONE)

    assert "5 of 5 layers are the same" in ran.out
    assert "least" not in ran.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([ONE], "usage"),
        ([], "usage"),
        ([ONE, "--baseline", "nowhere.json"], "baseline"),
        ([ONE, "3xHxW conv:4,k3"], "unbound-symbol"),
        ([ONE, "3x8x8 cnov:4"], "unknown-layer"),
    ],
)
def test_what_is_refused(command: Command, words: list[str], code: str) -> None:
    ran = command("compare", *words)

    assert ran.code == 2
    assert f"error[{code}]" in ran.err


def test_what_is_no_report(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    for text in ("{", "[1]", '{"schema": "other"}', "[" * 100_000):
        path.write_text(text)
        assert "is no report" in command("compare", ONE, "--baseline", str(path)).err
    with pytest.raises(CnnCalcError):
        cnncalc.compare(ONE, baseline=3)
    with pytest.raises(CnnCalcError):
        cnncalc.compare(ONE, TWO, names=["a"])


def test_names_of_all_networks_stand_on_a_narrow_terminal() -> None:
    specs = [f"3x224x224 conv:{width},k3,p1,nobias bn relu gap" for width in (16, 128, 256)]

    text = draw(table_of(cnncalc.compare(*specs)), width=80, color=False)

    below = text.split("layers are the same")[1]
    for width in (16, 128, 256):
        assert f" 1 conv:{width}," in below
