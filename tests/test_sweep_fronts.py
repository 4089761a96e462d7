"""Fronts and the best designs without listing them, held against all designs of small spaces."""

from __future__ import annotations

import re
import xml.dom.minidom
from operator import eq, ge, gt, le, lt
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc import CnnCalcError
from cnncalc.sweeping import labels, search, states
from cnncalc.sweeping import sweep as sweeping
from cnncalc.sweeping.dominance import front, often_dominated
from tests.conftest import Command
from tests.test_sweep import specs

CHAIN = (
    "3x32x32 conv:4/6/8/12,k3/5,p=same relu [maxpool:2]/[] conv:4/8/12,k3/5/7,p=same relu "
    "[maxpool:2]/[] conv:8/16,k3/5,p=same gap linear:10"
)
RESIDUAL = """
def b(c, k) = [ add[ conv:$c,k$k,p=same bn relu conv:$c,k3,p1 bn | ] relu ]
3x32x32 conv:$v,k3/5,p=same relu 1..3*[b($v, 3/5)] [maxpool:2]/[]
conv:$w,k1 b($w, 3/5/7) 0..1*[b($w, 3)] gap linear:10
"""
UNEVEN = "1x24x40 conv:4/8,k3x5/5x3,p=same relu [maxpool:2]/[] conv:4/6/8,k1x3/3x1 gap linear:4"
SPACES = {
    "a chain": (CHAIN, {}),
    "a residual net": (RESIDUAL, {"v": [4, 6, 8], "w": [8, 12]}),
    "axes that differ": (UNEVEN, {}),
}
KEYS = [
    "params",
    "params,macs",
    "params,macs,-rf",
    "-params,macs",
    "-params,macs,-rf",
    "memory,-rf",
    "params,-rf,activation_bytes,macs",
]
Row = dict[str, Any]


@pytest.fixture
def without_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small spaces are gone about as large ones are."""
    monkeypatch.setattr(sweeping, "MOST_SIMPLY", -1)
    monkeypatch.setattr(sweeping, "MOST_READILY", -1)

    def fail(self: Any, *args: Any) -> Any:
        raise AssertionError("the designs are listed")

    monkeypatch.setattr(sweeping, "Blocks", fail)


def rows_of(spec: str, let: Any) -> list[Row]:
    rows = list(cnncalc.sweep(spec, let=let))
    for row in rows:
        row["memory"] = row["param_bytes"] + row["activation_bytes"]
    return rows


ROWS = {space: rows_of(*how) for space, how in SPACES.items()}


def point(row: Row, keys: str) -> tuple[int, ...]:
    row = {"memory": row["param_bytes"] + row["activation_bytes"], **row}
    words = keys.split(",")
    return tuple(-row[key[1:]] if key.startswith("-") else row[key] for key in words)


def front_of(points: set[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Those that no other is at least as good as in everything, by looking at all pairs."""
    kept: list[tuple[int, ...]] = []
    for one in sorted(points):
        if not any(all(a <= b for a, b in zip(other, one, strict=True)) for other in kept):
            kept.append(one)
    return kept


@pytest.mark.usefixtures("without_lists")
@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize("space", SPACES)
def test_fronts_are_those_of_all_designs(space: str, keys: str) -> None:
    spec, let = SPACES[space]

    found = cnncalc.sweep(spec, let=let, pareto=keys)

    assert [point(row, keys) for row in found] == front_of({point(r, keys) for r in ROWS[space]})
    assert not [each for each in found.remarks if "thinned" in each]


BOUNDS = {
    "params < 1500": lambda row: row["params"] < 1500,
    "params >= 1200": lambda row: row["params"] >= 1200,
    "rf >= 12 and macs < 900000": lambda row: row["rf"] >= 12 and row["macs"] < 900_000,
    "700 <= params <= 1500": lambda row: 700 <= row["params"] <= 1500,
    "memory < 60000 and 7 < rf": lambda row: row["memory"] < 60_000 and row["rf"] > 7,
    "rf == 9": lambda row: row["rf"] == 9,
    "c == 10 and params < 1500": lambda row: row["params"] < 1500,
    "params < 10": lambda row: False,
}


@pytest.mark.usefixtures("without_lists")
@pytest.mark.parametrize("keys", ["params,macs", "macs,-rf", "-params,macs"])
@pytest.mark.parametrize("where", BOUNDS)
@pytest.mark.parametrize("space", ["a chain", "a residual net"])
def test_fronts_within_bounds(space: str, where: str, keys: str) -> None:
    spec, let = SPACES[space]
    inside = filter(BOUNDS[where], ROWS[space])

    found = cnncalc.sweep(spec, let=let, pareto=keys, where=where)

    assert [point(row, keys) for row in found] == front_of({point(row, keys) for row in inside})


