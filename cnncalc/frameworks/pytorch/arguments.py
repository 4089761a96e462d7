"""Arguments as PyTorch takes them: whole numbers, one number or one for each axis, flags."""

from __future__ import annotations

from typing import TypeVar

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import as_tuple
from cnncalc.layers.base import Layer, Shape, show
from cnncalc.layers.options import show_value
from cnncalc.suggestions import suggest

__all__ = [
    "LAZY",
    "MADE",
    "chosen",
    "collapsed",
    "flag",
    "integer",
    "number",
    "on_map",
    "output_sizes",
    "per_axis",
    "refused",
    "spread",
]

Each = TypeVar("Each")
MADE = {"device": None, "dtype": None}  # where tensors are made, and of which type
LAZY = object()  # stands for the channels that a lazy class takes from what flows in


def refused(sentence: str, help: str | None = None, option: str = "") -> LayerError:
    """What the framework refuses, in the words of the source; `option` is what is to blame."""
    return LayerError(sentence, code="argument", help=help, option=option)


def integer(call: str, name: str, value: object, least: int | None = None) -> int:
    """A whole number, at least `least`."""
    if type(value) is not int and (isinstance(value, bool) or not isinstance(value, int)):
        raise _wrong(call, name, value, "a whole number")
    if least is not None and value < least:
        raise _wrong(call, name, value, f"at least {least}")
    return value


def per_axis(
    call: str, name: str, value: object, axes: int, least: int | None = None, *, single: bool = True
) -> tuple[int, ...]:
    """One whole number for all axes, or a tuple of one for each.

    `single` says whether a tuple of one number stands for all axes too.
    """
    if not isinstance(value, tuple | list):
        return (integer(call, name, value, least),)
    if len(value) != axes and not (single and len(value) == 1):
        numbers = "one whole number" if axes == 1 else f"a whole number, or {axes} of them"
        raise _wrong(call, name, value, numbers)
    return collapsed(tuple(integer(call, name, each, least) for each in value))


def collapsed(values: tuple[Each, ...]) -> tuple[Each, ...]:
    """Values that are all the same as one, which is how the records write it."""
    return values[:1] if all(map(_plain, values)) and len(set(values)) == 1 else values


def _plain(value: object) -> bool:
    """Whether a number, or each of several, is neither a size with names nor an unknown."""
    return all(map(_plain, value)) if isinstance(value, tuple) else type(value) in (int, float)


def spread(values: tuple[Each, ...], axes: int) -> tuple[Each, ...]:
    """One value for each axis."""
    return values if len(values) == axes else values * axes


def output_sizes(call: str, output_size: object, axes: int) -> tuple[int, ...]:
    """The spatial sizes of an `output_size` given to a forward; batch and channels may precede."""
    sizes = as_tuple(output_size)
    if len(sizes) == axes + 2:
        sizes = sizes[2:]
    if len(sizes) != axes:
        raise _wrong(call, "output_size", output_size, f"{axes} or {axes + 2} whole numbers")
    return tuple(integer(call, "output_size", size) for size in sizes)


def flag(call: str, name: str, value: object) -> bool:
    """A flag that goes down to the framework's core, which takes no number for it."""
    if not isinstance(value, bool):
        raise _wrong(call, name, value, "True or False")
    return value


def number(call: str, name: str, value: object) -> float:
    """Any number."""
    if not isinstance(value, int | float):
        raise _wrong(call, name, value, "a number")
    return float(value) if isinstance(value, bool) else value


def chosen(call: str, name: str, value: object, words: tuple[str, ...]) -> str:
    """One of a few words."""
    if value not in words:
        near = suggest(value, words) if isinstance(value, str) else None
        error = _wrong(call, name, value, " or ".join(map(repr, words)))
        error.help = f"did you mean `{name}={near!r}`?" if near else error.help
        raise error
    return str(value)


def on_map(call: str, layer: Layer, shape: Shape) -> Layer:
    """The layer, where a map flows in."""
    if len(shape) < 2:
        raise LayerError(f"{call} takes maps but receives {show(shape)} features", code="not-a-map")
    return layer


def _wrong(call: str, name: str, value: object, right: str) -> LayerError:
    shown = repr(value) if isinstance(value, str | tuple | list) else show_value(value)
    return refused(f"{call} can't take {name}={shown}", f"{name} is {right}", name)
