"""What tests share: golden files, the command run in this process, and what is true of each test.

A test doesn't depend on the time of day, on how busy the machine is, or on the tests before it.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from tests import processes

GOLDEN = Path(__file__).parent / "golden"
BEFORE = pytest.StashKey[set[int]]()  # processes that tests have left behind

# The same draws at each run, and none measured in seconds: what passes here passes on a slow
# machine, and what fails fails again. `--hypothesis-profile=new` draws others.
TIMELESS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", TIMELESS, derandomize=True)
settings.register_profile("new", TIMELESS, derandomize=False)
settings.load_profile("same")


class Ran(NamedTuple):
    """What a command printed, and its exit status."""

    code: int
    out: str
    err: str


Command = Callable[..., Ran]
Golden = Callable[[str, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden files anew, to be reviewed"
    )
    parser.addoption(
        "--no-skips",
        action="store_true",
        help="a test that is skipped has failed, unless it is marked `gpu`: all that the tests "
        "compare with is to be installed",
    )


def pytest_configure() -> None:
    if threading.current_thread() is threading.main_thread():
        # As Ctrl-C does it, so that processes are ended and folders removed.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        # What is started in the background, or by `nohup`, ignores these, and so would every
        # process of a test that is to be ended by them.
        for name in ("SIGINT", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and signal.getsignal(number) is signal.SIG_IGN:
                signal.signal(number, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not item.get_closest_marker("gpu") and not hasattr(report, "wasxfail"):
        _refuse_skip(report, item.config)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report, collector.config)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport, config: pytest.Config) -> None:
    if report.skipped and config.getoption("--no-skips"):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"with --no-skips: {why}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """A test that leaves something behind fails itself, not one that comes later."""
    yield
    left = processes.children() - item.session.stash.setdefault(BEFORE, set())
    item.session.stash[BEFORE] |= left
    if left:
        for each in left:
            os.kill(each, signal.SIGKILL)
        pytest.fail(f"processes that the test has started still run: {left}", pytrace=False)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with a golden file; `--update-golden` writes it instead."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"there is no {path}: run with --update-golden and review it"
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `cnncalc` with some words in this process."""
    from cnncalc.cli.main import main

    def run(*words: str) -> Ran:
        code = main(words)
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return run
