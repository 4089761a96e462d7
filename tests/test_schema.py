"""The report's JSON Schema: every document keeps to it, and it holds them to something."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnncalc
from cnncalc.notations.examples import example_names
from tests import library
from tests.conftest import Command
from tests.strategies import specs

SCHEMA = json.loads((Path(cnncalc.__file__).parent / "report.schema.json").read_text())


def closed(schema: Any) -> Any:
    """The schema with no room for keys that it doesn't name: ours are all in it."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    return {**inner, "additionalProperties": False} if "properties" in schema else inner


STRICT = jsonschema.Draft202012Validator(closed(SCHEMA))
OPEN = jsonschema.Draft202012Validator(SCHEMA)

LONG = 100  # rows; a second for hundreds of them
SPECS = (
    "3x32x32 conv:16,k3,p1 relu maxpool:2 flatten linear:10",
    "64 linear:10 relu",
    "1x16000 conv:8,k80,s4 bn relu maxpool:4 gap",
    "3x8x16x16 conv:8,k3,p1 in:affine maxpool:1x2x2",
    "8x4x4 convt:4,k3,s2,p1,op1 upsample:1.5,mode=linear conv:1,k1",
    "16x8x8 x@conv:16,k3,p1 bn relu6 cat[ @x | dwconv:3,p1 | ] se:4",
    "16x9x9 add[ conv:16,k3,s2,p1 | avgpool:2,ceil ] adaptiveavg:2",
    "4x4x4 unfold:2 permute:1x0 prelu gn:3",
)


def plain(document: Any) -> Any:
    """As a program reads it: through JSON."""
    return json.loads(json.dumps(document))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_command_prints_it(command: Command) -> None:
    code, out, err = command("schema")

    assert (code, err) == (0, "")
    assert json.loads(out) == SCHEMA


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("layout", ["channels-first", "channels-last"])
def test_reports(spec: str, layout: str) -> None:
    STRICT.validate(plain(cnncalc.analyze(spec, batch=2, layout=layout).to_dict()))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=[pytest.mark.slow] if len(library.report(name).rows) > LONG else []
        )
        for name in example_names()
    ],
)
def test_examples(name: str) -> None:
    STRICT.validate(plain(library.report(name).to_dict()))


@pytest.mark.slow
@given(specs(), st.sampled_from(["float64", "bfloat16", "uint8"]))
def test_drawn_networks(spec: str, dtype: str) -> None:
    STRICT.validate(plain(cnncalc.analyze(spec, dtype=dtype).to_dict()))


def test_verified_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    STRICT.validate(plain(cnncalc.verify(SPECS[0]).to_dict()))
    from cnncalc.layers.linear import Linear

    weights = Linear.weights
    monkeypatch.setattr(Linear, "weights", lambda *args: weights(*args)[:1])
    report = cnncalc.verify(SPECS[0])

    assert report.verify
    assert not report.verify["ok"]
    STRICT.validate(plain(report.to_dict()))


def test_limits_are_in_the_document(command: Command) -> None:
    """Each as it was set, beside what the network has, whether it holds or not."""
    limits = ["--max-params", "61k", "--max-macs", "1M", "--max-memory", "1MB", "--min-rf", "32"]
    code, out, _ = command("shape", "lenet5", *limits, "--expect", "10", "--json")
    document = json.loads(out)

    assert code == 1
    STRICT.validate(document)
    assert [list(each.values()) for each in document["checks"]] == [
        ["max-params", 61_000, 61_706, False],
        ["max-macs", 1_000_000, 416_520, True],
        ["max-memory", 1_000_000, 306_832, True],
        ["min-rf", [32, 32], [32, 32], True],
        ["expect", [10], [10], True],
    ]
    assert "checks" not in json.loads(command("shape", "lenet5", "--json").out)


def broken(path: tuple[str | int, ...], value: Any) -> Any:
    """A right document with one value put wrong, or left out."""
    document = plain(cnncalc.verify(SPECS[4]).to_dict())
    at = document
    for key in path[:-1]:
        at = at[key]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "cnncalc.report/2"),
        (("layers",), None),
        (("spec",), 3),
        (("input", "layout"), "nchw"),
        (("input", "shape"), [8, 0, 4]),
        (("layers", 0, "index"), 0),
        (("layers", 0, "macs"), -1),
        (("layers", 0, "macs"), 1.5),
        (("layers", 0, "shares"), "none"),
        (("layers", 0, "weights", 0, "role"), "weight"),
        (("layers", 0, "weights", 0, "shape"), "8x4"),
        (("layers", 0, "receptive_field", "jump"), ["1", "1"]),
        (("layers", 0, "receptive_field", "phases"), [[[1, 2, 3]]]),
        (("layers", 0, "receptive_field", "status"), "sure"),
        (("layers", 0, "receptive_field", "aligned"), None),
        (("outputs",), []),
        (("total", "param_bytes"), None),
        (("verify", "checked", "shapes"), "all"),
        (("verify", "mismatches"), [{"index": 1}]),
    ],
)
def test_a_wrong_document_is_refused(path: tuple[str | int, ...], value: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        OPEN.validate(broken(path, value))


def test_new_keys_may_be_added() -> None:
    document = copy.deepcopy(plain(cnncalc.analyze(SPECS[0]).to_dict()))
    document["new"] = document["layers"][0]["new"] = 1

    OPEN.validate(document)
    with pytest.raises(jsonschema.ValidationError):
        STRICT.validate(document)
