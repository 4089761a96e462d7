"""A node at work: what an operator's handler is handed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod, trunc
from typing import Any, NoReturn, overload

from cnncalc.errors import LayerError
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shape
from cnncalc.network import Declared
from cnncalc.notations.onnx.reading.model import (
    MAX_VALUES,
    STANDARD,
    Node,
    Stored,
    check_bounds,
    clean,
)
from cnncalc.notations.onnx.reading.steps import Steps
from cnncalc.notations.onnx.reading.values import (
    Ends,
    Frames,
    Mask,
    Merged,
    Open,
    Rows,
    Statistic,
    Untold,
    Value,
    Ways,
)
from cnncalc.symbols.followed import is_open
from cnncalc.tracing.arithmetic import Part
from cnncalc.tracing.arrays import single, singles
from cnncalc.tracing.batch_axis import FIRST, BatchAxis
from cnncalc.tracing.constants import seen_as, sources_of
from cnncalc.tracing.tensors import Batch, Static, Tensor
from cnncalc.tracing.trace import Record
from cnncalc.tracing.views import between
from cnncalc.tracing.weights import Held

__all__ = ["Call", "plain", "unknown"]


class Call:
    """A node with its inputs.

    Attributes:
        inputs: their values; None where one is left out.
        attributes: plain values by name, without those that are missing.
        batch: the size of the batch axis: the file's, or a number that no other size has.
        opset: the version of ONNX's own operators.
        by_rows: whether the data came as a matrix, its last axis apart.
    """

    def __init__(
        self, steps: Steps, node: Node, inputs: Sequence[Value], attributes: dict[str, Any]
    ) -> None:
        self.steps = steps
        self.node = node
        self.inputs = inputs
        self.attributes = {name: each for name, each in attributes.items() if each is not None}
        self.batch = steps.batch
        self.opset = steps.opset
        self.by_rows = False

    def refuse(self, message: str, help: str | None = None, code: str = "onnx") -> NoReturn:
        raise LayerError(message, code=code, help=help)

    def has(self, place: int) -> bool:
        return place < len(self.inputs) and self.inputs[place] is not None

    def value(self, place: int) -> Value:
        """An input whatever it is; None where it is left out."""
        return self.inputs[place] if self.has(place) else None

    def flow(self, place: int = 0) -> Tensor:
        """An input that carries data."""
        value = self.value(place)
        if isinstance(value, Tensor):
            return value
        what = "missing" if value is None else f"{describe(value)}, where data is expected"
        raise LayerError(f"its input {place + 1} is {what}", code="onnx")

    def given(self, place: int) -> Tensor | Static:
        """An input that carries data, or that doesn't depend on it."""
        value = self.value(place)
        return value if isinstance(value, Static) else self.flow(place)

    def constant(self, place: int) -> Static | None:
        """An input that doesn't depend on the data; None where it is left out."""
        if not self.has(place):
            return None
        value = self.inputs[place]
        if not isinstance(value, Static):
            self.refuse(
                f"its input {place + 1} is {describe(value)}, where stored numbers are expected",
                "only data with the batch axis first is followed",
            )
        return value

    def stored(self, place: int) -> Static:
        """The same where it must be given."""
        constant = self.constant(place)
        if constant is None:
            self.refuse(f"its input {place + 1} is missing")
        return constant

    def whole(self, name: str, place: int | None = None) -> list[int] | None:
        """Whole numbers that an attribute lists, or that an input holds in later versions."""
        if name in self.attributes:
            given = self.attributes[name]
            return list(given) if isinstance(given, list) else [trunc(given)]
        values = self.numbers(place) if place is not None else None
        return None if values is None else [trunc(each) for each in values]

    def numbers(self, place: int) -> list[float] | None:
        """The numbers that an input holds; None where it is left out."""
        constant = self.constant(place)
        if constant is None:
            return None
        if constant.values is None:
            where = f"`{clean(self.node.inputs[place])}`"
            self.refuse(
                f"the numbers of its input {where} are not known here",
                "they depend on the data, are too many, or lie in another file, which is not read",
            )
        return [plain(value) for value in constant.values]

    def number(self, name: str, place: int | None = None) -> float | None:
        """One number that an attribute has, or that an input holds in later versions."""
        if name in self.attributes:
            return float(self.attributes[name])
        values = self.numbers(place) if place is not None else None
        return float(values[0]) if values else None

    def integer(self, name: str, default: int | None) -> int | None:
        """A whole number that an attribute has."""
        value = self.attributes.get(name, default)
        if value is not None and not isinstance(value, int):
            self.refuse(f"its `{name}` is no whole number")
        return value

    def fraction(self, name: str, default: float) -> float:
        return float(self.attributes.get(name, default))

    def text(self, name: str, default: str) -> str:
        value = self.attributes.get(name, default)
        if not isinstance(value, str):
            self.refuse(f"its `{name}` is no word")
        return value

    def axis(self, axis: int, flow: Tensor, what: str = "works along") -> int:
        """An axis of the data as layers count it, without the batch, which is refused."""
        rank = len(flow.shape) + 1
        if not -rank <= axis < rank:
            self.refuse(f"there is no axis {axis} among {rank}", code="wrong-axes")
        place = flow.batch.inner(axis % rank)
        if place is None:
            self.refuse(f"it {what} the batch axis", code="batch")
        return place

    def sizes(self, tensor: Tensor | Static) -> Shape:
        """All sizes, those of data with the batch where it stands."""
        if not isinstance(tensor, Tensor):
            return tensor.shape
        return tuple(self.batch if isinstance(n, Batch) else n for n in tensor.sizes)

    def without_batch(self, shape: Shape) -> Shape:
        """A shape of data; refused where the batch doesn't stay first."""
        if not shape or shape[0] != self.batch:
            self.refuse(
                "the batch axis doesn't stay first and alone",
                "only data with the batch axis first is followed",
                code="batch",
            )
        return shape[1:]

    def add(
        self,
        layer: Layer | Declared,
        flows: Sequence[Tensor],
        suffix: str = "",
        **constants: Static | None,
    ) -> Tensor:
        """A step of this node; `constants` are the tensors behind its weights, by their names."""
        held: Held = {name: each for name, each in constants.items() if each is not None}
        for name, each in held.items():
            # Numbers that the program itself has are the layer's own weight.
            if each is not None and not each.sources and not each.computed:
                held[name] = Static(each.shape, (Stored(name, each.shape, True),), each.values)
        return self.steps.add(self.node, layer, flows, suffix, held)

    def add_all(self, tensor: Tensor, parts: Sequence[Part], kept: Static | None = None) -> Tensor:
        """The steps of an operation, one after another; the last has the node's name.

        `kept` is the tensor behind the weight of the part that holds one.
        """
        for place, part in enumerate(parts, 1):
            suffix = "" if place == len(parts) else f"/{part.word}"
            tensor = self.add(part.layer, [tensor], suffix, weight=kept if part.holds else None)
        return tensor

    def same(self, tensor: Tensor) -> Tensor:
        """A step that leaves data as it is."""
        return self.add(KINDS["identity"](), [tensor])

    @overload
    def view(self, tensor: Tensor, sizes: Shape) -> Tensor: ...

    @overload
    def view(self, tensor: Static, sizes: Shape) -> Static: ...

    @overload
    def view(self, tensor: Tensor | Static, sizes: Shape) -> Tensor | Static: ...

    def view(self, tensor: Tensor | Static, sizes: Shape) -> Tensor | Static:
        """The same values in other sizes; the batch of data must stay first."""
        if isinstance(tensor, Static):
            check_bounds(sizes)
            return seen_as(tensor, sizes)
        return self.seen(tensor, self.without_batch(sizes))

    def seen(self, tensor: Tensor, shape: Shape, batch: BatchAxis = FIRST) -> Tensor:
        """The same values of each sample in another shape, and where the batch stands in it."""
        layer = between(tensor.shape, shape) or KINDS["identity"]()
        return self.placed(self.add(layer, [tensor]), batch)

    def placed(self, tensor: Tensor, batch: BatchAxis) -> Tensor:
        """The same data with the batch on another of its axes."""
        return tensor if batch == tensor.batch else Tensor(tensor.number, tensor.shape, batch)

    def made(
        self,
        shape: Shape,
        inputs: Sequence[Static],
        compute: Callable[..., list[Any]] | None = None,
        sources: Sequence[Static] | None = None,
        whole: bool | None = None,
    ) -> Static:
        """What an operator makes of tensors that don't depend on the data.

        Args:
            shape: its sizes.
            inputs: what it is made of.
            compute: gives its numbers, row by row, of those of the inputs; they are worked out
                where they are few and known. None: they are not looked at.
            sources: the inputs whose stored tensors it is made of; by default all of them.
            whole: whether its numbers are; by default if all those of the inputs are.
        """
        check_bounds(shape)
        stored = sources_of(inputs if sources is None else sources)
        self.spend(4 * len(stored))
        made = Static(shape, stored)
        lists = [each.values for each in inputs if each.values is not None]
        few = not any(map(is_open, shape)) and prod(shape) <= MAX_VALUES
        if compute and few and len(lists) == len(inputs):
            self.spend(max(prod(shape), *map(len, lists)))
            made.whole = all(each.whole for each in inputs) if whole is None else whole
            try:
                found = compute(*lists)
                made.values = list(map(trunc, found)) if made.whole else singles(found)
            except ArithmeticError:  # there is no such number
                made.values = None
        return made

    def spend(self, numbers: int) -> None:
        """Count numbers that are worked out; LayerError where they are too many."""
        self.steps.spend(numbers)

    @property
    def records(self) -> list[Record]:
        """The steps so far, the inputs first."""
        return self.steps.trace.records

    def record(self, flow: Tensor) -> Record:
        """The step that made some data."""
        return self.records[flow.number]

    def only_reader(self, flow: Tensor) -> bool:
        """Whether nothing but this node reads some data."""
        return self.record(flow).readers == 1


