"""Processes that take turns, so that what else the machine does falls on all of them alike."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent

Run = Callable[[Sequence[str], Mapping[str, str]], None]

# The smallest Typer app there can be: two commands, so that it has names for them.
APP = '''
import typer

app = typer.Typer()


@app.command()
def echo(text: str) -> None:
    """Echo a text."""
    typer.echo(text)


@app.command()
def table(text: str) -> None:
    """Print a table."""
    from rich.console import Console
    from rich.table import Table

    grid = Table("a", "b")
    grid.add_row(text, text)
    Console().print(grid)


if __name__ == "__main__":
    app()
'''


def piped(words: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run with standard output in a pipe."""
    subprocess.run(words, env=environment, stdout=subprocess.PIPE, check=True)


def in_turns(
    runs: Mapping[str, tuple[Sequence[str], Run]], folder: Path, rounds: int
) -> dict[str, list[float]]:
    """Seconds of each Python process in each round, with byte code compiled beforehand.

    Args:
        runs: for each process, Python's arguments and how it is run.
        folder: where byte code is kept.
        rounds: how often each has its turn; one more, which compiles, isn't counted.
    """
    environment = surroundings(folder)
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, (words, run) in runs.items():
            before = time.perf_counter()
            run([sys.executable, *words], environment)
            if number:
                seconds[name].append(time.perf_counter() - before)
    return seconds


def surroundings(folder: Path) -> dict[str, str]:
    """The environment of each process, with byte code kept in a folder."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {
        **{key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"},
        "PYTHONPYCACHEPREFIX": str(folder / "cache"),
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "TERM": "xterm-256color",
    }


def peak(words: Sequence[str], folder: Path) -> int:
    """The most memory that a Python process takes, in bytes, as the system tells."""
    process = subprocess.Popen(
        [sys.executable, *words], env=surroundings(folder), stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def show(seconds: Mapping[str, Sequence[float]]) -> None:
    """Print the median and the best time of each process."""
    width = max(map(len, seconds))
    for name, times in seconds.items():
        print(f"{name:{width}} median {statistics.median(times) * 1e3:7.1f} ms", end="")
        print(f"   best {min(times) * 1e3:7.1f} ms")


def ratio(seconds: Mapping[str, Sequence[float]], one: str, two: str) -> float:
    """The median of the rounds' own ratios."""
    pairs = zip(seconds[one], seconds[two], strict=True)
    return statistics.median(own / other for own, other in pairs)
