"""A text with unknowns in it: what they are called, the network at values, and the text then."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product

from cnncalc.errors import Source, SpecError
from cnncalc.layers.base import Shape
from cnncalc.network import Network
from cnncalc.notations import Text, reading
from cnncalc.notations.sizes import Given, given, read_size
from cnncalc.notations.unknowns import Unknown, Unknowns
from cnncalc.rows import as_layout, from_layout

__all__ = ["Question"]

COMMENT = re.compile(r"#[^\n]*")
BEGINNINGS = (1, 0, 3, 2, 9)  # that unknowns are read as
MOST_BEGUN = 3
BESIDE = "-i"  # what unknowns are called that stand in the size given beside the text


class Question:
    """A network with unknowns, in a text or in the size that is given beside it.

    Attributes:
        network: as it is read with its unknowns in it.
        repeats: the unknowns that are numbers of repeats.
        computed: those that others are computed from.
        input: what flows in, channels first, its unknowns in it; None: nobody says.
        layout: of the network's notation.
    """

    def __init__(
        self,
        text: Text | Network,
        size: Given | None = None,
        notation: str | None = None,
        let: Mapping[str, int] | None = None,
    ) -> None:
        self.text = text
        self.notation = notation
        self.let = dict(let or {})
        self.unknowns = Unknowns(self.let)
        self.network = self.read({})
        self.layout = self.network.layout
        self.repeats = self.unknowns.repeats
        self.computed = self.unknowns.computed
        self.beside = Unknowns(self.let)
        self.given = size is not None
        self.input = self._input(size)

    def read(self, values: Mapping[str, int]) -> Network:
        """The network where some unknowns have values."""
        if isinstance(self.text, Network):
            return self.text
        unknowns = Unknowns(self.let, values)
        try:
            network = reading.read(self.text, self.notation, unknowns)
        except SpecError as error:
            begun = None if values else self._begun(self.text, unknowns)
            if begun is None:
                raise error from None
            network = begun
        if network.notation != "compact":
            network = _in_line(network, unknowns)
        self.unknowns.join(unknowns)
        return network

    def _begun(self, text: Text, unknowns: Unknowns) -> Network | None:
        """The network where a framework refuses its unknowns as they are read: as other numbers."""
        if not 0 < len(unknowns.found) <= MOST_BEGUN:
            return None
        for numbers in product(BEGINNINGS, repeat=len(unknowns.found)):
            unknowns.begun = dict(zip(unknowns.found, numbers, strict=True))
            try:
                return reading.read(text, self.notation, unknowns)
            except SpecError:
                continue
        return None

    def _input(self, size: Given | None) -> Shape | None:
        """What flows in; SpecError for what is no size."""
        network = self.network
        size = size.text if isinstance(size, Source) else size
        if isinstance(size, str):
            return from_layout(_read(size, 0, self.beside), self.layout)
        if size is not None:
            return from_layout(given(size).sizes, self.layout)
        if network.unsized is not None and network.unsized.code == "unknown-value":
            span = network.unsized.span
            assert span is not None, "it stands in the text"
            return from_layout(_read(span.text, span.start, self.unknowns), self.layout)
        if network.unsized is not None:
            raise network.unsized
        return network.input

    def names(self) -> list[str]:
        """The unknowns in the order in which they stand."""
        found = self.unknowns.found
        beside = [name for name in self.beside.found if name not in found]
        return [*beside, *sorted(found, key=lambda name: found[name][0])]

    def spec(self, values: Mapping[str, int], shape: Shape) -> str:
        """The text with values put in, and the input in front where it isn't the text's own."""
        front = "x".join(map(str, as_layout(shape, self.layout)))
        if isinstance(self.text, Network):
            from cnncalc.notations.compact.writer import write

            return write(self.text, shape) or front
        source = self.text.source.text
        places = [
            (start, end, str(values[name]))
            for name, found in self.unknowns.found.items()
            for start, end in found
        ]
        typed = self.network.typed
        unsized = self.network.unsized
        own = typed.span if typed else unsized.span if unsized else None
        if self.given and own is not None:
            places.append((own.start, own.end, front))
        for start, end, value in sorted(places, reverse=True):
            source = source[:start] + value + source[end:]
        if self.given and own is None:
            source = f"{front} {source}"
        if self.network.notation != "compact":
            return source.strip()
        return " ".join(COMMENT.sub("", source).split())


def _in_line(network: Network, unknowns: Unknowns) -> Network:
    """A source's network as its steps, if they need no size; else all unknowns are computed with.

    What a source declares of the input, such as `in_channels`, is checked against numbers.
    """
    if len(network.steps) < 2:
        unknowns.computed.update(unknowns.found)
        return network
    declared = [n for step in network.steps if step.expects for _, _, n in step.expects.sizes]
    unknowns.computed.update(n.name for n in declared if isinstance(n, Unknown))
    return network.with_steps(network.steps)


def _read(text: str, start: int, unknowns: Unknowns) -> Shape:
    """A size with unknowns in it, as it stands at a place."""
    return read_size(_placed(text, start, unknowns), unknowns)


def _placed(text: str, start: int, unknowns: Unknowns) -> str:
    """The text of a size with names in the place of each bare `_`."""
    parts, at = [], start
    for part in re.split(r"([x×,()\s]+)", text):
        parts.append(unknowns.placed(part, at))
        at += len(part)
    return "".join(parts)