@pytest.mark.usefixtures("without_lists")
@pytest.mark.parametrize("key", ["macs", "-macs", "params", "-params", "-rf", "rf", "memory"])
@pytest.mark.parametrize("where", [None, *BOUNDS])
@pytest.mark.parametrize("space", ["a chain", "a residual net"])
def test_the_best_within_bounds(space: str, where: str | None, key: str) -> None:
    spec, let = SPACES[space]
    inside = ROWS[space] if where is None else filter(BOUNDS[where], ROWS[space])

    found = cnncalc.sweep(spec, let=let, where=where, sort=key, top=25)
    rows = list(found)

    assert [point(row, key) for row in rows] == sorted(point(row, key) for row in inside)[:25]
    assert len({row["spec"] for row in rows}) == len(rows)
    assert found.remarks == ([] if rows else [NONE])


@pytest.mark.usefixtures("without_lists")
def test_a_search_that_ends_early_says_what_could_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_TRIED", 15)
    where = "1200 <= params and rf >= 12"

    found = cnncalc.sweep(CHAIN, where=where, sort="macs", top=25)
    rows = list(found)

    inside = [row for row in ROWS["a chain"] if row["params"] >= 1200 and row["rf"] >= 12]
    best = sorted(row["macs"] for row in inside)
    (remark,) = found.remarks
    first = re.search(r"the first (\d+) are the best", remark)
    sure = int(first[1]) if first else 0
    least = int(remark.rsplit(" ", 1)[1].replace(",", ""))
    assert [row["macs"] for row in rows[:sure]] == best[:sure]
    assert least <= best[sure]
    assert all(row["params"] >= 1200 and row["rf"] >= 12 for row in rows)


