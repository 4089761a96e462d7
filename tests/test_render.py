"""What people read: golden pages of every table and format, with laws on top."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnncalc
from cnncalc.cli import output
from cnncalc.cli.shipped import RUNNERS
from cnncalc.errors import CnnCalcError
from cnncalc.layers import KINDS
from cnncalc.notations.examples import example_names
from cnncalc.render.table import Bar, draw
from cnncalc.render.text import FORMATS, plain
from cnncalc.report import Report
from cnncalc.tables.steps import COLUMNS
from cnncalc.tables.table import Column, Table, choose, human_bytes, thousands
from cnncalc.tables.views import view
from cnncalc.tables.weights import TENSORS
from cnncalc.widths import width_of, wrapped
from tests.conftest import Command, Golden

SMALL = "3x32x32 conv:16,k3,p1 relu maxpool:2 conv:32,k3,p1 relu maxpool:2 flatten linear:10"
NAMED = "3x16x16 stem@conv:8,k3x5,p1,nobias bn body@3*[conv:8,k3,p1 relu] cat[ | @stem ] gap"
UPWARDS = "8x6x6 convt:4,k3,s2,p1 upsample:2,mode=linear conv:1,k3x1 flatten"
APART = "3x16x16 add[ conv:8,k3,p1,s2 relu | conv:8,k1 maxpool:2 ] softmax"

ANSI = re.compile(r"\x1b\[[\d;]*m")
NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+|\d+")

PAGES = {
    "shape": ("shape", SMALL, None),
    "shape-named": ("shape", NAMED, None),
    "shape-upwards": ("shape", UPWARDS, None),
    "shape-apart": ("shape", APART, None),
    "shape-resnet18": ("shape", "resnet18", None),
    "shape-inception": ("shape", "inception", None),
    "shape-unet": ("shape", "unet", None),
    "shape-c3d": ("shape", "c3d", None),
    "shape-all": ("shape", NAMED, "all"),
    "params": ("params", SMALL, None),
    "params-named": ("params", NAMED, None),
    "rf": ("rf", SMALL, None),
    "rf-upwards": ("rf", UPWARDS, None),
    "rf-apart": ("rf", APART, None),
}


def table_of(name: str, form: str = "table") -> Table:
    command, spec, columns = PAGES[name]
    report = cnncalc.analyze(spec)
    return view(command, report, columns, plain=form in ("csv", "jsonl"))


def rendered(name: str, form: str) -> str:
    return FORMATS[form](table_of(name, form), cnncalc.analyze(PAGES[name][1]).to_dict)


# The pages


@pytest.mark.parametrize("name", PAGES)
def test_piped(name: str, golden: Golden) -> None:
    text = rendered(name, "table")

    golden(f"{name}.txt", text)
    assert not ANSI.search(text)
    assert all(line == line.rstrip() for line in text.splitlines())


@pytest.mark.parametrize("width", [80, 60, 50])
@pytest.mark.parametrize("name", PAGES)
def test_on_a_terminal(name: str, width: int, golden: Golden) -> None:
    lines = drawn(table_of(name), width)

    golden(f"{name}.{width}.txt", "".join(f"{line}\n" for line in lines))


def drawn(table: Table, width: int) -> list[str]:
    """The lines that stand on a terminal of so many columns, without their colours."""
    text = ANSI.sub("", draw(table, width=width))
    assert text.endswith("\n")
    return text[:-1].split("\n")


@pytest.mark.parametrize("form", ["csv", "markdown", "latex", "html", "json", "jsonl"])
def test_formats(form: str, golden: Golden) -> None:
    golden(f"shape.{form}", rendered("shape", form))


@pytest.mark.parametrize("name", ["params", "rf-upwards", "shape-all"])
def test_csv(name: str, golden: Golden) -> None:
    golden(f"{name}.csv", rendered(name, "csv"))


def test_vocabulary(golden: Golden, command: Command) -> None:
    golden("layers-conv.txt", command("layers", "conv").out)
    golden("layers-relu.json", command("layers", "relu6", "--json").out)


# The laws on top


def test_the_table_of_the_contract() -> None:
    """Word for word, but for the remark below it."""
    expected = """\
  #  layer          output     RF        params       MACs
     input          3×32×32
  1  conv:16,k3,p1  16×32×32   3            448    442,368
  2  relu           16×32×32   3
  3  maxpool:2      16×16×16   4  /2
  4  conv:32,k3,p1  32×16×16   8  /2      4,640  1,179,648
  5  relu           32×16×16   8  /2
  6  maxpool:2      32×8×8     10 /4
  7  flatten        2048       all
  8  linear:10      10         all       20,490     20,480
     total                               25,578  1,642,496
