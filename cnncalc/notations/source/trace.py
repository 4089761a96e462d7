"""The steps that a model makes as it runs, with their names, places and weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.analysis import MAX_ELEMENTS, settle
from cnncalc.errors import LayerError, Span
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.merge import Input
from cnncalc.network import Step
from cnncalc.notations.source.flowing import Parameter, Static, Tensor
from cnncalc.notations.source.limits import MAX_LAYERS
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.values import Instance, Value

__all__ = ["Names", "Trace", "emit", "whole_module"]

STEP_COST = 40  # in fuel: a step is dearer than a node of the syntax tree


class Record:
    """One step as it was made.

    Attributes:
        layer: what it is, as the source has it.
        inputs: the records it reads.
        shape: what comes out, without batch.
        owner: the module or parameter whose weights it uses, or None; `part` tells several
            layers of one owner apart.
        name: as `named_modules` gives it, or made from the operation; not yet unique.
        spans: where it was used, then where it was made.
    """

    __slots__ = ("inputs", "layer", "name", "owner", "part", "shape", "spans")

    def __init__(
        self,
        layer: Layer,
        inputs: tuple[int, ...],
        shape: Shape,
        name: str,
        owner: Any,
        part: int,
        spans: tuple[Span, ...],
    ) -> None:
        self.layer = layer
        self.inputs = inputs
        self.shape = shape
        self.name = name
        self.owner = owner
        self.part = part
        self.spans = spans


class Trace:
    """The records of one run.

    Attributes:
        paths: the name of each module of the model, by identity.
        used: the parameters that some step reads, by identity.
        settled: the shape that came out of each record, and the layer as it was there.
    """

    def __init__(
        self, paths: dict[int, str], joint: str = ".", tensor: type[Tensor] = Tensor
    ) -> None:
        self.paths = paths
        self.joint = joint
        self.tensor = tensor
        self.records: list[Record] = []
        self.used: dict[int, Parameter] = {}
        self.ran: dict[int, Instance] = {}

    def input(self, shape: Shape, name: str = "input", own: bool = False) -> Tensor:
        """An input of the network; `own`: a further one, with a shape of its own."""
        layer = Input(shape if own else None)
        self.records.append(Record(layer, (), shape, name, None, 0, ()))
        return self.tensor(len(self.records) - 1, shape)

    def add(self, record: Record) -> Tensor:
        if len(self.records) > MAX_LAYERS:
            raise Refusal(f"more than {MAX_LAYERS:,} layers", code="too-large", fatal=True)
        self.records.append(record)
        return self.tensor(len(self.records) - 1, record.shape)

    def steps(
        self, outputs: Sequence[int], prune: bool, root: int = 0
    ) -> tuple[list[Step], list[int]]:
        """The steps in order, and the numbers of the outputs among them.

        With `prune` only what the outputs depend on stays; `root` is the network's input.
        """
        kept = self._ancestors(outputs) if prune else set(range(len(self.records)))
        order = [root, *sorted(kept - {root})]
        places = {number: place for place, number in enumerate(order)}
        names = Names()
        first: dict[tuple[int, int], int] = {}
        steps = []
        for number in order:
            record = self.records[number]
            place = places[number]
            layer = record.layer if number != root else Input()
            if frozen(record.owner):
                layer = layer.frozen()
            shares = None
            again = False
            if record.owner is not None:
                key = (id(record.owner), record.part)
                shares = first.setdefault(key, place)
                again = shares != place
            name = names.fresh(record.name, again)
            inputs = tuple(places[each] for each in record.inputs)
            steps.append(Step(layer, inputs, name, record.spans, shares if again else None))
        return steps, [places[number] for number in dict.fromkeys(outputs)]

    def _ancestors(self, outputs: Sequence[int]) -> set[int]:
        found: set[int] = set()
        waiting = list(outputs)
        while waiting:
            number = waiting.pop()
            if number not in found:
                found.add(number)
                waiting += self.records[number].inputs
        return found


def frozen(owner: Value) -> bool:
    """Whether a Keras layer's weights are kept from training."""
    return isinstance(owner, Instance) and owner.fields.get("trainable") is False


