"""Tensors and sizes: what flows, what is fixed, and the batch that nobody knows."""

from __future__ import annotations

from math import prod
from typing import Any

__all__ = ["Batch", "Parameter", "Pile", "Static", "Tensor", "one_number"]


class Batch:
    """The unknown size of the batch axis, times a factor."""

    __slots__ = ("factor",)

    def __init__(self, factor: int = 1) -> None:
        self.factor = factor

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Batch) and other.factor == self.factor

    def __hash__(self) -> int:
        return hash(("batch", self.factor))


class Tensor:
    """What flows: the output of a step, with its shape.

    Attributes:
        number: the record that made it.
        shape: in the network's inner order (channels first in Keras too), without batch.
    """

    __slots__ = ("number", "shape")

    def __init__(self, number: int, shape: tuple[int, ...]) -> None:
        self.number = number
        self.shape = shape


class Pile:
    """Tensors stacked in front of the batch, until something is taken of them or over them."""

    __slots__ = ("parts", "shape")

    def __init__(self, parts: list[Tensor], shape: tuple[Any, ...]) -> None:
        self.parts = parts
        self.shape = shape


class Static:
    """A tensor that doesn't depend on the input: weights, and numbers made from them.

    Attributes:
        shape: all of it (a Batch may stand in front).
        sources: the parameters it is made from.
        values: its numbers where they are known (a few, row by row), else None.
        whole: whether `values` are integers.
        fill: the number that all of it is, as zeros are; None: several, or not known.
        like: the tensor whose shape it was given.
        computed: whether its sizes or numbers follow from the size of what flows.
    """

    __slots__ = ("computed", "fill", "like", "shape", "sources", "values", "whole")

    def __init__(
        self,
        shape: tuple[Any, ...],
        sources: tuple[Parameter, ...] = (),
        values: list[float] | None = None,
        whole: bool = False,
        fill: float | None = None,
        computed: bool = False,
    ) -> None:
        self.shape = shape
        self.sources = sources
        self.values = values
        self.whole = whole
        self.fill = fill
        self.like: Tensor | None = None
        self.computed = computed

    @property
    def count(self) -> int:
        """Its number of elements."""
        return prod(self.shape)

    @property
    def uniform(self) -> float | None:
        """The one number that it holds everywhere; None: several, or not known."""
        if self.fill is not None or not self.values:
            return self.fill
        first = self.values[0]
        return first if all(each == first for each in self.values) else None

    def shaped(self, shape: tuple[Any, ...]) -> Static:
        """The same numbers in another shape, perhaps repeated."""
        return Static(shape, self.sources, fill=self.fill)


def one_number(value: Any) -> Any:
    """The number of an array that has just one, where it is known; any other value as it is."""
    if isinstance(value, Static) and value.values is not None and len(value.values) == 1:
        return value.values[0]
    return value


class Parameter(Static):
    """A weight of its own: `nn.Parameter`, a buffer, or a layer's weight.

    Attributes:
        holder: the module that it belongs to, once it does, as the front end has it.
        name: its name there.
        role: `parameter` or `buffer`.
    """

    __slots__ = ("holder", "name", "role", "trainable")

    def __init__(self, shape: tuple[int, ...], role: str = "parameter") -> None:
        super().__init__(shape)
        self.sources = (self,)
        self.role = role
        self.holder: Any = None
        self.name = ""
        self.trainable = role == "parameter"
