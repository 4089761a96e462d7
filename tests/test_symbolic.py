"""Symbols in reports: expressions that are the numbers wherever what they assume holds."""

from __future__ import annotations

import pickle
import random
from functools import cache
from types import CodeType
from typing import Any

import jsonschema
import pytest

import cnncalc
from cnncalc import Report, SpecError
from cnncalc.layers.base import Shape
from cnncalc.notations.examples import example_names
from cnncalc.render.text import FORMATS
from cnncalc.symbols.size import Size
from cnncalc.validity import symbols_of
from tests.conftest import Command, Golden
from tests.test_schema import STRICT, plain
from tests.test_valid_sizes import FAMILIES

MORE = {
    "square": "3xHxH conv:8,k3,s2 flatten linear:10",
    "channels": "CxHxW conv:16,k3,p1,g4 bn add[|conv:16,k1] linear:5,axis=0 gap",
    "tied": "3xHxW flatten reshape:3x40x10 conv:4,k3",
    "no size": "conv:16,k3,s2,p1 bn relu maxpool:3,s2,ceil",
    "along": "conv:8,k9,s4,p=same convt:4,k4,s2,p1",
}
MAPS = [name for name in example_names() if len(cnncalc.parse(name).input or ()) > 1]
SMALL = ("lenet5", "unet", "mobilenet-blocks", "wavenet")


def named(name: str) -> Report:
    """The report on a network whose places have names."""
    spec = FAMILIES.get(name, name)
    if name in MORE:
        return cnncalc.analyze(MORE[name])
    own = cnncalc.parse(spec).input
    assert own
    return cnncalc.analyze(spec, "x".join(map(str, (own[0], *symbols_of(len(own) - 1)))))


def at(value: Any, sizes: dict[str, int]) -> Any:
    """A part of a document with its expressions worked out, as Python does."""
    if isinstance(value, dict):
        return {key: at(member, sizes) for key, member in value.items()}
    if isinstance(value, list):
        return [at(member, sizes) for member in value]
    return eval(compiled(value), {}, sizes) if isinstance(value, str) else value


@cache
def compiled(expression: str) -> CodeType:
    return compile(expression, "a report", "eval")


def figures(report: Report) -> dict[str, Any]:
    """All shapes and counts of a report's document."""
    document = report.to_dict()
    keys = ("input_shapes", "output_shape", "params", "trainable", "buffers", "macs")
    layers = [
        {key: row[key] for key in (*keys, "activation_bytes")}
        | {"weights": [[each["shape"], each["count"]] for each in row["weights"]]}
        for row in document["layers"]
    ]
    return {"layers": layers, "total": document["total"], "input": document["input"]["shape"]}


def holds(report: Report, sizes: dict[str, int]) -> bool:
    return all(eval(condition, {}, sizes) for condition in report.assumes)


def shape_of(report: Report, sizes: dict[str, int]) -> Shape:
    return tuple(n.at(sizes) if isinstance(n, Size) else n for n in report.input)


def check(name: str, count: int) -> None:
    """Expressions at so many sizes that the report speaks of."""
    report, draw = named(name), random.Random(name)
    assert report.symbols
    documented, members = figures(report), {}
    for key, some in report.symbols.sets.items():
        witness = {s: n.value for n in report.input if isinstance(n, Size) for s in (str(n),)}[key]
        members[key] = [*some.listed(witness + 300)[-300:], witness]
    tried = 0
    for turn in range(count):
        sizes = {key: draw.choice(some) if turn else some[-1] for key, some in members.items()}
        if holds(report, sizes):
            tried += 1
            numbers = cnncalc.analyze(report.network, shape_of(report, sizes))
            assert at(documented, sizes) == figures(numbers), (sizes, report.assumes)
    assert tried


@pytest.mark.parametrize("name", [*SMALL, *FAMILIES, *MORE])
def test_expressions_are_what_numbers_give(name: str) -> None:
    check(name, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*MAPS, *FAMILIES, *MORE])
def test_expressions_are_what_numbers_give_at_hundreds_of_sizes(name: str) -> None:
    check(name, 300)


def test_a_generator_s_vector_may_have_a_name() -> None:
    found = cnncalc.analyze("cgan", "C")
    for n in (1, 7, 100, 500):
        assert at(str(found.total.params), {"C": n}) == cnncalc.analyze("cgan", n).total.params


@pytest.mark.parametrize("name", ["unet", "by one and a half", "cropped"])
def test_what_is_assumed_is_where_the_network_works(name: str) -> None:
    """Where one expression serves all sizes, the set is that of all that work."""
    report = named(name)
    works = cnncalc.sizes(FAMILIES.get(name, name)).axes[0].works

    assert report.symbols
    assert report.symbols.sets["H"].listed(300) == works.listed(300)
    beside = report.symbols.witness[-1]
    held = [n for n in range(1, 301) if holds(report, {"H": n, "W": beside})]
    assert held == works.listed(300)


def test_unet() -> None:
    """Floors that its sizes make exact are gone; `sizes` says the same set."""
    report = named("unet")

    assert report.show(report.rows[-1].output_shape) == "2×(H−184)×(W−184)"
    assert [str(n) for n in report.rows[-1].output_shape] == ["2", "H - 184", "W - 184"]
    assert report.assumes == ["H >= 188 and H % 16 == 12", "W >= 188 and W % 16 == 12"]
    assert str(report.rows[-1].macs) == "128*(H - 184)*(W - 184)"