"""
    found = rendered("shape", "table").partition("\n\n")[0] + "\n"

    assert [line.split() for line in expected.splitlines()] == [
        line.split() for line in found.splitlines()
    ]


def numbers_under(text: str, title: str) -> list[int]:
    """The numbers whose last digit stands under the last letter of a heading."""
    lines = text.split("\n")
    end = re.search(rf"(?:^|\s){re.escape(title)}(?=\s|$)", lines[0]).end()  # type: ignore[union-attr]
    return [
        int(match[0].replace(",", ""))
        for line in lines[1 : lines.index("") if "" in lines else None]
        for match in re.finditer(r"\d{1,3}(?:,\d{3})+|\d+", line)
        if match.end() == end and line[end : end + 1].strip() == ""
    ]


@pytest.mark.parametrize("example", example_names())
@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("shape", ("params", "MACs", "buffers", "trainable", "act. bytes")),
        ("params", ("params", "bytes")),
    ],
)
def test_columns_sum_to_the_totals(example: str, name: str, titles: tuple[str, ...]) -> None:
    """As they are printed: what stands in the last line is the sum of what stands above it."""
    report = cnncalc.analyze(example)
    more = "+buffers,trainable,activations" if name == "shape" else None
    text = plain(view(name, report, more))

    for title in titles:
        *parts, total = numbers_under(text, title)
        assert sum(parts) == total
    assert numbers_under(text, "params")[-1] == report.total.params


@pytest.mark.parametrize("example", example_names())
def test_csv_holds_the_report(example: str) -> None:
    report = cnncalc.analyze(example)
    rows = list(
        csv.DictReader(io.StringIO(FORMATS["csv"](view("shape", report, plain=True), dict)))
    )
    tensors = view("params", report, plain=True).records()

    assert len(rows) == len(report.layers)
    for key in ("params", "macs", "activation_bytes"):
        made = [row for row in rows if key != "activation_bytes" or row["kind"] != "input"]
        assert sum(int(row[key]) for row in made) == getattr(report.total, key)
    assert sum(each["params"] for each in tensors) == report.total.params
    assert sum(each["bytes"] for each in tensors) == report.total.param_bytes


@pytest.mark.parametrize("name", PAGES)
def test_a_terminal_cuts_no_number(name: str) -> None:
    """Whatever the width, a number is there in whole, or its column is named as left out."""
    table = table_of(name)
    for width in (20, 40, 50, 60, 80, 400):
        text = "\n".join(drawn(table, width))
        left_out = " ".join(text.split()).partition("left out to fit ")[2].partition(": ")[2]
        for column, cells in zip(table.columns, zip(*table.texts(), strict=True), strict=True):
            spared = column.title in left_out.partition(";")[0].split(", ")
            assert not (spared and width == 400)
            if not column.narrow and not spared:
                assert all(cell.replace("\t", " ").split(" ")[0] in text for cell in cells)
            assert spared == (f" {column.title}" not in text.split("\n\n")[0].split("\n")[0])


def test_a_wide_terminal_shows_what_a_pipe_gets() -> None:
    for name in PAGES:
        text = "".join(f"{line}\n" for line in drawn(table_of(name), 500))
        assert text == rendered(name, "table")


def test_without_colour_there_is_none() -> None:
    assert "\x1b[1m" in draw(table_of("shape"), width=80)
    assert "\x1b" not in draw(table_of("shape"), width=80, color=False)


def test_only_so_many_notes_stand_below() -> None:
    report = cnncalc.analyze("3x64x64 9*[add[ conv:3,k2,p=0:1 | conv:3,k2,p=1:0 ]]")
    footer = view("shape", report).footer

    assert len(report.notes) == 9
    assert footer[-1] == "note: 3 more are in the report of --json"
    assert sum(line.startswith("note: `add") for line in footer) == 6


WIDTHS = (40, 41, 47, 55, 66, 79, 100, 200)


@pytest.mark.parametrize("columns", [None, "all"])
@pytest.mark.parametrize("command", ["shape", "params", "rf"])
def test_no_line_is_wider_than_the_terminal(command: str, columns: str | None) -> None:
    """Of large networks, of long names, of wide ones, of maps with many axes."""
    named = cnncalc.parse("3x16x16 4*[conv:8,k3,p1 relu] gap linear:10")
    for step, name in zip(named.steps[1:], ("features." * 9, "名前" * 20), strict=False):
        step.name = name
    for spec in ("resnet50", "unet", "c3d", "googlenet", "2x2x2x2x2 conv:1,k1", named):
        report = cnncalc.analyze(spec)
        for width in WIDTHS:
            lines = drawn(view(command, report, columns), width)
            assert max(map(width_of, lines)) <= width


@pytest.mark.parametrize("words", [["layers"], ["layers", "conv"], ["examples"]])
def test_other_tables_fit_too(
    words: list[str], monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    shown = listed(words, monkeypatch, command)
    for width in WIDTHS:
        assert max(map(width_of, drawn(shown, width))) <= width


def test_the_table_of_executors_fits_too() -> None:
    why = "the device `cuda` needs CuPy, which isn't installed: pip install 'cnncalc[cuda]'"
    table = Table(RUNNERS, None, [("onnxruntime", "cuda", False, why), ("torch", "cpu", True, "")])
    for width in WIDTHS:
        lines = drawn(table, width)
        assert max(map(width_of, lines)) <= width
        assert lines[0].split() == ["executor", "device", "ready", "with"]


def listed(words: list[str], monkeypatch: pytest.MonkeyPatch, command: Command) -> Table:
    """The table that a command would show."""
    shown: list[Table] = []
    monkeypatch.setattr(output, "show", lambda options, table, document: shown.append(table))
    assert command(*words).code == 0
    return shown[0]


@pytest.mark.parametrize("width", [60, 50])
@pytest.mark.parametrize("words", [["layers", "conv"], ["layers"], ["examples"]])
def test_other_tables_on_a_terminal(
    words: list[str],
    width: int,
    golden: Golden,
    monkeypatch: pytest.MonkeyPatch,
    command: Command,
) -> None:
    lines = drawn(listed(words, monkeypatch, command), width)

    golden(f"{'-'.join(words)}.{width}.txt", "".join(f"{line}\n" for line in lines))


def test_a_long_name_keeps_its_end() -> None:
    """And a layer its begin; a step in a branch stands to the right all the same."""
    network = cnncalc.parse("3x16x16 add[conv:64,k3,p1,g1,nobias relu | conv:64,k1]")
    network.steps[1].name = "backbone.layer3.conv2"
    lines = drawn(view("shape", cnncalc.analyze(network)), 60)

    assert lines[2].startswith("  1  …layer3.conv2   conv:64,k3,…  64×16×16")


def test_a_huge_table_fits_too() -> None:
    table = view("shape", cnncalc.analyze("3x4x4 6000*relu"))

    lines = drawn(table, 40)
    assert len(lines) > len(table.lines)
    assert max(map(width_of, lines)) <= 40


def test_signs_that_a_terminal_lacks() -> None:
    """They are replaced before there is room for them."""
    report = cnncalc.analyze(NAMED)
    for width in (40, 60, 100):
        text = ANSI.sub("", draw(view("rf", report), width=width, ascii=True))
        assert text.isascii()
        assert max(map(len, text.split("\n"))) <= width


def test_markdown_rows_have_equal_cells() -> None:
    lines = rendered("shape-resnet18", "markdown").split("\n\n")[0].splitlines()

    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


ODD = Table(
    [Column("k", "a|b_%", "", lambda _, line: line), Column("n", "n", "", lambda _, line: 1)],
    None,
    ["x|y", "50% of $a_b & {c} ~ ^ \\", "<b>", "×≤"],
)


def test_signs_of_the_formats_are_escaped() -> None:
    markdown, latex = FORMATS["markdown"](ODD, dict), FORMATS["latex"](ODD, dict)

    assert "| x\\|y | 1 |" in markdown
    assert "a\\|b_%" in markdown
    assert r"50\% of \$a\_b \& \{c\} \textasciitilde{} \textasciicircum{} \textbackslash{}" in latex
    assert r"$\times$$\le$" in latex
    cells = ElementTree.fromstring(FORMATS["html"](ODD, dict)).iter("td")
    assert [cell.text for cell in cells][::2] == list(ODD.lines)


def test_html_is_well_formed() -> None:
    table = ElementTree.fromstring(rendered("shape-resnet18", "html"))

    assert {len(row) for row in table.iter("tr")} == {7}


def test_html_is_a_page_of_its_own() -> None:
    """It says its encoding, and loads nothing."""
    page = rendered("shape", "html")

    assert page.startswith('<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>')
    assert not re.search(r"https?:|src=|href=|url\(|@import|fetch|XMLHttp", page)


def cells_of(row: ElementTree.Element) -> list[str]:
    return ["".join(cell.itertext()).strip() for cell in row]


@pytest.mark.parametrize("example", ["resnet18", "googlenet", "unet"])
@pytest.mark.parametrize("name", ["shape", "params"])
def test_blocks_of_a_page_sum_up_their_rows(name: str, example: str) -> None:
    """And are those of the document's `path`, each before its first row."""
    report = cnncalc.analyze(example)
    table = view(name, report)
    page = ElementTree.fromstring(FORMATS["html"](table, dict))
    rows = [row for row in page.iter("tr") if row.find("td") is not None]
    at = [column.key for column in table.columns].index("params")
    blocks = [row for row in rows if "block" in row.get("class", "")]
    paths = [tuple(map(tuple, layer["path"])) for layer in report.to_dict()["layers"]]

    if name == "shape":
        assert len(blocks) == len({path[:n] for path in paths for n in range(1, len(path) + 1)})
    assert blocks
    for block in blocks:
        own = block.get("class", "").split()[1]
        inside = [row for row in rows if f"in-{own}" in row.get("class", "").split()]
        first = rows.index(block) + 1
        assert inside == rows[first : first + len(inside)]
        leaves = [row for row in inside if "block" not in row.get("class", "")]
        shown = [cells_of(row)[at].replace(",", "") for row in [block, *leaves]]
        total, *parts = [int(text) if text.isdigit() else 0 for text in shown]
        assert leaves
        assert sum(parts) == total
        assert f".{own} input:not(:checked)) .in-{own} " in "".join(page.itertext())


