"""What costs one place to change: CONTRIBUTING's table, tried with things made up here.

Each row of the table names the test that adds such a thing, and counts what had to be touched.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc.executors import EXECUTORS
from cnncalc.executors.base import Run
from cnncalc.executors.bundled.compute.table import COMPUTATIONS
from cnncalc.executors.bundled.executor import BundledExecutor
from cnncalc.frameworks.ops import BY_KIND
from cnncalc.layers import KINDS, LAYERS
from cnncalc.layers.base import BY_KIND as RECORDS
from cnncalc.layers.base import Layer, Shape, option
from cnncalc.render import text
from cnncalc.tables import steps, views
from cnncalc.tables.table import Column, Table
from tests.conftest import Command

PACKAGE = Path(cnncalc.__file__).parent
CONTRIBUTING = PACKAGE.parent / "CONTRIBUTING.md"

# Who tries each row of the table.
TRIED = {
    "a layer kind": "tests.test_places.test_a_layer_kind",
    "an element-wise kind": "tests.frameworks.test_ops.test_what_is_missing_is_told",
    "a column": "tests.test_places.test_a_column",
    "a tool whose way of counting is to be known": "tests.test_counts.test_what_each_tool_prints",
    "an output format": "tests.test_places.test_an_output_format",
    "a limit": "tests.test_check.test_every_key_is_told",
    "a page of documentation": "tests.test_docs.test_links_lead_somewhere",
    "a name that people bring from elsewhere": "tests.test_suggestions.test_what_was_meant",
    "a notation": "tests.notations.test_registering.test_a_new_notation_is_read_by_its_looks",
    "a way to write a layer": "tests.test_places.test_who_names_layer_kinds",
    "an argument of a class that changes no size and no count": (
        "tests.frameworks.test_keras_signatures.test_an_argument_that_is_never_looked_at"
    ),
    "a framework": "tests.test_places.test_an_executor",
    "a function of PyTorch": "tests.source.test_order.test_a_new_function_is_an_entry",
    "an ONNX operator": "tests.onnx.test_operators.test_a_new_operator",
    "what an operation makes of tensors": "tests.tracing.test_same_layers.test_the_file",
    "a module of Python's library": "tests.python.test_library.test_a_new_module_is_a_new_file",
    "a function of Python": "tests.python.test_library.test_a_new_function_is_an_entry",
}

# The folders that know layer kinds by their names, of those that all front ends lead to.
KNOWING = ("layers/", "counts/", "frameworks/", "executors/")
FRONT = ("notations/", "live/", "tracing/")
INTERPRETER = "python/"  # which has words of Python's own, such as `abs`, and imports no layer
OTHER_WORDS = {"each", "fold", "input"}  # an option, what a narrow column does, a first line


def rows() -> list[str]:
    """What the table of CONTRIBUTING says can be added."""
    page = CONTRIBUTING.read_text(encoding="utf-8")
    table = page.split("## What costs one place to change")[1].split("\n## ")[0]
    return re.findall(r"^\| ((?!to add|---).+?)(?:,.*?)? \|", table, re.MULTILINE)


def test_every_row_is_tried() -> None:
    assert rows() == list(TRIED)
    for place in TRIED.values():
        module, _, name = place.rpartition(".")
        assert callable(getattr(import_module(module), name))


@cache
def named_in(path: Path) -> frozenset[str]:
    """The layer kinds that stand in a file as words of their own."""
    words = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(
        each.value for each in words if isinstance(each, ast.Constant) and each.value in KINDS
    )


def strangers() -> Iterator[tuple[str, str]]:
    """Files that name a layer kind though they should know none."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith((*KNOWING, *FRONT, INTERPRETER)):
            yield from ((name, kind) for kind in sorted(named_in(path) - OTHER_WORDS))


def test_who_names_layer_kinds() -> None:
    """The formula sheet, how tools count, the vocabularies with their writers, and executors."""
    assert list(strangers()) == []


