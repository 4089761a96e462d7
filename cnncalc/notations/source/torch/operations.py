"""What PyTorch does with tensors: their attributes and methods, `x[…]`, operators, new ones."""

from __future__ import annotations

from cnncalc.notations.source.arithmetic import tensor_operator
from cnncalc.notations.source.torch.assigning import with_item
from cnncalc.notations.source.torch.functions.creation import parameter
from cnncalc.notations.source.torch.functions.indexing import tensor_item
from cnncalc.notations.source.torch.functions.table import METHODS, TORCH, tensor_attribute
from cnncalc.python.machine import Machine
from cnncalc.python.values import Arguments, Keywords, Value
from cnncalc.suggestions import suggest
from cnncalc.tracing.tensors import Operations, Tensor

__all__ = ["TorchOperations"]


class TorchOperations(Operations):
    """What PyTorch does with tensors."""

    written = True

    def attribute(self, machine: Machine, tensor: Value, name: str) -> Value:
        return tensor_attribute(machine, tensor, name)

    def near_attribute(self, name: str) -> str | None:
        return suggest(name, [each for each in METHODS if not each.startswith("_")])

    def item(self, machine: Machine, tensor: Value, index: Value) -> Value:
        return tensor_item(machine, tensor, index)

    def binary(self, machine: Machine, sign: str, left: Value, right: Value) -> Value:
        return tensor_operator(machine, sign, left, right)

    def with_item(self, machine: Machine, tensor: Value, index: Value, value: Value) -> Tensor:
        return with_item(machine, tensor, index, value)

    def tensor(self, machine: Machine, args: Arguments, kwargs: Keywords) -> Value:
        """`torch.Tensor(2, 3)`, of sizes, or of a list of values."""
        return TORCH["FloatTensor"](machine, *args, **kwargs)

    def parameter(self, machine: Machine, args: Arguments, kwargs: Keywords) -> Value:
        return parameter(machine, *args, **kwargs)
