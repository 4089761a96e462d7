"""The command `cnncalc`: every way that it can end, as an exit status and without a traceback.

0: done; 1: a check said no; 2: the spec or the usage is wrong; 128 and the number of a signal:
ended by that, 130 by Ctrl-C. Nothing is imported here before `main` runs, so that a signal finds
it there.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

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
    from cnncalc.cli import command

    return command.run(words)
