"""Sweeps: every combination of the choices of a spec, held against a loop over `analyze`."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc import CnnCalcError, SpecError
from cnncalc.cli import parts
from cnncalc.render.table import draw
from cnncalc.sweeping.design_rows import Records, last_field
from cnncalc.sweeping.sweep import Sweep
from cnncalc.tables.designs import table_of
from tests import processes
from tests.conftest import Command
from tests.test_process import struck

STAGES = (
    "conv:64,k3/5/7,p=same relu conv:32/48/64,k3,p1 relu",
    "conv:96/112/128,k3,p1 relu conv:128,k3/5/7,p=same relu",
    "conv:192/224/256,k3,p1 relu conv:256,k3/5/7,p=same relu conv:256/320/384,k3,p1 relu",
    "conv:512,k3/5/7,p=same relu conv:384/448/512,k3,p1 relu conv:512,k1/3/5,p=same relu",
    "conv:512,k3/5/7,p=same relu conv:384/448/512,k3,p1 relu conv:512,k3,p1 relu",
)
HEAD = "flatten linear:4096 relu linear:4096 relu linear:1000"
VGG = f"3x224x224 {' maxpool:2 '.join(STAGES)} maxpool:2 {HEAD}"
RESIDUAL = """
def b(c, k) = [ add[ conv:$c,k$k,p=same,nobias bn relu conv:$c,k3,p1,nobias bn | ] relu ]
def h(c, k) = [ add[ conv:$c,k$k,s2,p=same bn relu conv:$c,k3,p1 bn | conv:$c,k1,s2 bn ] relu ]
3x96x96  # the stem
conv:16,k3/5/7,s2,p=same bn relu maxpool:3,s2,p1 conv:$w,k1
1..3*[b($w, 3/5)] h({2*$w}, 3/5) 0..2*[b({2*$w}, 3/5/7)]
[h({4*$w}, 3/5)]/[maxpool:2 conv:{4*$w},k3,p1]/[] [b({4*$w}, 3)]/[] gap linear:10
"""
WIDTHS = {"w": [8, 16, 24]}
SMALL = "3x16x16 conv:4/8,k3/5/17 relu [maxpool:2]/[] conv:$w,k3,p1 gap linear:10"


def check(row: Mapping[str, Any], **how: Any) -> None:
    """Hold a row against `analyze` of its spec."""
    report = cnncalc.analyze(row["spec"], **how)
    total = report.total

    assert (row["params"], row["macs"]) == (total.params, total.macs)
    assert row["param_bytes"] == total.param_bytes
    assert row["activation_bytes"] == total.activation_bytes
    assert row["output_shape"] == report.shape(report.rows[report.outputs[0]].output_shape)
    assert row["rf"] == min(last_field(report, report.fields), default=None)


@pytest.mark.parametrize(("spec", "let", "count"), [(VGG, {}, 531_441), (RESIDUAL, WIDTHS, 6_048)])
def test_random_designs_are_as_a_loop_has_them(spec: str, let: Any, count: int) -> None:
    found = cnncalc.sweep(spec, let=let, sample=40, seed=3)

    rows = list(found)

    assert len(rows) == 40
    assert found.total == count
    for row in rows:
        check(row)


FORMS = {
    "values": ("3x12x12 conv:4/6/8,k3 gap", {}, 3),
    "a range": ("3x12x12 conv:4..16/4,k3 gap", {}, 4),
    "two in one layer": ("3x12x12 conv:4/8,k3/5 gap", {}, 4),
    "words": ("3x12x12 conv:4,k3,p=same/valid gap", {}, 2),
    "axes": ("3x12x12 conv:4,k3x5/5x3 gap", {}, 2),
    "intervals": ("8x12x12 slice:0..4/0..2 conv:4,k3", {}, 2),
    "layers": ("3x12x12 [conv:4,k3]/[conv:6,k5 relu]/[] gap", {}, 3),
    "choices in layers": ("3x12x12 [conv:4/8,k3]/[relu] gap", {}, 3),
    "repeats": ("3x12x12 1..3*[conv:4,k3] gap", {}, 3),
    "repeats of a list": ("3x12x12 1/4*[conv:4,k3] gap", {}, 2),
    "no repeat": ("3x12x12 0..2*[conv:4/8,k3] gap", {}, 5),
    "a choice in a repeat": ("3x12x12 2*[conv:4/8,k3] gap", {}, 2),
    "a name": ("3x12x12 conv:$w,k3 relu conv:{2*$w},k3 gap", {"w": "4/8"}, 2),
    "a name of repeats": ("3x12x12 $n*[conv:4,k3] conv:4,k$n gap", {"n": [1, 2, 3]}, 3),
    "a definition": ("def b(c, k=3) = [conv:$c,k$k] 3x12x12 b:4/8 b(6, k=3/5)", {}, 4),
    "arithmetic": ("def b(c) = [conv:{2*$c},k3] 3x12x12 b:4/8 b({$w//2})", {"w": "8/16"}, 4),
    "branches": ("3x12x12 cat[conv:4/8,k3/5,p=same | [conv:4,k1]/[] |] gap", {}, 8),
    "a named input": ("3xHxH conv:4,k3 gap", {"H": "12/16"}, 2),
    "an input with a choice": ("3xHxH conv:4,k$H gap", {"H": "5/7"}, 2),
    "nested": ("3x12x12 [1..2*[conv:4/8,k3]]/[conv:4,k3 [relu]/[gelu]] gap", {}, 6),
    "a long way back": ("3x12x12 x@conv:4/8,k3,p1 [conv:4,k3,p1]/[] cat[ | @x ] gap", {}, 4),
    "one row": ("1x64 conv:4/8,k3/5 gap linear:2/3", {}, 8),
    "layers at each entry": ("5x3x9x9 each[conv:4/8,k3 [relu]/[] 1..2*[conv:6,k3,p1]]", {}, 8),
    "entries of a definition": (
        "def b(c) = [conv:$c,k3] 5x3x9x9 each[b:4/8 flatten linear:$w] lstm:8/16",
        {"w": "4/8"},
        8,
    ),
    "which entries": ("3x5x9x9 [each[conv:4/8,k3]]/[each:2[conv:4,k3/5]]", {}, 4),
    "recurrent layers": ("32x20 lstm:64/128,layers=1/2 gru:16/32,last linear:10", {}, 8),
    "embeddings": ("20 [embedding:50,4/8]/[embedding:9,4 relu] conv:4,k3/5 gap", {}, 6),
    "both ways": ("32x20 [lstm:16,bidirectional]/[lstm:16/32] linear:5,axis=0", {}, 3),
    "attention": ("64x16 1..2*[add[ln mha:4/8 |]] linear:10/20,axis=0", {}, 8),
    "a product": ("64x16 matmul[linear:8/16,axis=0 | permute:1,0]", {}, 2),
    "two inputs": ("3x9x9 x@conv:4/6,k3,p1 z@input:5x9x9 conv:4/8,k3,p1 cat[|@x] conv:4,k1", {}, 4),
    "inputs with names": (
        "a@input:3x9x9 conv:8/16,k3 m@gap z@input:10 linear:4/8 cat[|@m] linear:5",
        {},
        4,
    ),
    "a gate of another input": (
        "3x9x9 a@conv:4,k3/5,p=same z@input:4 linear:4 sigmoid reshape:4,1,1 mul[@a|] conv:4,k3",
        {},
        2,
    ),
    "looked up": (
        "100 linear:64 reshape:4,4,4 a@relu z@input:scalar embedding:9/19,16 reshape:1,4,4 "
        "cat[@a|] conv:8/16,k3",
        {},
        4,
    ),
    "no places": ("16 linear:4/8 relu linear:2", {}, 2),
}


@pytest.mark.parametrize(("spec", "let", "count"), FORMS.values(), ids=FORMS)
def test_every_form_of_choice(spec: str, let: Any, count: int) -> None:
    found = cnncalc.sweep(spec, let=let)

    rows = list(found)

    assert found.total == len(rows) == count
    assert len({row["spec"] for row in rows}) == count
    for row in rows:
        check(row)


def test_what_a_row_has() -> None:
    (row,) = cnncalc.sweep(SMALL, let={"w": "8"}, sort="-params", top=1)

    assert list(row) == [
        *("spec", "w", "conv1.out_channels", "conv1.kernel", "layers"),
        *("params", "macs", "output_shape", "rf", "param_bytes", "activation_bytes"),
    ]
    assert row["spec"] == "3x16x16 conv:8,k5 relu [maxpool:2] conv:8,k3,p1 gap linear:10"
    assert (row["w"], row["conv1.kernel"], row["layers"]) == (8, 5, "maxpool:2")


def test_a_choice_of_layers_may_have_a_name() -> None:
    found = cnncalc.sweep("3x8x8 act@[relu]/[gelu] [tanh]/[conv:4,k1]")

    assert found.names == ["act", "layers"]
    assert [row["act"] for row in found] == ["relu", "relu", "gelu", "gelu"]


def test_no_choice_takes_the_place_of_a_figure() -> None:
    found = cnncalc.sweep("3x8x8 conv:$rf,k3 params@[relu]/[]", let={"rf": "4/8"})

    assert found.names == ["rf2", "params2"]
    for row in found:
        check(row)


def test_designs_that_can_not_be_are_counted() -> None:
    found = cnncalc.sweep(SMALL, let={"w": "4/8"})

    assert (found.total, found.working) == (24, 16)
    (refused,) = found.refused
    assert (refused.designs, refused.error.code) == (8, "kernel-too-large")
    assert len(list(found)) == 16


def test_a_design_without_layers_is_none() -> None:
    found = cnncalc.sweep("3x8x8 [conv:4,k3]/[] 0..1*[relu]")

    assert [row["spec"] for row in found] == [
        "3x8x8 [conv:4,k3] 0*[relu]",
        "3x8x8 [conv:4,k3] 1*[relu]",
        "3x8x8 [] 1*[relu]",
    ]
    assert [(each.designs, each.error.message) for each in found.refused] == [
        (1, "nothing is left of the layers")
    ]


def test_options_that_contradict_one_another_are_counted() -> None:
    found = cnncalc.sweep("4x8x8 conv:8/12,k3,g1/2/3 [maxpool:2]/[] gap")

    assert len(list(found)) == 8
    assert [(each.designs, each.error.code) for each in found.refused] == [(4, "groups")]


def rows_of(spec: str, **how: Any) -> list[dict[str, Any]]:
    return list(cnncalc.sweep(spec, let={"w": "4/6/8"}, **how))


CONDITIONS = [
    ("params < 500", lambda row: row["params"] < 500),
    ("400 <= params < 5e2 or rf == 8", lambda r: 400 <= r["params"] < 500 or r["rf"] == 8),
    ("not (macs > 1e5)", lambda row: row["macs"] <= 100_000),
    ("w in (4, 8) and layers != ''", lambda row: row["w"] in (4, 8) and row["layers"]),
    ("conv1.kernel == 5", lambda row: row["conv1.kernel"] == 5),
    ("layers == 'maxpool:2'", lambda row: row["layers"] == "maxpool:2"),
    ("memory > 4 * params + 9000", lambda row: row["activation_bytes"] > 9000),
    ("params % 2 == 0 and -rf < -5", lambda row: row["params"] % 2 == 0 and row["rf"] > 5),
    ("macs // params > 100", lambda row: row["macs"] // row["params"] > 100),
    ("c == 10", lambda row: True),
    ("w not in (4,)", lambda row: row["w"] != 4),
]


@pytest.mark.parametrize(("where", "holds"), CONDITIONS)
def test_where(where: str, holds: Any) -> None:
    expected = [row for row in rows_of(SMALL) if holds(row)]

    assert rows_of(SMALL, where=where) == expected
    assert expected


def test_sizes_of_the_output() -> None:
    spec = "3x16x20 conv:4/8,k3,s1/2 [maxpool:2]/[]"

    found = cnncalc.sweep(spec, where="h == 7 and output.w == 9 and c > 4")

    assert [row["output_shape"] for row in found] == [[8, 7, 9]] * 2
    named = cnncalc.sweep("3x16x20 conv:$w,k3", let={"w": "4/8"}, where="w == 8 and output.w == 18")
    assert [row["w"] for row in named] == [8]


REFUSED = [
    ("params <", "condition", 1),
    ("foo < 3", "condition", 1),
    ("params > 3 and __import__('os')", "condition", 16),
    ("w.__class__", "condition", 1),
    ("(lambda: 1)()", "condition", 1),
    ("[x for x in (1, 2)]", "condition", 1),
    ("params ** 2 > 1", "condition", 1),
    ("params[0] > 1", "condition", 1),
    ("True", "condition", 1),
    ("params & 3", "condition", 1),
    ("f'{params}'", "condition", 1),
    ("h == 7", "condition", 1),
    ("a" * 20_000, "condition", 1),
    ("-" * 500 + "1", "condition", 62),
]


@pytest.mark.parametrize(("where", "code", "column"), REFUSED)
def test_what_is_no_condition(where: str, code: str, column: int) -> None:
    with pytest.raises(SpecError) as caught:
        rows_of(SMALL, where=where)

    assert (caught.value.code, caught.value.file, caught.value.column) == (code, "--where", column)


@pytest.mark.parametrize(
    "where",
    ["params + 'a' > 3", "params / (rf - rf) > 1", "macs * macs * macs * macs > 1", "params in 3"],
)
def test_what_can_not_be_worked_out(where: str) -> None:
    with pytest.raises(SpecError):
        rows_of(SMALL, where=where)


def test_the_best_in_an_order() -> None:
    rows = rows_of(SMALL)
    ordered = sorted(rows, key=lambda row: (row["macs"], -row["rf"]))

    assert rows_of(SMALL, sort="macs,-rf") == ordered
    assert rows_of(SMALL, sort="macs,-rf", top=5) == ordered[:5]
    assert rows_of(SMALL, sort="-params", top=3)[0]["params"] == max(r["params"] for r in rows)
    assert rows_of(SMALL, top=4) == rows[:4]


def points(rows: list[dict[str, Any]], keys: Mapping[str, int]) -> set[tuple[int, ...]]:
    return {tuple(sign * row[key] for key, sign in keys.items()) for row in rows}


def front_of(some: set[tuple[int, ...]]) -> set[tuple[int, ...]]:
    """The points that no other is better than, by looking at all pairs."""
    return {
        one
        for one in some
        if not any(other != one and all(map(int.__le__, other, one)) for other in some)
    }


@pytest.mark.parametrize(
    "keys",
    [
        {"params": 1},
        {"params": 1, "macs": 1},
        {"params": 1, "rf": -1},
        {"params": 1, "macs": 1, "rf": -1},
        {"params": -1, "macs": 1, "rf": -1, "activation_bytes": 1},
    ],
)
def test_fronts(keys: Mapping[str, int]) -> None:
    words = ",".join(("-" if sign < 0 else "") + key for key, sign in keys.items())

    rows = rows_of(SMALL, pareto=words)

    assert points(rows, keys) == front_of(points(rows_of(SMALL), keys))
    assert len(rows) == len(points(rows, keys))


@pytest.mark.parametrize("how", [{"top": 0}, {"top": -3}, {"sample": 0}, {"sample": -1}])
def test_less_than_one_design_is_refused(how: dict[str, int]) -> None:
    ((name, number),) = how.items()

    with pytest.raises(CnnCalcError, match=f"`{name}={number}` is less than 1") as raised:
        cnncalc.sweep(SMALL, let={"w": "4/6"}, **how)

    assert raised.value.code == "argument"


def test_a_sample_is_the_same_again() -> None:
    one = rows_of(VGG.replace("conv:64", "conv:$w"), sample=10, seed=1)

    assert one == rows_of(VGG.replace("conv:64", "conv:$w"), sample=10, seed=1)
    assert one != rows_of(VGG.replace("conv:64", "conv:$w"), sample=10, seed=2)
    assert rows_of(SMALL, sample=1000) == rows_of(SMALL)


def test_what_a_sample_lacks_others_may_have() -> None:
    found = cnncalc.sweep(SMALL, let=WIDTHS, sample=1, where="macs < 61_000")

    assert list(found) == []
    assert found.remarks == ["no design of those drawn meets the condition"]
    assert list(cnncalc.sweep(SMALL, let=WIDTHS, where="macs < 61_000"))


def test_more_than_anyone_can_list() -> None:
    spec = f"3x64x64 {' '.join(['conv:16..128/16,k3/5/7,p=same'] * 14)} gap"

    found = cnncalc.sweep(spec, sort="macs,params")

    assert found.total == 24**14
    with pytest.raises(CnnCalcError, match="too many to be listed"):
        list(found)
    assert len(list(cnncalc.sweep(spec, sample=3))) == 3
    with pytest.raises(CnnCalcError, match="fewer values of a choice are written in the spec"):
        list(cnncalc.sweep(spec, sort="macs", top=3, where="conv1.kernel == 3 and rf < 40"))


ATTENTION = "3x8x8 conv:8/16,k2/4,s2 flatten:start=1 add[ mha:2/4 | ] linear:6/7,axis=0"


def test_designs_whose_fields_are_worked_out_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are listed however many there are, and no more are worked out than are read."""
    monkeypatch.setattr("cnncalc.sweeping.sweep.MOST_SINGLY", 3)
    monkeypatch.setattr("cnncalc.sweeping.design_rows.SINGLY", 4)
    asked: list[Any] = []
    own = Records.field_of
    monkeypatch.setattr(
        Records, "field_of", lambda self, picked: asked.append(picked) or own(self, picked)
    )

    found = cnncalc.sweep(ATTENTION)
    first = next(iter(found))
    assert len(asked) == 4
    rows = list(found)

    assert found.no_fields is not None
    assert (len(rows), rows[0]) == (16, first)
    for row in rows:
        report = cnncalc.analyze(row["spec"])
        assert row["rf"] == min(last_field(report, report.fields))
        assert row["params"] == report.total.params
    listed = [row for n in range(0, 16, 5) for row in found.listed(n, min(n + 5, 16))]
    assert listed == rows
    where = {"where": "rf >= 8"}
    assert list(cnncalc.sweep(ATTENTION, **where)) == [row for row in rows if row["rf"] >= 8]
    assert list(cnncalc.sweep(ATTENTION, **where).listed(3, 13)) == [
        row for row in rows[3:13] if row["rf"] >= 8
    ]
    ranked = list(cnncalc.sweep(ATTENTION, sort="-params", top=5))
    assert ranked == sorted(rows, key=lambda row: -row["params"])[:5]
    with pytest.raises(CnnCalcError, match="16 designs are too many to be listed by field: "):
        list(cnncalc.sweep(ATTENTION, sort="rf"))


