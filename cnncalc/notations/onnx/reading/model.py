"""A model file as plain records: nodes, stored tensors, inputs, functions. No protobuf here."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

from cnncalc.errors import LayerError, SpecError
from cnncalc.escaping import visible
from cnncalc.layers.base import Shape, Weight
from cnncalc.tracing.tensors import Parameter, Static

__all__ = [
    "MAX_ELEMENTS",
    "MAX_NODES",
    "MAX_RANK",
    "MAX_VALUES",
    "STANDARD",
    "DeclaredInput",
    "Function",
    "Graph",
    "Model",
    "Node",
    "Stored",
    "check_bounds",
    "clean",
    "followed",
    "stored_in",
]

# Bounds on what a file may make this program do; each is far beyond any real network.
MAX_NODES = 50_000  # nodes, those inside functions counted each time they run
MAX_RANK = 32  # axes of a tensor
MAX_ELEMENTS = 10**18  # elements of a tensor: none is ever allocated
MAX_VALUES = 65_536  # numbers of a tensor that are looked at

STANDARD = ("", "ai.onnx")  # the domain of ONNX's own operators


def clean(text: str, length: int = 200) -> str:
    """A name as it can be shown: without control characters, and not endless."""
    shown = visible(text[:length])
    return shown if len(text) <= length else shown + "…"


class Stored(Parameter):
    """A tensor that a file holds.

    Attributes:
        name: its name in the file.
        learned: whether it is made of fractions, as weights are.
        literal: whether it stands in a Constant node, as numbers of a program do.
    """

    __slots__ = ("learned", "literal")

    def __init__(self, name: str, shape: Shape, learned: bool, literal: bool = False) -> None:
        check_bounds(shape)
        super().__init__(shape)
        self.name = name
        self.learned = learned
        self.literal = literal

    def says_nothing_more(self, weight: Weight) -> bool:
        """A file has names and sizes of its own."""
        return False

    def as_weight(self, weight: Weight, alone: bool) -> Weight:
        name = weight.name if alone else f"{weight.name}.{self.name}"
        return Weight(name, self.shape, weight.role, weight.trainable)


def check_bounds(shape: Shape) -> None:
    """LayerError for a tensor that no machine could hold."""
    if len(shape) > MAX_RANK or prod(shape) > MAX_ELEMENTS or any(n < 0 for n in shape):
        raise LayerError("a tensor here is beyond any machine", code="too-large")


def stored_in(constant: Static) -> list[Stored]:
    """The tensors of the file that a constant is made of."""
    return [each for each in constant.sources if isinstance(each, Stored)]


def followed(constant: Static) -> Static:
    """The same as something that follows from the size of the data.

    Of what the file stores it still holds the tensors of fractions. Whole numbers went into
    its sizes; one number without axes is an offset of ½ or a stride, no weight.
    """
    kept = tuple(each for each in stored_in(constant) if each.shape and each.learned)
    return Static(constant.shape, kept, constant.values, constant.whole, computed=True)


class Node(NamedTuple):
    """One operator at work.

    Attributes:
        number: its place in the main graph, from 1; inside functions and branches that of the
            node that runs them.
    """

    name: str
    op: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    number: int


class DeclaredInput(NamedTuple):
    """What a graph says about one of its inputs; a size is None where it is unknown.

    `whole` says whether it has whole numbers.
    """

    name: str
    shape: tuple[int | str | None, ...] | None
    whole: bool = False


class Graph(NamedTuple):
    """Nodes in the order in which they run, and the tensors that they find."""

    inputs: tuple[DeclaredInput, ...]
    outputs: tuple[str, ...]
    constants: dict[str, Stored]
    nodes: tuple[Node, ...]


class Function(NamedTuple):
    """An operator that the file itself defines."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    nodes: tuple[Node, ...]


class Reference(NamedTuple):
    """An attribute inside a function that stands for one of the function's own."""

    name: str


class Model(NamedTuple):
    """All that is read of a file.

    Attributes:
        opset: the version of ONNX's own operators.
        functions: by domain and name.
        file: its path, for messages.
    """

    graph: Graph
    opset: int
    functions: dict[tuple[str, str], Function]
    file: str | None


def broken(file: str | None, why: str, help: str | None = None) -> SpecError:
    """A file that is no model, or one that can't be."""
    return SpecError(
        f"`{file or 'this'}` can't be read as an ONNX model: {why}", code="onnx", help=help
    )
