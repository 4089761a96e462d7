"""How the report of a deep network is written: when its first byte comes, and what memory it takes.

    python benchmarks/streaming.py [layers]

Runs `shape --json` on networks of so many layers (250,000, the most there can be) in processes of
their own. Prints the part of the time after which the first byte is there, the peak of memory, and
that peak for each layer, Python and this program included. Linux and macOS alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
MOST = 250_000
# What is repeated, and how many layers one turn has.
TURNS = {"relu": 1, "[conv:8,k3,p1 relu]": 2, "add[conv:8,k3,p1 bn|]": 3}


class Run(NamedTuple):
    """Seconds to the first byte and to the last, and the peak in bytes."""

    first: float
    total: float
    peak: int


def run(spec: str) -> Run:
    """One process, read to its end."""
    words = [sys.executable, "-m", "cnncalc", "shape", spec, "--json"]
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    start = time.perf_counter()
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": paths}
    ) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        first = time.perf_counter() - start
        while process.stdout.read(1 << 20):
            pass
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0  # waited for here, to learn what it used
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(first, time.perf_counter() - start, used.ru_maxrss * unit)


def main(layers: int) -> None:
    """Measure and print."""
    for turn, length in TURNS.items():
        found = run(f"8x8x8 {layers // length}*{turn}")
        each = found.peak / (layers // length * length)
        print(
            f"{turn:24} first byte after {found.first / found.total:4.0%} of {found.total:5.1f} s, "
            f"peak {found.peak / 1e6:4.0f} MB, {each:5.0f} bytes a layer"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else MOST)
