"""The command `cnncalc`: every way that it can end, as an exit status and without a traceback.

0: done; 1: a check said no; 2: the spec or the usage is wrong; 130: interrupted.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

from cnncalc.errors import CnnCalcError

__all__ = ["main"]

# New objects before Python looks for unreachable cycles. Its usual 700 make the search an eighth
# of a run that only loads modules, parses and prints.
COLLECT_AFTER = 200_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status.

    Args:
        arguments: the words after `cnncalc`; None: the process's own.
    """
    if arguments is None:  # a process of its own
        gc.set_threshold(COLLECT_AFTER)
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        from cnncalc.cli.app import run  # loads typer, which an interrupt may cut short

        return run(words)
    except CnnCalcError as error:
        _complain(error, words)
        return 2
    except KeyboardInterrupt:
        # An interrupt that passed through generated code, a namedtuple's say, has Python end
        # `python -m` by the signal instead, unless other such code has run since.
        exec("")
        if sys.stderr and sys.stderr.isatty():
            sys.stderr.write("\n")
        return 130
    except Exception as error:
        if os.environ.get("CNNCALC_DEBUG"):
            raise
        _complain(_bug(error), words)
        return 2


def _bug(error: Exception) -> CnnCalcError:
    said = " ".join(str(error).split())
    return CnnCalcError(
        f"this is a bug in cnncalc: {type(error).__name__}{f': {said}' if said else ''}",
        code="bug",
        help="please report it with the command; with CNNCALC_DEBUG=1 it shows where it happened",
    )


def _complain(error: CnnCalcError, words: Sequence[str]) -> None:
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


def _wants_json(words: Sequence[str]) -> bool:
    """Whether the options ask for JSON, by the bare words: the usage may be what is wrong."""
    options = words[: words.index("--")] if "--" in words else words
    given = " ".join(options)
    return any(
        f" {option} " in f" {given} "
        for option in ("--json", "-f json", "-fjson", "--format json", "--format=json")
    )
