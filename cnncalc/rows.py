"""What analysis says about each step, plain data: sizes, weights, MACs, and their totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cnncalc.errors import SpecError
from cnncalc.layers.base import Shape, Weight, show
from cnncalc.network import Network, Unreached
from cnncalc.symbols.numbers import Numbers
from cnncalc.symbols.size import Question

__all__ = [
    "BYTES",
    "LAYOUTS",
    "Analysis",
    "BuiltRow",
    "JsonObject",
    "Note",
    "Row",
    "Symbols",
    "Totals",
    "as_layout",
    "from_layout",
]

JsonObject = dict[str, Any]  # a document or a part of one, by the names that it has in JSON

BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int8": 1, "uint8": 1}
LAYOUTS = ("channels-first", "channels-last")


def as_layout(shape: Shape, layout: str) -> Shape:
    """A channels-first shape in another layout."""
    return shape if layout == "channels-first" else (*shape[1:], *shape[:1])


def from_layout(shape: Shape, layout: str) -> Shape:
    """A shape of some layout, channels first."""
    return shape if layout == "channels-first" else (*shape[-1:], *shape[:-1])


class Row:
    """One step at a known input size.

    Shapes are channels first, without batch; `params`, `trainable` and `buffers` count
    elements of this step's own tensors (0 where it `shares` an earlier step's);
    `activation_bytes` is batch times elements times bytes of the output.
    """

    __slots__ = (
        "activation_bytes",
        "buffers",
        "index",
        "input_shapes",
        "inputs",
        "kind",
        "macs",
        "name",
        "output_shape",
        "params",
        "shares",
        "text",
        "trainable",
        "weights",
    )

    def __init__(
        self,
        index: int,
        name: str,
        kind: str,
        text: str,
        inputs: tuple[int, ...],
        input_shapes: tuple[Shape, ...],
        output_shape: Shape,
        weights: tuple[Weight, ...],
        params: int,
        trainable: int,
        buffers: int,
        shares: int | None,
        macs: int,
        activation_bytes: int,
    ) -> None:
        self.index = index
        self.name = name
        self.kind = kind
        self.text = text
        self.inputs = inputs
        self.input_shapes = input_shapes
        self.output_shape = output_shape
        self.weights = weights
        self.params = params
        self.trainable = trainable
        self.buffers = buffers
        self.shares = shares
        self.macs = macs
        self.activation_bytes = activation_bytes

    @property
    def is_input(self) -> bool:
        """Whether it is what flows in, first or further, and nothing that a layer makes."""
        return self.kind == "input"

    def __repr__(self) -> str:
        return f"<Row {self.index}: {self.name}, {self.text}, gives {show(self.output_shape)}>"


class BuiltRow:
    """A module that a source builds and that the flow never came to: weights without shapes."""

    __slots__ = ("buffers", "index", "kind", "name", "params", "text", "trainable", "weights")
    inputs: tuple[int, ...] = ()
    input_shapes: tuple[Shape, ...] = ()
    output_shape = None
    shares = None
    is_input = False
    macs = activation_bytes = 0

    def __init__(self, index: int, module: Unreached) -> None:
        self.index = index
        self.name, self.kind, self.text, self.weights = module
        self.params = module.count()
        self.trainable = module.count(trained=True)
        self.buffers = module.count("buffer")


class Totals(NamedTuple):
    """Sums over a report's rows, without the inputs; `buffers` with those that nothing uses.

    Parameters and buffers are elements, `macs` multiply-accumulates of one sample, and bytes are
    those of the report's dtype, of the activations for its whole batch.
    """

    params: int
    trainable: int
    buffers: int
    unused_params: int
    macs: int
    param_bytes: int
    activation_bytes: int


class Note(NamedTuple):
    """A remark on one step, such as branches that are out of step, or on the whole (None)."""

    step: int | None
    message: str


class Symbols(NamedTuple):
    """What figures with names in them take for granted.

    Attributes:
        witness: a shape of the input, channels first, at which the network works.
        sets: by name, the numbers that it may stand for.
        ties: conditions that no set says, on several names at once.
        missing: the error for whoever needs numbers.
        network: as it was read, whose steps have no names in them yet.
    """

    witness: Shape
    sets: Mapping[str, Numbers]
    ties: tuple[Question, ...]
    missing: SpecError
    network: Network

    def assumptions(self) -> list[tuple[str, str]]:
        """Each in Python's syntax and as people write it; what may be any number is none."""
        sets = [(name, some) for name, some in self.sets.items() if ~some]
        return [
            *((some.condition(name), some.said(name)) for name, some in sets),
            *((tie.condition(), tie.condition(as_people=True)) for tie in self.ties),
        ]


class Analysis(NamedTuple):
    """A network at an input size: a finished row for the input and each step.

    Attributes:
        network: the steps that the rows describe.
        input: the input's shape, channels first.
        rows: row 0 is the input.
        batch, dtype: what `activation_bytes` counts.
        layout: how whoever shows the shapes orders them.
        notes: remarks.
        symbols: what sizes with names take for granted; None: all are numbers.
    """

    network: Network
    input: Shape
    rows: Sequence[Row]
    batch: int
    dtype: str
    layout: str
    notes: Sequence[Note] = ()
    symbols: Symbols | None = None
