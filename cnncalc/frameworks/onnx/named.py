"""Readers that are ordinary functions with the operator's attributes as keywords."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.frameworks.base import read
from cnncalc.frameworks.onnx.node import Attributes, Inputs, Reader
from cnncalc.layers.base import Layer
from cnncalc.network import Declared

__all__ = ["named"]

# Attributes of the first operator sets that say nothing about the operator.
LEGACY = ("consumed_inputs", "is_test")


def named(op: str, function: Callable[..., Layer | Declared]) -> Reader:
    """A reader that hands the shapes of the inputs on by position, the attributes by name."""

    def reader(attributes: Attributes, inputs: Inputs = ()) -> Declared:
        kept = {name: value for name, value in attributes.items() if name not in LEGACY}
        return Declared.of(read(function, op, inputs, kept))

    return reader
