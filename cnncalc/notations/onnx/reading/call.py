"""A node at work: what an operator's handler is handed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod, trunc
from typing import Any, NoReturn, overload

from cnncalc.errors import LayerError
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shape, show
from cnncalc.network import Declared
from cnncalc.notations.onnx.reading.batches import viewed_at
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
    Mask,
    Open,
    Statistic,
    Untold,
    Value,
    Ways,
)
from cnncalc.symbols.followed import is_open
from cnncalc.tracing.arithmetic import Part
from cnncalc.tracing.arrays import Numbers, single, singles
from cnncalc.tracing.batch_axis import FIRST, BatchAxis
from cnncalc.tracing.constants import seen_as, sources_of
from cnncalc.tracing.tensors import Batch, Static, Tensor
from cnncalc.tracing.trace import Record
from cnncalc.tracing.views import between
from cnncalc.tracing.weights import Held

__all__ = ["Call", "describe", "plain", "unknown"]


class Call:
    """A node with its inputs.

    Attributes:
        inputs: their values; None where one is left out.
        attributes: plain values by name, without those that are missing.
        batch: the size of the batch axis: the file's, or a number that no other size has.
        opset: the version of ONNX's own operators.
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

    def flow_if_given(self, place: int) -> Tensor | None:
        """The same; None where it is left out."""
        return self.flow(place) if self.has(place) else None

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

    def given_as(self, name: str, default: object) -> object:
        """An attribute as it is given, whatever it is."""
        return self.attributes.get(name, default)

    def text(self, name: str, default: str) -> str:
        value = self.attributes.get(name, default)
        if not isinstance(value, str):
            self.refuse(f"its `{name}` is no word")
        return value

    def axis(self, axis: int, flow: Tensor, what: str = "works along") -> int:
        """An axis of the data as layers count it, without the batch, which is refused."""
        rank = len(flow.sizes)
        if not -rank <= axis < rank:
            self.refuse(f"there is no axis {axis} among {rank}", code="wrong-axes")
        place = flow.batch.inner(axis % rank)
        if place is None:
            self.refuse(f"it {what} the batch axis", code="batch")
        return place

    def batch_axis(self) -> BatchAxis:
        """Where the batch stands in all data that comes in; refused where that differs."""
        places = {each.batch for each in self.inputs if isinstance(each, Tensor)}
        if len(places) > 1:
            self.refuse(
                "it joins data that has the batch on different axes",
                "a Transpose moves it",
                code="batch",
            )
        return places.pop() if places else FIRST

    def sizes(self, tensor: Tensor | Static) -> Shape:
        """All sizes, those of data with the batch where it stands."""
        if not isinstance(tensor, Tensor):
            return tensor.shape
        return tuple(self.batch * n.factor if isinstance(n, Batch) else n for n in tensor.sizes)

    def of_sample(self, sizes: Shape, data: Tensor) -> Shape:
        """Sizes that are lined up with those of data, as axes of its sample: 1 for the batch's.

        Raises:
            LayerError: they have another batch, or more axes.
        """
        whole, place = self.sizes(data), data.batch.place
        missing = len(whole) - len(sizes)
        if missing < 0:
            self.refuse(
                f"a tensor of {show(sizes)} doesn't fit {show(data.shape)}", code="branches"
            )
        if place < missing and not data.batch:
            return sizes
        full = (1,) * missing + sizes
        if full[place] not in (1, whole[place]):
            self.refuse(f"a tensor of {show(sizes)} has another batch than the data", code="batch")
        return (*full[:place], *(1 for _ in data.batch.merged), *full[place + 1 :])

    def add(
        self,
        layer: Layer | Declared,
        flows: Sequence[Tensor],
        suffix: str = "",
        **constants: Static | None,
    ) -> Tensor:
        """A step of this node, whose batch stands where that of the first data does.

        `constants` are the tensors behind its weights, by their names.
        """
        held: Held = {name: each for name, each in constants.items() if each is not None}
        for name, each in held.items():
            # Numbers that the program itself has are the layer's own weight.
            if each is not None and not each.sources and not each.computed:
                held[name] = Static(each.shape, (Stored(name, each.shape, True),), each.values)
        return self.placed(self.steps.add(self.node, layer, flows, suffix, held), flows[0].batch)

    def add_all(
        self, tensor: Tensor, parts: Sequence[Part], kept: Static | None = None, suffix: str = ""
    ) -> Tensor:
        """The steps of an operation, one after another; the last has the node's name.

        Args:
            tensor: what flows in.
            parts: their layers.
            kept: the tensor behind the weight of the part that holds one.
            suffix: what the last one's name has behind the node's.
        """
        for place, part in enumerate(parts, 1):
            end = suffix if place == len(parts) else f"{suffix}/{part.word}"
            tensor = self.add(part.layer, [tensor], end, weight=kept if part.holds else None)
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
        """The same values in other sizes; the batch of data is found among them."""
        if isinstance(tensor, Static):
            check_bounds(sizes)
            return seen_as(tensor, sizes)
        shape, batch = viewed_at(tensor, sizes, self.batch)
        return self.seen(tensor, shape, batch)

    def with_axes(self, data: Tensor, axes: Sequence[int | None], suffix: str = "") -> Tensor:
        """Data with axes of size 1 put in or taken out: those of the result, None for the batch."""
        place, batch = axes.index(None), data.batch
        merged = (data.shape[axis] for axis in batch.merged)
        sizes = (*axes[:place], *merged, *axes[place + 1 :])
        shape = tuple(size for size in sizes if size is not None)
        return self.seen(data, shape, batch._replace(front=place + batch.before), suffix)

    def lined_up(self, data: Tensor, rank: int) -> Tensor:
        """Data with axes of size 1 in front, so that it has as many as other data."""
        missing = rank - len(data.sizes)
        if missing < 1:
            return data
        return self.with_axes(data, [*[1] * missing, *self.axes(data)], "/axes")

    def axes(self, data: Tensor) -> list[int | None]:
        """The sizes of data, None for the axis that the batch is in."""
        return [None if isinstance(size, Batch) else size for size in data.sizes]

    def seen(
        self, tensor: Tensor, shape: Shape, batch: BatchAxis = FIRST, suffix: str = ""
    ) -> Tensor:
        """The same values of each sample in another shape, and where the batch stands in it."""
        layer = between(tensor.shape, shape) or KINDS["identity"]()
        return self.placed(self.add(layer, [tensor], suffix), batch)

    def turned(self, data: Tensor, order: Sequence[int], suffix: str = "") -> Tensor:
        """Data with its axes in another order; a step where those of a sample are."""
        axes, batch = data.batch.moved(order, len(data.shape))
        if axes != tuple(range(len(axes))):
            data = self.add(KINDS["permute"](axes), [data], suffix)
        return self.placed(data, batch)

    def finished(self, data: Tensor) -> Tensor:
        """Data whose step is called as this node is, if that is only a part of it so far.

        The last node of a layer that the program writes out has the layer's name.
        """
        record = self.record(data)
        if record.name.startswith(f"{self.node.name}/"):
            record.name = self.node.name
        return data

    def placed(self, tensor: Tensor, batch: BatchAxis) -> Tensor:
        """The same data with the batch on another of its axes."""
        return tensor if batch == tensor.batch else Tensor(tensor.number, tensor.shape, batch)

    def made(
        self,
        shape: Shape,
        inputs: Sequence[Static],
        compute: Callable[..., Numbers] | None = None,
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
        return "data in one axis together with the batch" if value.batch.merged else "data"
    if isinstance(value, Mask):
        return "what a comparison gives"
    if isinstance(value, Ways | Ends):
        return "what a recurrent node gives, its directions apart"
    if isinstance(value, Statistic):
        return "numbers taken along the batch"
    if isinstance(value, Open):
        return f"an input (`{clean(value.name, 60)}`) whose sizes the file leaves open"
    if isinstance(value, Untold):
        return f"a further output of `{clean(value.node.name or value.node.op, 60)}`"
    return "a stored tensor"
