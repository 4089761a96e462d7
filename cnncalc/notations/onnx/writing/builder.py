"""An ONNX graph as it is put together, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from cnncalc.errors import LayerError
from cnncalc.layers.base import Shape
from cnncalc.network import Step
from cnncalc.notations.names import Names
from cnncalc.notations.onnx.writing.tensors import Tensors

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

__all__ = ["BATCH", "OPSET", "Attribute", "Builder", "unsayable"]

# What a node says of itself; None: it says nothing.
Attribute: TypeAlias = (
    "int | float | str | Sequence[int] | Sequence[float] | Sequence[str] | TensorProto | None"
)

OPSET = 22  # the first in which ceil mode drops a last window as PyTorch does
# Attributes that are fractions, whole or not.
FRACTIONS = {"alpha", "beta", "bias", "cubic_coeff_a", "epsilon", "gamma", "lambd"}
BATCH = "batch"  # the name of the batch axis, which is open


def unsayable(what: str, help: str | None = None) -> NoReturn:
    """Refuse what ONNX's operators have no words for."""
    raise LayerError(f"ONNX can't say {what}", code="unsayable", help=help)


class Builder:
    """Nodes, stored tensors and declared shapes.

    Attributes:
        held: for each step, the weights that it holds: their names in the layer and in the graph.
        owners: the step of each node, by the node's name.
        states: for steps that hand out states, each kind's: the tensor, and where in it.
    """

    def __init__(self, onnx: ModuleType, steps: Sequence[Step], tensors: Tensors) -> None:
        self.onnx = onnx
        self.tensors = tensors
        self.steps = steps
        self.nodes: list[NodeProto] = []
        self.initializers: dict[str, TensorProto] = {}
        self.numbers: dict[str, str] = {}  # the names of those that are no weights
        self.held: list[list[tuple[str, str]]] = [[] for _ in steps]
        self.owners: dict[str, int] = {}
        self.states: dict[int, Sequence[Sequence[tuple[str, int]]]] = {}
        self.names = Names(step.name for step in steps)
        self.at = 0

    @property
    def step(self) -> Step:
        return self.steps[self.at]

    def node(self, op: str, *inputs: str, **attributes: Attribute) -> str:
        """A node; gives the name of its output."""
        return self._made(op, inputs, 1, attributes)[0]

    def split(self, op: str, *inputs: str, outputs: int, **attributes: Attribute) -> list[str]:
        """A node with several outputs; gives their names."""
        return self._made(op, inputs, outputs, attributes)

    def _made(
        self, op: str, inputs: Sequence[str], outputs: int, attributes: Mapping[str, Attribute]
    ) -> list[str]:
        name = self.names.unique(f"{self.step.name}/{op}")
        names = [name, *(self.names.unique(f"{name}.{place}") for place in range(1, outputs))]
        given = {
            key: float(value) if isinstance(value, int) and key in FRACTIONS else value
            for key, value in attributes.items()
            if value is not None
        }
        self.nodes.append(self.onnx.helper.make_node(op, list(inputs), names, name, **given))
        self.owners[name] = self.at
        return names

    def finish(self, output: str) -> None:
        """Give the step's own name to its output and to the node that makes it."""
        name = self.step.name
        last = self.nodes[-1] if self.nodes else None
        if last is None or list(last.output) != [output] or self.owners[last.name] != self.at:
            self.node("Identity", output)
            last = self.nodes[-1]
        del self.owners[last.name]
        last.name = last.output[0] = name
        self.owners[name] = self.at

    def ints(self, values: Sequence[int]) -> str:
        """Whole numbers that a node takes as an input."""
        kind, text = self.onnx.TensorProto.INT64, ",".join(map(str, values))
        return self._stored(f"ints:{text}", kind, [len(values)], list(values))

    def number(self, value: float) -> str:
        """A single number."""
        return self._stored(f"number:{value!r}", self.onnx.TensorProto.FLOAT, [], [value])

    def _stored(self, wanted: str, kind: int, shape: list[int], values: Sequence[float]) -> str:
        """The one tensor of these numbers, under this name unless a step has it."""
        if wanted not in self.numbers:
            name = self.numbers[wanted] = self.names.unique(wanted)
            self.initializers[name] = self.onnx.helper.make_tensor(name, kind, shape, values)
        return self.numbers[wanted]

    def floats(self, values: Sequence[float]) -> str:
        """Numbers that a node takes as an input."""
        return self.constant((len(values),), values)

    def constant(self, shape: Shape, values: Sequence[float]) -> str:
        """Given numbers that are no weight."""
        return self._constant("numbers", self.onnx.TensorProto.FLOAT, shape, values)

    def _constant(self, word: str, kind: int, shape: Shape, values: Sequence[float]) -> str:
        name = self.names.unique(f"{self.step.name}/{word}")
        tensor = self.onnx.helper.make_tensor("", kind, list(shape), list(values))
        self.nodes.append(self.onnx.helper.make_node("Constant", [], [name], name, value=tensor))
        self.owners[name] = self.at
        return name

    def weight(self, role: str, shape: Shape, around: float = 0.0, fan_in: int = 0) -> str:
        """A learned tensor; a step that shares another's weights uses the other's.

        Its numbers lie around one, spread so that a sum over `fan_in` of them stays small.
        """
        number = self.at if self.step.shares is None else self.step.shares
        name = f"{self.steps[number].name}.{role}"
        known = dict(self.held[number])
        if role not in known:
            name = self.names.unique(name)
            self._make(name, shape, around, fan_in)
            self.held[number].append((role, name))
            return name
        return known[role]

    def _make(self, name: str, shape: Shape, around: float, fan_in: int) -> None:
        if self.tensors.stored:
            spread = fan_in**-0.5 if fan_in else 0.0
            self.initializers[name] = self.tensors.drawn(name, shape, around, spread)
            return
        sizes = self.ints(shape)
        value = self.tensors.single(around or (1 / fan_in if fan_in else 0.0))
        node = self.onnx.helper.make_node("ConstantOfShape", [sizes], [name], name, value=value)
        self.nodes.append(node)
        self.owners[name] = self.at

    def filled(self, shape: Shape, value: float, role: str = "") -> str:
        """A tensor that is no weight: one number everywhere. `role`: it is kept as a buffer."""
        sizes = self._constant("sizes", self.onnx.TensorProto.INT64, (len(shape),), shape)
        name = self.node("ConstantOfShape", sizes, value=self.tensors.single(value))
        if role:
            self.held[self.at].append((role, name))
        return name

    def reshaped(self, x: str, shape: Sequence[int]) -> str:
        """Values in another shape; the batch stays."""
        return self.node("Reshape", x, self.ints([0, *shape]))

    def permuted(self, x: str, axes: Sequence[int]) -> str:
        """Axes in another order, counted without the batch."""
        if list(axes) == list(range(len(axes))):
            return x
        return self.node("Transpose", x, perm=[0, *(axis + 1 for axis in axes)])

    def scaled(self, x: str, factor: float = 1.0, offset: float = 0.0) -> str:
        """Values times a number, plus a number."""
        x = self.node("Mul", x, self.number(factor)) if factor != 1 else x
        return self.node("Add", x, self.number(offset)) if offset != 0 else x

    def moved(self, x: str, order: Sequence[int]) -> tuple[str, list[int]]:
        """Axes in another order, and the order that moves them back."""
        return self.permuted(x, order), [order.index(axis) for axis in range(len(order))]
