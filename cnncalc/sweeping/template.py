"""A spec with choices: the network of all of them, their names, and the spec of each design."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import TypeAlias

from cnncalc.analysis import no_input
from cnncalc.errors import Span, SpecError
from cnncalc.input_size import meant
from cnncalc.layers.base import Shape
from cnncalc.notations import Text, reading
from cnncalc.notations.choices import Choice, Choices
from cnncalc.notations.sizes import Given, given
from cnncalc.rows import as_layout

__all__ = ["Template", "Value"]

Value = int | float | str  # of a choice, as people compare it
# A text, or a choice's number with the pieces of each of its values.
Piece: TypeAlias = "str | tuple[int, list[list[Piece]]]"
# Where in the text a choice stands, its number (-1: the input's size), the parts of its values.
Place = tuple[int, int, int, Sequence[tuple[int, int]]]

COMMENT = re.compile(r"#[^\n]*")
# What else is known of a design by a name.
TAKEN = (
    "activation_bytes", "macs", "memory", "output", "output_shape", "param_bytes", "params", "rf",
    "spec",
)  # fmt: skip


class Template:
    """A spec with choices.

    Attributes:
        choices: of the text.
        network: its steps, with the first layer of each that may be several.
        input: what flows in; None where that is a choice, too.
        names: of the choices, each once.
        values: of each choice, as they are compared.
        notes: how the size that was given is read.
    """

    def __init__(
        self,
        text: Text,
        size: Given | None = None,
        notation: str | None = None,
        let: Mapping[str, int] | None = None,
        ties: Mapping[str, Sequence[str]] | None = None,
        batch: int | None = None,
    ) -> None:
        self.source = text.source
        self.choices = Choices(let or {}, ties or {})
        self.network = reading.read(text, notation, self.choices)
        if not self.choices.found:
            raise SpecError(
                "there is nothing to choose here",
                code="no-choice",
                help="values as in `k3/5/7` or `16..128/16`, layers as in `[conv:8,k3]/[]`, "
                "repeats as in `1..4*[ … ]`",
            )
        self.typed = self.network.typed
        self.input, self.notes, self.batch = self._input(size, batch)
        self.given = size is not None
        self.names = self._names()
        self.values = [[_value(text) for text in each.values] for each in self.choices.found]
        self.pieces = self._pieces()

    def _input(
        self, size: Given | None, batch: int | None
    ) -> tuple[Shape | None, Sequence[str], int]:
        """What flows in, how it was read, and how many samples at a time."""
        if size is None and 0 in self.choices.varied:
            return None, (), batch or 1
        network = self.network
        if size is None and network.unsized is not None:
            raise network.unsized
        if size is None and network.input is None:
            raise no_input(network)
        self.choices.varied.pop(0, None)
        read = meant(network, None if size is None else given(size), batch)
        shape = read.sizes or network.input
        assert shape is not None, "it is given, or the spec's own"
        return tuple(shape), tuple(read.notes), read.batch

    def _names(self) -> list[str]:
        """What each choice is called: by its own name, or the step and option it stands in."""
        found: list[str] = []
        for number, choice in enumerate(self.choices.found):
            word = choice.name or self._called(number, choice)
            unique, again = word, 2
            while unique in found or unique in TAKEN:
                unique, again = f"{word}{again}", again + 1
            found.append(unique)
        return found

    def _called(self, number: int, choice: Choice) -> str:
        if number not in self.choices.called:
            return choice.kind
        step, option = self.choices.called[number]
        name = self.network.steps[step].name
        return f"{name}.{option}" if option else name

    def places(self, shape: Shape) -> Sequence[int]:
        """The axes of the input that are places, of whole numbers that all designs look up: all."""
        return range(0 if self._looks_up() else 1, len(shape))

    def _looks_up(self) -> bool:
        """Whether nothing but embeddings reads the input, in any design."""
        steps = self.network.steps
        carried = {0}
        for number, step in enumerate(steps):
            if step.layer.looks_up or carried.isdisjoint(step.inputs):
                continue
            if not step.layer.carries:
                return False
            carried.add(number)
        return 0 in self.network.looked_up

    def spec(self, picked: Mapping[int, int]) -> str:
        """The text with the values of choices put in; of those that aren't made the first ones."""
        return self.specs([[picked.get(number, 0)] for number in range(len(self.names))], 1)[0]

    def specs(self, picks: Sequence[Sequence[int]], count: int) -> list[str]:
        """The texts of some designs.

        Args:
            picks: by choice, its value in each; -1 where it isn't made.
            count: how many designs there are.
        """
        return [text.strip() for text in _texts(self.pieces, picks, range(count))]

    def _pieces(self) -> list[Piece]:
        """The text in pieces: what stands as it is, and what choices take the place of."""
        plain = COMMENT.sub(lambda found: " " * len(found[0]), self.source.text)
        places = [
            (place.start, place.end, number, place.parts)
            for number, choice in enumerate(self.choices.found)
            for place in choice.places
        ]
        front = ""
        if self.given and self.input is not None:
            front = "x".join(map(str, as_layout(self.input, self.network.layout)))
            own = self._own_size()
            if own is not None:
                places = [each for each in places if not own.start <= each[0] < own.end]
                places.append((own.start, own.end, -1, ()))
        pieces = self._between(plain, 0, len(plain), sorted(places), front)
        return [f"{front} ", *pieces] if front and self._own_size() is None else pieces

    def _own_size(self) -> Span | None:
        unsized = self.network.unsized
        return self.typed.span if self.typed else unsized.span if unsized else None

    def _between(
        self, text: str, start: int, end: int, places: Sequence[Place], front: str
    ) -> list[Piece]:
        pieces: list[Piece] = []
        at = start
        for first, last, number, parts in places:
            if first < at or last > end:  # inside another one, or elsewhere
                continue
            pieces.append(_spaced(text[at:first]))
            at = last
            if number < 0:
                pieces.append(front)
            elif parts:
                inner = [self._between(text, part[0], part[1], places, front) for part in parts]
                pieces.append((number, inner))
            else:
                pieces.append((number, [[v] for v in self.choices.found[number].values]))
        pieces.append(_spaced(text[at:end]))
        return pieces


