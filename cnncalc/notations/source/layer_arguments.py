"""The arguments of a call that makes a layer: plain data for the vocabularies' readers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import form_of, read
from cnncalc.notations.source.argument_places import argument
from cnncalc.python.iteration import content_of
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Opaque, Value, describe
from cnncalc.tracing.tensors import Static, Tensor, one_number

__all__ = ["LAYER_COST", "made", "plain", "refused"]

LAYER_COST = 200  # in fuel: binding the arguments of a layer is dear


def plain(value: Value) -> Value:
    """An argument as the vocabulary's readers take it: plain data."""
    value = content_of(value)
    if isinstance(value, tuple | list):
        return type(value)(plain(each) for each in value)
    value = one_number(value)
    if value is None or isinstance(value, bool | int | float | str | Opaque):
        return value
    called = isinstance(value, Tensor | Static)
    raise Refusal(
        f"{describe(value)} can't be an argument of a layer",
        help="the layer is made first and then called: `nn.ReLU()(x)`" if called else None,
    )


def refused(error: LayerError, reader: Callable[..., object] | None = None) -> Refusal:
    """A layer's bare sentence on its way to its place: an argument of the call, where one is to
    blame; `reader` has that call's signature, if it is known.
    """
    refusal = Refusal(error.message, help=error.help, code=error.code)
    if error.option:
        refusal.narrow = partial(argument, option=error.option, reader=reader)
    return refusal


Made = TypeVar("Made")


def made(
    reader: Callable[..., Made], call: str, values: list[Value], kwargs: dict[str, Value]
) -> tuple[Made, dict[str, Value]]:
    """What a reader makes of a call's arguments, and the arguments by name with defaults."""
    try:
        try:
            bound = form_of(reader).bind(*values, **kwargs)
        except TypeError:
            read(reader, call, values, kwargs)  # says what doesn't fit
            raise
        bound.apply_defaults()
        return reader(*bound.args, **bound.kwargs), bound.arguments
    except LayerError as error:
        raise refused(error, reader) from None
