"""What Keras's constructors make of their arguments, and what they refuse in them."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature

from cnncalc.frameworks.base import no_argument
from cnncalc.frameworks.keras.activation import activation_steps
from cnncalc.frameworks.keras.frame import Call
from cnncalc.layers.base import MAX_VALUE, Layer
from cnncalc.network import Declared
from cnncalc.suggestions import suggest

__all__ = [
    "KEYWORDS",
    "finish",
    "integer",
    "integers",
    "number",
    "pair",
    "pairs",
    "per_axis",
    "word",
]

# What every Keras layer takes by keyword (keras.Layer.__init__).
KEYWORDS = (
    "activity_regularizer",
    "autocast",
    "dtype",
    "input_dim",
    "input_shape",
    "name",
    "trainable",
)


def integer(call: Call, name: str, value: object, least: int = 1) -> int:
    """A whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise call.error(
            f"can't take {name}={_shown(value)}", f"a whole number of at least {least}", name
        )
    return value


def integers(call: Call, name: str, value: object, count: int, least: int = 1) -> tuple[int, ...]:
    """`count` whole numbers, from one for all of them or from as many."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = (value,) * count
    if not isinstance(value, tuple | list) or len(value) != count:
        raise call.error(
            f"can't take {name}={_shown(value)}",
            f"one whole number, or {count} of them" if count > 1 else "one whole number",
            name,
        )
    return tuple(integer(call, name, each, least) for each in value)


def per_axis(call: Call, name: str, value: object, least: int = 1) -> tuple[int, ...]:
    """A whole number for each spatial axis."""
    return integers(call, name, value, call.rank, least)


def pair(call: Call, name: str, value: object) -> tuple[int, int]:
    """How much before and after, from two numbers or one for both."""
    before, after = integers(call, name, value, 2, 0)
    return before, after


def pairs(call: Call, name: str, value: object) -> tuple[tuple[int, int], ...]:
    """How much before and after, for each spatial axis."""
    if isinstance(value, int):
        value = (value,) * call.rank
    if not isinstance(value, tuple | list) or len(value) != call.rank:
        raise call.error(
            f"can't take {name}={_shown(value)}",
            f"one whole number, or for each of {call.rank} axes a number or (before, after)",
            name,
        )
    return tuple(pair(call, name, each) for each in value)


def word(call: Call, name: str, value: object, words: tuple[str, ...], lower: bool = True) -> str:
    """One of some words."""
    given = value.lower() if isinstance(value, str) and lower else value
    if given not in words:
        near = suggest(value, words) if isinstance(value, str) else None
        raise call.error(
            f"has no {name} {_shown(value)}",
            f'did you mean "{near}"?' if near else " or ".join(f'"{each}"' for each in words),
            name,
        )
    return str(given)


def number(
    call: Call, name: str, value: object, low: float = -MAX_VALUE, high: float = MAX_VALUE
) -> float:
    """A number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        form = f"a number from {low} to {high}" if high < MAX_VALUE else "a number"
        raise call.error(f"can't take {name}={_shown(value)}", form, name)
    return value


def finish(
    call: Call, keywords: Mapping[str, object], *layers: Layer | Declared, activation: object = None
) -> tuple[Declared, ...]:
    """The layers and then their activation, after a look at the keywords that all layers take."""
    for keyword in keywords:
        if keyword in KEYWORDS:
            continue
        own = list(signature(call.reader).parameters)[1:-1] if call.reader else []
        if error := no_argument(call.words, keyword, [*own, *KEYWORDS]):
            raise error
    trainable = keywords.get("trainable", True)
    if not isinstance(trainable, bool):
        raise call.error(f"can't take trainable={_shown(trainable)}", "True or False", "trainable")
    steps = (*map(Declared.of, layers), *activation_steps(call, activation))
    return steps if trainable else tuple(step.replaced(trainable=False) for step in steps)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:36] + "…"
