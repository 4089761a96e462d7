"""The steps that a model makes as it runs, in the order in which they are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from cnncalc.errors import Span
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.merge import Input
from cnncalc.network import Block, Declared, Step
from cnncalc.python.values import Value
from cnncalc.tracing.tensors import Static, Tensor
from cnncalc.tracing.weights import Counting, Held, same_tensors

__all__ = ["Naming", "Record", "Trace", "Within", "input_name", "nested"]

# A step's name made unique; the flag: whether it uses the weights of an earlier one.
Naming = Callable[[str, bool], str]
# Names and kinds of what a step stands in, outermost first.
Within = tuple[tuple[str, str], ...]


class Record:
    """One step as it was made.

    Attributes:
        declared: what it is, as the source has it.
        inputs: the records it reads.
        shape: what comes out, without batch.
        name: as the source calls it; not yet unique.
        spans: where it was used, then where it was made.
        owner: what the front end knows of it: the module or the parameter whose weights it
            uses, the node of a file, or None; `part` tells several layers of one owner apart.
        held: the tensors that stand for the layer's weights; None: the owner's own.
        more: those that stand for further weights, beside the owner's own.
        readers: how often the output is read, where the front end counts that.
        within: names and kinds of what it stands in, outermost first, if its name doesn't tell.
    """

    __slots__ = (
        "declared", "held", "inputs", "more", "name", "owner", "part", "readers", "shape",
        "spans", "within",
    )  # fmt: skip

    def __init__(
        self,
        declared: Declared,
        inputs: tuple[int, ...],
        shape: Shape,
        name: str,
        spans: tuple[Span, ...] = (),
        owner: Value = None,
        part: int = 0,
        held: Held | None = None,
    ) -> None:
        self.declared = declared
        self.inputs = inputs
        self.shape = shape
        self.name = name
        self.spans = spans
        self.owner = owner
        self.part = part
        self.held = held
        self.more: Held = {}
        self.readers = 0
        self.within: Within = ()

    @property
    def layer(self) -> Layer:
        return self.declared.layer

    def become(self, layer: Layer, name: str, **held: Static | None) -> None:
        """Turn into another layer, which holds these tensors too."""
        self.declared, self.name = self.declared.replaced(layer=layer), name
        self.held = {**(self.held or {}), **held}


class Trace:
    """The records of one run."""

    def __init__(self, tensor: type[Tensor] = Tensor) -> None:
        self.tensor = tensor
        self.records: list[Record] = []

    def input(self, shape: Shape, name: str = "input", own: bool = False) -> Tensor:
        """An input of the network; `own`: a further one, with a shape of its own."""
        layer = Input(shape if own else None)
        return self.add(Record(Declared(layer), (), shape, name))

    def add(self, record: Record) -> Tensor:
        """One more step, and what flows out of it."""
        self.records.append(record)
        return self.tensor(len(self.records) - 1, record.shape)

    def shapes(self, record: Record) -> tuple[Shape, ...]:
        """What flows into a record's layer."""
        return tuple(self.records[number].shape for number in record.inputs)

    def unread(self) -> list[int]:
        """The records that none reads."""
        read = {number for record in self.records for number in record.inputs}
        return [number for number in range(len(self.records)) if number not in read]

    def held(self, record: Record) -> tuple[Held, bool]:
        """The tensors behind a record's weights, and whether the others have none."""
        return record.held or {}, True

    def is_frozen(self, record: Record) -> bool:
        """Whether the source keeps the weights from training, whatever they are."""
        return False

    def steps(
        self,
        outputs: Sequence[int],
        naming: Naming,
        *,
        prune: bool = False,
        roots: Sequence[int] = (0,),
    ) -> tuple[list[Step], list[int]]:
        """The steps in order, and the numbers of the outputs among them.

        A tensor counts where it is first used. A step all of whose tensors are another step's
        shares them; one that shares only some holds the rest.

        Args:
            outputs: the records that the network ends in.
            naming: makes the steps' names.
            prune: leave out what the outputs don't depend on.
            roots: the network's inputs, which may be what other steps have made.
        """
        kept = self._ancestors(outputs, roots) if prune else set(range(len(self.records)))
        # Records are numbered as they ran. So this order is topological, and weights are counted in
        # it: those of a tensor that several steps hold at the first that ran, not where it was
        # declared.
        order = [roots[0], *sorted(kept - {roots[0]})]
        places = {number: place for place, number in enumerate(order)}
        counting = Counting()
        block_of = cache(nested)
        steps = []
        for number in order:
            record = self.records[number]
            if number in roots:
                steps.append(begun(record, naming, number == roots[0]))
                continue
            declared, shares = self._counted(record, places[number], counting)
            name = naming(record.name, shares is not None)
            inputs = tuple(places[each] for each in record.inputs)
            block = block_of(record.within)
            steps.append(Step(declared, inputs, name, record.spans, shares, block))
        return steps, [places[number] for number in dict.fromkeys(outputs)]

    def _counted(
        self, record: Record, place: int, counting: Counting
    ) -> tuple[Declared, int | None]:
        """A record's layer with its weights, and the step whose weights it uses again."""
        held, whole = self.held(record)
        weights = record.layer.weights(*self.shapes(record)) if held else ()
        keys = [same_tensors(record.layer.core.kind, weights, held, whole)]
        # A module that runs twice has one set of weights. `part` tells apart the layers that one
        # module is made of. Where the tensors are given they alone say whose they are.
        if record.owner is not None and record.held is None:
            keys.append((id(record.owner), record.part))
        shares = counting.shares(keys, place)
        declared = counting.told(record.declared, weights, held, whole, shares is not None)
        if self.is_frozen(record):
            declared = declared.replaced(trainable=False)
        return declared, shares

    def _ancestors(self, outputs: Sequence[int], roots: Sequence[int]) -> set[int]:
        found: set[int] = set()
        waiting = list(outputs)
        while waiting:
            number = waiting.pop()
            if number not in found:
                found.add(number)
                waiting += self.records[number].inputs if number not in roots else ()
        return found


def nested(within: Within) -> Block | None:
    """The block inside of others, given names and kinds, outermost first; None: there is none."""
    block = None
    for name, kind in within:
        block = Block(kind, kind, block, name)
    return block


def begun(record: Record, naming: Naming, first: bool) -> Step:
    """The step of an input; a tensor that a layer has made is one of its size."""
    given = isinstance(record.layer, Input)
    layer = Input() if first else record.layer if given else Input(record.shape)
    return Step(layer, (), naming(input_name(record), False), record.spans)


def input_name(record: Record) -> str:
    """What an input is called that a layer has made, or an input of the source."""
    return record.name if isinstance(record.layer, Input) else f"input_{record.name}"
