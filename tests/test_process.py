"""The process of a command: what ends it, what its streams lead to, what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests import processes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are another thing there")

SPEC = ("3x8x8", "conv:4,k3,p1", "relu")
COMMAND = (sys.executable, "-m", "cnncalc")

# The command, which gets a signal when Python tells of an event: no clock decides where that is.
STRUCK = """
import os, sys
number, event, about, *sys.argv[1:] = sys.argv[1:]

def strike(name, arguments):
    global about
    if name == event and about and arguments and about in str(arguments[0]):
        about = ""  # once
        os.kill(os.getpid(), int(number))

from cnncalc.cli.main import main
sys.addaudithook(strike)
sys.exit(main())
"""

# A process of ours that opens a file and writes its number into it.
OPENING = """
import os
from cnncalc.cli import process

def work(words):
    number = os.open("seen", os.O_CREAT | os.O_WRONLY)
    os.write(number, str(number).encode())
    return 0

process.run(work)
"""


def struck(
    number: int, event: str, about: str, *words: str, cwd: Path | None = None
) -> CompletedProcess[str]:
    """A command that is sent a signal at an event that has a text in its first argument."""
    return processes.python("-c", STRUCK, str(number), event, about, *words, cwd=cwd)


def shell(line: str, cwd: Path | None = None) -> CompletedProcess[str]:
    """A line of a shell in which `cnncalc` is the command."""
    command = f"cnncalc() {{ '{sys.executable}' -m cnncalc \"$@\"; }}"
    return processes.shell(f"{command}; {line}", cwd=cwd, env=processes.variables())


# Signals


@pytest.mark.parametrize(
    "module",
    [
        "cnncalc.cli.process",
        "signal",
        "cnncalc.errors",
        "typer",
        "inspect",
        "cnncalc.cli.app",
        "cnncalc.cli.options",
        "cnncalc.axis.windows",
        "cnncalc.notations.compact.writer",
        "json",
    ],
)
def test_ctrl_c_while_modules_are_loaded(module: str) -> None:
    """From the first line of `main` on: no traceback, and a shell's status."""
    done = struck(signal.SIGINT, "import", module, "shape", *SPEC, "--json")

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
@pytest.mark.parametrize("module", ["typer", "numpy"])
def test_other_signals_end_it_as_well(name: str, module: str) -> None:
    number = getattr(signal, name)
    done = struck(number, "import", module, "shape", *SPEC, "--verify")

    assert (done.returncode, done.stdout, done.stderr) == (128 + number, "", "")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_while_a_file_is_written(name: str, tmp_path: Path) -> None:
    """The draft is taken away, and what was there is there."""
    (tmp_path / "report.json").write_text("before")
    number = getattr(signal, name)
    done = struck(number, "os.rename", ".tmp", "shape", *SPEC, "-o", "report.json", cwd=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (128 + number, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
    assert (tmp_path / "report.json").read_text() == "before"


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """As in `nohup`, and for what a shell runs behind itself."""
    words = f"'{STRUCK}' 2 import typer shape 3x8x8 relu -f csv"
    done = shell(f"trap '' INT; '{sys.executable}' -c {words}")

    assert (done.returncode, done.stderr) == (0, "")
    assert "relu" in done.stdout


# Streams


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device here")
@pytest.mark.parametrize(
    "words",
    [
        "--help",
        "shape --help",
        "--version",
        "shape lenet5",
        "shape lenet5 --json",
    ],
)
def test_a_full_standard_output(words: str) -> None:
    """Told, and no success, whoever prints there."""
    done = shell(f"cnncalc {words} >/dev/full")

    assert done.returncode == 2
    assert "standard output can't be written: no space left on device" in done.stderr
    assert "bug" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device here")
@pytest.mark.parametrize("redirected", ["2>/dev/full", "2>&-"])
@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("shape 3x8x8 cnov:3", 2),
        ("shape 3x8x8 cnov:3 --json", 2),
        ("shape lenet5 --max-params 1", 1),
        ("shape --bogus", 2),
        ("shape lenet5 -f csv --verify", 0),
    ],
)
def test_a_standard_error_that_takes_nothing(words: str, status: int, redirected: str) -> None:
    """The exit status says what the message can't."""
    done = shell(f"cnncalc {words} {redirected}")

    assert (done.returncode, done.stderr) == (status, "")


def test_closed_streams_give_no_file_their_place(tmp_path: Path) -> None:
    """A file that is opened gets the lowest number that is free: what is written to a closed
    stream would end up in it.
    """
    shell(f"'{sys.executable}' -c '{OPENING}' <&- >&- 2>&-", tmp_path)

    assert (tmp_path / "seen").read_text() == "3"


def test_closed_streams_are_no_crash(tmp_path: Path) -> None:
    (tmp_path / "net.cnn").write_text(" ".join(SPEC))
    done = shell("cnncalc shape net.cnn --verify -o report.json <&- >&- 2>&-", tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert json.loads((tmp_path / "report.json").read_text())["verify"]["ok"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.cnn", "report.json"]


@pytest.mark.parametrize("words", ["--help", "shape --help", "layers", "shape vgg16 --json"])
def test_who_reads_no_further_is_no_error(words: str) -> None:
    done = shell(f"{{ cnncalc {words}; echo $? >&2; }} | true")

    assert done.stderr == "0\n"
