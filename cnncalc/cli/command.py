"""One command, and what stands on standard error where it ends with an error."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cnncalc import packages
from cnncalc.cli import output
from cnncalc.errors import CnnCalcError
from cnncalc.packages import OnUse

if TYPE_CHECKING:
    from cnncalc.cli import app
else:  # typer may be missing
    app = OnUse("cnncalc.cli.app")

__all__ = ["run"]


def run(words: list[str]) -> int:
    try:
        return _command(words)
    except CnnCalcError as error:
        _complain(error, words)
    except Exception as error:
        if os.environ.get("CNNCALC_DEBUG"):
            raise
        _complain(_foreign(error) or _bug(error), words)
    return 2


def _command(words: list[str]) -> int:
    packages.load("typer", "the command line", "installation")
    return app.run(words)


def _foreign(error: Exception) -> CnnCalcError | None:
    """What a package that this one needs lacks, as where an installation was cut short."""
    name = getattr(error, "name", None) if isinstance(error, ImportError) else None
    if not name or name.partition(".")[0] == "cnncalc":
        return None
    return CnnCalcError(
        f"a package can't be loaded: {' '.join(str(error).split())}",
        code="installation",
        help="pip install --force-reinstall cnncalc",
    )


def _bug(error: Exception) -> CnnCalcError:
    said = " ".join(str(error).split())
    return CnnCalcError(
        f"this is a bug in cnncalc: {type(error).__name__}{f': {said}' if said else ''}",
        code="bug",
        help="please report it with the command; with CNNCALC_DEBUG=1 it shows where it happened",
    )


def _complain(error: CnnCalcError, words: list[str]) -> None:
    """Put an error on standard error, as JSON where the command was asked for JSON."""
    if _wants_json(words):
        import json

        output.put(json.dumps(error.to_dict(), indent=2) + "\n")
    else:
        output.complain(error)


def _wants_json(words: list[str]) -> bool:
    """Whether the options ask for JSON, by the bare words: the usage may be what is wrong."""
    options = words[: words.index("--")] if "--" in words else words
    given = " ".join(options)
    return any(
        f" {option} " in f" {given} "
        for option in ("--json", "-f json", "-fjson", "--format json", "--format=json")
    )
