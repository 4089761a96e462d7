"""Long runs at a terminal: progress while they last, and Ctrl-C leaves everything as it was."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cnncalc.executors import ALL, EXECUTORS
from cnncalc.render.table import Bar
from tests.verification.standing_in import installed_or_skip

pty = pytest.importorskip("pty", reason="there are no such terminals here")

SHOWN, HIDDEN = b"\x1b[?25h", b"\x1b[?25l"  # the cursor
# Some seconds on any machine: the bar comes after one.
LONG = ("shape", "256x64x64", "200*[conv:256,k3,p1]", "--verify")


def at_terminal(
    words: tuple[str, ...], after: Callable[[bytes], bool], number: int = signal.SIGINT
) -> tuple[bytes, int]:
    """What a command writes to a terminal, sent a signal once, and its exit status."""
    terminal, inside = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "cnncalc", *words],
        stdout=inside,
        stderr=inside,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "80"},
    )
    os.close(inside)
    written, interrupted, end = b"", False, time.monotonic() + 60
    while time.monotonic() < end:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        written += part
        if not interrupted and after(written):
            process.send_signal(number)
            interrupted = True
    os.close(terminal)
    return written, process.wait(timeout=60)


@pytest.mark.parametrize("executor", [*EXECUTORS, ALL])
def test_ctrl_c_leaves_a_clean_terminal(executor: str) -> None:
    """During a run whose progress is shown: the cursor is back, and nothing else is said."""
    if executor != ALL:
        installed_or_skip(executor)
    # Once the steps are counted: the cursor is hidden a moment earlier.
    written, status = at_terminal(
        (*LONG, "--executor", executor),
        lambda written: HIDDEN in written and re.search(rb"\d/(201|804)", written) is not None,
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
        lambda written: HIDDEN in written and re.search(rb"\d/201", written) is not None,
        number,
    )

    assert status == 128 + number
    assert b"Traceback" not in written
    assert written.rindex(SHOWN) > written.rindex(HIDDEN)


def test_the_status_of_an_interrupt_in_generated_code(tmp_path: Path) -> None:
    """Python would end the process by the signal, not by a status."""
    (tmp_path / "typer.py").write_text("exec('raise KeyboardInterrupt')")
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"}
    command = [sys.executable, "-m", "cnncalc", "shape", "3x8x8", "relu"]
    done = subprocess.run(command, capture_output=True, env=environment, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_a_pipe_gets_no_progress(capfd: pytest.CaptureFixture[str]) -> None:
    """Standard error stays empty there, however long the run."""
    from cnncalc.cli.main import main

    assert main(["shape", "64x128x128", "30*[conv:64,k3,p1]", "--verify"]) == 0
    assert capfd.readouterr().err == ""


def test_progress_does_not_wait_for_the_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """One step may take longer than the patience of whoever watches."""
    monkeypatch.setattr("cnncalc.render.table.PATIENCE", 0.05)
    with Bar() as bar:
        bar(1, 2, "conv1")
        assert bar.progress is None
        end = time.monotonic() + 20
        while bar.progress is None and time.monotonic() < end:
            time.sleep(0.01)
        assert bar.progress is not None
        assert bar.progress.tasks[0].completed == 1
    assert not bar.progress.live.is_started


def test_progress_does_not_begin_after_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnncalc.render.table.PATIENCE", 0.05)
    with Bar() as bar:
        pass
    time.sleep(0.1)

    assert bar.progress is None
