"""ONNX model files: read with the package `onnx` (the extra of that name), never run.

The graph is traced at an input size, with a batch axis first: shape arithmetic (Shape, Gather,
Concat …) is worked out to numbers, every other node becomes a step. Weights are counted from
the declared shapes of the tensors that the file holds; what is kept outside it is never opened.
"""

from __future__ import annotations

from cnncalc.network import Network
from cnncalc.notations.onnx.reading.entry import network_of
from cnncalc.notations.onnx.reading.loading import load, load_bytes

__all__ = ["parse", "parse_bytes"]


def parse(path: str) -> Network:
    """Read a model file.

    Raises:
        SpecError: a file that can't be read; what can't be followed is told by `at(shape)`.
        CnnCalcError: the package `onnx` is not installed.
    """
    return network_of(load(path))


def parse_bytes(data: bytes, name: str | None = None) -> Network:
    """Read a model from the bytes of its file; `name` is what messages call it."""
    return network_of(load_bytes(data, name))
