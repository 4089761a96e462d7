"""How an operator is told: one function, whose signature has its inputs and its attributes."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any, Literal, NamedTuple, TypeVar

from cnncalc.notations.onnx.reading.call import Call
from cnncalc.notations.onnx.reading.values import Value
from cnncalc.tracing.tensors import Static, Tensor

__all__ = [
    "OPERATORS",
    "Either",
    "Made",
    "Numbers",
    "Operator",
    "Value",
    "Whole",
    "Words",
    "operator",
]

Either = Tensor | Static
Whole = list[int] | None  # whole numbers: an attribute, or an input in later versions
Numbers = list[float] | None
Words = list[str] | None
Made = Value | list[Value]  # one output, or several

# How an argument is found, by its annotation: an input by its place, whole numbers by their
# name or place, an attribute by its name, with its default.
INPUTS: dict[str, Callable[[Call, int], object]] = {
    "Tensor": Call.flow,
    "Tensor | None": Call.flow_if_given,
    "Static": Call.stored,
    "Static | None": Call.constant,
    "Either": Call.given,
    "Value": Call.value,
    "Ways": Call.value,
    "Ends": Call.value,
    "Numbers": Call.numbers,
}
NUMBERS: dict[str, Callable[[Call, str, int | None], object]] = {
    "Whole": Call.whole,
    "float | None": Call.number,
}
ATTRIBUTES: dict[str, Callable[[Call, str, Any], object]] = {
    "int": Call.integer,
    "int | None": Call.integer,
    "float": Call.fraction,
    "str": Call.text,
    "Numbers": Call.given_as,
    "Stored | None": Call.given_as,
    "Words": Call.given_as,
}

Handler = Callable[..., Made]
Finders = tuple[tuple[str, Callable[[Call], object]], ...]
F = TypeVar("F", bound=Handler)


# Where the batch may stand: in the first axis, where each entry of those that are one axis with it
# is worked on like a sample; there, or alone on any other; on any, as the operator follows it or
# does the same to each value.
Place = Literal["first", "first, or any alone", "any"]


class Operator(NamedTuple):
    """An operator's function, and how its arguments are found.

    Attributes:
        of_data: whether it is read where an input carries data.
        of_constants: whether it is worked out where none does.
        batch: where the batch of its data may stand.
    """

    function: Handler
    finders: Finders
    rest: int | None  # where the inputs begin of which there may be any number
    of_data: bool
    of_constants: bool
    batch: Place

    def __call__(self, call: Call) -> Made:
        """What the operator gives at a node."""
        given = {name: find(call) for name, find in self.finders}
        if self.rest is None:
            return self.function(call, **given)
        more = [call.given(place) for place in range(self.rest, len(call.inputs))]
        return self.function(call, *more, **given)


OPERATORS: dict[str, Operator] = {}


def operator(
    *names: str,
    data: bool = True,
    constants: bool = True,
    batch: Place = "first",
    known: dict[str, Operator] = OPERATORS,
) -> Callable[[F], F]:
    """Register the function of an operator, or of several that differ in little.

    Its arguments after the call are the node's inputs in their order, then, by keyword, its
    attributes. An input annotated `Whole` or `float | None` may be an attribute of its name,
    as it was in earlier versions of the operator.

    Args:
        names: the operators'.
        data: whether it is read where an input carries data.
        constants: whether it is worked out where none does.
        batch: where the batch of the data may stand.
        known: where it is looked up.
    """

    def register(function: F) -> F:
        for name in names:
            assert name not in known, f"two functions for {name}"
            known[name] = Operator(function, *arguments(function), data, constants, batch)
        return function

    return register


def arguments(
    function: Handler,
) -> tuple[Finders, int | None]:
    """How each argument after the call is found, and from where any number of inputs is taken."""
    _, *declared = signature(function).parameters.values()
    finders = []
    rest = None
    for place, each in enumerate(declared):
        if each.kind is Parameter.VAR_POSITIONAL:
            rest = place
        else:
            finders.append((each.name, finder(each, place)))
    return tuple(finders), rest


def finder(declared: Parameter, place: int) -> Callable[[Call], object]:
    """How one argument is found, by its annotation."""
    name, words, default = declared.name, str(declared.annotation), declared.default
    is_input = declared.kind is not Parameter.KEYWORD_ONLY
    if words in NUMBERS:
        numbers = NUMBERS[words]
        return lambda call: numbers(call, name, place if is_input else None)
    if is_input:
        value = INPUTS[words]
        return lambda call: value(call, place)
    attribute = ATTRIBUTES[words]
    return lambda call: attribute(call, name, default)
