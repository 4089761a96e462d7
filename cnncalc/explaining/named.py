"""A layer and the shapes that flow in, as numbers that remember their names.

The layer's own methods, given these, make figures that show how they were made
(`symbols.derived`): what is shown is what is computed, of every kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cnncalc.layers.base import Layer, Option, Shape
from cnncalc.symbols.derived import named
from cnncalc.validity import symbols_of

__all__ = ["letters", "named_layer", "named_shapes", "option_names"]

# Kinds of options that are whole numbers.
WHOLE = ("count", "axes", "pads", "sizes", "integers", "factors")
# Options that formulas show at their defaults, too: those of every textbook.
SHOWN = ("kernel", "stride", "padding")


def letters(axes: int) -> list[str]:
    """How the axes of a shape are called, the channels first."""
    return ["C", *symbols_of(axes - 1)][:axes]


def named_shapes(shapes: Sequence[Shape]) -> list[Shape]:
    """The shapes that flow in, with names; with a number behind where there are several."""
    found: list[Shape] = []
    for number, shape in enumerate(shapes, start=1):
        index = str(number) if len(shapes) > 1 else ""
        names = [f"{letter}{index}" for letter in letters(len(shape))]
        found.append(tuple([named(name, n) for name, n in zip(names, shape, strict=True)]))
    return found


def named_layer(layer: Layer, places: Sequence[str]) -> Layer:
    """The same layer, its whole-number options with names; `places` are those of the axes."""
    twin: Layer = object.__new__(type(layer))
    twin.__dict__.update(vars(layer))
    for name, option in layer.options.items():
        value = getattr(layer, name)
        usual = value == option.default and name not in SHOWN
        if option.kind in WHOLE and not usual:
            twin.__dict__[name] = _named_value(value, option, places)
    return twin


def option_names(layer: Layer) -> Mapping[str, str]:
    """What the names of its options mean, in the first words of what is told of each."""
    return {_short(o): re.split("[:;,]", o.doc)[0] for o in layer.options.values()}


def _short(option: Option) -> str:
    """What an option is called in formulas: its short key, or what it is a number of."""
    return option.key or option.name.removesuffix("_channels").removesuffix("_features")


def _named_value(value: Any, option: Option, places: Sequence[str]) -> Any:
    name = _short(option)
    if not isinstance(value, tuple):
        return _named(value, name)
    if len(value) == 1:
        return (_pair_or_one(value[0], name),)
    ends = places if len(value) == len(places) else [str(n) for n in range(1, len(value) + 1)]
    return tuple(
        [_pair_or_one(each, f"{name}_{end}") for each, end in zip(value, ends, strict=True)]
    )


def _pair_or_one(value: Any, name: str) -> Any:
    """One value of an option; padding that differs has two names."""
    if not isinstance(value, tuple):
        return _named(value, name)
    before, after = value
    if before == after:
        return _named(before, name), _named(after, name)
    return _named(before, f"{name}_before"), _named(after, f"{name}_after")


def _named(value: Any, name: str) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return named(name, value) if whole else value
