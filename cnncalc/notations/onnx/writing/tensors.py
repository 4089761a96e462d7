"""Where the weights of a written model come from.

A network in words has none. They are stored in the file with small numbers drawn alike each
time, or, where that would make it large, made at run time by ConstantOfShape nodes, whose
shapes are stored: such a file has some kB and runs alike.
"""

from __future__ import annotations

from math import prod
from types import ModuleType
from typing import TYPE_CHECKING

from cnncalc.layers.base import Shape

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray
    from onnx import TensorProto

__all__ = ["FLOAT", "LARGEST", "STORED_BYTES", "Tensors"]

STORED_BYTES = 64 * 2**20  # weights that take no more are stored
LARGEST = 2**31 - 2**24  # bytes that one file can hold, beside its nodes
FLOAT = 4  # bytes of a weight
# A prime, so that the rows of a weight matrix don't repeat one another.
PATTERN = 65521


class Tensors:
    """Makes the protobuf messages of a model's weights."""

    def __init__(self, onnx: ModuleType, stored: bool) -> None:
        import numpy

        self.onnx = onnx
        self.stored = stored
        self.numpy = numpy
        self.pattern = numpy.random.default_rng(0).uniform(-1.0, 1.0, PATTERN)

    def drawn(self, name: str, shape: Shape, around: float, spread: float) -> TensorProto:
        """Stored numbers around a value."""
        pattern = (around + spread * self.pattern).astype("<f4")
        return self._tensor(name, shape, self.numpy.resize(pattern, prod(shape)))

    def single(self, value: float) -> TensorProto:
        """The number that a ConstantOfShape node repeats."""
        return self._tensor("", (1,), self.numpy.array([value], dtype="<f4"))

    def _tensor(self, name: str, shape: Shape, values: NDArray[numpy.float32]) -> TensorProto:
        tensor: TensorProto = self.onnx.TensorProto(
            name=name, data_type=self.onnx.TensorProto.FLOAT
        )
        tensor.dims.extend(shape)
        tensor.raw_data = values.tobytes()
        return tensor