def test_totals_beyond_64_bits_are_refused() -> None:
    spec = "3x9000x9000 conv:2000000000/1000000000,k3 conv:2000000000,k9 flatten"

    with pytest.raises(CnnCalcError, match="64-bit"):
        cnncalc.sweep(spec)


WRONG = [
    ("3x8x8 conv:8,k3", {}, "no-choice", None),
    ("3x8x8 conv:8/8,k3", {}, "choice", 12),
    ("3x8x8 conv:8/,k3", {}, "choice", 12),
    ("3x8x8 conv:16..8/2,k3", {}, "choice", 12),
    ("3x8x8 conv:8,k0/3", {}, "bad-value", 14),
    ("3x8x8 conv:8,k3/x", {}, "unknown-option", 14),
    ("3x8x8 [conv:8,k3]/relu", {}, "choice", 18),
    ("3x8x8 conv:$w,k3", {}, "unknown-parameter", 12),
    ("3x8x8 conv:$w/2,k3", {"w": "4/8"}, "choice", 12),
    ("3x8x8 conv:8/4,k3", {"w": "4/8"}, "let", None),
    ("def b(w) = [conv:$w,k3] 3x8x8 b:8", {"w": "4/8"}, "let", 1),
    ("conv:8/16,k3 gap", {}, "no-input", 1),
    ("3x8x8 4..1*[relu]", {}, "choice", 7),
    ("3x8x8 [x@conv:4,k3]/[] cat[ | @x ]", {}, "label", 31),
    ("3x8x8 [relu]/[gelu]/[relu]", {}, "choice", 7),
    ("3x8x8 conv:1..9000000/1,k3", {}, "choice", 12),
    ("3x5x9x9 each:1/2[conv:4,k3]", {}, "choice", 14),
    ("3x5x9x9 each:$n[conv:4,k3]", {"n": "1/2"}, "choice", 14),
    ("3x8x8 conv:1..200/1,k1..200/1", {}, "too-large", 7),
]