@pytest.mark.usefixtures("without_lists")
def test_a_search_that_ends_early_says_by_which_key_some_are_best(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those that are equal in the first key are not told apart by the others."""
    monkeypatch.setattr(search, "MOST_TRIED", 200)
    monkeypatch.setattr(search, "WIDTHS", (3, 10, 30))

    found = cnncalc.sweep(CHAIN, sort="-activation_bytes,-memory", top=100)
    rows = list(found)

    first = re.search(r"the first (\d+) are the best by activation_bytes alone", found.remarks[0])
    assert first is not None
    best = sorted((row["activation_bytes"] for row in ROWS["a chain"]), reverse=True)
    sure = int(first[1])
    assert [row["activation_bytes"] for row in rows[:sure]] == best[:sure]


@pytest.mark.usefixtures("without_lists")
def test_a_search_that_ends_before_it_finds_any_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_TRIED", 3)

    found = cnncalc.sweep(CHAIN, where="1200 <= params and rf >= 12", sort="macs", top=25)

    assert list(found) == []
    (remark,) = found.remarks
    assert remark.startswith("the search ended early: it found none within the bounds, though ")
    inside = [row["macs"] for row in ROWS["a chain"] if row["params"] >= 1200 and row["rf"] >= 12]
    assert int(remark.rsplit(" ", 1)[1].replace(",", "")) <= min(inside)


@pytest.mark.usefixtures("without_lists")
@pytest.mark.parametrize("keys", ["-params,macs", "-params,macs,-rf"])
def test_a_thinned_front_says_how_far_it_may_be(monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    monkeypatch.setattr(labels, "MOST_LABELS", 12)
    monkeypatch.setattr(labels, "MOST_OF_THREE", 12)

    found = cnncalc.sweep(CHAIN, pareto=keys)
    some = [point(row, keys) for row in found]

    (remark,) = [each for each in found.remarks if "thinned" in each]
    factor = 1 + float(remark.split(" at most ")[1].split(" %")[0]) / 100 * 1.05  # as it is rounded
    everything = {point(row, keys) for row in ROWS["a chain"]}
    for each in front_of(everything):
        pairs = [zip(each, other, strict=True) for other in some]
        assert any(all(_within(a, b, factor) for a, b in pair) for pair in pairs)
    assert set(some) <= everything


def _within(one: int, other: int, factor: float) -> bool:
    """Whether another number is worse by a factor at most; less is better."""
    return other <= one * factor if one >= 0 else other * factor <= one


@pytest.mark.usefixtures("without_lists")
def test_a_front_of_none_in_an_order() -> None:
    found = cnncalc.sweep(CHAIN, where="params < 10", pareto="params,macs", sort="rf,params")

    assert list(found) == []


@pytest.mark.usefixtures("without_lists")
def test_equals_that_are_not_all_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes first is known; what decides between equals may not be."""
    found = search._found

    def early(graph: Any, names: Any, keys: Any, bounds: Any, most: int) -> Any:
        whole = found(graph, names, keys, bounds, most)
        return whole if len(keys) == 1 else whole._replace(rest=0.0)

    monkeypatch.setattr(search, "_found", early)

    best = cnncalc.sweep(CHAIN, sort="-rf,macs", top=7)
    rows = list(best)

    assert [row["rf"] for row in rows] == sorted(row["rf"] for row in ROWS["a chain"])[:-8:-1]
    (remark,) = best.remarks
    assert "equal in what comes before macs, there may be others that are better" in remark


@pytest.mark.usefixtures("without_lists")
@pytest.mark.parametrize(
    ("where", "same"),
    [
        ("params < 2 * 1000 - 500 and -1 <= macs", "params < 1500"),
        ("params >= 1e999", "params < 0"),
        ("params < 1e999 and rf > -1e300", "params > 0"),
        ("params < 6000 / 4", "params < 1500"),
    ],
)
def test_limits_are_worked_out(where: str, same: str) -> None:
    rows = list(cnncalc.sweep(CHAIN, where=where, sort="-params,macs", top=9))

    assert rows == list(cnncalc.sweep(CHAIN, where=same, sort="-params,macs", top=9))
    fronts = [list(cnncalc.sweep(CHAIN, where=each, pareto="macs,-rf")) for each in (where, same)]
    assert fronts[0] == fronts[1]


@pytest.mark.usefixtures("without_lists")
@pytest.mark.parametrize("where", ["h == 8", "h >= 10 and macs >= 400000", "h + w == 16", "h > 99"])
def test_sizes_of_the_output_are_looked_at_first(where: str) -> None:
    spec = CHAIN.removesuffix(" gap linear:10")
    everything = list(cnncalc.sweep(spec, sample=10**6))
    good = [r for r in everything if _holds(where, r["output_shape"][1:], r["macs"])]

    found = cnncalc.sweep(spec, where=where, pareto="params,macs")
    best = cnncalc.sweep(spec, where=where, sort="macs", top=9)

    assert found.total == len(everything)
    assert [point(row, "params,macs") for row in found] == front_of(
        {point(row, "params,macs") for row in good}
    )
    assert [row["macs"] for row in best] == sorted(row["macs"] for row in good)[:9]


def _holds(where: str, size: list[int], macs: int) -> bool:
    holds = eval(where, {"h": size[0], "w": size[1], "macs": macs})
    return bool(holds)


@pytest.mark.usefixtures("without_lists")
def test_what_never_pays_is_told() -> None:
    found = cnncalc.sweep(CHAIN, pareto="params,macs,-rf")
    list(found)

    assert any("conv1.out_channels` 4" in each for each in found.remarks)


def test_spaces_that_nobody_can_list() -> None:
    """Fronts and the best of 10^20 designs, whose rows are as `analyze` has them."""
    stage = "conv:16/32/64/128,k3/5/7,p=same relu"
    spec = f"3x64x64 {' maxpool:2 '.join([' '.join([stage] * 3)] * 6)} gap linear:10"

    found = cnncalc.sweep(spec, pareto="params,-rf")
    rows = list(found)

    assert found.total == 12**18
    for row in rows[::10]:
        report = cnncalc.analyze(row["spec"])
        assert (report.total.params, report.total.macs) == (row["params"], row["macs"])
    best = cnncalc.sweep(spec, where="macs < 6e8 and rf >= 127", sort="-params", top=3)
    assert [row["macs"] < 600_000_000 and row["rf"] >= 127 for row in best] == [True] * 3
    with pytest.raises(CnnCalcError, match="too many to be listed, and this condition is more"):
        list(cnncalc.sweep(spec, where="macs < 6 * params", sort="-params", top=3))


@given(specs(), st.sampled_from(["params,macs,-rf", "-params,memory", "-rf,macs"]))
@settings(max_examples=40)
def test_fronts_of_drawn_specs(spec: str, keys: str) -> None:
    rows = list(cnncalc.sweep(spec))
    if not rows:
        return

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweeping, "MOST_SIMPLY", 0)
        patch.setattr(sweeping, "MOST_READILY", 0)
        found = [point(row, keys) for row in cnncalc.sweep(spec, pareto=keys)]
        where = f"macs >= {rows[0]['macs']}"
        best = list(cnncalc.sweep(spec, sort="-rf", where=where, top=4))

    assert found == front_of({point(row, keys) for row in rows})
    fields = sorted((row["rf"] for row in rows if row["macs"] >= rows[0]["macs"]), reverse=True)
    assert [row["rf"] for row in best] == fields[:4]


NONE = "no design meets the condition"
NUMBERS = ("params", "macs", "memory", "rf")
limits = st.tuples(st.sampled_from(NUMBERS), st.sampled_from(["<", "<=", ">", ">=", "=="]))
COMPARED = {"<": lt, "<=": le, ">": gt, ">=": ge, "==": eq}


