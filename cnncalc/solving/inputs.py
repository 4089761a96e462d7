"""Input sizes that give an output: the network's formulas run with names, until all are covered.

A run tells of all sizes at which its questions have the same answers; where each asks about one
name alone, these are a product of sets, and so are the sizes at which the output is the wanted one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import product
from math import prod
from typing import NamedTuple

from cnncalc.layers.base import Shape
from cnncalc.network import Network
from cnncalc.regions import Box, Run, in_all, regions, within
from cnncalc.solutions import Goal
from cnncalc.symbols.numbers import Numbers, zeros
from cnncalc.symbols.size import Size, UnsettledError

__all__ = ["Found", "inputs_for"]

MOST_NEAR = 3


class Found(NamedTuple):
    """Input sizes that give what is wanted, as products of sets, and those that come nearest."""

    boxes: list[Box]
    nearest: list[dict[str, int]]

    @property
    def total(self) -> int:
        return sum(prod(len(some.below()) for some in box.values()) for box in self.boxes)

    def simplest(self) -> Iterator[dict[str, int]]:
        """Equal sizes first, then small ones."""
        alike = sorted(n for box in self.boxes for n in in_all(box).below())
        names = list(self.boxes[0]) if self.boxes else []
        for n in alike:
            yield dict.fromkeys(names, n)
        for sizes in _ascending([[some.below() for some in box.values()] for box in self.boxes]):
            if len(names) > 1 and len(set(sizes)) > 1:
                yield dict(zip(names, sizes, strict=True))


def inputs_for(
    network: Network,
    shape: Shape,
    names: Mapping[int, str],
    last: Mapping[str, int],
    goal: Goal,
) -> Found:
    """All sizes of the input's named axes at which a network gives what is wanted.

    Args:
        network: whose first output counts.
        shape: the input's, of which the named axes may be anything.
        names: of these axes; those of one name have the same size.
        last: up to which size each name is looked for.
        goal: what the output is to give.

    Raises:
        UnsettledError, TooManyNumbersError: formulas that tie names, or ask what names can't say.
    """
    found = _Kept(goal)
    whole = {name: Numbers(most + 1, 1, (1 << most + 1) - 2, 0) for name, most in last.items()}
    for told, run in regions(network, shape, names, whole):
        if run.error is None:
            found.keep(run, told)
    if found.boxes:
        return Found(found.boxes, [])
    if found.tied:
        raise UnsettledError("sizes are tied")
    ranked = sorted(found.near.values(), key=lambda each: (each[0], sum(each[2].values())))
    return Found([], [sizes for _, _, sizes in ranked[:MOST_NEAR]])


class _Kept:
    """What is found of runs that work."""

    def __init__(self, goal: Goal) -> None:
        self.goal = goal
        self.tied = False  # whether what comes nearest isn't known
        self.boxes: list[Box] = []
        self.near: dict[Shape, tuple[int, Shape, dict[str, int]]] = {}

    def keep(self, run: Run, told: Box) -> None:
        """Keep the sizes at which a run's output is the wanted one, or those that come nearest."""
        output, first = run.outputs[run.ends[0]], run.outputs[0]
        wanted = self.goal.wanted(first)
        if len(wanted) != len(output):
            return
        apart = [a - b for a, b in zip(output, wanted, strict=True) if b is not None]
        good = [told]
        for size in apart:
            ways: list[Box] = zeros(size) if isinstance(size, Size) else [] if size else [{}]
            good = [within(box, way) for box in good for way in ways]
        good = [box for box in good if all(box.values())]
        self.boxes += good
        if not good and not self.boxes:
            self.approach(apart, output, told)

    def approach(self, apart: Sequence[int | Size], output: Shape, told: Box) -> None:
        """Remember the sizes of a part whose outputs are nearest to the wanted one."""
        if any(isinstance(size, Size) and len(size.names()) > 1 for size in apart):
            self.tied = True
            return
        ways = []
        for name, some in told.items():
            mine = [size for size in apart if isinstance(size, Size) and name in size.names()]
            off = [(sum(abs(size.at({name: n})) for size in mine), n) for n in some.below()]
            ways.append(sorted(off)[:2])
        fixed = sum(abs(size) for size in apart if isinstance(size, int))
        for picked in product(*ways):
            sizes = dict(zip(told, [n for _, n in picked], strict=True))
            gives = tuple(n.at(sizes) if isinstance(n, Size) else n for n in output)
            far = fixed + sum(distance for distance, _ in picked)
            if gives not in self.near or far < self.near[gives][0]:
                self.near[gives] = far, gives, sizes


def _ascending(boxes: Sequence[Sequence[Sequence[int]]]) -> Iterator[tuple[int, ...]]:
    """The members of products of ascending lists, those of the smallest sum first."""
    heap: list[tuple[int, tuple[int, ...], int, tuple[int, ...]]] = []
    seen = set()

    def push(box: int, at: tuple[int, ...]) -> None:
        lists = boxes[box]
        inside = all(place < len(each) for place, each in zip(at, lists, strict=True))
        if inside and (box, at) not in seen:
            seen.add((box, at))
            sizes = tuple(each[place] for place, each in zip(at, lists, strict=True))
            heappush(heap, (sum(sizes), sizes, box, at))

    for box, lists in enumerate(boxes):
        push(box, (0,) * len(lists))
    while heap:
        _, sizes, box, at = heappop(heap)
        yield sizes
        for axis in range(len(at)):
            push(box, (*at[:axis], at[axis] + 1, *at[axis + 1 :]))