def test_a_sorted_page_says_whose_each_tensor_is() -> None:
    """The layer's words are there for each of its tensors, and shown again once it is sorted."""
    page = ElementTree.fromstring(rendered("params", "html"))
    layers = [cells_of(row)[1] for row in page.iter("tr") if row.find("td") is not None]

    texts = ["conv:16,k3,p1", "conv:32,k3,p1", "linear:10"]
    assert layers == [*(text for text in texts for _ in ("weight", "bias")), "total"]
    assert len(list(page.iterfind(".//span[@class='again']"))) == 2 * 3  # numbers and words


def test_large_tables_begin_folded() -> None:
    """Small ones don't."""
    small, large = (rendered(name, "html") for name in ("shape-named", "shape-resnet18"))

    assert 'type="checkbox"' in small
    assert small.count('type="checkbox"') == small.count('checked=""')
    assert 'checked=""' not in large
    assert large.count('type="checkbox"') > 10


@pytest.mark.parametrize("form", ["markdown", "latex", "html"])
@pytest.mark.parametrize("name", ["shape", "params", "rf-apart"])
def test_remarks_stay_below_a_table(name: str, form: str) -> None:
    """Whatever the format, what stands below the table for people is there."""
    text = html.unescape(re.sub(r"\\([^a-z])", r"\1", rendered(name, form)))
    lines = [line for line in table_of(name).footer if line]

    assert lines
    for line in lines:
        assert re.sub(r"[`×*]", "", line)[:30] in re.sub(r"[`×*]", "", text)