@given(st.data())
@settings(max_examples=100)
def test_the_best_of_drawn_spaces_within_drawn_bounds(data: st.DataObject) -> None:
    """Bounds on either side of all totals together, in both directions of each key."""
    space = data.draw(st.sampled_from([*SPACES, None]))
    spec, let = SPACES[space] if space else (data.draw(specs()), {})
    everything = ROWS[space] if space else rows_of(spec, let)
    bounds = []
    for name, op in data.draw(st.lists(limits, max_size=4 if everything else 0)):
        value = data.draw(st.sampled_from(sorted({row[name] for row in everything})))
        bounds.append((name, op, value))
    signed = st.sampled_from([sign + name for name in NUMBERS for sign in ("", "-")])
    key = ",".join(data.draw(st.lists(signed, min_size=1, max_size=4)))
    top = data.draw(st.integers(1, 40))
    inside = [row for row in everything if all(COMPARED[op](row[n], v) for n, op, v in bounds)]
    where = " and ".join(f"{n} {op} {v}" for n, op, v in bounds) or None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweeping, "MOST_SIMPLY", 0)
        patch.setattr(sweeping, "MOST_READILY", 0)
        patch.setattr(search, "WIDTHS", data.draw(st.sampled_from([(1, 7, 10**5), (10**5,)])))
        patch.setattr(states, "MOST_STATES", data.draw(st.sampled_from([0, 30, 10**5])))
        found = cnncalc.sweep(spec, let=let, where=where, sort=key, top=top)
        rows = list(found)

    assert [point(row, key) for row in rows] == sorted(point(row, key) for row in inside)[:top]
    assert all(COMPARED[op](point(row, n)[0], v) for row in rows for n, op, v in bounds)
    assert len({row["spec"] for row in rows}) == len(rows)
    assert found.remarks == ([] if rows or not where or not found.working else [NONE])


points = st.integers(1, 5).flatmap(
    lambda axes: st.lists(st.tuples(*[st.integers(0, 9)] * axes), min_size=1, max_size=120)
)


@given(points, st.integers(1, 40))
@settings(max_examples=150)
def test_dominance(some: list[tuple[int, ...]], times: int) -> None:
    array = numpy.array(some * times, numpy.int64)

    found = front(array)

    assert sorted(map(tuple, array[found].tolist())) == front_of(set(some))
    assert [some.index(each) for each in map(tuple, array[found].tolist())] == found.tolist()


@given(points, st.integers(1, 4), st.integers(1, 5))
@settings(max_examples=150)
def test_who_is_dominated_often_is(some: list[tuple[int, ...]], parts: int, times: int) -> None:
    array = numpy.array(some, numpy.int64)
    groups = numpy.arange(len(some)) % parts

    found = often_dominated(groups, array, times)

    for one in numpy.flatnonzero(found):
        others = array[(groups == groups[one]) & (numpy.arange(len(some)) != one)]
        assert int((others <= array[one]).all(1).sum()) >= times
    if array.shape[1] == 1:
        counts = [min(times, int((groups == part).sum())) for part in range(parts)]
        assert int((~found).sum()) == sum(counts)


def test_dominance_of_many() -> None:
    random = numpy.random.default_rng(5)
    for axes in (2, 3, 4):
        array = random.integers(0, 60, (6_000, axes))

        found = front(array)

        expected = front_of(set(map(tuple, array.tolist())))
        assert sorted(map(tuple, array[found].tolist())) == expected


def test_a_picture(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "front.svg"

    ran = command("sweep", CHAIN, "--pareto", "params,-rf,macs", "-o", str(path))

    assert ran.code == 0
    document = xml.dom.minidom.parse(str(path))
    circles = document.getElementsByTagName("circle")
    count = len(front_of({point(row, "params,-rf,macs") for row in ROWS["a chain"]}))
    assert len(circles) == count + 2  # and the legend's
    places = [(float(one.getAttribute("cx")), float(one.getAttribute("cy"))) for one in circles]
    assert all(80 < x < 696 and 40 < y < 424 for x, y in places[:count]), "inside of the axes"
    assert all(y < 40 for _, y in places[count:]), "beside the title"
    assert circles[0].getElementsByTagName("title")[0].firstChild.data.startswith("3x32x32 conv:")


@pytest.mark.parametrize("words", [[], ["--pareto", "params"], ["--pareto", "params,layers"]])
def test_what_is_no_picture(command: Command, tmp_path: Path, words: list[str]) -> None:
    ran = command("sweep", CHAIN, *words, "-o", str(tmp_path / "front.svg"))

    assert ran.code == 2
    assert "error[format]" in ran.err
