"""The process that a command runs in: its signals, its streams, and its end."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import contextmanager, suppress

TYPE_CHECKING = False  # the signals are to be ours before more is loaded
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import NoReturn

__all__ = ["Ended", "put_back", "run"]

# New objects before Python looks for unreachable cycles. Its usual 700 make the search an eighth
# of a run that only loads modules, parses and prints.
COLLECT_AFTER = 200_000

# What ends a process, where the system has it.
SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]

_begun = 0  # what has to be put back


class Ended(BaseException):
    """A signal other than Ctrl-C's, where something has to be put back first."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def run(work: Callable[[list[str]], int]) -> int:
    """Run a command with the process's own words; its exit status."""
    gc.set_threshold(COLLECT_AFTER)
    _open_streams()
    ours = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    for number in ours:
        signal.signal(number, _end)
    try:
        status = work(sys.argv[1:])
    except KeyboardInterrupt:
        _leave(signal.SIGINT)
    except Ended as ended:
        _leave(ended.number)
    for number in ours:  # what comes now can't be caught any more
        signal.signal(number, signal.SIG_DFL)
    gc.freeze()  # the process ends: a last search for cycles would be a tenth of its time
    return status


@contextmanager
def put_back() -> Iterator[None]:
    """Inside, a signal raises, so that what was begun is put back; else it ends all at once."""
    global _begun
    _begun += 1
    try:
        yield
    finally:
        _begun -= 1


def _end(number: int, _: object) -> None:
    """Python's own way, an exception anywhere, may get lost or leave a traceback."""
    if not _begun:
        _leave(number)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise Ended(number)


def _leave(number: int) -> NoReturn:
    with suppress(OSError):
        if number == signal.SIGINT and os.isatty(2):
            os.write(2, b"\n")
    os._exit(128 + number)


def _open_streams() -> None:
    """Let what whoever started this has closed lead nowhere.

    The next file to be opened would take the place of the stream, and get what frameworks, or
    Python itself, write there.
    """
    for name, mode in (("stdin", ""), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            if mode:
                setattr(sys, name, open(nowhere, mode, encoding="utf-8"))  # noqa: SIM115
