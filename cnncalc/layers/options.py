"""The options of a layer: how each is written, its bounds, and its value as formulas see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, NoReturn, TypedDict, Unpack, overload

from cnncalc.errors import LayerError

__all__ = [
    "MAX_VALUE",
    "NO_PADS",
    "ONES",
    "REQUIRED",
    "SCALAR",
    "Option",
    "Pads",
    "empty",
    "option",
    "order",
]

REQUIRED: Final = object()
ONES = (1,)  # the default of a per-axis option: one value for all axes
Pads = tuple[tuple[int, int], ...]  # before and after, for each axis or once for all
NO_PADS: Pads = ((0, 0),)
SCALAR = "scalar"  # what people read and type for the size () of a single number

# Far beyond any network, and small enough that no product of a few of them hurts.
MAX_VALUE = 2**31 - 1


class Option:
    """One option of a layer: how it is written, its bounds and what it means.

    Attributes:
        kind: the value's form: count, number, numbers, axes, pads, sizes, factors,
            integers, interval, choice, flag or layer.
        key: short name in the compact notation (`k`), empty if there is only the long one.
        word: for a flag, the word that turns it (`nobias`).
        positional: whether it may be given by position.
        minimum: the least value allowed, for each number in it.
        words: the words allowed beside (or instead of) numbers.
    """

    __slots__ = ("default", "doc", "key", "kind", "minimum", "name", "positional", "word", "words")

    def __init__(
        self,
        kind: str,
        doc: str,
        *,
        key: str = "",
        default: object = REQUIRED,
        positional: bool = False,
        minimum: int | None = None,
        words: tuple[str, ...] = (),
        word: str = "",
    ) -> None:
        self.kind = kind
        self.doc = doc
        self.key = key
        self.default: Any = default  # of the option's kind
        self.positional = positional
        self.minimum = minimum
        self.words = words
        self.word = word
        self.name = ""

    def normalise(self, value: object) -> Any:
        """The value in the form that formulas see; LayerError if it can't be one."""
        if value is self.default and value is not REQUIRED:
            return value
        if isinstance(value, str):
            if value not in self.words:
                raise self.wrong(value)
            if self.kind == "sizes":
                return () if value == SCALAR else (value,)
            return value
        return NORMALISERS[self.kind](self, value)

    def wrong(self, value: object) -> LayerError:
        return LayerError(
            f"`{self.name}` can't be {show_value(value)}",
            code="bad-value",
            option=self.name,
            help=f"{self.name} is {self.describe()}",
        )

    def describe(self) -> str:
        """What a right value looks like, for messages and for the vocabulary page."""
        form = FORMS[self.kind]
        if self.words:
            words = ", ".join(f"`{word}`" for word in self.words)
            form = f"{form} or one of {words}" if form else f"one of {words}"
        if self.minimum is not None:
            form += f", at least {self.minimum}"
        return form


FORMS = {
    "count": "a whole number",
    "number": "a number",
    "axes": "a whole number, or one for each axis as in `3x5`",
    "numbers": "a number, or one for each channel as in `0.5x0.25`",
    "pads": "a whole number, one for each axis as in `1x2`, or `before:after` as in `0:1x2:2`",
    "sizes": "a size such as `7` or `7x7`",
    "factors": "a factor such as `2` or `1.5`, or one for each axis as in `2x1`",
    "integers": "whole numbers such as `0x2x1`",
    "interval": "an interval such as `0..32`",
    "choice": "",
    "flag": "on or off",
    "layer": "a layer",
}


