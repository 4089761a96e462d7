"""The steps that a model makes as it runs, in the order in which they are made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.input_size import Wants, wants_of
from cnncalc.layers.base import Shape
from cnncalc.layers.merge import Input
from cnncalc.network import Declared, Step
from cnncalc.notations.names import Names
from cnncalc.notations.source.flowing import Parameter, Tensor
from cnncalc.notations.source.holding import Counting, same_tensors
from cnncalc.notations.source.record import Record
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Instance, Value

__all__ = ["Trace", "input_name"]

MAX_LAYERS = 20_000


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
