"""ONNX's vocabulary: operators of convolutional networks, as ONNX Runtime runs them.

A reader takes a node's attributes (plain values by name) and the shapes of its inputs after the
first (weight, bias), and gives the neutral record. LayerError (a bare sentence) is what ONNX
Runtime refuses. Nothing here imports onnx.

Where the standard leaves room, ONNX Runtime (1.31) decides:

- strides are 1 unless given, even for pools;
- `auto_pad` SAME on pools pads as if there were no dilation, and crops where the stride is
  larger than the window (MaxPool refuses that); on Conv it refuses dilation;
- sizes of pools are divided toward zero, so a window slightly larger than the input fits once;
- a transposed convolution under SAME_UPPER has its odd pixel cut at the end, under any other
  mode (with `output_shape`) at the start, and nothing is added to reach n*s.
"""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.frameworks.base import read
from cnncalc.frameworks.onnx.activation import ACTIVATIONS
from cnncalc.frameworks.onnx.convolution import CONVOLUTIONS
from cnncalc.frameworks.onnx.node import Attributes, Inputs, Reader
from cnncalc.frameworks.onnx.normalization import NORMS
from cnncalc.frameworks.onnx.pooling import POOLS
from cnncalc.layers.base import Layer
from cnncalc.network import Declared

__all__ = ["READERS", "Attributes", "Inputs", "Reader"]

# Attributes of the first operator sets that say nothing about the operator.
LEGACY = ("consumed_inputs", "is_test")


def _reader(op: str, function: Callable[..., Layer | Declared]) -> Reader:
    """A reader that hands the shapes of the inputs on by position, the attributes by name."""

    def reader(attributes: Attributes, inputs: Inputs = ()) -> Declared:
        kept = {name: value for name, value in attributes.items() if name not in LEGACY}
        return Declared.of(read(function, op, inputs, kept))

    return reader


# By operator type; each is an ordinary function with the operator's attributes as keywords.
READERS: dict[str, Reader] = {
    op: _reader(op, function)
    for functions in (CONVOLUTIONS, POOLS, ACTIVATIONS, NORMS)
    for op, function in functions.items()
}
