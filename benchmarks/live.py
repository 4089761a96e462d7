"""How long a live module takes, beside torchinfo's summary of it on the meta device.

    python benchmarks/live.py --wheels .ci/wheels               # 7 rounds
    python benchmarks/live.py --wheels .ci/wheels --rounds 20

In one process, after both are imported and have run once, they take turns on the same module:

    cnncalc    cnncalc.analyze(cnncalc.from_torch(module, (3, 224, 224)))
    torchinfo  torchinfo.summary(module, (1, 3, 224, 224), device="meta", verbose=0)

To reach: at most as long as torchinfo. It is CPU time that is measured, of which the median of the
rounds' own ratios is printed, with the best time of each. Needs torch and torchinfo; torchvision is
the wheel's Python part (`pip download --no-deps torchvision`).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torchinfo import summary
from turns import ROOT, ratio
from vision import torchvision

import cnncalc

MODELS = ("resnet50", "efficientnet_b0", "convnext_tiny", "densenet121", "mobilenet_v3_large")
SIZE = (3, 224, 224)
AT_MOST = 1.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--wheels", type=Path, default=ROOT / ".ci" / "wheels")
    options = parser.parse_args()
    (wheel,) = sorted(options.wheels.glob("torchvision-*.whl"))[-1:]
    with tempfile.TemporaryDirectory() as folder:
        models = torchvision(wheel, Path(folder)).models
        for name in options.models:
            with torch.device("meta"):
                module = models.get_model(name)
            show(name, measure(module, options.rounds))
    print(f"to reach: at most {AT_MOST}")


def measure(module: Any, rounds: int) -> dict[str, list[float]]:
    """CPU seconds of each in each round; one more, which loads what both need, isn't counted."""
    runs: dict[str, Callable[[], Any]] = {
        "cnncalc": lambda: cnncalc.analyze(cnncalc.from_torch(module, SIZE)),
        "torchinfo": lambda: summary(module, (1, *SIZE), device="meta", verbose=0),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    counts = {runs["cnncalc"]().total.params, runs["torchinfo"]().total_params}
    assert len(counts) == 1, f"they count otherwise: {counts}"
    for _ in range(rounds):
        for name, run in runs.items():
            before = time.process_time()
            run()
            seconds[name].append(time.process_time() - before)
    return seconds


def show(name: str, seconds: dict[str, list[float]]) -> None:
    """Print the best time of each and their ratio."""
    best = ", ".join(f"{who} {min(times) * 1e3:.0f} ms" for who, times in seconds.items())
    median = statistics.median(seconds["cnncalc"])
    print(f"{name:<20} {ratio(seconds, 'cnncalc', 'torchinfo'):.2f} of torchinfo's time", end="")
    print(f"   best: {best}; median of cnncalc {median * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