@pytest.mark.parametrize(("spec", "let", "code", "column"), WRONG)
def test_what_is_no_choice(spec: str, let: Any, code: str, column: int | None) -> None:
    with pytest.raises(SpecError) as caught:
        cnncalc.sweep(spec, let=let)

    assert (caught.value.code, caught.value.column) == (code, column)


@pytest.mark.parametrize("spec", ["conv:8/16,k3", "[relu]/[]", "1..2*[relu]", "conv:8,k3,p=same/1"])
@pytest.mark.parametrize("ask", [cnncalc.analyze, cnncalc.sizes, cnncalc.parse])
def test_elsewhere_a_choice_names_sweep(spec: str, ask: Any) -> None:
    with pytest.raises(SpecError) as caught:
        ask(f"3x8x8 {spec}")

    assert caught.value.code == "choice"
    assert "`cnncalc sweep`" in (caught.value.help or "")


def test_the_input_that_is_given_wins() -> None:
    rows = list(cnncalc.sweep("3x8x8 conv:4/8,k3", input="1x20x20", batch=2, dtype="float16"))

    assert [row["spec"] for row in rows] == ["1x20x20 conv:4,k3", "1x20x20 conv:8,k3"]
    check(rows[0], batch=2, dtype="float16")


def test_fields_that_tables_do_not_tell() -> None:
    """Channels that see different things are taken apart: each design by itself."""
    spec = "3x12x12 cat[conv:4/8,k3,p1 | conv:4,k5,p2] slice:0..4 conv:4,k3/5 gap"

    found = cnncalc.sweep(spec, sort="-rf")
    rows = list(found)

    assert found.no_fields is not None
    assert len(rows) == 4
    for row in rows:
        check(row)