def test_pieces_with_the_same_expressions_are_one() -> None:
    """An odd size and an even one ask different questions of `same`, and give the same."""
    report = cnncalc.analyze("3xHxW conv:8,k3,s2,p=same conv:8,k3,s2,p=same")

    assert report.show(report.rows[-1].output_shape) == "8×⌊(H+3)/4⌋×⌊(W+3)/4⌋"
    assert report.assumes == []


def test_sizes_that_hang_together() -> None:
    report = cnncalc.analyze(MORE["tied"])

    assert "3*H*W == 1200" in report.assumes
    assert report.assumptions[-1] == ("3*H*W == 1200", "3×H×W = 1,200")


def test_without_a_size() -> None:
    """All of it has names, those of a picture where that can be."""
    assert cnncalc.analyze("conv:16,k3 relu").total.params.__str__() == "144*C + 16"
    assert str(cnncalc.analyze("conv:8,k3x3x3").rows[1].output_shape[1]) == "D - 2"
    assert [str(n) for n in cnncalc.analyze("linear:10 relu").rows[0].output_shape] == ["C"]
    (note, *_) = cnncalc.analyze("conv:16,k3").notes
    assert note.message == "the size of the input isn't given: it is C×H×W"


def test_numbers_win() -> None:
    """`-i` and bindings take the place of names."""
    assert cnncalc.analyze("CxHxW conv:4,k3", (3, 8, 9)).rows[1].output_shape == (4, 6, 7)
    network = cnncalc.parse("3xHxW conv:4,k3", let={"H": 8})
    shape = cnncalc.analyze(network).rows[1].output_shape
    assert [str(n) for n in shape] == ["4", "6", "W - 2"]


def test_the_document_and_copies() -> None:
    """It keeps to the schema; a report can be pickled; nothing else of it has a name in it."""
    report = named("lenet5")
    document = plain(report.to_dict())

    assert not list(STRICT.iter_errors(document))
    assert document["assumes"] == ["H >= 16", "W >= 16"]
    assert document["layers"][0]["receptive_field"]["size"] == [5, 5]
    assert document["notes"][-1]["message"] == "the receptive fields are those at 1×224×224"
    copied = pickle.loads(pickle.dumps(report))
    assert copied.to_dict() == report.to_dict()
    assert str(copied) == str(report)
    broken = {**document, "assumes": [1]}
    with pytest.raises(jsonschema.ValidationError):
        STRICT.validate(broken)


@pytest.mark.parametrize("command_name", ["shape", "params", "rf"])
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_has_them(command: Command, command_name: str, form: str) -> None:
    """Python's syntax for programs; what people read has none of it."""
    words = ["CxHxW", "conv:8,k3,s2", "bn", "flatten", "linear:10"]
    code, out, err = command(command_name, *words, "-f", form)

    assert (code, "Traceback" in err) == (0, False)
    assert ("//" in out) == (form in ("json", "jsonl", "csv") and (command_name, form) != ("", ""))
    if form not in ("json", "jsonl"):
        assert "assumes H ≥ 3" in (out + err).replace(r"$\ge$", "≥")


TABLES = {
    "symbols.txt": "shape 3xHxW conv:16,k3,s2,p1 relu conv:8,k3 gap linear:10",
    "symbols_params.txt": "params conv:16,k3 bn flatten linear:10",
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(command: Command, golden: Golden, name: str) -> None:
    code, out, err = command(*TABLES[name].split())

    assert (code, err) == (0, "")
    golden(name, out)


def test_what_fields_outgrow_is_told_in_numbers(command: Command) -> None:
    assert (
        "receptive fields larger than 1×188×188, so unproductive"
        in command("rf", "unet", "-i", "1xHxW").out
    )


@pytest.mark.parametrize("spec", ["3xHxW conv:4,k3", "conv:4,k3"])
def test_whoever_needs_numbers_asks_for_them(spec: str) -> None:
    for ask in (cnncalc.verify, lambda net: cnncalc.convert(net, "torch")):
        with pytest.raises(SpecError) as caught:
            ask(spec)
        assert caught.value.code in ("unbound-symbol", "no-input")


def test_a_size_is_found_that_satisfies_equations() -> None:
    """Of one name, and of several together; `sizes` finds it too."""
    stretched = cnncalc.analyze("3xHxW add[upsample:size=30|]")  # 1x1 is stretched to 30x30
    assert stretched.assumes == ["H in (1, 30)", "W in (1, 30)"]
    assert cnncalc.sizes("3x9x9 flatten reshape:3x40x10").shape == (3, 20, 20)
    assert cnncalc.sizes("3x9x9 add[upsample:size=30|]").axes[0].works.listed(99) == [1, 30]


def test_a_network_that_works_nowhere() -> None:
    with pytest.raises(SpecError, match="no size of the input works: 2 groups don't divide"):
        cnncalc.analyze("3xHxW conv:8,k3,g2")


def test_names_do_not_hide_a_forgotten_padding() -> None:
    """It would work at 5×5, where a single place is stretched, which nobody means."""
    with pytest.raises(SpecError, match="can't join 8×220×220 and 8×222×222") as error:
        cnncalc.analyze("3xHxW conv:8,k3 add[ conv:8,k3 | ]")
    assert error.value.notes[-1] == "with 3×224×224 for the input"
