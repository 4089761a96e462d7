"""What holds for every test: what it starts ends with it, and in CI none is skipped in silence."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import processes

# A child of the child ignores what may be ignored and holds the child's outputs open.
STUBBORN = """
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pid = os.fork()
if pid:
    print(pid, flush=True)
signal.pause()
"""
# In each test's name, how it is to end with --no-skips.
SUITE = """
import subprocess
import pytest

def test_failed():
    pytest.skip("because")

@pytest.mark.skipif(True, reason="never")
def test_error():
    pass

def test_failed_import():
    pytest.importorskip("no_such_module")

@pytest.mark.gpu
def test_skipped():
    pytest.skip("no GPU")

KEPT = []

def test_error_left():
    KEPT.append(subprocess.Popen(["sleep", "600"]))

def test_passed():
    KEPT.pop().wait()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another thing there")
def test_a_process_ends_with_its_block() -> None:
    """It and what it has started, also where the block ends by an error."""
    started = []

    def fails() -> None:
        words = [sys.executable, "-c", STUBBORN]
        with processes.started(words, stdout=subprocess.PIPE, encoding="utf-8") as process:
            started.extend([process, int(process.stdout.readline())])
            assert process.pid in processes.children() or sys.platform != "linux"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()

    process, grandchild = started
    assert process.returncode == -signal.SIGKILL
    assert process.stdout.closed
    assert processes.children() == set()
    wait_for_end(grandchild)


def wait_for_end(number: int) -> None:
    """A killed process that nobody waits for here has ended once the system gets to it."""
    end = time.monotonic() + processes.PATIENCE
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
        except OSError:  # no such process any more, or no such list
            return
        time.sleep(0.01)
    raise AssertionError(f"the process {number} goes on")


@pytest.mark.skipif(sys.platform != "linux", reason="processes are listed elsewhere there")
def test_skips_and_processes_that_stay_are_failures(tmp_path: Path) -> None:
    """With --no-skips, as CI runs the tests."""
    (tmp_path / "test_it.py").write_text(SUITE)
    options = ("--no-skips", "-rA", "-p", "tests.conftest", "-p", "no:cacheprovider", "-o",
               "markers=gpu", "--rootdir", str(tmp_path))  # fmt: skip
    ran = processes.python("-m", "pytest", *options, str(tmp_path))

    assert ran.returncode == 1, ran.stdout
    found = re.findall(r"^(FAILED|ERROR) \S*::test_(\w+)", ran.stdout, re.MULTILINE)
    assert sorted(found) == [
        ("ERROR", "error"),
        ("ERROR", "error_left"),
        ("FAILED", "failed"),
        ("FAILED", "failed_import"),
    ]
    assert "2 failed, 2 passed, 1 skipped, 2 errors" in ran.stdout