class Names:
    """Names made unique: `relu#2` for a module used again, `add_1` for an operation."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.given: set[str] = set()

    def fresh(self, name: str, again: bool) -> str:
        sign, number = ("#", 2) if again else ("_", 1)
        number = self.counts.get(name + sign, number)
        chosen = name
        while chosen in self.given:
            chosen = f"{name}{sign}{number}"
            number += 1
        self.counts[name + sign] = number
        self.given.add(chosen)
        return chosen


def emit(
    machine: Any,
    layer: Layer,
    inputs: Sequence[Value],
    *,
    op: str,
    owner: Value = None,
    part: int = 0,
    name: str | None = None,
) -> Value:
    """Run a layer on tensors: one more step, or only a shape if nothing depends on the input."""
    from cnncalc.notations.source.tensors import inner_shape

    machine.budget.spend(STEP_COST)
    shapes = tuple(inner_shape(each) for each in inputs)
    try:
        shape = checked(settle(layer, shapes), shapes)
    except LayerError as error:
        from cnncalc.notations.source.mismatch import misfit

        raise misfit(machine, error, layer, inputs, shapes, owner) from None
    if not all(isinstance(each, Tensor) for each in inputs):
        return Static((*inputs[0].shape[:1], *shape))
    trace = machine.trace
    numbers = tuple(each.number for each in inputs)
    named = name or name_of(machine, owner, op)
    mark_used(trace, owner)
    record = Record(layer, numbers, shape, named, owner, part, spans_of(machine, owner))
    return trace.add(record)


def checked(layer: Layer, shapes: tuple[Shape, ...]) -> Shape:
    """What comes out, if any machine could hold it."""
    shape = layer.output(*shapes)
    total = 1
    for size in shape:
        total *= size
    if total > MAX_ELEMENTS:
        raise LayerError("the output is beyond any machine", code="too-large")
    return shape


def mark_used(trace: Trace, owner: Value) -> None:
    if isinstance(owner, Instance):
        trace.ran[id(owner)] = owner
    elif isinstance(owner, Parameter):
        trace.used[id(owner)] = owner


def name_of(machine: Any, owner: Value, op: str) -> str:
    """A module's own name, or the operation's within the module that runs it."""
    paths: dict[int, str] = machine.trace.paths
    joint: str = machine.trace.joint
    if isinstance(owner, Parameter) and owner.holder is not None:
        path = paths.get(id(owner.holder))
        if path is not None:
            return f"{path}{joint}{owner.name}" if path else owner.name
    if owner is not None and paths.get(id(owner)):
        return paths[id(owner)]
    prefix = next((p for m in reversed(machine.running) if (p := paths.get(id(m)))), "")
    if joint == "/" and machine.running:  # Keras's layers know their names themselves
        prefix = machine.running[-1].fields.get("name", "")
    word: str = owner.cls.name.lower() if isinstance(owner, Instance) else op
    if isinstance(owner, Instance) and prefix == paths.get(id(owner)):
        prefix = ""
    return f"{prefix}{joint}{word}" if prefix else word


def spans_of(machine: Any, owner: Value) -> tuple[Span, ...]:
    """The innermost use, where the module was made, then the uses around."""
    spans = machine.spans()
    made = owner.made[:1] if isinstance(owner, Instance) else ()
    places: dict[tuple[int, int], Span] = {}
    for span in (*spans[:1], *made, *spans[1:]):
        places.setdefault((id(span.source), span.start), span)
    return tuple(places.values())


def whole_module(
    machine: Any, module: Instance, begun: int, inputs: Sequence[Value], result: Value
) -> Value:
    """Give a module of one step the module's name; one of none becomes the identity."""
    from cnncalc.notations.source.torch_modules import children

    trace = machine.trace
    path = trace.paths.get(id(module))
    if not path or children(module):
        return result
    made = trace.records[begun:]
    if len(made) == 1 and made[0].owner is None:
        made[0].name = path
    elif not made and isinstance(result, Tensor) and any(result is each for each in inputs):
        record = Record(
            KINDS["identity"](), (result.number,), result.shape, path, module, 0,
            spans_of(machine, module),
        )  # fmt: skip
        return trace.add(record)
    return result