def test_numbers_that_only_some_designs_look_up_have_no_places() -> None:
    rows = list(cnncalc.sweep("20 [embedding:50,4/8 flatten]/[linear:8] linear:4"))

    assert [row["rf"] for row in rows] == [None] * 3


def test_what_has_no_field_in_tables_is_ranked() -> None:
    """By what tables have; the fields are those of the few that are wanted."""
    block = "add[ln mha:2/4/8 |] add[ln linear:32/64/128,axis=0 gelu linear:64,axis=0 |]"
    spec = f"64x16 {' '.join([block] * 3)} linear:10,axis=0"

    found = cnncalc.sweep(spec, sort="macs", top=5, where="params > 70000")

    rows = list(found)
    assert (found.total, len(rows)) == (729, 5)
    for row in rows:
        check(row)
    deep = f"64x16 {' '.join([block] * 5)} linear:10,axis=0"
    (best,) = cnncalc.sweep(deep, sort="-macs", top=1)
    check(best)
    assert len(list(cnncalc.sweep(deep, pareto="params,macs"))) > 0
    with pytest.raises(CnnCalcError, match="a product of two maps"):
        list(cnncalc.sweep(deep, sort="rf", top=1))


@st.composite
def specs(draw: st.DrawFn) -> str:
    """Small specs with choices, branches and repeats."""

    def stack(depth: int) -> str:
        words = []
        for _ in range(draw(st.integers(1, 3))):
            kinds = ["conv", "pool", "relu", "dw"]
            kinds += ["either", "repeat", "add", "cat", "se"] if depth else []
            kind = draw(st.sampled_from(kinds))
            k = draw(st.sampled_from(["3", "3/5", "1/2"]))
            s = draw(st.sampled_from(["", ",s2", ",s1/2"]))
            p = draw(st.sampled_from(["", ",p1", ",p=same/valid" if "2" not in s else ",p0/1"]))
            if kind == "conv":
                words.append(f"conv:4/6,k{k}{s}{p}")
            elif kind == "pool":
                words.append(f"maxpool:{draw(st.sampled_from(['2', '2/3', '3,s2,p1']))}")
            elif kind == "dw":
                words.append(f"dwconv:k{k}{p}")
            elif kind == "either":
                words.append(f"[{stack(depth - 1)}]/[{draw(st.sampled_from(['', 'gelu']))}]")
            elif kind == "repeat":
                words.append(f"{draw(st.sampled_from(['0..2', '1/2']))}*[{stack(depth - 1)}]")
            elif kind == "add":
                words.append("add[conv:4,k3/5,p=same conv:4,k3,p1|conv:4,k1]")
            elif kind == "cat":
                words.append("cat[conv:4,k3/5,p=same|]")
            elif kind == "se":
                words.append("mul[|gap:keep conv:1,k1 sigmoid]")
            else:
                words.append("relu")
        return " ".join(words)

    end = draw(st.sampled_from(["", "gap linear:3"]))
    return f"2x{draw(st.integers(9, 15))}x14 conv:4,k1/3 {stack(2)} {end}"


