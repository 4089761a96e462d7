"""How long a whole command takes, beside the smallest Typer app there can be.

    python benchmarks/startup.py              # 40 rounds
    python benchmarks/startup.py --rounds 100

Four processes take turns in every round:

    echo    a Typer app of two commands that only echo
    json    cnncalc shape examples/vgg16.cnn --json
    table   the same Typer app printing one small rich table, on a terminal
    shape   cnncalc shape examples/vgg16.cnn, on a terminal

To reach: `json` at most 1.3 times `echo`, `shape` at most 1.3 times `table`. Byte code is
compiled beforehand, as it is after the first run of any installed program. The ratio is the
median of the rounds' own ratios, so that what else the machine does falls on both.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
LIMIT = 1.3

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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        seconds = measure(Path(folder), rounds)
    for name, times in seconds.items():
        print(f"{name:6} median {statistics.median(times) * 1e3:6.1f} ms", end="")
        print(f"   best {min(times) * 1e3:6.1f} ms")
    for name, base in (("json", "echo"), ("shape", "table")):
        pairs = zip(seconds[name], seconds[base], strict=True)
        ratio = statistics.median(own / other for own, other in pairs)
        best = min(seconds[name]) / min(seconds[base])
        print(f"{name} / {base}: {ratio:.2f} (of the best: {best:.2f}), to reach: {LIMIT}")


def measure(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds of each process in each round."""
    app = folder / "app.py"
    app.write_text(APP)
    vgg = str(ROOT / "examples" / "vgg16.cnn")
    runs: dict[str, tuple[list[str], Callable[[list[str], dict[str, str]], None]]] = {
        "echo": ([str(app), "echo", "hi"], piped),
        "json": (["-m", "cnncalc", "shape", vgg, "--json"], piped),
        "table": ([str(app), "table", "hi"], on_terminal),
        "shape": (["-m", "cnncalc", "shape", vgg], on_terminal),
    }
    environment = {
        **{key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"},
        "PYTHONPYCACHEPREFIX": str(folder / "cache"),
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, (words, run) in runs.items():
            before = time.perf_counter()
            run([sys.executable, *words], environment)
            if number:  # the first round compiles
                seconds[name].append(time.perf_counter() - before)
    return seconds


def piped(words: list[str], environment: dict[str, str]) -> None:
    """Run with standard output in a pipe."""
    subprocess.run(words, env=environment, stdout=subprocess.PIPE, check=True)


def on_terminal(words: list[str], environment: dict[str, str]) -> None:
    """Run with standard output on a terminal of its own."""
    import pty

    reading, writing = pty.openpty()
    process = subprocess.Popen(words, env=environment, stdout=writing)
    os.close(writing)
    try:
        while os.read(reading, 1 << 16):
            pass
    except OSError:  # the other end is closed
        pass
    os.close(reading)
    if process.wait():
        raise RuntimeError(f"{' '.join(words)} failed")


if __name__ == "__main__":
    main()
