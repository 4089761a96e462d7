"""Long runs at a terminal: progress while they last, and Ctrl-C leaves everything as it was."""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from cnncalc.executors import ALL, EXECUTORS
from cnncalc.render.table import Bar
from tests import processes
from tests.verification.standing_in import installed_or_skip

pty = pytest.importorskip("pty", reason="there are no such terminals here")

COUNTED = re.compile(rb"\d/\d{2,3}")
SHOWN, HIDDEN = b"\x1b[?25h", b"\x1b[?25l"  # the cursor
STEPS = 60
LONG = ("shape", "64x32x32", f"{STEPS}*[conv:64,k3,p1]", "--verify")
# The bar comes at once, and the run never ends by itself: it waits for the interrupt at a step,
# if it gets so far before that.
ENDLESS = f"""
import signal, sys
from cnncalc.cli.main import main
from cnncalc.render import table

def count(bar, done, total, name):
    counted(bar, done, total, name)
    if done >= {STEPS // 2}:
        signal.pause()

table.PATIENCE = 0.0
counted, table.Bar.__call__ = table.Bar.__call__, count
sys.exit(main())
"""


def at_terminal(
    words: tuple[str, ...], after: Callable[[bytes], bool], number: int = signal.SIGINT
) -> tuple[bytes, int]:
    """What a command writes to a terminal, sent a signal once, and its exit status."""
    with ExitStack() as stack:
        terminal, inside = pty.openpty()
        stack.callback(os.close, terminal)
        process = stack.enter_context(
            processes.started(
                [sys.executable, "-c", ENDLESS, *words],
                stdout=inside,
                stderr=inside,
                env=processes.variables({"TERM": "xterm", "COLUMNS": "80"}),
            )
        )
        os.close(inside)
        written, interrupted = b"", False
        while part := read(terminal):
            written += part
            if not interrupted and after(written):
                process.send_signal(number)
                interrupted = True
        return written, process.wait(processes.PATIENCE)


def read(terminal: int) -> bytes:
    """What comes next; nothing once the other side is closed."""
    ready, _, _ = select.select([terminal], [], [], processes.PATIENCE)
    assert ready, "the command hangs"
    try:
        return os.read(terminal, 65536)
    except OSError:  # closed
        return b""


@pytest.mark.parametrize("executor", [*EXECUTORS, ALL])
def test_ctrl_c_leaves_a_clean_terminal(executor: str) -> None:
    """During a run whose progress is shown: the cursor is back, and nothing else is said."""
    if executor != ALL:
        installed_or_skip(executor)
    # Once the steps are counted: the cursor is hidden a moment earlier.
    written, status = at_terminal(
        (*LONG, "--executor", executor),
        lambda written: HIDDEN in written and COUNTED.search(written) is not None,
    )

    assert status == 130
    assert b"Traceback" not in written
    assert written.rindex(SHOWN) > written.rindex(HIDDEN)
    assert written.rstrip().endswith((b"\x1b[2K", SHOWN))


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_other_signals_leave_a_clean_terminal_too(name: str) -> None:
    """The system's wish that it end, or the terminal's own end."""
    number = getattr(signal, name)
    written, status = at_terminal(
        LONG,
        lambda written: HIDDEN in written and COUNTED.search(written) is not None,
        number,
    )

    assert status == 128 + number
    assert b"Traceback" not in written
    assert written.rindex(SHOWN) > written.rindex(HIDDEN)


def test_the_status_of_an_interrupt_in_generated_code(tmp_path: Path) -> None:
    """Python would end the process by the signal, not by a status."""
    (tmp_path / "typer.py").write_text("exec('raise KeyboardInterrupt')")
    environment = {"PYTHONPATH": f"{tmp_path}:{processes.ROOT}"}
    done = processes.cnncalc("shape", "3x8x8", "relu", environment=environment)

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_pipe_gets_no_progress(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard error stays empty there, also of a run for whose progress a terminal would wait."""
    from cnncalc.cli.main import main

    monkeypatch.setattr("cnncalc.render.table.PATIENCE", -1.0)

    assert main(["shape", "8x8x8", "3*[conv:8,k3,p1]", "--verify"]) == 0
    assert capfd.readouterr().err == ""


def test_progress_does_not_wait_for_the_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """One step may take longer than the patience of whoever watches."""
    monkeypatch.setattr("cnncalc.render.table.PATIENCE", 3600.0)
    drawn = threading.Event()
    start = Bar._start

    def watched(bar: Bar) -> None:
        start(bar)
        drawn.set()

    monkeypatch.setattr(Bar, "_start", watched)
    bar = Bar()
    bar(1, 2, "conv1")
    assert bar.progress is None
    monkeypatch.setattr(bar.timer, "interval", 0.0)  # the hour is over
    with bar:
        assert drawn.wait(processes.PATIENCE)
        assert bar.progress is not None
        assert bar.progress.tasks[0].completed == 1
    assert not bar.progress.live.is_started


def test_progress_does_not_begin_after_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by the timer, which is stopped, nor where it has run out at that moment."""
    monkeypatch.setattr("cnncalc.render.table.PATIENCE", 3600.0)
    with Bar() as bar:
        pass
    bar.timer.join(processes.PATIENCE)
    assert not bar.timer.is_alive()
    bar._start()

    assert bar.progress is None