def unknown(node: Node) -> LayerError:
    domain = "" if node.domain in STANDARD else f" of `{clean(node.domain, 60)}`"
    return LayerError(
        f"the operator `{clean(node.op, 60)}`{domain} isn't known here",
        code="unknown-operator",
        help="networks of convolutions, pools, linear layers and element-wise functions are read",
    )


def plain(value: float) -> float:
    """A number as the shortest that is the same in single precision: 0.1, not 0.10000000149."""
    if isinstance(value, int) or is_open(value):
        return value
    kept = single(value)
    texts = (f"{kept:.{digits}g}" for digits in range(1, 10))
    number = next((float(text) for text in texts if single(float(text)) == kept), kept)
    return trunc(number) if abs(number) < 2**31 and number == int(number) else number


def describe(value: Value) -> str:
    if isinstance(value, Tensor):
        return "data"
    if isinstance(value, Mask):
        return "what a comparison gives"
    if isinstance(value, Frames | Merged | Rows):
        return "data in one axis together with the batch"
    if isinstance(value, Ways | Ends):
        return "what a recurrent node gives, its directions apart"
    if isinstance(value, Statistic):
        return "numbers taken along the batch"
    if isinstance(value, Open):
        return f"an input (`{clean(value.name, 60)}`) whose sizes the file leaves open"
    if isinstance(value, Untold):
        return f"a further output of `{clean(value.node.name or value.node.op, 60)}`"
    return "a stored tensor"
