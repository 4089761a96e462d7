"""The rows of designs, and blocks of those that don't stand one after another.

Where the graph doesn't tell fields, they are worked out design by design.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cnncalc.analysis import analyze
from cnncalc.errors import Source
from cnncalc.notations import Text, reading
from cnncalc.receptive import fields_of
from cnncalc.receptive.fields import Sized
from cnncalc.receptive.layer import gathers
from cnncalc.receptive.maps import Seen
from cnncalc.rows import JsonObject, as_layout
from cnncalc.sweeping.blocks import Block, Whole, block_of
from cnncalc.sweeping.graph import Graph
from cnncalc.sweeping.names import Names
from cnncalc.sweeping.template import Template

__all__ = ["Records", "last_field"]

SINGLY = 50  # designs whose fields are worked out before rows are handed on
TOGETHER = 2**12  # rows that are made at once


class Records:
    """The rows of the designs of a template.

    Args:
        told: whether the graph tells their fields.
    """

    def __init__(self, template: Template, graph: Graph, known: Names, *, told: bool) -> None:
        self.template, self.graph, self.known, self.told = template, graph, known, told

    def block_at(
        self, places: Sequence[int], choices: Sequence[int], *, seen: bool = True
    ) -> tuple[Block, Whole]:
        """A block of the designs at some places, all of which count.

        Args:
            places: in the list of all.
            choices: those whose values are wanted.
            seen: whether fields are worked out where tables don't tell them.
        """
        import numpy

        designs = [self.graph.design(place) for place in places]
        if seen and not self.told:
            designs = [each._replace(field=self.field_of(each.picked)) for each in designs]
        ends = {shape: end for end, shape in self.graph.shapes.items()}
        block = block_of(designs, places, ends, choices)
        return block, numpy.arange(block.count)

    def seen(self, places: range, choices: Sequence[int]) -> Iterator[Block]:
        """Blocks of a stretch of the list, with fields that are worked out one by one."""
        for at in range(0, len(places), SINGLY):
            yield self.block_at(places[at : at + SINGLY], choices)[0]

    def rows_at(self, places: Sequence[int]) -> Iterator[JsonObject]:
        """The rows of designs at some places."""
        few = len(places) if self.told else SINGLY
        for at in range(0, len(places), few or 1):
            some = [int(place) for place in places[at : at + few]]
            yield from self.rows_of(*self.block_at(some, range(len(self.template.names))))

    def rows_of(self, block: Block, some: Whole) -> Iterator[JsonObject]:
        """The rows of some designs of a block, of which the values of all choices are known."""
        if not self.told and block.places is None:
            yield from self.rows_at((some + block.start).tolist())
            return
        for at in range(0, len(some), TOGETHER):
            yield from self.rows_together(block, some[at : at + TOGETHER])

    def rows_together(self, block: Block, some: Whole) -> Iterator[JsonObject]:
        """The rows of some designs, column by column."""
        known, template = self.known, self.template

        def told(name: str) -> list[Any]:
            values: list[Any] = known.of(block, name)[some].tolist()
            return values

        layout = template.network.layout
        shapes = {n: list(as_layout(each, layout)) for n, each in self.graph.shapes.items()}
        picks = [block.picked[n][some].tolist() for n in range(len(self.template.names))]
        choices = zip(template.names, map(_values, template.values, picks), strict=True)
        columns = {
            "spec": template.specs(picks, len(some)),
            **dict(choices),
            "params": told("params"),
            "macs": told("macs"),
            "output_shape": [shapes[end] for end in block.ends[some].tolist()],
            "rf": told("rf") if block.fields else [None] * len(some),
            "param_bytes": told("param_bytes"),
            "activation_bytes": told("activation_bytes"),
        }
        names = list(columns)
        for each in zip(*columns.values(), strict=True):
            yield dict(zip(names, each, strict=True))

    def field_of(self, picked: dict[int, int]) -> tuple[int, ...]:
        """How much the units of the last map of one design see."""
        network = reading.read(Text(Source(self.template.spec(picked))), "compact")
        sized = analyze(network)
        return last_field(sized, fields_of(sized).seen)


def _values(values: Sequence[Any], picked: Sequence[int]) -> list[Any]:
    """The values of a choice in some designs; None where it isn't made and there are several."""
    every = [*values, values[0] if len(values) == 1 else None]
    return [every[value] for value in picked]


def last_field(sized: Sized, seen: Sequence[Seen]) -> tuple[int, ...]:
    """How much the units of the last map see, before anything takes a map as a whole."""
    last: list[Seen] = [seen[0]]
    taken = [not seen[0].axes]
    for row, step in zip(sized.rows[1:], sized.network.steps[1:], strict=True):
        here = seen[row.index]
        reads = [i for i in row.inputs if not seen[i].apart]
        if here.apart or not reads:
            last.append(here)
            taken.append(False)
            continue
        whole = next((i for i in reads if taken[i]), None)
        now = here.whole or all(along.place is None for along in here.axes)
        route = step.layer.route(row.input_shapes[0]) if len(row.inputs) == 1 else None
        now = now or (route is not None and gathers(route, seen[reads[0]].axes, here.axes))
        last.append(last[whole] if whole is not None else last[reads[0]] if now else here)
        taken.append(now or whole is not None)
    return tuple([along.field.size for along in last[sized.network.outputs[0]].axes])
