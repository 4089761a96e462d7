"""The steps of a network at an input of which sizes have names.

Where a source is followed at a size, its own code computes with numbers that know their
expressions; the options that come of them are expressions in its layers.
"""

from __future__ import annotations

from cnncalc.layers.base import Layer, Shape
from cnncalc.network import Network, Step
from cnncalc.symbols.followed import Ratio, followed, unfollowed
from cnncalc.symbols.size import Size

__all__ = ["named_at"]

FRACTIONS = ("factors",)  # the kinds of options that sizes are multiplied with


def named_at(network: Network, shape: Shape) -> Network:
    """A network with its steps at a shape of numbers and `Size`s, channels first.

    Raises:
        SpecError: a source that can't be followed at the numbers that the names stand for.
        UnsettledError: its code asks of sizes what no expression says.
    """
    if network.tracer is None:
        return network
    try:
        traced = network.at(tuple(map(followed, shape)))
    finally:
        for n in shape:
            if isinstance(n, Size):
                n.asked.reader = None  # who has read it all
    layers: dict[int, Layer] = {}
    twin = traced.with_steps([_sized(step, layers) for step in traced.steps])
    twin.input = shape
    return twin


def _sized(step: Step, layers: dict[int, Layer]) -> Step:
    """A step whose layer has expressions in the place of numbers that know them."""
    layer = layers.get(id(step.layer))
    if layer is None:
        layer = layers[id(step.layer)] = _unfollowed(step.layer)
    stored = {name: (unfollowed(count), tensors) for name, (count, tensors) in step.stored.items()}
    if layer is step.layer and not any(isinstance(count, Size) for count, _ in stored.values()):
        return step
    return step.replaced(layer=layer, stored=stored)


def _unfollowed(layer: Layer) -> Layer:
    options: dict[str, object] = {
        name: _unfollowed(value) if isinstance(value, Layer) else unfollowed(value)
        for name, value in vars(layer).items()
    }
    for name, value in options.items():
        if layer.options[name].kind in FRACTIONS:  # those that sizes are multiplied with
            options[name] = _fixed(value)
    if all(_is_same(options[name], value) for name, value in vars(layer).items()):
        return layer
    made: Layer = object.__new__(type(layer))  # its options were checked as numbers
    made.__dict__.update(options)
    return made


def _fixed(value: object) -> object:
    """Fractions as plain numbers, where what they were made of is these numbers."""
    if isinstance(value, tuple):
        return tuple([_fixed(each) for each in value])
    return value.fixed() if isinstance(value, Ratio) else value


def _is_same(one: object, two: object) -> bool:
    """Whether nothing was replaced; no size is asked for."""
    if isinstance(one, tuple) and isinstance(two, tuple):
        return all(map(_is_same, one, two))
    return one is two
