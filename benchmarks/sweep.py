"""How fast designs are worked out, and whether a loop over `analyze` says the same.

    python benchmarks/sweep.py                # 2,000 random designs of each template
    python benchmarks/sweep.py --designs 200
    python benchmarks/sweep.py --pairs 3      # Parquet by one worker and by two, in turns; no more

Two templates, a VGG-16 with twelve three-way choices and a residual net with branches, tied widths
and repeats: all designs with parameters, MACs and fields, filtered and ranked, and random ones held
against a loop. Then fronts and the best of spaces that nobody can list, and a billion designs
listed. To reach: a million designs a second; 3 s for fronts of 10^20 designs, 5 s for the best
within two bounds; two workers 1.6 times one on two cores.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import cnncalc
from cnncalc.sweeping import sweep as sweeping
from cnncalc.sweeping.design_rows import last_field
from cnncalc.sweeping.sweep import Sweep

STAGES = (
    "conv:64,k3/5/7,p=same relu conv:32/48/64,k3,p1 relu",
    "conv:96/112/128,k3,p1 relu conv:128,k3/5/7,p=same relu",
    "conv:192/224/256,k3,p1 relu conv:256,k3/5/7,p=same relu conv:256/320/384,k3,p1 relu",
    "conv:512,k3/5/7,p=same relu conv:384/448/512,k3,p1 relu conv:512,k1/3/5,p=same relu",
    "conv:512,k3/5/7,p=same relu conv:384/448/512,k3,p1 relu conv:512,k3,p1 relu",
)
HEAD = "maxpool:2 flatten linear:4096 relu linear:4096 relu linear:1000"
VGG = f"3x224x224 {' maxpool:2 '.join(STAGES)} {HEAD}"
BLOCKS = """
def b(c, k) = [ add[ conv:$c,k$k,p=same,nobias bn relu conv:$c,k3,p1,nobias bn | ] relu ]
def h(c, k) = [ add[ conv:$c,k$k,s2,p=same,nobias bn relu conv:$c,k3,p1,nobias bn
                   | conv:$c,k1,s2,nobias bn ] relu ]
"""
RESNET = f"""{BLOCKS}
3x224x224 conv:$w,k3/5/7,s2,p=same,nobias bn relu maxpool:3,s2,p1
1..3*[b($w, 3/5/7)] h({{2*$w}}, 3/5) 1..4*[b({{2*$w}}, 3/5/7)] h({{4*$w}}, 3/5)
1..6*[b({{4*$w}}, 3/5)] h({{8*$w}}, 3/5) 0..2*[b({{8*$w}}, 3/5)] gap linear:1000
"""
WIDTHS = {"w": list(range(32, 129, 8))}
CONV = "conv:16/32/64/128,k3/5/7,p=same relu"
CHAIN = " ".join(["3x64x64", *[f"{' '.join([CONV] * 3)} [maxpool:2]/[]"] * 6, "gap linear:10"])
BLOCKY = " ".join(
    [
        "def b(c, k) = [ add[ conv:$c,k$k,p=same bn relu conv:$c,k3/5,p=same bn | ] relu ]",
        "3x64x64",
        *[f"conv:$w{n},k1 {' '.join([f'b($w{n}, 3/5/7)'] * 6)} [maxpool:2]/[]" for n in range(6)],
        "gap linear:10",
    ]
)
TIED = {f"w{n}": [16, 32, 64, 128] for n in range(6)}
KNAPSACK = " ".join(["3x64x64", *[f"{CONV} [maxpool:2]/[]"] * 5, *[CONV] * 6, "gap linear:10"])
PROGRAM = """
import atexit, resource, runpy, sys
def tell():
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        used = resource.getrusage(who)
        print(used.ru_utime + used.ru_stime)
