"""Python's own library: a file for each module, and nothing else."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

import cnncalc
from cnncalc.errors import SpecError
from cnncalc.python import library
from cnncalc.python.builtins import BUILTINS
from cnncalc.python.functions import simple
from cnncalc.python.library import Python
from tests.python.reading import answer

PACKAGE = Path(cnncalc.__file__).parent
CALENDAR = """
from cnncalc.python.functions import simple

NAMES = {"isleap": simple("isleap", lambda machine, year: year % 4 == 0)}
"""


def test_there_are_modules() -> None:
    assert len(Python.packages) > 20


@pytest.mark.parametrize("name", Python.packages)
def test_each_is_a_module_of_python(name: str) -> None:
    module = import_module(f"cnncalc.python.library.{name}")

    assert name in sys.stdlib_module_names | {"typing_extensions"}
    assert set(module.__all__) >= {"NAMES"}


def test_a_new_module_is_a_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "calendar.py").write_text(CALENDAR, encoding="utf-8")
    monkeypatch.setattr(library, "__path__", [*library.__path__, str(tmp_path)])
    python = Python()
    python.packages = library.modules()

    try:
        assert answer("import calendar\nr = calendar.isleap(2024)", (python,)) is True
    finally:
        sys.modules.pop("cnncalc.python.library.calendar", None)


def test_a_new_function_is_an_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is called, and proposed where its name is misspelt."""
    monkeypatch.setitem(BUILTINS, "cubed", simple("cubed", lambda machine, n: n**3))

    assert answer("r = cubed(2)") == 8
    with pytest.raises(SpecError, match="did you mean `cubed`"):
        answer("r = cubde(2)")


def test_no_other_file_names_them_all() -> None:
    """There is no list beside the folder: a module's name stands in few files of the package."""
    for name in ("itertools", "dataclasses", "argparse", "functools"):
        quoted = re.compile(rf"[\"'`]{name}[\"'`]")
        files = [path for path in PACKAGE.rglob("*.py") if quoted.search(path.read_text("utf-8"))]

        assert [path.name for path in files if path.stem != name] == []
