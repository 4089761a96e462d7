"""A notation of the tests' own: an input size and layers with arrows between, `3x8x8 -> relu`."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.errors import Span
from cnncalc.layers import LAYERS
from cnncalc.layers.merge import Input
from cnncalc.network import Network, Step
from cnncalc.notations import Notation, Text
from cnncalc.notations.sizes import read_size
from cnncalc.report import Report


def read(text: Text, let: Mapping[str, int]) -> Network:
    size, *kinds = (word.strip() for word in text.source.text.split("->"))
    whole = (Span(text.source, 0, len(text.source.text)),)
    steps = [Step(Input(), name="input")]
    steps += [Step(LAYERS[kind](), (at,), f"{kind}{at}", whole) for at, kind in enumerate(kinds)]
    return Network(steps, input=read_size(size, let))


def write(report: Report, name: str | None) -> str:
    sizes = "x".join(map(str, report.input))
    return " -> ".join([name or sizes, *(row.text for row in report.rows[1:])])


NOTATION = Notation("a chain of arrows", lambda text: "->" in text, read, write, named=True)