atexit.register(tell)
sys.argv = {words!r}
runpy.run_module("cnncalc", run_name="__main__")
"""
MANY = f"3x64x64 {' '.join([CONV] * 4)} [maxpool:2]/[] {' '.join([CONV] * 4)} gap linear:10"


def timed(spec: str, let: Mapping[str, Any], **how: Any) -> tuple[Sweep, int, float]:
    """A sweep, how many rows it gives, and the seconds from its text to them."""
    start = time.perf_counter()
    found = cnncalc.sweep(spec, let=let, **how)
    rows = sum(1 for _ in found)
    return found, rows, time.perf_counter() - start


def listed(name: str, spec: str, let: Mapping[str, Any]) -> None:
    """All designs of a template, ranked."""
    how = {"where": "params < 120e6 and rf >= 127", "sort": "macs,-rf", "top": 20}
    found, _, seconds = timed(spec, let, **how)
    rate = found.total / seconds
    print(f"{name}: {found.total:,} designs in {seconds:.2f} s, {rate:,.0f} a second")


def compared(name: str, spec: str, let: Mapping[str, Any], count: int) -> None:
    """Random designs against a loop over `analyze`."""
    rows = list(cnncalc.sweep(spec, let=let, sample=count, seed=1))
    start = time.perf_counter()
    equal = 0
    for row in rows:
        report = cnncalc.analyze(row["spec"])
        total = report.total
        own = (row["params"], row["macs"], row["rf"], row["activation_bytes"])
        field = min(last_field(report, report.fields))
        equal += own == (total.params, total.macs, field, total.activation_bytes)
    rate = len(rows) / (time.perf_counter() - start)
    same = f"{equal:,} of {len(rows):,} random designs as a loop has them"
    print(f"{name}: {same}, which does {rate:.0f} a second")


def beyond_lists() -> None:
    """Fronts, and the best within bounds, of spaces that nobody can list."""
    for name, spec, let in (("chain", CHAIN, {}), ("residual", BLOCKY, TIED)):
        found, rows, seconds = timed(spec, let, pareto="params,macs,-rf")
        print(f"{name}, front of {found.total:.0e}: {rows} designs in {seconds:.2f} s")
        for where, key in (
            ("params >= 1e6 and rf >= 127", "macs"),
            ("macs < 6e8 and rf >= 127", "-params"),
            ("params < 1e6 and macs < 6e8", "-rf"),
            ("params >= 5e5 and rf <= 60", "macs"),
        ):
            found, rows, seconds = timed(spec, let, where=where, sort=key, top=20)
            told = f" ({found.remarks[0]})" if found.remarks else ""
            print(f"{name}, {where}, {key}: {rows} designs in {seconds:.2f} s{told}")
    found, rows, seconds = timed(KNAPSACK, {}, pareto="-params,macs")
    print(f"params large, macs small, front of {found.total:.0e}: {rows} in {seconds:.2f} s")


def a_billion() -> None:
    """Designs listed with three bounds."""
    sweeping.MOST_READILY = 10**30  # they would be searched for
    how = {"where": "params < 5e6 and macs < 600e6 and rf >= 40", "sort": "macs", "top": 20}
    found, _, seconds = timed(MANY, {}, **how)
    print(
        f"{found.total:.1e} designs listed in {seconds:.1f} s, {found.total / seconds:.1e} a second"
    )


class Ran(NamedTuple):
    """A run of the command: seconds, those of CPU of its process, and of its workers."""

    wall: float
    own: float
    workers: float


def by_workers(pairs: int) -> None:
    """A list written as Parquet by one worker and by two, in turns: other work slows both.

    The process itself works before its workers and after them, and little beside; where other work
    takes the cores, seconds of CPU say what two free ones would give.
    """
    ratios, free = [], []
    for _ in range(pairs):
        one, two = written(1), written(2)
        ratios.append(one.wall / two.wall)
        free.append((one.own + one.workers) / (two.own + two.workers / 2))
        print(
            f"one worker {one.wall:.1f} s, two {two.wall:.1f} s: {ratios[-1]:.2f} times, {load()}"
        )
        for each in (one, two):
            print(f"    of CPU {each.own:.2f} s before and after, {each.workers:.2f} s by workers")
    print(f"two workers are {median(ratios):.2f} times one, the median of {pairs}")
    print(f"two that only count do {2 * counting(1) / counting(2):.2f} times the work of one here")
    print(f"by seconds of CPU, on two cores that are free, {median(free):.2f} times")


def written(workers: int) -> Ran:
    """How long so many workers take to write all designs of the VGG-16 template."""
    with TemporaryDirectory() as folder:
        path = str(Path(folder) / "designs.parquet")
        words = ["cnncalc", "sweep", VGG, "-o", path, "--workers", str(workers)]
        start = time.perf_counter()
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(words=words)],
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        return Ran(time.perf_counter() - start, *map(float, ran.stdout.split()))


def counting(processes: int) -> float:
    """The seconds in which so many processes take two seconds of CPU each: what cores there are."""
    program = "import time\nwhile time.process_time() < 2: pass"
    start = time.perf_counter()
    some = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(processes)]
    for each in some:
        each.wait()
    return time.perf_counter() - start


def load() -> str:
    """How many processes want a core."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--designs", type=int, default=2_000, help="drawn of each template")
    parser.add_argument("--pairs", type=int, help="of one worker and two, and nothing else")
    asked = parser.parse_args()
    if asked.pairs:
        by_workers(asked.pairs)
        return
    count = asked.designs
    for name, spec, let in (("VGG-16", VGG, {}), ("residual net", RESNET, WIDTHS)):
        listed(name, spec, let)
        compared(name, spec, let, count)
    beyond_lists()
    a_billion()


if __name__ == "__main__":
    main()
