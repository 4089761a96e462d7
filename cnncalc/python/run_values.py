"""Numbers that only a run knows: what is drawn, and the time of day."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from cnncalc.python.functions import simple
from cnncalc.python.guests import Guest
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import (
    MISSING,
    OBJECT,
    Arguments,
    Builtin,
    Class,
    Keywords,
    Value,
    describe,
)

if TYPE_CHECKING:
    from cnncalc.errors import Span
    from cnncalc.python.machine import Machine

__all__ = ["RunValue", "count_of", "drawn", "gives", "run_value_among"]


class RunValue(Guest):
    """A number, or something made of one, that only a run knows; an error where it is needed.

    What is worked out with it is unknown too. It may be shown, and stand where it says nothing
    about shapes.

    Attributes:
        origin: what gave it, as `random.random`.
        span: where that was called.
        cls: its class, as `type(value)` gives it.
    """

    __slots__ = ("cls", "origin", "span")

    def __init__(self, origin: str, span: Span | None, cls: Class = OBJECT) -> None:
        self.origin = origin
        self.span = span
        self.cls = cls

    def describe(self) -> str:
        """What it is, for messages: with where it came from."""
        at = f" of line {self.span.place()[1]}" if self.span else ""
        return f"what `{self.origin}`{at} gives (only a run knows it)"

    def needed(self, what: str) -> Refusal:
        """The refusal of something for which its value would have to be known."""
        return Refusal(
            f"{what} depends on {self.describe()}",
            help="a fixed value in its place; `self.training` is False here",
        )

    def like(self) -> RunValue:
        """Another value made of it."""
        return RunValue(self.origin, self.span)

    def attribute(self, machine: Machine, name: str) -> Value:
        return MISSING if name.startswith("__") else self.like()

    def set_attribute(self, machine: Machine, name: str, value: Value) -> None:
        """What is set on it is as unknown as it is."""

    def item(self, machine: Machine, index: Value) -> Value:
        return self.like()

    def call(self, machine: Machine, args: Arguments, kwargs: Keywords) -> Value:
        return self.like()

    def binary(self, machine: Machine, sign: str, left: Value, right: Value) -> Value:
        other = right if left is self else left
        if isinstance(other, Guest) and not isinstance(other, RunValue):
            return other.binary(machine, sign, left, right)
        return self.like()

    def unary(self, machine: Machine, sign: str) -> Value:
        return self.like()

    def compare(self, machine: Machine, sign: str, left: Value, right: Value) -> Value:
        other = right if left is self else left
        if other is None:
            return MISSING
        if isinstance(other, Guest) and not isinstance(other, RunValue):
            return other.compare(machine, sign, left, right)
        return self.like()

    def equal(self, machine: Machine, other: Value) -> bool:
        if other is None or other is self:
            return other is self
        raise self.needed("this comparison")

    def order(self, left: Value, right: Value) -> bool:
        raise self.needed("this comparison")

    def truth(self, machine: Machine) -> bool:
        raise self.needed("this branch")

    def length(self, machine: Machine) -> Value:
        return self.like()

    def iterate(self, machine: Machine) -> Iterable[Value]:
        raise self.needed("this loop")

    def text(self) -> str:
        return f"<{self.origin}>"

    def as_number(self) -> Value:
        return self

    def to_int(self) -> int:
        raise self.needed("a size here")

    def to_bound(self) -> int:
        raise self.needed("the length of this `range`")

    def rounded(self, machine: Machine) -> Value:
        return self

    def each(self, machine: Machine, function: Callable[..., Value], args: Arguments) -> Value:
        others = [each for each in args if isinstance(each, Guest) and each is not self]
        return self if all(isinstance(each, RunValue) for each in others) else MISSING


def run_value_among(values: Iterable[Value]) -> RunValue | None:
    """The first of some values that only a run knows."""
    return next((each for each in values if isinstance(each, RunValue)), None)


def drawn(machine: Machine, origin: str, cls: Class = OBJECT) -> RunValue:
    """A value that the call under way gives, which only a run knows."""
    return RunValue(origin, next(iter(machine.spans()), None), cls)


def gives(origin: str, cls: Class = OBJECT) -> Builtin:
    """A function whose value only a run knows, whatever it is given."""
    return simple(origin, lambda machine, *args, **options: drawn(machine, origin, cls))


def count_of(value: Value, what: str) -> int:
    """A number of values that are drawn."""
    if isinstance(value, RunValue):
        raise value.needed(what)
    if not isinstance(value, int):
        raise Refusal(f"{describe(value)} is no number of values")
    return value