@given(specs())
@settings(max_examples=60)
def test_drawn_specs(spec: str) -> None:
    found = cnncalc.sweep(spec, sample=25)
    rows = list(found)

    assert found.total == found.working + sum(each.designs for each in found.refused)
    assert len({row["spec"] for row in rows}) == len(rows) == min(25, found.working)
    for row in rows:
        check(row)


def test_a_frame() -> None:
    pytest.importorskip("pandas")

    frame = cnncalc.sweep(SMALL, let={"w": "4/8"}).to_pandas()

    assert list(frame["params"]) == [
        row["params"] for row in cnncalc.sweep(SMALL, let={"w": "4/8"})
    ]


MIXED = "3x16x16 [conv:4,k3]/[] conv:4/8,k3,p=same/1 [maxpool:2]/[] gap linear:2"


def test_a_frame_of_polars() -> None:
    polars = pytest.importorskip("polars")
    rows = list(cnncalc.sweep(MIXED))

    frame = cnncalc.sweep(MIXED).to_polars()

    assert frame.columns == list(rows[0])
    assert frame["conv2.padding"].to_list() == [str(row["conv2.padding"]) for row in rows]
    assert frame["output_shape"].dtype == polars.List(polars.Int64)
    without = [name for name in frame.columns if name != "conv2.padding"]
    assert frame.select(without).to_dicts() == [{n: row[n] for n in without} for row in rows]
    absent = cnncalc.sweep("3x16x16 [conv:4,k1]/[conv:1..200/1,k1,p0/1]").to_polars()
    assert absent["conv2.padding"].to_list()[:2] == [None, 0]
    assert cnncalc.sweep(MIXED, where="rf > 99").to_polars().is_empty()