def _spaced(text: str) -> str:
    """A stretch of text on one line, each blank once."""
    return re.sub(r"\s+", " ", text)


def _texts(
    pieces: Sequence[Piece], picks: Sequence[Sequence[int]], some: Sequence[int]
) -> list[str]:
    """What pieces come to in some designs."""
    parts: list[Iterable[str]] = []
    for piece in pieces:
        if isinstance(piece, str):
            parts.append(repeat(piece, len(some)))
            continue
        number, values = piece
        taken = [picks[number][design] for design in some]
        parts.append(_chosen(values, taken, picks, some))
    return list(map("".join, zip(*parts, strict=True)))


def _chosen(
    values: Sequence[list[Piece]],
    taken: Sequence[int],
    picks: Sequence[Sequence[int]],
    some: Sequence[int],
) -> list[str]:
    """The text of a choice in some designs, given which of its values each takes."""
    words = [piece for pieces in values for piece in pieces[:1] if isinstance(piece, str)]
    if len(words) == sum(map(len, values)):
        words.append(words[0])  # the last one of all: it isn't made
        return [words[value] for value in taken]
    found = [""] * len(some)
    for value, pieces in enumerate(values):
        own = [n for n, each in enumerate(taken) if max(each, 0) == value]
        texts = _texts(pieces, picks, [some[n] for n in own])
        for n, text in zip(own, texts, strict=True):
            found[n] = text
    return found


def _value(text: str) -> Value:
    """A value of a choice: a number where it is one."""
    if re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
        return int(text)
    if re.fullmatch(r"-?\d{1,18}\.\d{1,18}", text, re.ASCII):
        return float(text)
    return text
