"""The classes that tensors have."""

from __future__ import annotations

from cnncalc.notations.source.values import Class
from cnncalc.tracing.tensors import Parameter, Static, Tensor

__all__ = ["TENSOR", "TENSOR_CLASSES", "WEIGHT"]

TENSOR = Class("Tensor")
WEIGHT = Class("Parameter", (TENSOR,))
TENSOR_CLASSES: dict[type, Class] = {Tensor: TENSOR, Static: TENSOR, Parameter: WEIGHT}
