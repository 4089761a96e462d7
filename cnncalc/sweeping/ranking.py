"""The best of the designs that are listed: by an order, or those that none is better than."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.errors import CnnCalcError
from cnncalc.sweeping.blocks import Block, Whole
from cnncalc.sweeping.dominance import front
from cnncalc.sweeping.names import Names

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

__all__ = ["MOST_KEPT", "Best", "Front", "Key", "keys_of"]

MOST_KEPT = 20_000_000  # designs that are put in order


class Key(NamedTuple):
    """What designs are ordered by, and 1 where it is to be small, -1 where large."""

    name: str
    sign: int


def keys_of(text: str, option: str) -> list[Key]:
    """The names of `macs,-rf`: with a minus, more is better.

    Raises:
        CnnCalcError: there are none, or one is empty.
    """
    words = [word.strip() for word in text.split(",")]
    keys = [
        Key(word.removeprefix("-").strip(), -1 if word.startswith("-") else 1) for word in words
    ]
    if not all(key.name for key in keys):
        raise CnnCalcError(
            f"`{option} {text}` names nothing beside a comma",
            code="usage",
            help=f"`{option} macs,-rf`: a minus where more is better",
        )
    return keys


def check_keys(keys: Sequence[Key], names: Names) -> None:
    """CnnCalcError where a key isn't there."""
    for key in keys:
        names.check(key.name)


def columns(block: Block, names: Names, keys: Sequence[Key], some: Whole) -> NDArray[numpy.number]:
    """The keys of some designs of a block, as rows of numbers to be small."""
    import numpy

    found = []
    for name, sign in keys:
        values = names.of(block, name)
        choice = names.choice(name)
        if choice is not None and names.is_text(name):
            values = block.picked[choice].astype(numpy.int64)
        found.append(sign * values[some])
    kinds = {each.dtype.kind for each in found}
    kind = numpy.int64 if kinds <= {"i"} else numpy.float64
    return numpy.stack([each.astype(kind) for each in found], 1)


class Best:
    """The first designs in an order.

    Attributes:
        most: how many; None: all.
        found: their places in the list of all.
    """

    def __init__(self, names: Names, keys: Sequence[Key], most: int | None) -> None:
        import numpy

        self.names, self.keys, self.most = names, keys, most
        self.places = numpy.zeros(0, numpy.int64)
        self.values = numpy.zeros((0, len(keys)), numpy.int64)

    def add(self, block: Block, some: Whole) -> None:
        """Consider some designs of a block."""
        import numpy

        values = columns(block, self.names, self.keys, some)
        if self.most is not None and len(self.places) == self.most:
            good = values[:, 0] <= self.values[-1, 0]
            some, values = some[good], values[good]
        if not len(some):
            return
        places = (
            numpy.array([block.place(int(n)) for n in some])
            if block.places
            else (some + block.start)
        )
        self.places = numpy.concatenate([self.places, places])
        self.values = numpy.concatenate([self.values, values])
        if len(self.places) > MOST_KEPT:
            raise CnnCalcError(
                f"more than {MOST_KEPT:,} designs would be put in order",
                code="too-large",
                help="`--top 20` keeps the first ones",
            )
        if self.most is not None:
            self.settle()

    def settle(self) -> None:
        """Put them in order, and let the rest go."""
        import numpy

        columns = [self.values[:, n] for n in reversed(range(len(self.keys)))]
        order = numpy.lexsort((self.places, *columns))[: self.most]
        self.places, self.values = self.places[order], self.values[order]

    def result(self) -> list[int]:
        """The places in the list of all, the best first."""
        self.settle()
        return [int(place) for place in self.places]


class Front:
    """The designs that none is better than in every key; of equal ones the first."""

    def __init__(self, names: Names, keys: Sequence[Key]) -> None:
        import numpy

        self.names, self.keys = names, keys
        self.places = numpy.zeros(0, numpy.int64)
        self.values = numpy.zeros((0, len(keys)), numpy.int64)

    def add(self, block: Block, some: Whole) -> None:
        """Consider some designs of a block."""
        import numpy

        values = columns(block, self.names, self.keys, some)
        known = ~numpy.isnan(values).any(1)
        some, values = some[known], values[known]
        kept = front(values)
        some = some[kept]
        places = numpy.array([block.place(int(n)) for n in some], numpy.int64)
        self.places = numpy.concatenate([self.places, places])
        self.values = numpy.concatenate([self.values, values[kept]])
        kept = front(self.values)
        self.places, self.values = self.places[kept], self.values[kept]

    def result(self) -> list[int]:
        """The places in the list of all, in the order of the keys."""
        import numpy

        columns = [self.values[:, n] for n in reversed(range(len(self.keys)))]
        return [int(self.places[n]) for n in numpy.lexsort(columns)]
