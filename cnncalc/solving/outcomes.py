"""What flows on in the designs of `solve`: shapes, for many values of a layer as arrays; fields.

`Many` is an array of numbers that computes as one does. Where a formula asks a question that they
don't answer alike, they are parted, and each part asks again: so a layer's own formulas serve a
hundred thousand values in a few runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from cnncalc.designs import Inputs, Outcome, Priced, Sizes
from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Shape
from cnncalc.network import Step
from cnncalc.receptive.layer import Passage, onward
from cnncalc.receptive.maps import Along, Seen, network_input
from cnncalc.solving.choices import Filled

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

__all__ = ["Manifold", "NoChainError", "ShapeAndFields", "SizesAndFields"]

Numbers: TypeAlias = "Sequence[int] | NDArray[numpy.int64]"  # of values

AT_LEAST = 3000  # values that are worth loading NumPy for
FEW = 16  # values that are asked one by one
MOST_RUNS = 400


class PartedError(Exception):
    """Numbers answer a question differently; `mask` is where the answer is yes."""

    def __init__(self, mask: NDArray[numpy.bool_]) -> None:
        super().__init__()
        self.mask = mask


class NotTogetherError(Exception):
    """Values that are to be asked one by one."""


class Many:
    """Whole numbers, one for each of many values; a question is answered for all of them."""

    __slots__ = ("numbers",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, numbers: NDArray[numpy.int64]) -> None:
        self.numbers = numbers

    def __add__(self, other: Many | int) -> Many:
        return Many(self.numbers + _plain(other))

    __radd__ = __add__

    def __sub__(self, other: Many | int) -> Many:
        return Many(self.numbers - _plain(other))

    def __rsub__(self, other: Many | int) -> Many:
        return Many(_plain(other) - self.numbers)

    def __mul__(self, other: Many | int) -> Many:
        return Many(self.numbers * _plain(other))

    __rmul__ = __mul__

    def __floordiv__(self, other: Many | int) -> Many:
        return Many(self.numbers // _plain(other))

    def __rfloordiv__(self, other: Many | int) -> Many:
        return Many(_plain(other) // self.numbers)

    def __mod__(self, other: Many | int) -> Many:
        return Many(self.numbers % _plain(other))

    def __rmod__(self, other: Many | int) -> Many:
        return Many(_plain(other) % self.numbers)

    def __neg__(self) -> Many:
        return Many(-self.numbers)

    def __lt__(self, other: Many | int) -> bool:
        return _answer(self.numbers < _plain(other))

    def __le__(self, other: Many | int) -> bool:
        return _answer(self.numbers <= _plain(other))

    def __gt__(self, other: Many | int) -> bool:
        return _answer(self.numbers > _plain(other))

    def __ge__(self, other: Many | int) -> bool:
        return _answer(self.numbers >= _plain(other))

    def __eq__(self, other: object) -> bool:
        return _answer(self.numbers == (other.numbers if isinstance(other, Many) else other))

    def __bool__(self) -> bool:
        return _answer(self.numbers != 0)

    def __format__(self, spec: str) -> str:
        return "…"


def _plain(value: Many | int) -> NDArray[numpy.int64] | int:
    return value.numbers if isinstance(value, Many) else value


def _answer(mask: NDArray[numpy.bool_] | bool) -> bool:
    if mask is True or mask is False:
        return bool(mask)
    if mask.all():
        return True
    if mask.any():
        raise PartedError(mask)
    return False


class Manifold(Sizes):
    """Shapes, of a layer with thousands of values as arrays."""

    def all(
        self, step: Step, layers: Sequence[Layer], inputs: Inputs, refuse: Callable[..., None]
    ) -> Iterable[Priced]:
        if not isinstance(layers, Filled) or len(layers) < AT_LEAST:
            return super().all(step, layers, inputs, refuse)
        import numpy

        found: dict[Outcome, list[Numbers]] = {}
        todo, runs = [numpy.arange(len(layers))], 0
        while todo:
            numbers, runs = todo.pop(), runs + 1
            told: Iterable[tuple[Outcome, Numbers]] = ()
            try:
                if len(numbers) <= FEW or runs > MOST_RUNS:
                    raise NotTogetherError
                told = self.together(step, layers, inputs, numbers)
            except PartedError as parted:
                todo += [numbers[parted.mask], numbers[~parted.mask]]
            except LayerError:  # of all; what is wrong is told of one
                told = self.refused(step, layers, inputs, refuse, numbers)
            except NotTogetherError:
                told = self.singly(step, layers, inputs, refuse, numbers)
            for outcome, some in told:
                found.setdefault(outcome, []).append(some)
        return [
            (outcome, (), numpy.sort(numpy.concatenate(some)).tolist())
            for outcome, some in found.items()
        ]

    def together(
        self, step: Step, layers: Filled, inputs: Inputs, numbers: NDArray[numpy.int64]
    ) -> Iterable[tuple[Outcome, Numbers]]:
        """What flows on with values whose formulas answer all questions alike.

        Raises:
            PartedError: they don't.
            LayerError: they are all refused.
            NotTogetherError: a formula takes no arrays.
        """
        layer = layers.together(numbers, Many)
        try:
            layer.check()
            return _alike(self.one(step, layer, inputs), numbers)
        except TypeError:
            raise NotTogetherError from None

    def refused(
        self,
        step: Step,
        layers: Filled,
        inputs: Inputs,
        refuse: Callable[..., None],
        numbers: NDArray[numpy.int64],
    ) -> Iterable[tuple[Outcome, Numbers]]:
        """Say why values can't be that are refused together; ask each where one can."""
        try:
            self.one(step, layers[int(numbers[0])], inputs)
        except LayerError as error:
            refuse(error)
            return ()
        return self.singly(step, layers, inputs, refuse, numbers)

    def singly(
        self,
        step: Step,
        layers: Filled,
        inputs: Inputs,
        refuse: Callable[..., None],
        numbers: NDArray[numpy.int64],
    ) -> Iterable[tuple[Outcome, Numbers]]:
        """What flows on with each of some values, asked one by one."""
        found = self.asked(step, layers, map(int, numbers), inputs, refuse)
        return [(outcome, some) for outcome, _, some in found]