@pytest.mark.parametrize("kind", sorted(COMPUTATIONS.keys() - BY_KIND.keys()))
def test_a_kind_is_recorded_and_computed_once(kind: str) -> None:
    """Its record and its computation stand in a file each, which say its name."""
    record = PACKAGE / f"layers/{KINDS[kind].__module__.rpartition('.')[2]}.py"
    computed = Path(COMPUTATIONS[kind].__code__.co_filename).relative_to(PACKAGE)

    assert kind in record.read_text(encoding="utf-8")
    assert computed.as_posix().startswith("executors/bundled/compute/")


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> type[Layer]:
    """A layer kind that is not there: a record and a computation, and nothing else."""

    class EveryOther(Layer):
        """Every n-th place along each axis. Input (C, *spatial)."""

        kind = "everyother"
        formula = "n' = ceil(n / step)"
        step: int = option("count", "how far apart", positional=True, minimum=1)

        def output(self, *shapes: Shape) -> Shape:
            channels, *places = shapes[0]
            return channels, *(-(-n // self.step) for n in places)

        def windows(self, *shapes: Shape) -> tuple[Any, ...]:
            from cnncalc.axis.windows import Slide

            return tuple(Slide(1, self.step) for _ in shapes[0][1:])

    def compute(at: Any, layer: Any, x: Any) -> Any:
        return x[(slice(None), slice(None), *[slice(None, None, layer.step)] * (x.ndim - 2))]

    monkeypatch.setitem(LAYERS, "everyother", EveryOther)
    monkeypatch.setitem(KINDS, "everyother", EveryOther)
    monkeypatch.setitem(RECORDS, "everyother", EveryOther)
    monkeypatch.setitem(COMPUTATIONS, "everyother", compute)
    return EveryOther


def test_a_layer_kind(made_up: type[Layer], command: Command) -> None:
    """Read, worked out with its fields, run and told about, by its record and its computation."""
    report = cnncalc.verify("3x9x9 everyother:2 conv:4,k3")

    assert report.rows[1].output_shape == (3, 5, 5)
    assert report.to_dict()["layers"][1]["receptive_field"]["size"] == [5, 5]
    assert report.verify is not None
    assert (report.verify["ok"], report.verify["checked"]["shapes"]) == (True, 2)
    _, told, _ = command("layers", "everyother")
    assert "how far apart" in told


def test_a_column(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """One entry of the list: shown, found by `--columns`, and there for programs."""
    column = Column("letters", "letters", "how long its text is", lambda _, row: len(row.text))
    monkeypatch.setattr(views, "COLUMNS", (*steps.COLUMNS, column))

    _, shown, _ = command("shape", "3x8x8", "relu", "--columns", "layer,letters")
    _, listed, _ = command("shape", "3x8x8", "relu", "--columns", "letters", "-f", "csv")

    assert shown.splitlines()[-1].split() == ["relu", "4"]
    assert listed.split() == ["letters", "4"]


def test_an_output_format(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """One function and its entry: asked for by name, offered where a name is wrong."""

    def loud(table: Table, document: Any) -> str:
        return "".join(f"{' '.join(cells).upper()}\n" for cells in table.texts())

    monkeypatch.setitem(text.FORMATS, "loud", loud)

    _, shown, _ = command("shape", "3x8x8", "relu", "-f", "loud", "--columns", "layer")
    _, _, told = command("shape", "3x8x8", "relu", "-f", "lout")

    assert shown.split() == ["INPUT", "RELU"]
    assert "did you mean `loud`?" in told


def test_an_executor(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """One class and its entry: run by name, listed, and one of `all`."""

    class Second(BundledExecutor):
        name = "second"

        def run(self, *args: Any, **settings: Any) -> Run:
            return replace(super().run(*args, **settings), executor=self.name)

    monkeypatch.setitem(EXECUTORS, "second", Second)

    report = cnncalc.verify("3x8x8 conv:4,k3", executor="second")
    _, listed, _ = command("executors")

    assert report.verify is not None
    assert (report.verify["ok"], report.verify["executor"]) == (True, "second")
    assert "second" in listed
