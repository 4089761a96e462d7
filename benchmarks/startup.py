"""How long a whole command takes, beside the smallest Typer app there can be.

    python benchmarks/startup.py              # 40 rounds
    python benchmarks/startup.py --rounds 100

Four processes take turns in every round:

    echo    a Typer app that only echoes
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
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from turns import APP, ROOT, in_turns, piped, ratio, show

LIMIT = 1.3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        seconds = measure(Path(folder), rounds)
    show(seconds)
    for name, base in (("json", "echo"), ("shape", "table")):
        best = min(seconds[name]) / min(seconds[base])
        of_rounds = ratio(seconds, name, base)
        print(f"{name} / {base}: {of_rounds:.2f} (of the best: {best:.2f}), to reach: {LIMIT}")


def measure(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds of each process in each round."""
    app = folder / "app.py"
    app.write_text(APP)
    vgg = str(ROOT / "examples" / "vgg16.cnn")
    runs = {
        "echo": ([str(app), "echo", "hi"], piped),
        "json": (["-m", "cnncalc", "shape", vgg, "--json"], piped),
        "table": ([str(app), "table", "hi"], on_terminal),
        "shape": (["-m", "cnncalc", "shape", vgg], on_terminal),
    }
    return in_turns(runs, folder, rounds)


def on_terminal(words: Sequence[str], environment: Mapping[str, str]) -> None:
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
