"""The real Keras, where it is installed: its layers run on small arrays."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import reject

from tests.frameworks.keras_reading import tuples

# PyTorch's AvgPool3d alone refuses a window larger than what Keras has padded for it.
AVERAGE_POOL_3D = "smaller than kernel size (kT"
BACKENDS = ("torch", "jax", "tensorflow")


@cache
def keras_or_skip() -> Any:
    """The module `keras`; a skip where it is absent."""
    present = find_spec("keras") and [name for name in BACKENDS if find_spec(name)]
    if not present:
        pytest.skip("Keras with a backend is not installed")
    os.environ.setdefault("KERAS_BACKEND", present[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import keras
    return keras


class Ran:
    """What came out of a layer: its shape without batch, and its weights."""

    def __init__(self, output: Sequence[int], layer: Any) -> None:
        self.output = list(output)
        self.params = layer.count_params() if layer.weights else 0
        self.weights = [
            (
                within(weight.path),
                tuple(weight.shape),
                weight in trained,
            )
            for trained in [_Identity(layer.trainable_weights)]
            for weight in layer.weights
        ]

    @property
    def trainable(self) -> int:
        return sum(_size(shape) for _, shape, train in self.weights if train)


class _Identity:
    """Membership by identity: Keras's variables compare element-wise."""

    def __init__(self, members: Sequence[Any]) -> None:
        self.members = {id(member) for member in members}

    def __contains__(self, item: object) -> bool:
        return id(item) in self.members


def _size(shape: Sequence[int]) -> int:
    size = 1
    for each in shape:
        size *= each
    return size


def within(path: str) -> str:
    """A weight's name within its layer; a recurrent layer's cell is no part that users see."""
    parts = path.split("/")[1:]
    return ".".join(part for part in parts if not part.endswith("_cell"))


def in_order(sides: list[Any]) -> list[Any]:
    """Queries, keys and values as Keras takes them: queries, values, keys."""
    queries, *others = sides
    return [queries, *reversed(others)] if others else [queries, queries]


def run(
    name: str, arguments: Mapping[str, Any], shapes: Sequence[Sequence[int]], batch: int = 1
) -> Ran | None:
    """A layer really run on arrays of ones (shapes without batch); None where Keras refuses.

    Keras works shapes out beforehand and then runs the backend: one refusal is enough, and
    where the two give different shapes the case is one on which Keras doesn't agree with itself.
    """
    keras = keras_or_skip()
    import numpy as np

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            layer = getattr(keras.layers, name)(
                **{key: tuples(value) for key, value in arguments.items()}
            )
            arrays = [np.ones((batch, *shape), "float32") for shape in shapes]
            sizes = [array.shape for array in arrays]
            if name == "MultiHeadAttention":
                given = in_order(arrays), in_order(sizes)
            else:
                many = len(arrays) > 1
                given = (arrays,) if many else (arrays[0],), (sizes,) if many else (sizes[0],)
            output = tuple(layer(*given[0]).shape)
            foretold = tuple(layer.compute_output_shape(*given[1]))
        except Exception as error:  # whatever a backend raises is a refusal
            if AVERAGE_POOL_3D in str(error) and arguments.get("padding") == "same":
                reject()
            return None
    if output != foretold:
        reject()  # a case for another draw
    return Ran(output[1:], layer)
