"""A node at work: what an operator's handler is handed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Shape
from cnncalc.network import Declared
from cnncalc.notations.onnx_file.model import STANDARD, Constant, Node, clean
from cnncalc.notations.onnx_file.records import (
    Flow,
    Mask,
    Merged,
    Open,
    Record,
    Rows,
    Statistic,
    Untold,
    Value,
)

if TYPE_CHECKING:
    from cnncalc.notations.onnx_file.tracing import Tracer

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
        self, tracer: Tracer, node: Node, inputs: Sequence[Value], attributes: dict[str, Any]
    ) -> None:
        self.tracer = tracer
        self.node = node
        self.inputs = inputs
        self.attributes = {name: each for name, each in attributes.items() if each is not None}
        self.batch = tracer.batch
        self.opset = tracer.model.opset
        self.by_rows = False

    def refuse(self, message: str, help: str | None = None, code: str = "onnx") -> NoReturn:
        raise LayerError(message, code=code, help=help)

    def has(self, place: int) -> bool:
        return place < len(self.inputs) and self.inputs[place] is not None

    def flow(self, place: int = 0) -> Flow:
        """An input that carries data."""
        value = self.inputs[place] if self.has(place) else None
        if isinstance(value, Flow):
            return value
        what = "missing" if value is None else f"{describe(value)}, where data is expected"
        raise LayerError(f"its input {place + 1} is {what}", code="onnx")

    def constant(self, place: int) -> Constant | None:
        """An input that doesn't depend on the data; None where it is left out."""
        if not self.has(place):
            return None
        value = self.inputs[place]
        if not isinstance(value, Constant):
            self.refuse(
                f"its input {place + 1} is {describe(value)}, where stored numbers are expected",
                "only data with the batch axis first is followed",
            )
        return value

    def stored(self, place: int) -> Constant:
        """The same where it must be given."""
        constant = self.constant(place)
        if constant is None:
            self.refuse(f"its input {place + 1} is missing")
        return constant

    def whole(self, name: str, place: int | None = None) -> list[int] | None:
        """Whole numbers that an attribute lists, or that an input holds in later versions."""
        if name in self.attributes:
            given = self.attributes[name]
            return list(given) if isinstance(given, list) else [int(given)]
        values = self.numbers(place) if place is not None else None
        return None if values is None else [int(each) for each in values]

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
        return [plain(value) for value in constant.values.reshape(-1)]

    def number(self, name: str, place: int | None = None) -> float | None:
        """One number that an attribute has, or that an input holds in later versions."""
        if name in self.attributes:
            return float(self.attributes[name])
        values = self.numbers(place) if place is not None else None
        return float(values[0]) if values else None

    def integer(self, name: str, default: int) -> int:
        value = self.attributes.get(name, default)
        if not isinstance(value, int):
            self.refuse(f"its `{name}` is no whole number")
        return value

    def text(self, name: str, default: str) -> str:
        value = self.attributes.get(name, default)
        if not isinstance(value, str):
            self.refuse(f"its `{name}` is no word")
        return value

    def axis(self, axis: int, flow: Flow, what: str = "works along") -> int:
        """An axis of the data as layers count it: 0 is the channels. The batch is refused."""
        rank = len(flow.shape) + 1
        if not -rank <= axis < rank:
            self.refuse(f"there is no axis {axis} among {rank}", code="wrong-axes")
        if axis % rank == 0:
            self.refuse(f"it {what} the batch axis", code="batch")
        return axis % rank - 1

    def with_batch(self, flow: Flow) -> Shape:
        return self.batch, *flow.shape

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
        flows: Sequence[Flow],
        suffix: str = "",
        **constants: Constant | None,
    ) -> Flow:
        """A step of this node; `constants` are the tensors behind its weights, by their names."""
        given = {name: constant for name, constant in constants.items() if constant is not None}
        return self.tracer.add(self.node, layer, flows, suffix, given)

    def record(self, flow: Flow) -> Record:
        """The step that made some data."""
        return self.tracer.records[flow.number]

    def only_reader(self, flow: Flow) -> bool:
        """Whether nothing but this node reads some data."""
        return self.record(flow).readers == 1


def unknown(node: Node) -> LayerError:
    domain = "" if node.domain in STANDARD else f" of `{clean(node.domain, 60)}`"
    return LayerError(
        f"the operator `{clean(node.op, 60)}`{domain} isn't known here",
        code="unknown-operator",
        help="networks of convolutions, pools, linear layers and elementwise functions are read",
    )


def plain(value: Any) -> float:
    """A NumPy number as the shortest Python one: 0.1 where single precision has 0.10000000149."""
    if value.dtype.kind != "f":
        return int(value)
    number = float(str(value))
    return int(number) if abs(number) < 2**31 and number == int(number) else number


def describe(value: Value) -> str:
    if isinstance(value, Flow):
        return "data"
    if isinstance(value, Mask):
        return "what a comparison gives"
    if isinstance(value, Merged | Rows):
        return "data in one axis together with the batch"
    if isinstance(value, Statistic):
        return "numbers taken along the batch"
    if isinstance(value, Open):
        return f"an input (`{clean(value.name, 60)}`) whose sizes the file leaves open"
    if isinstance(value, Untold):
        return f"a further output of `{clean(value.node.name or value.node.op, 60)}`"
    return "a stored tensor"
