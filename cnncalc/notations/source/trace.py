"""The steps that a model makes as it runs, with their names, places and weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.analysis import MAX_ELEMENTS, settle
from cnncalc.errors import LayerError, Span
from cnncalc.input_size import Wants, wants_of
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.merge import Input
from cnncalc.network import Declared, Step
from cnncalc.notations.names import Names
from cnncalc.notations.source.holding import Counting, Held, held_by, same_tensors
from cnncalc.notations.source.limits import MAX_LAYERS
from cnncalc.notations.source.naming import name_of, spans_of
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.values import Instance, Value
from cnncalc.tracing.tensors import Parameter, Static, Tensor

__all__ = ["Trace", "emit", "input_name", "made_of", "whole_module"]

STEP_COST = 40  # in fuel: a step is dearer than a node of the syntax tree


class Record:
    """One step as it was made.

    Attributes:
        declared: what it is, as the source has it.
        inputs: the records it reads.
        shape: what comes out, without batch.
        owner: the module or parameter whose weights it uses, or None; `part` tells several
            layers of one owner apart.
        held: the tensors that stand for the layer's weights; None: the owner's own.
        name: as `named_modules` gives it, or made from the operation; not yet unique.
        spans: where it was used, then where it was made.
    """

    __slots__ = ("declared", "held", "inputs", "name", "owner", "part", "shape", "spans")

    def __init__(
        self,
        declared: Declared,
        inputs: tuple[int, ...],
        shape: Shape,
        name: str,
        owner: Any,
        part: int,
        spans: tuple[Span, ...],
        held: Held | None = None,
    ) -> None:
        self.declared = declared
        self.inputs = inputs
        self.shape = shape
        self.name = name
        self.owner = owner
        self.part = part
        self.spans = spans
        self.held = held

    @property
    def layer(self) -> Layer:
        return self.declared.layer


class Trace:
    """The records of one run.

    Attributes:
        paths: the name of each module of the model, by identity.
        used: the parameters and buffers that some step reads, by identity.
        ran: the modules whose layers made a step, by identity.
        tried: those that worked on something fixed, with what is to be said if they never ran.
        refused: a layer that didn't take its input, with the records and shapes of that.
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
        self.tried: dict[int, Refusal] = {}
        self.refused: tuple[Declared, tuple[int, ...], tuple[Shape, ...]] | None = None

    def input(self, shape: Shape, name: str = "input", own: bool = False) -> Tensor:
        """An input of the network; `own`: a further one, with a shape of its own."""
        layer = Input(shape if own else None)
        self.records.append(Record(Declared(layer), (), shape, name, None, 0, ()))
        return self.tensor(len(self.records) - 1, shape)

    def add(self, record: Record) -> Tensor:
        if len(self.records) > MAX_LAYERS:
            raise Refusal(f"more than {MAX_LAYERS:,} layers", code="too-large", fatal=True)
        self.records.append(record)
        return self.tensor(len(self.records) - 1, record.shape)

    def wants(self) -> Wants | None:
        """What the layers so far declare about the first input."""
        if not self.records:
            return None
        steps = [(n, r.declared, r.inputs, self._shapes(r)) for n, r in enumerate(self.records)]
        steps += [(len(steps), *self.refused)] if self.refused else []
        return wants_of(steps, self.records[0].shape)

    def check_tried(self) -> None:
        """Refuse layers that worked on something fixed and never on the input."""
        for number, refusal in self.tried.items():
            if number not in self.ran:
                raise refusal

    def steps(
        self, outputs: Sequence[int], prune: bool, roots: Sequence[int] = (0,)
    ) -> tuple[list[Step], list[int]]:
        """The steps in order, and the numbers of the outputs among them.

        With `prune` only what the outputs depend on stays; `roots` are the network's inputs,
        which may be what other steps have made.
        """
        kept = self._ancestors(outputs, roots) if prune else set(range(len(self.records)))
        order = [roots[0], *sorted(kept - {roots[0]})]
        places = {number: place for place, number in enumerate(order)}
        names = Names()
        counting = Counting()
        first: dict[Any, int] = {}
        steps = []
        for number in order:
            record = self.records[number]
            if number in roots:
                steps.append(begun(record, names, number == roots[0]))
                continue
            shares = self._first_use(record, places[number], first)
            declared = record.declared
            if shares is None:
                declared = counting.told(record, self._shapes(record))
            if frozen(record.owner):
                declared = declared.replaced(trainable=False)
            name = names.of_step(record.name, shares is not None)
            inputs = tuple(places[each] for each in record.inputs)
            steps.append(Step(declared, inputs, name, record.spans, shares))
        return steps, [places[number] for number in dict.fromkeys(outputs)]

    def _shapes(self, record: Record) -> tuple[Shape, ...]:
        return tuple(self.records[number].shape for number in record.inputs)

    def _first_use(self, record: Record, place: int, first: dict[Any, int]) -> int | None:
        """The step whose weights a record uses again; a first use is remembered."""
        keys = [same_tensors(record, self._shapes(record))]
        if record.owner is not None and record.held is None:
            keys.append((id(record.owner), record.part))
        keys = [key for key in keys if key is not None]
        shares = next((first[key] for key in keys if key in first), None)
        for key in keys:
            first.setdefault(key, place)
        return shares

    def _ancestors(self, outputs: Sequence[int], roots: Sequence[int]) -> set[int]:
        found: set[int] = set()
        waiting = list(outputs)
        while waiting:
            number = waiting.pop()
            if number not in found:
                found.add(number)
                waiting += self.records[number].inputs if number not in roots else ()
        return found