def test_parquet_is_read_by_others(command: Command, tmp_path: Path) -> None:
    for name in ("pyarrow", "pandas", "polars", "duckdb"):
        pytest.importorskip(name)
    import duckdb
    import pandas
    import polars

    path = tmp_path / "designs.parquet"
    assert command("sweep", MIXED, "-o", str(path)).code == 0
    rows = [{**row, "conv2.padding": str(row["conv2.padding"])} for row in cnncalc.sweep(MIXED)]

    frame = pandas.read_parquet(path)
    assert frame.drop(columns="output_shape").to_dict("records") == [
        {name: value for name, value in row.items() if name != "output_shape"} for row in rows
    ]
    assert [list(each) for each in frame["output_shape"]] == [row["output_shape"] for row in rows]
    assert polars.read_parquet(path).to_dicts() == rows
    found = duckdb.sql(f"select spec, macs, output_shape from '{path}'").fetchall()
    assert found == [(row["spec"], row["macs"], row["output_shape"]) for row in rows]


# The command.

WORDS = ("sweep", "3x16x16", "conv:4/8,k3/5,p=same", "[maxpool:2]/[]", "gap", "linear:$n")
LET = ("--let", "n=2/3")


def test_the_command(command: Command) -> None:
    ran = command(*WORDS, *LET, "--sort", "macs,-rf", "--top", "2")

    assert ran.code == 0
    assert ran.err == "16 designs\n"
    lines = ran.out.splitlines()
    assert lines[0].split()[:5] == ["n", "conv1.out_channels", "conv1.kernel", "layers", "params"]
    assert len(lines) == 3
    assert lines[1].endswith("3x16x16 conv:4,k3,p=same [maxpool:2] gap linear:2")


