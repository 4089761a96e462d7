"""How long parsing and analysis take in process.

    python benchmarks/analysis.py

Prints milliseconds for VGG-16 (best of 50), and microseconds per layer from 100 to 100,000 layers
(best of 5) with the ratio of the slowest to the fastest: for sizes, weights and MACs, and with the
receptive fields.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from cnncalc import Network, analyze, parse

VGG16 = (Path(__file__).parent.parent / "examples" / "vgg16.cnn").read_text()


def best(work: Callable[[], object], rounds: int) -> float:
    """Seconds of the fastest of several rounds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Measure and print."""
    for name, work in (("sizes", analyze), ("with fields", with_fields)):
        milliseconds = best(lambda work=work: work(parse(VGG16)), 50) * 1e3  # type: ignore[misc]
        print(f"VGG-16, parse and analyse, {name}: {milliseconds:.2f} ms")
        per_layer = {}
        for count in (100, 1_000, 10_000, 100_000):
            text = f"3x32x32 {count // 2}*[conv:16,k3,p1 relu]"
            seconds = best(lambda work=work, text=text: work(parse(text)), 5)  # type: ignore[misc]
            per_layer[count] = seconds / count * 1e6
            print(f"{count:>7,} layers: {per_layer[count]:.1f} µs per layer")
        print(f"slowest to fastest: {max(per_layer.values()) / min(per_layer.values()):.2f}")


def with_fields(network: Network) -> object:
    """Analyse, and read the receptive fields."""
    return analyze(network).fields


if __name__ == "__main__":
    main()
