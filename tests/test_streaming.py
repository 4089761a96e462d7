"""Documents are written row by row: nothing of a large network's is held whole."""

from __future__ import annotations

import io
import json
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc.cli import output
from cnncalc.cli.main import main
from cnncalc.render.text import FORMATS, PIECES, pieces
from cnncalc.report import Report
from cnncalc.tables.views import view
from tests.conftest import Command

DEEP = "8x8x8 {}*[conv:8,k3,p1 relu]"
A_LAYER = 1536  # bytes of memory, parsing and analysis included


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rows of documents that have been made, by their index."""
    found: list[int] = []
    of_row = Report._row

    def counted(self: Report, row: Any, path: Any) -> dict[str, Any]:
        found.append(row.index)
        return of_row(self, row, path)

    monkeypatch.setattr(Report, "_row", counted)
    return found


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_a_row_is_made_when_its_turn_has_come(form: str, made: list[int]) -> None:
    report = cnncalc.analyze(DEEP.format(50))
    written = []
    for piece in pieces(form, view("shape", report), report.document):
        written.append(piece)
        assert len(made) <= sum('"kind"' in each for each in written)

    assert made == list(range(1, 101))


def as_it_was(document: dict[str, Any]) -> str:
    """The whole document as text: a key a line, an object of a list a line."""
    members = []
    for key, value in document.items():
        text = json.dumps(value, ensure_ascii=False)
        if isinstance(value, list) and value:
            rows = ",\n    ".join(json.dumps(each, ensure_ascii=False) for each in value)
            text = f"[\n    {rows}\n  ]"
        members.append(f"  {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(members) + "\n}\n"


@pytest.mark.parametrize(
    "spec", ["8x8x8 nn.Sequential()", "3x8x8 add[conv:3,k3,p1|] x@relu", DEEP.format(3)]
)
def test_the_text_is_that_of_the_whole_document(spec: str, command: Command) -> None:
    whole = cnncalc.analyze(spec).to_dict()

    assert command("shape", spec, "--json").out == as_it_was(whole)
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in whole["layers"]]
    assert command("shape", spec, "-f", "jsonl").out == "".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize("form", PIECES)
def test_memory_does_not_grow_with_what_is_written(form: str) -> None:
    """The pieces of 3,000 rows take no more at a time than those of 300."""
    peaks = []
    for count in (150, 1500):
        report = cnncalc.analyze(DEEP.format(count))
        table, document = view("shape", report, plain=True), report.document()
        pieces(form, table, report.to_dict)  # what is loaded once isn't counted
        tracemalloc.start()
        for _ in pieces(form, table, lambda document=document: document):  # type: ignore[misc]
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] + 20_000


@pytest.mark.slow
def test_memory_of_a_whole_command(tmp_path: Path) -> None:
    """From the words to the file, for each layer."""
    count = 2_000
    words = ["shape", DEEP.format(count // 2), "--json", "-o", str(tmp_path / "net.json")]
    main([*words[:1], DEEP.format(2), *words[2:]])  # what is loaded once isn't counted
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    main(words)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()

    assert len(json.loads((tmp_path / "net.json").read_text())["layers"]) == count
    assert peak / count < A_LAYER


def failing(_: Report, row: Any, path: Any) -> dict[str, Any]:
    if row.index == 3:
        raise OSError(28, "No space left on device")
    return {"index": row.index}


@pytest.mark.parametrize("form", PIECES)
def test_a_file_is_whole_or_as_it_was(
    form: str, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever ends the writing between two rows."""
    file = tmp_path / "net"
    file.write_text("before")
    monkeypatch.setattr(Report, "_row", failing)
    monkeypatch.setitem(PIECES, "csv", lambda table, document: map(str, document()["layers"]))
    ran = command("shape", DEEP.format(5), "-f", form, "-o", str(file))

    assert ran.code == 2
    assert "can't be written: no space left on device" in ran.err
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


class Closing(io.StringIO):
    """A reader that has read enough after some pieces."""

    left = 5

    def write(self, text: str) -> int:
        self.left -= 1
        if self.left < 0:
            raise BrokenPipeError
        return super().write(text)


def test_nothing_more_is_made_for_a_reader_who_left(
    made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", Closing())

    assert main(["shape", DEEP.format(500), "-f", "jsonl"]) == 0
    assert len(made) == Closing.left + 1


def test_signs_that_an_encoding_lacks_are_put_otherwise_piece_by_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)

    def words() -> Iterator[str]:
        yield "3×3 "
        yield "plain "
        yield "≤9"

    output.emit(words())
    assert stream.buffer.getvalue() == b"3x3 plain <=9"  # type: ignore[attr-defined]


@pytest.mark.parametrize("form", PIECES)
def test_whole_texts_are_the_pieces(form: str) -> None:
    report = cnncalc.analyze(DEEP.format(4))
    table = view("shape", report, plain=True)

    assert FORMATS[form](table, report.to_dict) == "".join(pieces(form, table, report.document))
