"""Processes that tests start: whatever happens, they end with the block that they belong to.

Nothing here depends on how fast the machine is: a test waits for what a process writes, or for
its end. `PATIENCE` only keeps a process that would hang for ever from hanging the tests too.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

__all__ = [
    "PATIENCE",
    "ROOT",
    "children",
    "cnncalc",
    "ended",
    "python",
    "shell",
    "started",
    "variables",
]

PATIENCE = 900.0  # seconds, a hundred times what the slowest of these processes takes
CPU_SECONDS = 300  # after so many the system ends a process that has outlived even the tests
ROOT = Path(__file__).parents[1]

Word = str | bytes


@contextmanager
def started(words: Sequence[Word], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """A process in a group of its own, which is ended with all that it has started."""
    with subprocess.Popen(words, start_new_session=True, **options) as process:
        try:
            if sys.platform == "linux":
                import resource

                with suppress(ProcessLookupError):
                    limits = (CPU_SECONDS, CPU_SECONDS)
                    resource.prlimit(process.pid, resource.RLIMIT_CPU, limits)
            yield process
        finally:
            end(process)


def end(process: subprocess.Popen[Any]) -> None:
    """End a process and its group."""
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):  # all have ended; macOS: the latter
            os.killpg(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)


def ended(
    words: Sequence[Word], *, input: Any = None, **options: Any
) -> subprocess.CompletedProcess[Any]:
    """What a process wrote and its exit status; text, where `encoding` isn't None."""
    pipe = subprocess.PIPE
    options = {"stdout": pipe, "stderr": pipe, "encoding": "utf-8", **options}
    if input is not None:
        options["stdin"] = pipe
    with started(words, **options) as process:
        out, err = process.communicate(input, timeout=PATIENCE)
        return subprocess.CompletedProcess(words, process.returncode, out, err)


def python(
    *words: Word, environment: Mapping[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[Any]:
    """Python in a process of its own, with a few more variables in its environment."""
    options["env"] = variables(environment)
    return ended([sys.executable, *words], **options)


def variables(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment in which Python imports what these tests import."""
    found = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    usual = {"PYTHONIOENCODING": "utf-8", "PYTHONPATH": found}
    return os.environ | usual | dict(more or {})


def cnncalc(*words: Word, **options: Any) -> subprocess.CompletedProcess[Any]:
    """`python -m cnncalc` as a process of its own."""
    return python("-m", "cnncalc", *words, **options)


def shell(line: str, **options: Any) -> subprocess.CompletedProcess[Any]:
    """A line as the shell runs it."""
    return ended(["sh", "-c", line], **options)


def children() -> set[int]:
    """What the main thread has started and not waited for; on systems without the list, none."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as listed:
            return set(map(int, listed.read().split()))
    except OSError:
        return set()