def _integer(option: Option, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise option.wrong(value)
    if option.minimum is not None and value < option.minimum:
        raise option.wrong(value)
    if not -MAX_VALUE <= value <= MAX_VALUE:
        raise LayerError(
            f"`{option.name}` is {show_value(value)}, beyond the limit of {MAX_VALUE}",
            code="too-large",
            option=option.name,
            help=f"{option.name} is {option.describe()}",
        )
    return value


def _number(option: Option, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise option.wrong(value)
    # A factor makes sizes; any other number is only computed with, as -inf is by a max pool's pad.
    bounded = abs(value) <= MAX_VALUE if option.kind == "factors" else value == value
    if not bounded or (option.minimum is not None and value < option.minimum):
        raise option.wrong(value)
    return value


def _flag(option: Option, value: object) -> bool:
    if not isinstance(value, bool):
        raise option.wrong(value)
    return value


def _axes(option: Option, value: object) -> tuple[int, ...]:
    values = value if isinstance(value, tuple | list) else (value,)
    if not values:
        raise option.wrong(value)
    return tuple(_integer(option, each) for each in values)


def _pads(option: Option, value: object) -> tuple[tuple[int, int], ...]:
    values = value if isinstance(value, tuple | list) else (value,)
    if not values:
        raise option.wrong(value)
    return tuple(_pair(option, each) for each in values)


def _pair(option: Option, value: object) -> tuple[int, int]:
    if not isinstance(value, tuple | list):
        value = (value, value)
    if len(value) != 2:
        raise option.wrong(value)
    return _integer(option, value[0]), _integer(option, value[1])


def _sizes(option: Option, value: object) -> tuple[int | str, ...]:
    values = value if isinstance(value, tuple | list) else (value,)
    if SCALAR in values or (not values and SCALAR not in option.words):
        raise option.wrong(value)
    return tuple(each if each in option.words else _integer(option, each) for each in values)


def _factors(option: Option, value: object) -> tuple[float, ...]:
    values = value if isinstance(value, tuple | list) else (value,)
    if not values or not all(isinstance(each, int | float) and each > 0 for each in values):
        raise option.wrong(value)
    return tuple(_number(option, each) for each in values)


def _numbers(option: Option, value: object) -> tuple[float, ...]:
    values = value if isinstance(value, tuple | list) else (value,)
    if not values:
        raise option.wrong(value)
    return tuple(_number(option, each) for each in values)


def _interval(option: Option, value: object) -> tuple[int | None, int | None]:
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise option.wrong(value)
    start, stop = (None if each is None else _integer(option, each) for each in value)
    return start, stop


def _layer(option: Option, value: object) -> object:
    if not hasattr(value, "arity"):
        raise option.wrong(value)
    return value


NORMALISERS: dict[str, Callable[[Option, object], object]] = {
    "count": _integer,
    "number": _number,
    "axes": _axes,
    "pads": _pads,
    "sizes": _sizes,
    "factors": _factors,
    "numbers": _numbers,
    "integers": _axes,
    "interval": _interval,
    "choice": lambda option, value: _refuse(option, value),
    "flag": _flag,
    "layer": _layer,
}


def _refuse(option: Option, value: object) -> NoReturn:
    raise option.wrong(value)


class Form(TypedDict, total=False):
    """What else may be said of an option; see `Option`."""

    default: object
    key: str
    positional: bool
    minimum: int | None
    words: tuple[str, ...]
    word: str


# To a type checker an option is a value of its kind, as layers see it: so a field that is declared
# as something else is found.
@overload
def option(kind: Literal["count"], doc: str, **form: Unpack[Form]) -> int: ...
@overload
def option(kind: Literal["number"], doc: str, **form: Unpack[Form]) -> float: ...
@overload
def option(
    kind: Literal["axes", "integers"], doc: str, **form: Unpack[Form]
) -> tuple[int, ...]: ...
@overload
def option(
    kind: Literal["numbers", "factors"], doc: str, **form: Unpack[Form]
) -> tuple[float, ...]: ...
@overload
def option(
    kind: Literal["pads"], doc: str, **form: Unpack[Form]
) -> tuple[tuple[int, int], ...]: ...
@overload
def option(  # numbers, and of some options words
    kind: Literal["sizes"], doc: str, **form: Unpack[Form]
) -> tuple[Any, ...]: ...
@overload
def option(
    kind: Literal["interval"], doc: str, **form: Unpack[Form]
) -> tuple[int | None, int | None]: ...
@overload
def option(kind: Literal["choice"], doc: str, **form: Unpack[Form]) -> str: ...
@overload
def option(kind: Literal["flag"], doc: str, **form: Unpack[Form]) -> bool: ...
@overload
def option(kind: Literal["layer"], doc: str) -> Any: ...  # layers are defined with what is here
def option(kind: str, doc: str, **form: Unpack[Form]) -> object:
    """An option of a layer, declared as a class attribute; see `Option` for its form."""
    return Option(kind, doc, **form)


def order() -> str:
    """The option that says how a layer's axis numbers are counted."""
    return option(
        "choice",
        "how axes are counted: `first` with the channels first, `last` with them last",
        default="first",
        words=("first", "last"),
    )


def empty() -> bool:
    """The option of layers that a framework lets make a map of no places."""
    return option(
        "flag",
        "whether an output without positions is let pass, as frameworks do in places",
        default=False,
        word="empty",
    )


def show_value(value: object) -> str:
    """A value as the user may have written it, cut to a readable length."""
    text = "x".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return text if len(text) <= 24 else text[:20] + "…"
