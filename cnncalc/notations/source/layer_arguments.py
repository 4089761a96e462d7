"""The arguments of a call that makes a layer: plain data for the vocabularies' readers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from inspect import BoundArguments, Parameter
from typing import TypeVar

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import form_of, read
from cnncalc.notations.source.argument_places import argument
from cnncalc.python.iteration import content_of
from cnncalc.python.refusals import Refusal
from cnncalc.python.run_values import RunValue
from cnncalc.python.values import Opaque, Value, describe
from cnncalc.python.wordlists import words
from cnncalc.tracing.tensors import Static, Tensor, one_number

__all__ = ["LAYER_COST", "by_name", "made", "or_unknown", "plain", "refused"]

# Arguments that change no size and no count, by their names; what only a run knows is left out.
IDLE = words(
    "alpha drop_rate dropout dropout_p epsilon eps lower momentum negative_slope p rate stddev "
    "upper value"
)
LAYER_COST = 200  # in fuel: binding the arguments of a layer is dear


def plain(value: Value) -> Value:
    """An argument as the vocabulary's readers take it: plain data."""
    value = content_of(value)
    if isinstance(value, tuple | list):
        return type(value)(plain(each) for each in value)
    value = one_number(value)
    if value is None or isinstance(value, bool | int | float | str | Opaque):
        return value
    if isinstance(value, RunValue):
        raise value.needed("an argument of this layer")
    called = isinstance(value, Tensor | Static)
    raise Refusal(
        f"{describe(value)} can't be an argument of a layer",
        help="the layer is made first and then called: `nn.ReLU()(x)`" if called else None,
    )


def by_name(given: Mapping[str, Value], passed_over: Collection[str] = ()) -> dict[str, Value]:
    """Arguments by their names, without those that change no size where only a run knows them."""
    return {
        name: plain(value)
        for name, value in given.items()
        if name not in passed_over and not (name in IDLE and isinstance(value, RunValue))
    }


def or_unknown(value: Value) -> Value:
    """The same; what only a run knows is as it is, until its name is known."""
    return value if isinstance(value, RunValue) else plain(value)


def refused(error: LayerError, reader: Callable[..., object] | None = None) -> Refusal:
    """A layer's bare sentence on its way to its place: an argument of the call, where one is to
    blame; `reader` has that call's signature, if it is known.
    """
    refusal = Refusal(error.message, help=error.help, code=error.code)
    if error.option:
        refusal.narrow = partial(argument, option=error.option, reader=reader)
    return refusal


ANY_RATE = 0.5  # of what is idle and has no default


def _leave_out(reader: Callable[..., object], bound: BoundArguments) -> None:
    """Take what only a run knows from a call's arguments; Refusal where a size may depend on it."""
    for name, value in list(bound.arguments.items()):
        if not isinstance(value, RunValue):
            continue
        if name not in IDLE:
            refusal = value.needed(f"`{name}` of this layer")
            refusal.narrow = partial(argument, option=name, reader=reader)
            raise refusal
        default = bound.signature.parameters[name].default
        bound.arguments[name] = ANY_RATE if default is Parameter.empty else default


Made = TypeVar("Made")


def made(
    reader: Callable[..., Made], call: str, values: list[Value], kwargs: dict[str, Value]
) -> tuple[Made, dict[str, Value]]:
    """What a reader makes of a call's arguments, and the arguments by name with defaults."""
    try:
        try:
            bound = form_of(reader).bind(*values, **kwargs)
            _leave_out(reader, bound)
        except TypeError:
            read(reader, call, values, kwargs)  # says what doesn't fit
            raise
        bound.apply_defaults()
        return reader(*bound.args, **bound.kwargs), bound.arguments
    except LayerError as error:
        raise refused(error, reader) from None
