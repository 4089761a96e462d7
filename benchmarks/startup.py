"""How long a whole command takes, beside the smallest Typer app there can be.

    python benchmarks/startup.py              # 40 rounds
    python benchmarks/startup.py --rounds 100

Four processes take turns in every round:

    echo    a Typer app that only echoes
    json    cnncalc shape examples/vgg16.cnn --json
    table   the same Typer app printing one small rich table, on a terminal
    shape   cnncalc shape examples/vgg16.cnn, on a terminal

To reach: `json` at most 0.7 times `echo`, `shape` at most 0.8 times `table`, and at most 21 MB of
memory for `json`. Typer itself loads pydantic for any parameter that is no flag; here nothing
does. Byte code is compiled beforehand, as it is after the first run of any installed program. The
ratio is the median of the rounds' own ratios, so that what else the machine does falls on both.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from turns import APP, ROOT, in_turns, peak, piped, ratio, show

# The name of a process, what it is compared with, and the ratio to reach.
LIMITS = (("json", "echo", 0.7), ("shape", "table", 0.8))
MEMORY = 21  # MB
VGG = str(ROOT / "examples" / "vgg16.cnn")
JSON = ("-m", "cnncalc", "shape", VGG, "--json")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        seconds = measure(Path(folder), rounds)
        most = peak(JSON, Path(folder))
    show(seconds)
    for name, base, limit in LIMITS:
        best = min(seconds[name]) / min(seconds[base])
        of_rounds = ratio(seconds, name, base)
        print(f"{name} / {base}: {of_rounds:.2f} (of the best: {best:.2f}), to reach: {limit}")
    print(f"json: {most / 1e6:.1f} MB, to reach: {MEMORY}")


def measure(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds of each process in each round."""
    app = folder / "app.py"
    app.write_text(APP)
    runs = {
        "echo": ([str(app), "echo", "hi"], piped),
        "json": (JSON, piped),
        "table": ([str(app), "table", "hi"], on_terminal),
        "shape": (["-m", "cnncalc", "shape", VGG], on_terminal),
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
