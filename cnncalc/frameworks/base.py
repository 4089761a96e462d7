"""What the vocabularies share: a framework's call is an ordinary Python function here.

Python's own binding then does positions, defaults, unknown and missing arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from inspect import BoundArguments, Parameter, Signature, signature
from typing import Generic, NamedTuple, TypeVar

from cnncalc.errors import LayerError
from cnncalc.frameworks.counterparts import option_names
from cnncalc.frameworks.ops import Form
from cnncalc.layers.base import REQUIRED
from cnncalc.layers.shapes import count_of
from cnncalc.network import Declared
from cnncalc.suggestions import suggest

__all__ = [
    "FormReader",
    "Reader",
    "arguments_of",
    "as_tuple",
    "called",
    "form_of",
    "idle",
    "no_argument",
    "read",
]

Reader = Callable[..., Declared]  # of a call's arguments
Made = TypeVar("Made")
# Arguments that say how weights begin and are held back, which nobody looks for.
DETAILS = ("_initializer", "_regularizer", "_constraint")

# A vocabulary's functions are few and called often, and working out a signature is dear.
form_of = cache(signature)


class FormReader(Generic[Made]):
    """A form of the table of element-wise kinds as a function with its signature.

    Attributes:
        form: the name and its arguments.
        make: what it gives, of the values of all arguments by their names.
    """

    def __init__(self, form: Form, make: Callable[[Form, dict[str, object]], Made]) -> None:
        self.form = form
        self.make = make

    @property
    def __signature__(self) -> Signature:
        kind = Parameter.POSITIONAL_OR_KEYWORD
        return Signature(
            [
                Parameter(name, kind, default=Parameter.empty if value is REQUIRED else value)
                for name, value in self.form.defaults.items()
            ]
        )

    def __call__(self, *args: object, **kwargs: object) -> Made:
        given = dict(zip(self.form.defaults, args, strict=False)) | kwargs
        return self.make(self.form, {**self.form.defaults, **given})


def read(
    reader: Callable[..., Made],
    call: str,
    args: Sequence[object],
    kwargs: Mapping[str, object] = {},
) -> Made:
    """What a call makes; `call` is its words in the source, such as `nn.Conv2d`.

    Raises:
        LayerError: arguments that the framework would refuse.
    """
    try:
        arguments = arguments_of(reader, args, kwargs)
    except TypeError:
        raise _misfit(form_of(reader), call, args, kwargs) from None
    return called(reader, arguments)


def arguments_of(
    reader: Callable[..., object], args: Sequence[object], kwargs: Mapping[str, object]
) -> dict[str, object]:
    """A call's arguments by the names of the reader's parameters, with its defaults.

    Raises:
        TypeError: arguments that don't fit.
    """
    # What Python's own binding does, for the calls that need little of it: it takes as long as
    # making the layer.
    named = named_form(reader)
    if named is not None and len(args) <= len(named.defaults):
        given = dict(zip(named.defaults, args, strict=False))
        found = {**given, **kwargs}
        once = len(found) == len(given) + len(kwargs)
        if once and named.needed <= found.keys() <= named.defaults.keys():
            return {**named.defaults, **found}
    bound = form_of(reader).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.arguments


def called(reader: Callable[..., Made], arguments: dict[str, object]) -> Made:
    """What a reader makes of all of its arguments."""
    if named_form(reader) is not None:
        return reader(**arguments)
    bound = BoundArguments(form_of(reader), arguments)
    return reader(*bound.args, **bound.kwargs)


class NamedForm(NamedTuple):
    """The parameters of a reader each of which has a place and a name.

    Attributes:
        defaults: by all names in order; of those without one something that nobody sees.
        needed: the names without a default.
    """

    defaults: dict[str, object]
    needed: frozenset[str]


@cache
def named_form(reader: Callable[..., object]) -> NamedForm | None:
    """The parameters of a reader; None where some have no name, or no place."""
    parameters = form_of(reader).parameters
    if any(each.kind is not Parameter.POSITIONAL_OR_KEYWORD for each in parameters.values()):
        return None
    needed = (name for name, each in parameters.items() if each.default is Parameter.empty)
    return NamedForm({name: p.default for name, p in parameters.items()}, frozenset(needed))


def as_tuple(value: object) -> tuple[object, ...]:
    """One value, or as many as a tuple or a list has."""
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def idle(
    behind: str, *arguments: Mapping[str, object]
) -> Callable[[Callable[..., Made]], Callable[..., Made]]:
    """A reader that takes these arguments too, with their defaults, and looks at none of them.

    Args:
        behind: the reader's own argument in front of them.
        arguments: their defaults by name, `REQUIRED` of one that has none.
    """
    added = {name: value for each in arguments for name, value in each.items()}
    return lambda reader: _WithIdle(reader, behind, added)


class _WithIdle(Generic[Made]):
    """A reader with further arguments, whose signature has them."""

    def __init__(
        self, reader: Callable[..., Made], behind: str, added: Mapping[str, object]
    ) -> None:
        own = list(signature(reader).parameters.values())
        kind = Parameter.POSITIONAL_OR_KEYWORD
        more = [
            Parameter(name, kind, default=Parameter.empty if value is REQUIRED else value)
            for name, value in added.items()
        ]
        self.reader = reader
        self.added = added
        self.start = [each.name for each in own].index(behind) + 1
        self.stop = self.start + len(more)
        self.__signature__ = Signature([*own[: self.start], *more, *own[self.start :]])

    def __call__(self, *args: object, **kwargs: object) -> Made:
        own = {name: value for name, value in kwargs.items() if name not in self.added}
        return self.reader(*args[: self.start], *args[self.stop :], **own)


def no_argument(call: str, name: str, known: Sequence[str]) -> LayerError | None:
    """The error on an argument that a class doesn't have; None where it has it.

    Args:
        call: the class as messages call it.
        name: the argument.
        known: those that the class has.
    """
    if name in known:
        return None
    near = suggest(name, known, option_names({each: each for each in known}))
    advice = f"did you mean `{near}`?" if near else _takes(known)
    if near is None and name in ("activation", "act"):
        advice = "an activation is a layer of its own: `nn.ReLU()` behind this one"
    return LayerError(
        f"{call} has no argument `{name}`", code="unknown-option", help=advice, option=name
    )


def _takes(names: Sequence[str]) -> str:
    shown = [name for name in names if not name.endswith(DETAILS)]
    return f"it takes {', '.join(shown)}" if shown else "it takes none"


def _misfit(
    form: Signature, call: str, args: Sequence[object], kwargs: Mapping[str, object]
) -> LayerError:
    """Why arguments don't fit a signature."""
    open_ended = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    names = [p.name for p in form.parameters.values() if p.kind not in open_ended]
    takes = _takes(names)
    given = set(names[: len(args)])
    for name in kwargs:
        if error := no_argument(call, name, names):
            return error
        if name in given:
            return LayerError(f"{call} is given `{name}` twice", code="option-twice", help=takes)
    if len(args) > len(names):
        return LayerError(
            f"{call} is given {count_of(len(args), 'value')} by position but has "
            f"{count_of(len(names), 'argument')}",
            code="too-many-values",
            help=takes,
        )
    missing = [
        f"`{name}`"
        for name in names
        if form.parameters[name].default is Parameter.empty
        and name not in given
        and name not in kwargs
    ]
    return LayerError(f"{call} needs {' and '.join(missing)}", code="missing-option", help=takes)
