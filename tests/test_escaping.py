"""What is printed is data: hostile names, paths and lines of source, in every format."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnncalc
from cnncalc import escaping
from cnncalc.errors import Piece, Source, Span, SpecError
from cnncalc.notations import writable
from cnncalc.render.table import Bar, draw
from cnncalc.render.text import FORMATS
from cnncalc.report import Report
from cnncalc.tables.views import view
from cnncalc.widths import width_of
from tests.conftest import Command

HOSTILE = (
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\x9b2J",
    "\x00\x08\x7f",
    "two\nlines",
    "a\r\nb",
    "back\rto front",
    "tab\tone\ttwo",
    "line\u2028paragraph\u2029",
    "a|b\\|c",
    "<script>alert(1)</script>",
    "&lt;b&gt;",
    "`code` **bold** [link](http://a.b) ![](x)",
    "$math$ ~gone~ #1 __init__",
    "=1+1",
    " =1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "＝1+1",
    "-3x-5",
    "\u202etxt.exe",
    "\u2066left\u2069",
    "zero\u200bwidth\u200d\ufeff",
    "filler\u3164\u2800\ufe0f",
    "\U000e0041tag",
    "half \ud800",
    "[2cm] \\\\ & % # _ ^ ~ { }",
    "\"quoted\" 'once'",
    "end",
    "]) --> n1",
    "[/bold]x[red]",
    "名前" * 30,
    "e\u0301\u0489" * 9,
)
STEERS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def hostile(text: str = "") -> Report:
    """A report whose steps have hostile names, which stand in notes and mismatches too."""
    names = [text] if text else [*HOSTILE]
    spec = "3x9x9 " + "add[ conv:3,k1 | conv:3,k3,p=2:0 ] " * len(names)
    network = cnncalc.parse(spec)
    joins = [step for step in network.steps if step.layer.kind == "add"]
    for step, name in zip(joins, names, strict=True):
        step.name = name
    report = cnncalc.analyze(network)
    report.verify = {
        "executor": "bundled",
        "device": "cpu",
        "ok": False,
        "checked": {"shapes": 1},
        "unchecked": [2],
        "reasons": [{"index": 2, "reason": name} for name in names],
        "mismatches": [
            {"index": 1, "what": f"weight {name}", "predicted": name, "actual": name}
            for name in names
        ],
        "seconds": 0.0,
    }
    return report


def rendered(form: str, report: Report, command: str = "shape") -> str:
    plain = form in ("csv", "jsonl")
    return FORMATS[form](view(command, report, plain=plain), report.to_dict)


@pytest.fixture(scope="module")
def report() -> Report:
    return hostile()


@pytest.mark.parametrize("command", ["shape", "params", "rf"])
@pytest.mark.parametrize("form", FORMATS)
def test_no_format_lets_a_name_steer(form: str, command: str, report: Report) -> None:
    text = rendered(form, report, command)

    assert not STEERS.search(text)
    assert all(line.isprintable() for line in text.split("\n"))
    text.encode()


@pytest.mark.parametrize("to", [name for name in writable() if name != "onnx"])
def test_no_notation_lets_a_name_steer(to: str, report: Report) -> None:
    text = cnncalc.convert(report.network, to)

    assert isinstance(text, str)
    assert all(line.isprintable() for line in text.split("\n"))
    if to in ("torch", "keras"):
        compile(text, "written.py", "exec")


def test_a_row_stays_a_row(report: Report) -> None:
    """Whatever stands in the cells, there are as many lines and cells as without it."""
    count = len(report.rows)
    lines = rendered("table", report).split("\n\n")[0].splitlines()
    assert len(lines) == 1 + count + 1

    table = rendered("markdown", report).split("\n\n")[0].splitlines()
    assert len(table) == 2 + count + 1
    assert len({len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in table}) == 1

    rows = [line for line in rendered("latex", report).splitlines() if line.endswith("\\\\")]
    assert len(rows) == 1 + count + 1
    assert len({len(re.findall(r"(?<!\\)&", line)) for line in rows}) == 1

    cells = list(csv.reader(io.StringIO(rendered("csv", report))))
    assert len(cells) == count
    assert len({len(row) for row in cells}) == 1

    assert len(rendered("jsonl", report).splitlines()) == count - 1


def test_json_has_the_very_names(report: Report) -> None:
    """So that programs find them: only half characters are nowhere."""
    names = {each["name"] for each in json.loads(rendered("json", report))["layers"]}
    lines = rendered("jsonl", report).splitlines()

    assert set(HOSTILE) <= names
    assert {json.loads(line)["name"] for line in lines} == names


def test_a_spreadsheet_computes_nothing(report: Report) -> None:
    for row in csv.reader(io.StringIO(rendered("csv", report))):
        for cell in row:
            assert not cell.lstrip().startswith(escaping.FORMULA) or re.fullmatch(r"-[\dx-]+", cell)


@pytest.mark.parametrize(
    ("value", "cell"),
    [(-3, -3), ("-3", "-3"), ("-3x-5", "-3x-5"), ("-2.5x1e-3", "-2.5x1e-3"), ("-1-1", "'-1-1"),
     ("-x", "'-x"), ("=A1", "'=A1"), ("\t=A1", "' =A1"), ("a=b", "a=b"), (None, None)],
)  # fmt: skip
def test_numbers_and_sizes_are_no_formulas(value: Any, cell: Any) -> None:
    assert escaping.csv_cell(value) == cell


class Tags(HTMLParser):
    """The tags of a page, and the text of its cells."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.add(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_html_has_no_tag_of_a_name(report: Report) -> None:
    page = Tags()
    page.feed(rendered("html", report))

    assert page.found == {
        *("html", "head", "meta", "title", "style", "body", "script"),
        *("div", "label", "input", "span", "table", "thead", "tbody", "tfoot", "tr", "th", "td"),
    }
    assert rendered("html", report).count("<script") == 1
    assert "<script>alert(1)</script>" in page.text


