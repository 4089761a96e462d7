"""A layer as one word of the compact notation: `conv:64,k7,s2,p3`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.layers.base import Layer, Option
from cnncalc.layers.options import SCALAR
from cnncalc.symbols.size import Size

__all__ = ["head", "word"]


def word(layer: Layer) -> str:
    """The shortest word that the compact notation reads back as this layer."""
    try:
        return layer.written
    except AttributeError:
        held = [value for name, value in vars(layer).items() if layer.options[name].kind == "layer"]
        text = head(layer) + "".join(f"[{word(each)}]" for each in held)
        object.__setattr__(layer, "written", text)  # the record doesn't change, nor does its word
        return text


def head(layer: Layer) -> str:
    """The word without the layer that stands in brackets behind it, if one does."""
    arguments = []
    bare = first = True  # the first positional option is written without its key
    values = vars(layer)
    for name, option in layer.options.items():
        value = values[name]
        if value is option.default or (not _has_names(value) and value == option.default):
            bare = bare and not option.positional
            continue
        if option.kind == "layer":
            continue
        counted = option.kind == "count" and not option.key  # and one count behind another
        alone = bare and option.positional and (first or counted)
        arguments.append(_argument(option, value, alone))
        if option.positional:
            bare, first = alone and counted, False
    return f"{layer.kind}:{','.join(arguments)}" if arguments else layer.kind


def _argument(option: Option, value: object, bare: bool) -> str:
    if option.kind == "flag":
        return option.word
    text = value if isinstance(value, str) else WRITERS[option.kind](value)
    if bare:
        return text
    if option.key and text[0].isdigit() and ":" not in text:
        return option.key + text
    return f"{option.key or option.name}={text}"


def _number(value: float) -> str:
    if isinstance(value, Size):
        text = str(value)
        return text if text.isidentifier() else f"({text})"
    return str(int(value)) if value % 1 == 0 else repr(value)


def _joined(values: tuple[float | str, ...]) -> str:
    return "x".join(map(_each, values)) or SCALAR


def _each(value: float | str) -> str:
    return value if isinstance(value, str) else _number(value)


def _pads(pads: tuple[tuple[int, int], ...]) -> str:
    sides = [(_number(before), _number(after)) for before, after in pads]
    return "x".join(b if b == a else f"{b}:{a}" for b, a in sides)


def _has_names(value: Any) -> bool:
    """Whether there are sizes with names in a value, of which no question is to be asked."""
    if isinstance(value, tuple):
        return any(map(_has_names, value))
    return isinstance(value, Size)


def _interval(interval: tuple[int | None, int | None]) -> str:
    return "..".join("" if end is None else _number(end) for end in interval)


WRITERS: dict[str, Callable[[Any], str]] = {
    "count": str,
    "number": _number,
    "axes": _joined,
    "pads": _pads,
    "sizes": _joined,
    "factors": _joined,
    "numbers": _joined,
    "integers": _joined,
    "interval": _interval,
}
