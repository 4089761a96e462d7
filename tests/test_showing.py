"""What Python shows of networks, reports and errors: by print, by repr, below a cell."""

from __future__ import annotations

import csv
import importlib
import importlib.util
import io
import sys
import types
from html.parser import HTMLParser

import pytest

import cnncalc
from cnncalc import SpecError
from cnncalc.network import Network
from cnncalc.render.text import FORMATS
from cnncalc.tables.views import view
from tests.conftest import Command

SPEC = "3x32x32 conv:16,k3,p1 relu maxpool:2 flatten linear:10"


def test_print_is_the_table_of_the_command(command: Command) -> None:
    assert f"{cnncalc.analyze(SPEC)}\n" == command("shape", *SPEC.split()).out


def test_print_tells_what_was_verified() -> None:
    assert "verified by bundled on cpu: " in str(cnncalc.verify("3x8x8 conv:4,k3"))


def test_reprs() -> None:
    report = cnncalc.analyze(SPEC)
    source = "keras.Sequential([keras.Input((9, 8, 3)), layers.Conv2D(4, 3)])"
    ends = "3x8x8 a@relu b@relu @a c@relu @a d@relu @a conv:4,k3"

    assert repr(report) == ("<Report: 3×32×32 to 10, 5 layers, 41,418 parameters, 483,328 MACs>")
    assert repr(report.network) == "<Network: 5 layers, input 3×32×32>"
    assert repr(report.rows[1]) == "<Row 1: conv1, conv:16,k3,p1, gives 16×32×32>"
    assert repr(cnncalc.analyze("3x8x8 relu")).startswith("<Report: 3×8×8 to 3×8×8, 1 layer, 0 ")
    assert repr(cnncalc.analyze(ends)).startswith("<Report: 3×8×8 to 4×6×6, 3×8×8, 3×8×8, …, ")
    assert repr(cnncalc.parse("relu")) == "<Network: 1 layer, input not given>"
    assert repr(cnncalc.parse(source)) == "<Network: keras, traced at an input, input 9×8×3>"
    assert repr(cnncalc.parse("nn.Conv2d(3, 4, 3)")) == "<Network: 1 layer, input not given>"


def test_an_error_is_its_whole_message(command: Command) -> None:
    """Place, underlined words, notes and help, as the command prints them."""
    words = ["3x8x8", "conv:4,k3", "maxpool:9"]
    with pytest.raises(SpecError) as caught:
        cnncalc.analyze(" ".join(words))
    error = caught.value

    assert f"{error}\n" == command("shape", *words).err == error.draw()
    assert " --> spec:1:" in str(error)
    assert "|                         ^" in str(error)
    assert "= note: it receives 4×6×6 from `conv:4,k3` (step 1)" in str(error)
    assert "= help: " in str(error)
    assert "\x1b" not in str(error)
    assert repr(error) == f"SpecError({error.message!r})"


def test_errors_without_a_place() -> None:
    assert str(cnncalc.CnnCalcError("no", code="x", help="yes")) == "error[x]: no\n  = help: yes"


class Text(HTMLParser):
    """The words of a page, and how many rows its tables have."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[str] = []
        self.rows = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.rows += tag == "tr"

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data.split()


def test_networks_show_themselves() -> None:
    """At their own size; else what says that there is none."""
    network = cnncalc.parse("resnet18")
    unsized = cnncalc.parse("nn.Sequential(nn.Flatten(), nn.Linear(12, 3))")
    wrong = cnncalc.parse("3x8x8 nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(5, 4, 3))")

    assert network._repr_html_() == cnncalc.analyze(network)._repr_html_()
    assert 'type="checkbox"' in network._repr_html_()
    assert "the size of the input isn&#x27;t given: it is C×H×W" in unsized._repr_html_()
    assert "receives 4 channels" in wrong._repr_html_()
    assert not Text(wrong._repr_html_()).open
    assert Network([])._repr_html_() == "<pre>&lt;Network: 0 layers, input not given&gt;</pre>"


class Frame(dict[str, list[object]]):
    """Columns, as a data frame is made of."""


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_a_data_frame(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The columns and values of CSV."""
    fake = types.ModuleType(package)
    fake.DataFrame, fake.__version__ = Frame, "1"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, package, fake)
    report = cnncalc.analyze(SPEC)
    frame = getattr(report, f"to_{package}")()
    rows = list(
        csv.DictReader(io.StringIO(FORMATS["csv"](view("shape", report, plain=True), dict)))
    )

    assert list(frame) == list(rows[0])
    assert {"name", "output_shape", "receptive_field.size", "params", "macs"} <= set(frame)
    assert frame["macs"] == [row.macs for row in report.layers]
    for key, column in frame.items():
        assert ["" if each is None else str(each) for each in column] == [row[key] for row in rows]


def test_real_data_frames() -> None:
    """Of those packages that are installed here."""
    for package in filter(importlib.util.find_spec, ("pandas", "polars")):
        frame = getattr(cnncalc.analyze("resnet18"), f"to_{package}")()
        named = getattr(cnncalc.analyze("3xHxW conv:4,k3"), f"to_{package}")()

        assert isinstance(frame, importlib.import_module(package).DataFrame)
        assert frame["macs"].sum() == cnncalc.analyze("resnet18").total.macs
        assert named["macs"][0] == cnncalc.analyze("3xHxW conv:4,k3").to_dict()["layers"][0]["macs"]


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_without_the_package(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(cnncalc.CnnCalcError, match=f"pip install {package}"):
        getattr(cnncalc.analyze(SPEC), f"to_{package}")()


def test_a_notebook_shows_the_table() -> None:
    report = cnncalc.verify(SPEC)
    shown = Text(report._repr_html_())

    assert not shown.open
    assert shown.rows == len(report.rows) + 2  # with the titles and the total
    assert "<script" not in report._repr_html_()
    plain = str(report).replace("/", " /").split()
    assert set(plain) - set(" ".join(shown.words).replace("/", " /").split()) == set()
