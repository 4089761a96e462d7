"""Values of frameworks: what happens to them is theirs to say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from cnncalc.python.exceptions import raised
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import (
    MISSING,
    OBJECT,
    Arguments,
    Class,
    Described,
    Instance,
    Keywords,
    Value,
    describe,
)

if TYPE_CHECKING:  # a reader of files that hold no Python has tensors, but no machine
    from cnncalc.python.machine import Machine

__all__ = ["Guest", "Unread"]


class Guest(Described):
    """A value whose behaviour its library gives; what it doesn't give is refused.

    Attributes:
        described: what it is, for messages.
        cls: its class, as `type(value)` gives it.
        registered: whether an object that holds it keeps it in the order in which such are set.
        returned: whether calls that say nothing give it back, as the initialisation of a weight.
    """

    __slots__ = ()
    cls: Class = OBJECT
    registered = False
    returned = False

    def attribute(self, machine: Machine, name: str) -> Value:
        """`guest.name`; MISSING: there is none."""
        return MISSING

    def near_attribute(self, machine: Machine, name: str) -> str | None:
        """The attribute that may have been meant by one that there is not."""
        return None

    def set_attribute(self, machine: Machine, name: str, value: Value) -> None:
        """`guest.name = value`."""
        raise Refusal(f"{describe(self)} has no attribute to set")

    def set_on(self, holder: Instance, name: str) -> None:
        """It became an attribute of an object."""

    def item(self, machine: Machine, index: Value) -> Value:
        """`guest[index]`."""
        raise Refusal(f"{describe(self)} has no elements")

    def set_item(self, machine: Machine, index: Value, value: Value) -> Value:
        """`guest[index] = value`; what stands in its place from now on, None: itself."""
        raise Refusal(f"{describe(self)} has no elements to set")

    def set_in_part(self) -> None:
        """It is itself an element, and one of its own is going to be set: refuse if it can't."""

    def delete_item(self, machine: Machine, index: Value) -> None:
        """`del guest[index]`."""
        raise Refusal(f"{describe(self)} has no elements to delete")

    def call(self, machine: Machine, args: Arguments, kwargs: Keywords) -> Value:
        """`guest(*args, **kwargs)`."""
        raise Refusal(f"{describe(self)} can't be called")

    def times(self) -> Value:
        """The number for which it stands where it repeats a text or a list; None: for none."""
        return None

    def binary(self, machine: Machine, sign: str, left: Value, right: Value) -> Value:
        """`left sign right`, of which it is one; MISSING: what it stands beside may do it."""
        return MISSING

    def in_place(self, machine: Machine, sign: str, value: Value) -> Value:
        """`guest sign= value`; MISSING: it is a value like any other."""
        return MISSING

    def unary(self, machine: Machine, sign: str) -> Value:
        """`-guest`, `+guest` or `~guest`; MISSING: there is no such operator."""
        return MISSING

    def compare(self, machine: Machine, sign: str, left: Value, right: Value) -> Value:
        """`left sign right` where that is no truth; MISSING: `equal` or `order` says."""
        return MISSING

    def equal(self, machine: Machine, other: Value) -> bool:
        """Whether it equals another value."""
        return self is other

    def order(self, left: Value, right: Value) -> bool:
        """Whether a value comes before another, of which it is one."""
        raise Refusal(f"{describe(left)} and {describe(right)} can't be compared")

    def truth(self, machine: Machine) -> bool:
        """`bool(guest)`."""
        raise Refusal(f"a branch on {describe(self)}, can't be followed")

    def length(self, machine: Machine) -> Value:
        """`len(guest)`."""
        raise raised("TypeError", f"{describe(self)} has no length")

    def iterate(self, machine: Machine) -> Iterable[Value]:
        """Its elements."""
        raise Refusal(f"{describe(self)} can't be looped over")

    def text(self) -> str:
        """`str(guest)`."""
        return describe(self)

    def plain(self) -> Value:
        """The plain value that it stands for, such as the one number that it holds; or itself."""
        return self

    def as_number(self) -> Value:
        """`int(guest)` and `float(guest)` where that is no plain number; MISSING: it is none."""
        return MISSING

    def to_int(self) -> int:
        """`int(guest)` where it stands for no plain value."""
        raise Refusal(f"{describe(self)} is no number")

    def to_bound(self) -> int:
        """The same as a bound of `range`."""
        raise raised("TypeError", "`range` takes whole numbers")

    def rounded(self, machine: Machine) -> Value:
        """`round(guest)`."""
        raise Refusal(f"{describe(self)} is no number")

    def each(self, machine: Machine, function: Callable[..., Value], args: Arguments) -> Value:
        """A function of numbers, worked out for the numbers that it holds.

        `function(machine, *args)`, where the guest is one of `args`; MISSING: it holds none.
        """
        return MISSING

    def copied(self, deep: bool, inner: Callable[[Value], Value], known: dict[int, Value]) -> Value:
        """`copy.copy(guest)`, or `deepcopy`: `inner` copies its parts, `known` are copies by id."""
        return self


class Unread(Guest):
    """A part of a model that can't be read; what was said of it is said where it is needed.

    Attributes:
        stop: why it can't be read, with its place.
    """

    __slots__ = ("stop",)
    described = "a part that can't be read"

    def __init__(self, stop: Refusal) -> None:
        self.stop = stop
        stop.placed = True

    def _refuse(self, *what: Value, **more: Value) -> Any:
        raise self.stop

    attribute = item = set_item = set_attribute = call = binary = unary = compare = equal = _refuse
    order = truth = length = iterate = as_number = to_int = to_bound = rounded = each = _refuse
