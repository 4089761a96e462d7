"""What tests share: golden files, and the command run in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

GOLDEN = Path(__file__).parent / "golden"


class Ran(NamedTuple):
    """What a command printed, and its exit status."""

    code: int
    out: str
    err: str


Command = Callable[..., Ran]
Golden = Callable[[str, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden files anew, to be reviewed"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with a golden file; `--update-golden` writes it instead."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"there is no {path}: run with --update-golden and review it"
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `cnncalc` with some words in this process."""
    from cnncalc.cli.main import main

    def run(*words: str) -> Ran:
        code = main(words)
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return run
