"""The command `cnncalc`: every way that it can end, as an exit status and without a traceback.

0: done; 1: a check said no; 2: the spec or the usage is wrong; 128 and the number of a signal:
ended by that, 130 by Ctrl-C. Nothing is imported here before `main` runs, so that a signal finds
it there.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.errors import CnnCalcError

__all__ = ["main"]

INTERRUPTED = 130


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Run one command and return the exit status.

    Args:
        arguments: the words after `cnncalc`; None: the process's own, which it then is all about.
    """
    if arguments is not None:
        try:
            return _run(list(arguments))
        except KeyboardInterrupt:
            return INTERRUPTED
    try:
        from cnncalc.cli import process

        return process.run(_run)
    except KeyboardInterrupt:  # before the signals were ours
        os._exit(INTERRUPTED)


def _run(words: list[str]) -> int:
    from cnncalc.errors import CnnCalcError

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
    from cnncalc import packages

    packages.load("typer", "the command line", "installation")
    from cnncalc.cli.app import run

    return run(words)


def _foreign(error: Exception) -> "CnnCalcError | None":
    """What a package that this one needs lacks, as where an installation was cut short."""
    name = getattr(error, "name", None) if isinstance(error, ImportError) else None
    if not name or name.partition(".")[0] == "cnncalc":
        return None
    from cnncalc.errors import CnnCalcError

    return CnnCalcError(
        f"a package can't be loaded: {' '.join(str(error).split())}",
        code="installation",
        help="pip install --force-reinstall cnncalc",
    )


def _bug(error: Exception) -> "CnnCalcError":
    from cnncalc.errors import CnnCalcError

    said = " ".join(str(error).split())
    return CnnCalcError(
        f"this is a bug in cnncalc: {type(error).__name__}{f': {said}' if said else ''}",
        code="bug",
        help="please report it with the command; with CNNCALC_DEBUG=1 it shows where it happened",
    )


def _complain(error: "CnnCalcError", words: list[str]) -> None:
    """Put an error on standard error, as JSON where the command was asked for JSON."""
    from cnncalc.cli import output

    if _wants_json(words):
        import json

        output.put(json.dumps(error.to_dict(), indent=2) + "\n")
    else:
        from cnncalc.render.messages import draw_error

        columns = output.width(sys.stderr)
        color = output.has_color(sys.stderr)
        output.put(draw_error(error, width=columns or 80, color=color, fold=columns is not None))


def _wants_json(words: list[str]) -> bool:
    """Whether the options ask for JSON, by the bare words: the usage may be what is wrong."""
    options = words[: words.index("--")] if "--" in words else words
    given = " ".join(options)
    return any(
        f" {option} " in f" {given} "
        for option in ("--json", "-f json", "-fjson", "--format json", "--format=json")
    )
