"""The arguments of a call that makes a layer: plain data for the vocabularies' readers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from inspect import Parameter
from typing import TYPE_CHECKING, TypeVar

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import arguments_of, called, form_of, read
from cnncalc.packages import OnUse
from cnncalc.python.iteration import content_of
from cnncalc.python.refusals import Refusal
from cnncalc.python.run_values import RunValue
from cnncalc.python.values import Instance, Opaque, Value, describe
from cnncalc.python.wordlists import words
from cnncalc.tracing.tensors import Static, Tensor, one_number

if TYPE_CHECKING:
    from cnncalc.notations.source import argument_places
else:  # the place of an argument that is refused
    argument_places = OnUse("cnncalc.notations.source.argument_places")

__all__ = ["LAYER_COST", "by_name", "layers_of", "made", "or_unknown", "plain", "refusable"]

# Arguments that change no size and no count, by their names; what only a run knows is left out.
IDLE = words(
    "alpha drop_rate dropout dropout_p epsilon eps lower momentum negative_slope p rate stddev "
    "upper value"
)
AS_IT_IS = frozenset([int, bool, str, float, type(None)])  # most arguments are one of these
LAYER_COST = 200  # in fuel: binding the arguments of a layer is dear


def plain(value: Value) -> Value:
    """An argument as the vocabulary's readers take it: plain data."""
    if value.__class__ in AS_IT_IS:
        return value
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


Made = TypeVar("Made")


def refusable(rule: Callable[..., Made], *args: object, **options: object) -> Made:
    """What a rule gives; its bare sentence becomes a refusal at this place."""
    try:
        return rule(*args, **options)
    except LayerError as error:
        raise _refused(error) from None


def _refused(error: LayerError, reader: Callable[..., object] | None = None) -> Refusal:
    """A layer's bare sentence on its way to its place: an argument of the call, where one is to
    blame; `reader` has that call's signature, if it is known.
    """
    refusal = Refusal(error.message, help=error.help, code=error.code)
    if error.option:
        refusal.narrow = partial(argument_places.argument, option=error.option, reader=reader)
    return refusal


ANY_RATE = 0.5  # of what is idle and has no default


def _leave_out(reader: Callable[..., object], arguments: dict[str, Value]) -> None:
    """Take what only a run knows from a call's arguments; Refusal where a size may depend on it."""
    for name, value in arguments.items():
        if not isinstance(value, RunValue):
            continue
        if name not in IDLE:
            refusal = value.needed(f"`{name}` of this layer")
            refusal.narrow = partial(argument_places.argument, option=name, reader=reader)
            raise refusal
        default = form_of(reader).parameters[name].default
        arguments[name] = ANY_RATE if default is Parameter.empty else default


def made(
    reader: Callable[..., Made], call: str, values: list[Value], kwargs: dict[str, Value]
) -> tuple[Made, dict[str, Value]]:
    """What a reader makes of a call's arguments, and the arguments by name with defaults."""
    try:
        try:
            arguments = arguments_of(reader, values, kwargs)
        except TypeError:
            read(reader, call, values, kwargs)  # says what doesn't fit
            raise
        _leave_out(reader, arguments)
        return called(reader, arguments), arguments
    except LayerError as error:
        raise _refused(error, reader) from None


def layers_of(made: Instance) -> Value:
    """What the arguments of an object have made; Refusal where they haven't yet."""
    if made.layers is None:
        raise Refusal(f"`{made.cls.name}` runs before `super().__init__()` has made it")
    return made.layers