def test_json_lines_are_the_layers() -> None:
    report = cnncalc.analyze(SMALL)
    lines = FORMATS["jsonl"](view("shape", report), report.to_dict).splitlines()

    assert [json.loads(line) for line in lines] == json.loads(json.dumps(report.to_dict()))[
        "layers"
    ]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["shape", "params", "rf"])
@pytest.mark.parametrize("spec", ["5 relu", "5 linear:2", "2x3 conv:1,k1", "2x2x2x2x2 conv:1,k1"])
def test_small_networks_have_every_view(spec: str, name: str, form: str) -> None:
    """No weights, no spatial axes, one axis, four."""
    report = cnncalc.analyze(spec)

    assert FORMATS[form](view(name, report, plain=form == "csv"), report.to_dict)


def test_every_layer_is_listed_and_has_a_page(command: Command) -> None:
    listed = {each["name"] for each in json.loads(command("layers", "--json").out)}

    assert listed == set(KINDS)
    for kind in sorted(listed):
        page = command("layers", kind)
        assert page.code == 0
        assert f"\nformula: {KINDS[kind].formula}\n" in page.out


def test_every_column_has_its_text() -> None:
    assert all(column.doc and column.title and column.key for column in (*COLUMNS, *TENSORS))
    assert len({column.key for column in COLUMNS}) == len(COLUMNS)


