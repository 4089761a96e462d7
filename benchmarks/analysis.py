"""How long parsing and analysis take in process, a layer.

    python benchmarks/analysis.py

Everything is CPU time, the best of nine rounds, in yardsticks: one is what
`tuple(x for x in range(20))` costs, which is measured in the same rounds. Prints it for plain
stacks of `conv relu` from 1,000 to 100,000 layers, with the ratio of the slowest to the fastest,
and for the shipped networks: the sizes, weights and MACs, and the receptive fields.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from cnncalc import Network, analyze, parse
from cnncalc.analysis import analyze as sizes
from cnncalc.receptive import fields_of
from cnncalc.rows import Analysis

EXAMPLES = Path(__file__).parent.parent / "examples"
ROUNDS = 9
AT_LEAST = 1_000  # layers in a row, as the clock is coarse


def best(works: Mapping[str, tuple[Callable[[], object], int]]) -> dict[str, float]:
    """What each work costs a layer, in yardsticks; works take turns, so that all have one machine.

    Args:
        works: what is done, and to how many layers.
    """
    found = dict.fromkeys((*works, ""), float("inf"))
    for _ in range(ROUNDS):
        for name, (work, layers) in {"": (yardstick, 1), **works}.items():
            times = max(AT_LEAST // layers, 1)
            took = seconds(partial(again, work, times))
            found[name] = min(found[name], took / times / layers)
    one = found.pop("")
    return {name: seconds / one for name, seconds in found.items()}


def again(work: Callable[[], object], times: int) -> None:
    for _ in range(times):
        work()


def yardstick() -> object:
    return tuple(x for x in range(20))


def stacks() -> None:
    """Plain stacks, each made anew in every round: what is kept of others makes none slower."""
    ladder: dict[str, list[float]] = {}
    for count in (1_000, 10_000, 100_000):
        text = f"3x32x32 {count // 2}*[conv:16,k3,p1 relu]"
        networks: list[Network] = []
        reports: list[Analysis] = []

        def read(text: str = text, networks: list[Network] = networks) -> None:
            networks[:] = [parse(text)]

        def size(networks: list[Network] = networks, reports: list[Analysis] = reports) -> None:
            reports[:] = [sizes(networks[0])]

        def see(reports: list[Analysis] = reports) -> None:
            fields_of(reports[0])

        costs = best({"parsing": (read, count), "sizes": (size, count), "fields": (see, count)})
        print(f"{count:>7,} layers: {said(costs)}, all {sum(costs.values()):.1f}")
        for name, cost in (*costs.items(), ("all", sum(costs.values()))):
            ladder.setdefault(name, []).append(cost)
    ratios = {name: max(costs) / min(costs) for name, costs in ladder.items()}
    print(f"slowest to fastest: {', '.join(f'{n} {ratio:.2f}' for n, ratio in ratios.items())}")


def shipped() -> None:
    """The networks of `examples/`, read once."""
    works: dict[str, tuple[Callable[[], object], int]] = {}
    for path in sorted(EXAMPLES.glob("*.cnn")):
        network = parse(path.read_text())
        analysis = sizes(network)
        works[f"{path.stem} sizes"] = partial(sizes, network), len(analysis.rows)
        works[f"{path.stem} fields"] = partial(fields_of, analysis), len(analysis.rows)
    found = best(works)
    names = [name.removesuffix(" sizes") for name in found if name.endswith(" sizes")]
    for name in names:
        print(
            f"{name:>20}: {said({each: found[f'{name} {each}'] for each in ('sizes', 'fields')})}"
        )
    for each in ("sizes", "fields"):
        costs = [found[f"{name} {each}"] for name in names]
        print(f"{each}: {sum(costs) / len(costs):.1f} on average, at most {max(costs):.1f}")


def said(costs: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {cost:.1f}" for name, cost in costs.items())


def main() -> None:
    """Measure and print."""
    print("yardsticks a layer")
    stacks()
    shipped()
    text = (EXAMPLES / "vgg16.cnn").read_text()
    milliseconds = min(seconds(lambda: analyze(parse(text)).fields) for _ in range(50)) * 1e3
    print(f"VGG-16, parse and analyse: {milliseconds:.2f} ms")


def seconds(work: Callable[[], object]) -> float:
    """The CPU time of some work."""
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main()