def test_a_narrow_terminal_has_specs_whole() -> None:
    found = cnncalc.sweep(SMALL, let=WIDTHS, top=2)

    text = draw(table_of(found, found.names, [], plain=False), width=80, color=False)

    words = [line[text.splitlines()[0].index("spec") :].split() for line in text.splitlines()]
    told = " ".join(word for line in words[1:] for word in line)
    assert told.startswith(" ".join(row["spec"] for row in found))


def test_a_long_table_says_that_it_goes_on(command: Command) -> None:
    ran = command("sweep", "3x8x8", "conv:1..40/1,k1")

    assert "the first 20; `--top` or `-f csv` shows more" in ran.out
    assert len(ran.out.splitlines()) == 23


def test_formats(command: Command) -> None:
    rows = list(cnncalc.sweep(" ".join(WORDS[1:]), let={"n": "2/3"}))

    as_csv = command(*WORDS, *LET, "-f", "csv").out
    as_lines = command(*WORDS, *LET, "-f", "jsonl").out
    document = json.loads(command(*WORDS, *LET, "--json").out)

    assert [json.loads(line) for line in as_lines.splitlines()] == rows == document["rows"]
    assert (document["count"], document["working"], document["refused"]) == (16, 16, [])
    read = list(csv.DictReader(io.StringIO(as_csv)))
    assert [int(row["macs"]) for row in read] == [row["macs"] for row in rows]
    assert read[0]["output_shape"] == "2"