def test_markdown_has_no_markup_of_a_name(report: Report) -> None:
    """In cells nothing means anything; in remarks what stands between backticks is code."""
    text = rendered("markdown", report)
    bare = re.sub(r"\\[^\w\s]|`[^`]+`", "", text)

    assert "<" not in bare
    assert "](" not in bare
    assert escaping.markdown("`a|b` <b> *c*") == r"`a|b` \<b\> \*c\*"
    assert escaping.markdown_cell("conv1_bn __init__") == r"conv1_bn \_\_init__"


def test_mermaid_has_no_markup_of_a_name() -> None:
    for name in HOSTILE:
        network = cnncalc.parse("3x8x8 conv:4,k3 relu")
        network.steps[1].name = name
        lines = str(cnncalc.convert(network, "mermaid")).splitlines()
        label = re.fullmatch(r'    n1\["(.*)"\]', lines[2])
        assert len(lines) == 6
        assert label
        assert not re.search(r'["`\\;&]', re.sub(r"#\w+;", "", label[1]))
        assert re.findall(r"<.*?>", label[1]) == ["<br/>"] * label[1].count("<br/>")


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("width", [40, 80])
def test_a_terminal_is_not_steered(text: str, width: int) -> None:
    drawn = draw(view("shape", hostile(text)), width=width, color=False)

    assert all(line.isprintable() for line in drawn.split("\n"))
    assert max(map(width_of, drawn.split("\n"))) <= width


@pytest.mark.parametrize("text", HOSTILE)
def test_messages_are_not_steered(text: str) -> None:
    """By what they quote, by the line of the source, its file, notes and help."""
    source = Source(f"{text} conv {text}", [Piece(0, f"{text}.py")])
    error = SpecError(f"no `{text}`", Span(source, 0, len(text)), code="code", help=text)
    error.notes = [text]

    for fold in (False, True):
        drawn = error.draw(width=60, fold=fold)
        assert all(line.isprintable() for line in drawn.split("\n"))
    json.dumps(error.to_dict()).encode()


def test_progress_is_not_steered(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnncalc.render.table.PATIENCE", -1.0)
    monkeypatch.setenv("TERM", "xterm")
    with Bar() as bar:
        for number, name in enumerate(HOSTILE):
            bar(number, len(HOSTILE), name)
        assert bar.progress is not None
        assert all(task.description.isprintable() for task in bar.progress.tasks)


def test_standard_error_is_not_steered(command: Command, tmp_path: Path) -> None:
    """What options and budgets quote, in errors and in other messages."""
    odd = "\x1b[31m\u202e"
    for words in (
        ["shape", "3x8x8", "relu", "--columns", odd],
        ["shape", "3x8x8", f"relu{odd}"],
        ["shape", "3x8x8", "relu", "-f", odd],
        ["shape", "3x8x8", "relu", "--expect", odd],
        ["shape", "3x8x8", "relu", "-o", str(tmp_path / odd / "x.txt")],
        ["shape", "3x8x8", "conv:4,k3", "--max-params", "1 \x1b"],
        ["layers", odd],
        [odd],
    ):
        said = command(*words).err
        assert "\x1b" not in said
        assert all(line.isprintable() for line in said.split("\n"))


@given(st.text())
def test_visible_text_is_a_line_that_encodes(text: str) -> None:
    shown = escaping.visible(text)

    assert shown.isprintable()
    assert len(shown) == len(text)
    assert escaping.visible(shown) == shown
    shown.encode()


@given(st.text())
def test_json_loses_nothing(text: str) -> None:
    written = escaping.dumps({"name": text})

    assert json.loads(written) == {"name": text}
    assert written.isprintable()
    written.encode()
