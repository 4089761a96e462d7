"""The steps of a trace as they are made, and what flows between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cnncalc.errors import LayerError, Span
from cnncalc.layers.base import Layer, Shape, Weight
from cnncalc.network import Declared, Step
from cnncalc.notations.names import Names
from cnncalc.notations.onnx_file.model import Node, Stored, clean, stored_in
from cnncalc.tracing.tensors import Static, Tensor

__all__ = [
    "Mask",
    "Merged",
    "Open",
    "Record",
    "Records",
    "Rows",
    "Statistic",
    "Untold",
    "Value",
]


class Mask(NamedTuple):
    """What a comparison gives.

    Attributes:
        above: true where the data is larger than this number; None: it says something else.
    """

    of: Tensor
    above: float | None = None


class Untold(NamedTuple):
    """A further output that isn't followed: indices of a pool, a mask of a dropout."""

    node: Node
    place: int


class Merged(NamedTuple):
    """Data in one axis together with a batch of one sample."""

    of: Tensor


class Rows(NamedTuple):
    """Data whose axes but the last are one with the batch, as matrix products are written."""

    of: Tensor


class Open(NamedTuple):
    """A further input whose sizes the file leaves open."""

    name: str


class Statistic(NamedTuple):
    """Numbers taken along the batch, and what is worked out of them: good for a norm alone."""

    of: Tensor
    node: Node  # that takes them


Value = (
    Tensor | Static | Mask | Merged | Rows | Statistic | Untold | Open | None
)  # None: an input left out


class Record:
    """One step as it was made.

    Attributes:
        shape: what comes out, without batch.
        constants: the tensors behind the layer's weights, by the weight's name.
        readers: how many nodes read the output, the model's own outputs included.
    """

    __slots__ = ("constants", "inputs", "layer", "name", "node", "readers", "shape")

    def __init__(
        self,
        layer: Layer,
        inputs: tuple[int, ...],
        shape: Shape,
        name: str,
        node: Node | None,
        constants: dict[str, Static],
    ) -> None:
        self.layer = layer
        self.inputs = inputs
        self.shape = shape
        self.name = name
        self.node = node
        self.constants = constants
        self.readers = 0


Known = dict[str, tuple[int, tuple[Weight, ...]]]  # by weight: its count, and what the file has


class Records(list[Record]):
    """The records of one trace, which become a network's steps."""

    def shapes(self, record: Record) -> tuple[Shape, ...]:
        """What flows into a record's layer."""
        return tuple(self[number].shape for number in record.inputs)

    def steps(self, span: Callable[[Node], Span]) -> list[Step]:
        """The steps, whose weights are called and shaped as in the file.

        A stored tensor counts where it is first used. A step all of whose tensors are another
        step's shares them; one that shares only some holds the rest. What an exporter merged
        counts wherever it is used.
        """
        names = Names()
        owners: dict[int, int] = {}
        steps = []
        for number, record in enumerate(self):
            shares = self._owner(record, owners)
            fresh = {id(s) for s in _sources(record) if id(s) not in owners}
            mine = self._known(record, None if shares is not None else fresh)
            own = shares is not None or _as_many(mine)
            declared = Declared(record.layer, stored=mine, own=own)
            owners |= {id(s): number for s in _sources(record) if id(s) in fresh and not s.merged}
            spans = (span(record.node),) if record.node else ()
            name = names.unique(clean(record.name), "#")
            steps.append(Step(declared, record.inputs, name, spans, shares))
        return steps

    def _owner(self, record: Record, owners: dict[int, int]) -> int | None:
        """The step whose weights this one uses again, if it is one and holds the same."""
        found = {owners.get(id(source)) for source in _sources(record)}
        if len(found) != 1:
            return None
        (owner,) = found
        if owner is None or self[owner].constants.keys() != record.constants.keys():
            return None
        return owner

    def _known(self, record: Record, fresh: set[int] | None) -> Known:
        """What the file has for each weight of a layer; `fresh`: only these tensors."""
        known: Known = {}
        for weight in record.layer.weights(*self.shapes(record)):
            constant = record.constants.get(weight.name)
            if constant is None:
                if weight.name == "num_batches_tracked":  # the file has no such counter
                    known[weight.name] = (weight.count, ())
                continue
            sources = stored_in(constant)
            if not sources and constant.computed:  # nothing that the file stores
                known[weight.name] = (weight.count, ())
                continue
            kept = [each for each in sources if fresh is None or id(each) in fresh]
            known[weight.name] = (weight.count, tuple(_declared(weight, sources, kept)))
            if fresh is not None:  # one tensor may stand for two weights of a layer
                fresh = fresh - {id(each) for each in kept if not each.merged}
        return known

    def check(self, record: Record) -> None:
        """LayerError where a tensor of the file is not of the size that its layer needs."""
        for weight in record.layer.weights(*self.shapes(record)):
            constant = record.constants.get(weight.name)
            if constant is not None and constant.count != weight.count:
                raise LayerError(
                    f"its {weight.name} holds {constant.count:,} values where "
                    f"{weight.count:,} are needed",
                    code="declared",
                )


def _as_many(known: Known) -> bool:
    """Whether the file's tensors hold as many elements as the layer's own would."""
    return all(
        count == sum(each.count for each in declared)
        for name, (count, declared) in known.items()
        if name != "num_batches_tracked"
    )


def _sources(record: Record) -> list[Stored]:
    found = [each for constant in record.constants.values() for each in stored_in(constant)]
    return list({id(each): each for each in found}.values())


def _declared(weight: Weight, sources: list[Stored], kept: list[Stored]) -> list[Weight]:
    if not sources:
        return [weight]
    return [
        Weight(
            weight.name if len(sources) == 1 else f"{weight.name}.{each.name}",
            each.shape,
            weight.role,
            weight.trainable,
        )
        for each in kept
    ]