def test_what_does_not_work_is_told(command: Command) -> None:
    ran = command("sweep", "3x8x8", "conv:8,k3/5/9", "conv:4,k3/4/5", "-f", "csv")

    assert ran.code == 0
    assert ran.err.splitlines() == [
        "9 designs, 5 of which work",
        "3 stop at `conv1`, the first with: the kernel spans 9 but the height has only 8",
        "1 stop at `conv2`: the kernel spans 5 but the height has only 4",
    ]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_file_is_whole_and_is_gone_on_with(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    monkeypatch.setattr("cnncalc.cli.chunks.PART", 4)
    monkeypatch.setattr("cnncalc.sweeping.sweep.ROWS", 6)
    whole, broken = tmp_path / f"whole.{form}", tmp_path / f"broken.{form}"
    assert command(*WORDS, *LET, "-o", str(whole)).code == 0

    added = parts.Parts.add
    made: list[Any] = []

    def fail(self: Any, chunk: Any, content: bytes) -> None:
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(chunk)
        added(self, chunk, content)

    monkeypatch.setattr(parts.Parts, "add", fail)
    ran = command(*WORDS, *LET, "-o", str(broken))
    assert ran.code == 130
    assert "8 designs are kept" in ran.err
    assert not broken.exists()
    monkeypatch.setattr(parts.Parts, "add", added)
    assert command(*WORDS, *LET, "-o", str(broken), "--where", "rf > 3", "--resume").code == 2
    assert command(*WORDS, *LET, "-o", str(broken), "--resume").code == 0

    assert broken.read_bytes() == whole.read_bytes()
    assert sorted(os.listdir(tmp_path)) == sorted([broken.name, whole.name])


def test_a_folder_of_somebody_else_stays(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "designs.csv.part"
    folder.mkdir()
    (folder / "mine").write_text("kept")

    ran = command(*WORDS, *LET, "-o", str(tmp_path / "designs.csv"))

    assert (ran.code, (folder / "mine").read_text()) == (2, "kept")


def test_what_is_interrupted_at_once_leaves_nothing(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Any, *args: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(parts.Parts, "add", fail)

    assert command(*WORDS, *LET, "-o", str(tmp_path / "designs.csv")).code == 130
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_signal_while_a_list_is_written(tmp_path: Path) -> None:
    """What is done is kept, nothing looks whole, and the same command goes on with it."""
    words = ["sweep", "3x4x4 conv:1..230/1,k1 conv:1..230/1,k1", "-f", "csv", "-o", "designs.csv"]

    done = struck(signal.SIGINT, "os.rename", "-000000000052900.tmp", *words, cwd=tmp_path)

    assert done.returncode == 130
    first, last = done.stderr.splitlines()
    assert first == "52,900 designs"
    assert re.fullmatch(r"\d\d,\d{3} designs are kept in .*--resume` goes on", last)
    assert [path.name for path in tmp_path.iterdir()] == ["designs.csv.part"]
    path = tmp_path / "designs.csv"
    again = processes.cnncalc(*words, "--resume", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (0, "52,900 designs\n")
    assert len(path.read_text().splitlines()) == 52_901


def test_parquet(command: Command, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "designs.parquet"

    assert command(*WORDS, *LET, "-o", str(path)).code == 0

    rows = list(cnncalc.sweep(" ".join(WORDS[1:]), let={"n": "2/3"}))
    assert parquet.read_table(path).to_pylist() == rows
    assert command(*WORDS, *LET, "--sort", "macs", "-o", str(path)).code == 0
    assert parquet.read_table(path)["macs"].to_pylist() == sorted(row["macs"] for row in rows)
    empty = command(*WORDS, *LET, "--where", "rf > 999", "-o", str(path))
    assert (empty.code, parquet.read_table(path).num_rows) == (0, 0)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--sort", "macs", "--resume", "-o", "x.csv"], "usage"),
        (["--resume"], "usage"),
        (["-f", "parquet"], "format"),
        (["--sample", "2", "--seed", "-1"], "usage"),
        (["--sort", "foo"], "name"),
        (["--pareto", "macs,,rf"], "usage"),
        (["--top", "0"], "usage"),
        (["--let", "n"], "let"),
        (["--let", "n=2//3"], "let"),
    ],
)
def test_what_is_refused(command: Command, words: list[str], code: str) -> None:
    ran = command(*WORDS, *(LET if "--let" not in words else ()), *words)

    assert ran.code == 2
    assert f"error[{code}]" in ran.err


def test_only_sweep_loads_numpy() -> None:
    from tests.test_arrows import loaded_by

    asked = "import cnncalc\ncnncalc.{}"
    assert "numpy" in loaded_by(asked.format("sweep('3x8x8 conv:4/8,k3', sort='macs')") + ".best()")
    assert "numpy" not in loaded_by(asked.format("analyze('3x8x8 conv:4,k3')"))


def test_nothing_else_is_a_sweep() -> None:
    with pytest.raises(CnnCalcError, match="is no text"):
        cnncalc.sweep(cnncalc.parse("3x8x8 conv:4,k3"))
    assert isinstance(cnncalc.sweep("3x8x8 conv:4/8,k3"), Sweep)