def begun(record: Record, names: Names, first: bool) -> Step:
    """The step of an input; a tensor that a layer has made is one of its size."""
    given = isinstance(record.layer, Input)
    layer = Input() if first else record.layer if given else Input(record.shape)
    return Step(layer, (), names.of_step(input_name(record), False), record.spans)


def input_name(record: Record) -> str:
    """What an input is called that a layer has made, or an input of the source."""
    return record.name if isinstance(record.layer, Input) else f"input_{record.name}"


def frozen(owner: Value) -> bool:
    """Whether a Keras layer's weights are kept from training."""
    return isinstance(owner, Instance) and owner.fields.get("trainable") is False


def emit(
    machine: Any,
    layer: Layer | Declared,
    inputs: Sequence[Value],
    *,
    op: str,
    owner: Value = None,
    part: int = 0,
    name: str | None = None,
    held: Held | None = None,
) -> Value:
    """Run a layer on tensors: one more step, or only a shape if nothing depends on the input."""
    from cnncalc.notations.source.tensors import inner_shape

    machine.budget.spend(STEP_COST)
    if machine.trace is not None and (owner is not None or held):
        inputs = [flowing(machine, each) for each in inputs]
    declared = Declared.of(layer)
    if declared.layer.by_value and all(isinstance(each, Static) for each in inputs):
        return made_of(machine, inputs, inputs[0].shape)
    shapes = tuple(inner_shape(each) for each in inputs)
    try:
        shape = checked(settle(declared, shapes), shapes)
    except LayerError as error:
        from cnncalc.notations.source.mismatch import misfit

        if machine.trace is not None and all(isinstance(each, Tensor) for each in inputs):
            numbers = tuple(each.number for each in inputs)
            machine.trace.refused = declared, numbers, shapes
        raise misfit(machine, error, declared, inputs, shapes, owner) from None
    if not all(isinstance(each, Tensor) for each in inputs):
        note_fixed(machine, declared.layer, shapes, owner)
        return made_of(machine, inputs, (*inputs[0].shape[:1], *shape))
    if held is None and isinstance(owner, Parameter):
        held = {"weight": owner}
    machine.budget.spend(sum(len(each.sources) for each in (held or {}).values() if each))
    mark_used(machine.trace, owner, held)
    numbers = tuple(each.number for each in inputs)
    named, spans = name or name_of(machine, owner, op), spans_of(machine, owner)
    return machine.trace.add(Record(declared, numbers, shape, named, owner, part, spans, held))


def made_of(machine: Any, inputs: Sequence[Value], shape: tuple[Any, ...]) -> Static:
    """Something fixed, made of other fixed tensors."""
    sources = [source for each in inputs if isinstance(each, Static) for source in each.sources]
    machine.budget.spend(len(sources))
    return Static(shape, tuple(dict.fromkeys(sources)))


def flowing(machine: Any, value: Value) -> Value:
    """A fixed tensor made in the likeness of one that flows, as a step from that one."""
    if not isinstance(value, Static) or value.like is None or value.fill is None:
        return value
    layer = KINDS["rescale"]((0.0,), (value.fill,))
    return emit(machine, layer, [value.like], op="full_like")


def note_fixed(machine: Any, layer: Layer, shapes: tuple[Shape, ...], owner: Value) -> None:
    """Weights at work on what doesn't come from the input: no step would count them.

    A layer may be tried like this for the size that comes out, and run on the input later.
    """
    if machine.trace is None or not layer.weights(*shapes):
        return
    refusal = Refusal(
        "this layer works on a tensor that doesn't come from the input, so no step of the "
        "network has its weights"
    )
    if not isinstance(owner, Instance):
        raise refusal
    refusal.span = next(iter(machine.spans()), None)
    machine.trace.tried.setdefault(id(owner), refusal)


def checked(layer: Layer, shapes: tuple[Shape, ...]) -> Shape:
    """What comes out, if any machine could hold it."""
    shape = layer.output(*shapes)
    total = 1
    for size in shape:
        total *= size
    if total > MAX_ELEMENTS:
        raise LayerError("the output is beyond any machine", code="too-large")
    return shape


def mark_used(trace: Trace, owner: Value, held: Held | None) -> None:
    """Remember which parameters and buffers some step works with."""
    if held is None:
        if isinstance(owner, Instance):
            trace.ran[id(owner)] = owner
        held = held_by(owner)
    for static in held.values():
        if static is not None:
            trace.used.update({id(source): source for source in static.sources})


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
            Declared(KINDS["identity"]()), (result.number,), result.shape, path, module, 0,
            spans_of(machine, module),
        )  # fmt: skip
        return trace.add(record)
    return result
