"""The second pass: what the units of every map see, over finished rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, Protocol

from cnncalc.branches import Branches
from cnncalc.garbage import keeps_all
from cnncalc.layers.base import Shape, axis_name
from cnncalc.layers.merge import Add
from cnncalc.layers.product import Product
from cnncalc.network import Network
from cnncalc.receptive.channels import advance, meet
from cnncalc.receptive.layer import Passage, Passages, onward
from cnncalc.receptive.maps import Extent, Seen, extra_input, network_input
from cnncalc.receptive.merge import Offset
from cnncalc.receptive.pull_back import Extents
from cnncalc.rows import Note, Row

__all__ = ["Fields", "Sized", "fields_of"]


class Sized(Protocol):
    """A network at an input size, with its rows finished: an analysis or a report."""

    @property
    def network(self) -> Network: ...
    @property
    def input(self) -> Shape: ...
    @property
    def rows(self) -> Sequence[Row]: ...


class Fields(NamedTuple):
    """What the units of each row's output see, and remarks on where branches meet."""

    seen: list[Seen]
    notes: list[Note]


def fields_of(sized: Sized) -> Fields:
    """The receptive fields of every step's output, carried forward in one loop."""
    loop = _Loop(sized)
    loop.run()
    return Fields(loop.seen, loop.notes)


class _Loop:
    """The state of the one loop: what the units of each map so far see."""

    def __init__(self, sized: Sized) -> None:
        network, self.input = sized.network, sized.input
        self.steps, self.rows = network.steps, sized.rows
        self.frame, self.places = network.frame(self.input), network.places(self.input)
        self.seen = [network_input(self.places)]
        self.notes: list[Note] = []
        self.passages = Passages()
        self.extents = Extents(self.steps, self.rows, self.places, self.passages)
        self.branches = Branches(self.rows)

    @keeps_all
    def run(self) -> None:
        """Add what the units of all steps' outputs see."""
        for number in range(1, len(self.rows)):
            self.take(number)

    def take(self, number: int) -> None:
        """Add what the units of one step's output see."""
        row, seen = self.rows[number], self.seen
        if len(row.inputs) == 1:
            seen.append(self._past(number, row, *row.inputs))
            return
        before = [seen[i] for i in row.inputs]
        if all(each.apart for each in before):
            seen.append(extra_input(row.output_shape, len(self.places)))
        else:
            seen.append(self._met(number, row, before))

    def _past(self, number: int, row: Row, source: int) -> Seen:
        """What the units see after a step that reads one other."""
        here = self.seen[source]
        if here.apart:
            return extra_input(row.output_shape, len(self.places))
        passage = self.passages.of(self.steps[number].layer, *row.input_shapes)
        if passage is None or not here.axes:
            return here
        slid = onward(passage, here)
        if slid is not None:
            return slid
        reached = partial(self.extents.of, source)
        return advance(passage, row.output_shape, here, self.frame, reached)

    def _met(self, number: int, row: Row, before: Sequence[Seen]) -> Seen:
        """What the units see where branches meet."""
        layer, shapes = self.steps[number].layer, row.input_shapes
        if isinstance(layer, Product):
            shapes, before = layer.summed(*shapes), self._summed(layer, row, before)
            layer = Add()

        def reached(branch: int) -> Extent | None:
            return self.extents.of(row.inputs[branch])

        seen, offset = meet(layer, shapes, row.output_shape, before, reached)
        if offset:
            self.notes.append(Note(number, self._offset_note(row, offset)))
        return seen

    def _summed(self, layer: Product, row: Row, before: Sequence[Seen]) -> list[Seen]:
        """What the rows of each map of a product see, with what is summed over taken together."""
        after = []
        routes, met = layer.routes(*row.input_shapes), layer.summed(*row.input_shapes)
        for each, route, shape, number in zip(before, routes, met, row.inputs, strict=True):
            reached = partial(self.extents.of, number)
            passage = Passage(route)
            after.append(advance(passage, shape, each, self.frame, reached) if each.axes else each)
        return after

    def _offset_note(self, row: Row, offset: Offset) -> str:
        one, two = self.branches.words(row.inputs, offset.branches)
        axes = len(self.frame) - 1
        names = " and ".join(axis_name(axis, axes) for axis in offset.axes)
        along = f" along {names}" if axes > 1 else ""
        apart = offset.apart
        pixels = f"{apart:g} input pixel{'' if apart == 1 else 's'}"
        how = f"their centres lie {pixels} apart{along}"
        if offset.jumps[0] != offset.jumps[1]:
            one_jump, two_jump = offset.jumps
            how = f"their units lie {one_jump:g} and {two_jump:g} input pixels apart{along}, "
            how += f"their first centres {apart:g}"
        return f"`{row.name}` joins branches that are out of step: {one} and {two}; {how}"
