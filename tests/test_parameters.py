"""Parameters are taken as they come, with what typer itself would have made of them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, get_args

import pytest
import typer
from typer.core import TyperCommand

from cnncalc.cli import parameters
from cnncalc.cli.options import FieldSettings, Settings, Text, taking
from cnncalc.cli.parameters import Command
from tests.conftest import Command as Run

SPEC = ("3x8x8", "conv:4,k3,p1", "relu")


def made(cls: type[TyperCommand], function: Any) -> Any:
    """A command of typer's for a function."""
    app = typer.Typer(add_completion=False)
    app.command("it", cls=cls)(function)
    return typer.main.get_command(app)


def options(cls: type[TyperCommand], words: list[str]) -> dict[str, Any]:
    """The options that words stand for."""
    seen: list[FieldSettings] = []

    def it(settings: FieldSettings) -> int:
        seen.append(settings)
        return 0

    made(cls, taking(FieldSettings)(it)).main(words, prog_name="it", standalone_mode=False)
    return vars(seen[0])


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["a"],
        ["a", "b", ""],
        ["-i", "3x8x8", "a"],
        ["-i3x8x8", "--batch=4", "--json"],
        ["--let", "H=1", "--let", "W=2"],
        ["--at", "1", "--at", "", "--center", "--verify"],
        ["-o", "", "-f", "csv"],
        ["--", "-i", "-o"],
        ["--columns", "+a,b", "×", "\udce9"],
    ],
)
def test_values_are_those_that_typer_makes(words: list[str]) -> None:
    assert options(Command, words) == options(TyperCommand, words)


def test_what_is_no_text_is_left_to_typer() -> None:
    """Numbers, and texts that a function of the option's own reads."""
    seen = []

    def it(
        count: int = 1,
        word: Annotated[str, typer.Option(parser=lambda text: text[::-1])] = "",
    ) -> None:
        seen.append((count, word))

    made(Command, it).main(["--count", "3", "--word", "abc"], standalone_mode=False)

    assert seen == [(3, "cba")]
    with pytest.raises(Exception, match="valid integer"):
        made(Command, it).main(["--count", "x"], standalone_mode=False)


@pytest.mark.parametrize(
    "param",
    [
        SimpleNamespace(required=False),
        SimpleNamespace(required=False, type_descriptor=None),
        SimpleNamespace(required=False, type_descriptor=SimpleNamespace(annotation=int)),
        SimpleNamespace(required=True, type_descriptor=SimpleNamespace(annotation=str)),
    ],
)
def test_a_typer_that_looks_different_inside_processes_its_own(param: Any) -> None:
    """As every version before 0.29: no parameter describes its type."""
    assert not parameters._is_plain(param)


def singles() -> list[str]:
    """The options that take one value, by the first of their names."""
    declared = [get_args(hint) for hint in Settings.declared().values()]
    return [info.default for kind, info in declared if kind in (str, Text)]


@pytest.mark.parametrize("option", singles())
def test_two_values_for_one(
    option: str, command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last one would win in silence; the same one twice does no harm."""
    monkeypatch.chdir(tmp_path)  # where `-o 11` writes
    code, out, err = command("shape", *SPEC, option, "11", option, "12")

    assert (code, out) == (2, "")
    assert f"`{option}` is given twice, as `11` and as `12`" in err
    assert "is given twice" not in command("shape", *SPEC, option, "11", option, "11").err


def test_what_takes_one_value_is_all_that_does() -> None:
    assert {"-b", "-f", "-o", "--from", "--executor", "--max-params"} <= set(singles())
    assert not {"-i", "--let", "--json", "--verify"} & set(singles())