# The parts


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [("all", "a b c"), ("b", "b"), ("+c", "a c"), ("+a,b", "a b"), ("c, B", "c b")],
)
def test_choosing_columns(wanted: str, keys: str) -> None:
    known = [Column(key, key, "", lambda _, line: line) for key in "abc"]

    assert choose(wanted, known, ["a"]) == keys.split()


@pytest.mark.parametrize("wanted", ["", "d", "a,,b", "+"])
def test_a_column_that_is_not_there(wanted: str) -> None:
    known = [Column(key, key, "", lambda _, line: line) for key in "abc"]

    with pytest.raises(CnnCalcError, match="there is no column"):
        choose(wanted, known, ["a"])


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.00 kB"),
        (9994, "9.99 kB"),
        (9996, "10.0 kB"),
        (99_940, "99.9 kB"),
        (99_960, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.00 MB"),
        (553_430_176, "553 MB"),
        (10**15, "1.00 PB"),
    ],
)
def test_human_bytes(count: int, text: str) -> None:
    assert human_bytes(count) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, ""), (None, ""), (1234567, "1,234,567"), ("a", "a"), (True, "True")]
)
def test_thousands(value: object, text: str) -> None:
    assert thousands(value) == text


def found(report: Report, **more: Any) -> Report:
    report.verify = {
        "executor": "bundled",
        "device": "cpu",
        "ok": not more.get("mismatches"),
        "checked": {"shapes": 8, "params": 1, "receptive_field": 0},
        "mismatches": [],
        "seconds": 0.25,
        **more,
    }
    return report


def test_what_an_executor_found(golden: Golden) -> None:
    wrong = [
        {"index": 1, "what": "shape", "predicted": [16, 32, 32], "actual": [16, 31, 31]},
        {"index": 8, "what": "weight bias", "predicted": 10000, "actual": None},
        {"index": 0, "what": "weights in all", "predicted": 25578, "actual": 25568},
    ]
    pages = [
        found(cnncalc.analyze(SMALL)),
        found(cnncalc.analyze(SMALL), seconds=0.0, checked={"shapes": 1, "macs": 3}),
        found(cnncalc.analyze(SMALL), mismatches=wrong, unchecked=[2, 3]),
    ]

    golden("verify.txt", "\n".join(plain(view("shape", report, "index,layer")) for report in pages))


def test_progress_is_shown_only_of_long_runs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnncalc.render.table.PATIENCE", 1e9)
    with Bar() as bar:
        bar(1, 2, "conv1")
    assert capsys.readouterr() == ("", "")

    monkeypatch.setattr("cnncalc.render.table.PATIENCE", -1.0)
    with Bar() as bar:
        bar(1, 2, "conv1")
        assert bar.progress is not None
    assert not bar.progress.live.is_started
    assert capsys.readouterr().out == ""


def test_progress_says_how_many_steps_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnncalc.render.table.PATIENCE", -1.0)
    with Bar(rated=True) as rated, Bar() as bar:
        for shown in (rated, bar):
            shown(0, 9000, "designs")
            assert shown.progress is not None
            (task,) = shown.progress.tasks
            monkeypatch.setattr(type(task), "speed", property(lambda task: 1234.5))
            words = [str(each.render(task)) for each in shown.progress.columns]
            assert ("1,234/s" in words) == (shown is rated)


@given(st.text(alphabet=" abc名e\u0301", max_size=60), st.integers(6, 30), st.integers(0, 3))
def test_wrapped_text_is_the_text(text: str, width: int, taken: int) -> None:
    """No line is too wide, and nothing is lost."""
    lines = wrapped(text.strip(), width, "  ", taken)

    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(width_of(line) + taken * (n == 0) <= width for n, line in enumerate(lines))
