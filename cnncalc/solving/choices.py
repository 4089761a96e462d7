"""The values that unknowns may have, as choices of layers: those of one layer together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from cnncalc.designs import Choice, Cost, added
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.options import Option
from cnncalc.network import Step
from cnncalc.notations.unknowns import Unknown

__all__ = ["Bounds", "Filled", "Group", "groups_of", "plainness", "uses_of"]

MOST = 64  # that an option is tried up to
MOST_CHANNELS = 1024
MOST_KEPT = 4096  # layers of a group
CHANNELS = ("out_channels", "out_features")
# What an option is where nobody asks for it.
USUAL = {"stride": 1, "dilation": 1, "groups": 1, "output_padding": 0}


class Bounds(NamedTuple):
    """The first and last number that an unknown is tried with."""

    first: int
    last: int

    def both(self, other: Bounds) -> Bounds:
        return Bounds(max(self.first, other.first), min(self.last, other.last))

    @property
    def width(self) -> int:
        return max(self.last - self.first + 1, 0)


class Use(NamedTuple):
    """One place where an unknown stands: the step, and the option of its layer."""

    step: int
    option: str


def unknowns_in(value: object) -> Iterator[str]:
    """The names of the unknowns in an option's value, or a shape."""
    if isinstance(value, Unknown):
        yield value.name
    elif isinstance(value, tuple):
        for each in value:
            yield from unknowns_in(each)


def uses_of(steps: Sequence[Step]) -> dict[str, list[Use]]:
    """Where the unknowns of a network stand."""
    uses: dict[str, list[Use]] = {}
    for number, step in enumerate(steps):
        for option, value in vars(step.layer).items():
            for name in unknowns_in(value):
                uses.setdefault(name, []).append(Use(number, option))
    return uses


def bounds_of(option: Option, most: int | None) -> Bounds:
    """Among which numbers an option's value is looked for."""
    usual = MOST_CHANNELS if option.name in CHANNELS else MOST
    return Bounds(max(option.minimum or 0, 0), usual if most is None else most)


def groups_of(
    steps: Sequence[Step], uses: Mapping[str, Sequence[Use]], bounds: Mapping[str, Bounds]
) -> list[Group]:
    """The unknowns of layers, those that meet in one together."""
    parts: list[tuple[set[str], set[int]]] = []
    for name, places in uses.items():
        names, at = {name}, {use.step for use in places}
        for part in [part for part in parts if part[1] & at]:
            parts.remove(part)
            names, at = names | part[0], at | part[1]
        parts.append((names, at))
    return [
        Group(
            [name for name in uses if name in names],
            [bounds[name] for name in uses if name in names],
            {number: steps[number].layer for number in sorted(at)},
        )
        for names, at in parts
    ]


class Group:
    """Unknowns that are decided together, and the layers that they stand in.

    Attributes:
        names: the last one changes from value to value.
        bounds: of each.
        layers: by step, its layer with the unknowns; of step 0 the shape that flows in.
        size: how many values there are.
    """

    def __init__(
        self, names: Sequence[str], bounds: Sequence[Bounds], layers: Mapping[int, Layer | Shape]
    ) -> None:
        self.names = tuple(names)
        self.bounds = tuple(bounds)
        self.layers = layers
        self.size = prod(each.width for each in bounds)

    def choice(self) -> Choice:
        """What the steps may be."""
        return {number: Filled(layer, self) for number, layer in self.layers.items()}

    def values(self, number: Any) -> dict[str, Any]:
        """What the unknowns are in one of the values; in an array of them, arrays."""
        found = {}
        for name, bounds in zip(reversed(self.names), reversed(self.bounds), strict=True):
            found[name] = bounds.first + number % bounds.width
            number = number // bounds.width
        return found

    def cost(self, number: int, order: Sequence[str]) -> Cost:
        """How simple a value is: its layers, then the numbers in the order of the names."""
        values = self.values(number)
        total: Cost = (0,) * len(MEASURES)
        for layer in self.layers.values():
            if isinstance(layer, Layer):
                filled = {name: fill(value, values) for name, value in vars(layer).items()}
                total = added(total, plainness(layer.options, filled))
        return *total, *[values.get(name, 0) for name in order]


MEASURES = ("asked", "gaps", "padding", "even", "uneven")


def plainness(declared: Mapping[str, Option], options: Mapping[str, Any]) -> Cost:
    """What a layer has that is less simple than it could be, the most telling first.

    Args:
        declared: the options of its kind.
        options: its own.

    Returns:
        How many options could have been left out, how many kernels are below the stride, the
        padding, how many kernels are even, how many sides or axes differ.
    """
    kernels, pads = options.get("kernel") or (), options.get("padding") or ()
    pads = () if isinstance(pads, str) else pads
    strides = options.get("stride") or ()
    own_stride = "stride" in declared and declared["stride"].default is None  # the kernel
    changed = [
        value
        for name, usual in USUAL.items()
        for value in _each(options.get(name))
        if value != usual and not (name == "stride" and own_stride and strides == kernels)
    ]
    count = max(len(kernels), len(strides)) if kernels and strides else 0
    pairs = zip(_for_axes(kernels, count), _for_axes(strides, count), strict=True)
    return (
        len(changed),
        sum(kernel < stride for kernel, stride in pairs),
        sum(before + after for before, after in pads) + sum(_each(options.get("output_padding"))),
        sum(kernel % 2 == 0 for kernel in kernels),
        sum(before != after for before, after in pads)
        + sum(len(set(each)) > 1 for each in (kernels, strides, pads)),
    )


def _each(value: Any) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)


def _for_axes(values: tuple[int, ...], count: int) -> tuple[int, ...]:
    return values if len(values) == count else values[:1] * count


class Filled(Sequence[Any]):
    """The layers, or shapes, that one with unknowns is with each of a group's values."""

    def __init__(self, template: Any, group: Group) -> None:
        self.template = template
        self.group = group
        self.made: dict[int, Any] = {}

    def __len__(self) -> int:
        return self.group.size

    def __getitem__(self, number: Any) -> Any:
        if number not in self.made:
            made = self.fresh(number)
            if len(self) > MOST_KEPT:
                return made
            self.made[number] = made
        return self.made[number]

    def fresh(self, number: int) -> Any:
        """The layer with one of the values; LayerError where its options contradict one another."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        values = self.group.values(number)
        if not isinstance(self.template, Layer):
            return fill(self.template, values)
        options = {name: fill(value, values) for name, value in vars(self.template).items()}
        return type(self.template)(**options)

    def together(self, numbers: Any, wrap: Any) -> Layer:
        """One layer whose options are arrays, those of many values at once, not checked yet."""
        values = {name: wrap(array) for name, array in self.group.values(numbers).items()}
        layer: Layer = object.__new__(type(self.template))
        layer.__dict__.update(
            {name: fill(value, values) for name, value in vars(self.template).items()}
        )
        return layer


def fill(value: Any, values: Mapping[str, Any]) -> Any:
    """An option's value with what its unknowns are."""
    if isinstance(value, Unknown):
        return values[value.name]
    if isinstance(value, tuple):
        return tuple([fill(each, values) for each in value])
    return value
