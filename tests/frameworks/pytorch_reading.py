"""Calls of torch.nn's classes, read by the vocabulary and analysed alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc import analyze
from cnncalc.errors import LayerError, SpecError
from cnncalc.frameworks.base import read
from cnncalc.frameworks.pytorch import READERS
from cnncalc.frameworks.pytorch.embedding import bag
from cnncalc.layers.base import Layer
from cnncalc.layers.merge import Input
from cnncalc.network import Declared, Network, Step
from cnncalc.rows import Row

Named = list[tuple[str, tuple[int, ...]]]


class Refused(str):
    """Why a call was refused; `code` is the error's, or the name of an exception."""

    code = ""

    def __new__(cls, message: str, code: str) -> Refused:
        self = super().__new__(cls, message)
        self.code = code
        return self


class Accepted:
    """What a layer gives for one sample: the output's shape, parameters and buffers by name."""

    def __init__(self, output: tuple[int, ...], parameters: Named, buffers: Named) -> None:
        self.output = output
        self.parameters = parameters
        self.buffers = buffers

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Accepted) and vars(self) == vars(other)

    def __repr__(self) -> str:
        return f"Accepted({self.output}, {self.parameters}, {self.buffers})"


def layer_of(name: str, args: Mapping[str, Any]) -> Declared:
    """A call with keyword arguments, as a layer; LayerError where it is refused."""
    return read(READERS[name], f"nn.{name}", (), args)


def row_of(layer: Declared, shape: tuple[int, ...]) -> Row:
    """The row of a network of this layer alone, at an input without batch."""
    return rows_of(shape, layer)[0]


def rows_of(shape: tuple[int, ...], *layers: Layer | Declared) -> list[Row]:
    """The rows of layers one after another."""
    steps = [Step(each, (at,), f"layer{at}") for at, each in enumerate(layers)]
    return analyze(Network([Step(Input(), name="input"), *steps]), shape).rows[1:]


def ours(name: str, args: Mapping[str, Any], shape: tuple[int, ...]) -> Accepted | Refused:
    """What cnncalc says to a call at an input."""
    try:
        layers = [layer_of(name, args)]
        after = [bag(args.get("mode", "mean"))] if name == "EmbeddingBag" else []
        rows = rows_of(shape, *layers, *after)
        row, last = rows[0], rows[-1]
    except (LayerError, SpecError) as error:
        return Refused(error.message, error.code)
    parameters = [(w.name, w.shape) for w in row.weights if w.role == "parameter"]
    buffers = [(w.name, w.shape) for w in row.weights if w.role == "buffer"]
    return Accepted(last.output_shape, parameters, buffers)


def tuples(value: Any) -> Any:
    """JSON's lists as the tuples that they stand for."""
    return tuple(map(tuples, value)) if isinstance(value, list) else value