def _alike(
    shape: Outcome, numbers: NDArray[numpy.int64]
) -> list[tuple[Shape, NDArray[numpy.int64]]]:
    """The values of each shape, where some of its sizes are arrays."""
    import numpy

    assert isinstance(shape, tuple), "it is what a layer's `output` gives"
    code: NDArray[numpy.int64] = numpy.zeros(len(numbers), numpy.int64)
    for size in shape:
        if isinstance(size, Many):
            _, each = numpy.unique(size.numbers, return_inverse=True)
            code = code * (int(each.max()) + 1) + each
    _, first, place = numpy.unique(code, return_index=True, return_inverse=True)
    order = numpy.argsort(place, kind="stable")
    ends = numpy.cumsum(numpy.bincount(place))[:-1]
    return [
        (tuple([int(n.numbers[at]) if isinstance(n, Many) else n for n in shape]), numbers[some])
        for at, some in zip(first, numpy.split(order, ends), strict=True)
    ]


class NoChainError(Exception):
    """Fields that don't just slide on from step to step: branches meet, a map is taken together."""


class ShapeAndFields(NamedTuple):
    """A shape, and what its units see of the input."""

    shape: Shape
    axes: tuple[Along, ...]

    @property
    def field(self) -> tuple[int, ...]:
        """How much they see, axis by axis."""
        return tuple([along.field.size for along in self.axes])


class SizesAndFields(Sizes):
    """Shapes and what their units see, as long as that just slides on."""

    def __init__(self, places: Sequence[int]) -> None:
        self.places = places

    def start(self, shape: Shape) -> Outcome:
        return ShapeAndFields(shape, network_input(self.places).axes)

    def one(self, step: Step, layer: Layer, inputs: Inputs) -> Outcome:
        shapes = tuple([each.shape for each in inputs])
        output = super().one(step, layer, shapes)
        if len(inputs) != 1:
            raise NoChainError
        route = layer.route(shapes[0])
        if route is None:
            return ShapeAndFields(output, inputs[0].axes)  # type: ignore[arg-type]
        seen = onward(Passage(route), Seen(inputs[0].axes))
        if seen is None:
            raise NoChainError
        return ShapeAndFields(output, seen.axes)  # type: ignore[arg-type]
