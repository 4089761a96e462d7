"""What a layer costs doesn't grow with the network, whatever its form: operations are counted."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from cnncalc import Network, Report, analyze, parse
from cnncalc.branches import Branches

SMALL, TIMES = 40, 4
GROWTH = 1.15  # lists and heaps grow a little


def repeated(item: str, head: str) -> Callable[[int], str]:
    return lambda count: f"{head} {count}*[{item}]"


def in_a_row(item: str, head: str, tail: str = "") -> Callable[[int], str]:
    """Items with a number in them, then one for each in the branches of a merge."""

    def text(count: int) -> str:
        numbers = range(1, count + 1)
        items = " ".join(map(item.format, numbers))
        tails = " | ".join(map(tail.format, numbers))
        return f"{head} {items}" + (f" cat[ {tails} ]" if tail else "")

    return text


def wide(count: int) -> str:
    return f"3x32x32 cat[ {' | '.join(f'conv:{i % 5 + 1},k3,p1 relu' for i in range(count))} ]"


FAMILIES: dict[str, Callable[[int], str]] = {
    "deep": repeated("conv:16,k3,p1 bn relu", "3x32x32"),
    "deep, all different": in_a_row("conv:{0},k3,p1", "3x64x64"),
    "wide": wide,
    "residual": repeated("add[ conv:3,k3,p1 bn relu conv:3,k3,p1 | ] relu", "3x32x32"),
    "out of step": repeated("add[ conv:3,k3,p1 | conv:3,k3,p=2:0 ]", "3x32x32"),
    "far out of step": in_a_row("add[ conv:3,k3,p=2:0 | @input ]", "3x32x32"),
    "heads": in_a_row("conv:4,k3,p1 l{0}@relu", "3x32x32", "@l{0} flatten linear:2"),
    "heads, places left over": in_a_row(
        "conv:4,k2,p1 maxpool:2,s1 l{0}@relu", "3x33x33", "@l{0} gap linear:2"
    ),
    "nested": repeated(
        "add[ cat[ conv:2,k3,p1 | conv:2,k3,p1 ] conv:4,k1 | add[ relu | bn ] ]", "4x8x8"
    ),
    "definitions": repeated("block:8 block:4", "def block(n) = [ conv:$n,k3,p1 relu ] 4x16x16"),
    "gates": repeated("conv:8,k3,p1 se:2", "8x32x32"),
    "dense": repeated("cat[ conv:4,k3,p1 | ]", "4x16x16"),
    "cropped": repeated("conv:2,k2", "2x500x500"),
    "transposed": repeated("convt:4,k4,s2,p1 conv:4,k4,s2,p1", "4x16x16"),
    "grouped": repeated("conv:64,k3,p1,g8 chshuffle:4", "64x8x8"),
    "shuffled": repeated("cat[ slice:0..8 | slice:8.. conv:8,k3,p1 ] chshuffle:2", "16x8x8"),
    "apart": repeated("conv:8,k1,g2 relu", "4x8x8 cat[ conv:4,k3,p1 | ]"),
}


def operations(work: Callable[[], Any]) -> int:
    """The operations of the interpreter that some work takes."""
    count = 0

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def of_a_layer(network: Network) -> tuple[float, float]:
    """The operations for each layer, of the sizes and of the fields."""
    reports: list[Report] = []
    sizes = operations(lambda: reports.append(analyze(network)))
    fields = operations(lambda: reports[0].fields)
    return sizes / len(network.steps), fields / len(network.steps)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_a_layer_costs_the_same_in_a_larger_network(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two sizes in one run; a further branch may be walked back as far as is shown, no further."""
    monkeypatch.setattr(Branches, "FARTHEST", SMALL // 4)
    of_a_layer(parse(FAMILIES[family](SMALL)))  # what is loaded on use is there
    small, large = (parse(FAMILIES[family](count)) for count in (SMALL, TIMES * SMALL))

    for less, more in zip(of_a_layer(small), of_a_layer(large), strict=True):
        assert more <= GROWTH * less


def test_growth_would_be_seen() -> None:
    """Work that looks back over all before is more for each layer of a larger network."""

    def look_back(count: int) -> list[int]:
        return [earlier for number in range(count) for earlier in range(number)]

    small, large = (operations(lambda n=n: look_back(n)) / n for n in (SMALL, TIMES * SMALL))  # type: ignore[misc]

    assert large > GROWTH * small
