"""Which tensors of the source a step works with, each counted once where it is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.layers.base import Shape, Weight
from cnncalc.network import Declared
from cnncalc.notations.source.values import Instance, Value
from cnncalc.tracing.tensors import Parameter, Static

if TYPE_CHECKING:
    from cnncalc.notations.source.trace import Record

__all__ = ["WEIGHTS", "Counting", "Held", "held_by", "same_tensors"]

Held = dict[str, Static | None]  # by the layer's own names for them
WEIGHTS = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def held_by(owner: Value) -> Held:
    """The tensors of a module's layer that its source has touched."""
    if not isinstance(owner, Instance) or owner.layers is None:
        return {}
    fields = owner.fields
    return {name: value for name in WEIGHTS if isinstance(value := fields.get(name), Static)}


class Counting:
    """The parameters and buffers that the steps so far have counted."""

    def __init__(self) -> None:
        self.counted: set[int] = set()

    def told(self, record: Record, shapes: tuple[Shape, ...]) -> Declared:
        """A record's layer, with what its source has for the weights, and which it freezes."""
        held = held_by(record.owner) if record.held is None else record.held
        if not held:
            return record.declared
        stored: dict[str, tuple[int, tuple[Weight, ...]]] = {}
        frozen: set[str] = set()
        weights = record.layer.weights(*shapes)
        for weight in weights:
            if record.held is None and weight.name not in held:
                continue  # nobody has touched it
            static = held.get(weight.name)
            sources = static.sources if static is not None else ()
            fresh = [each for each in sources if id(each) not in self.counted]
            self.counted.update(map(id, fresh))
            if not is_own(weight, sources, fresh):
                stored[weight.name] = (weight.count, behind(weight, sources, fresh))
            elif not fresh[0].trainable:
                frozen.add(weight.name)
        declared = record.declared
        if not (frozen or stored):
            return declared
        return declared.replaced(
            trainable=declared.trainable and not (frozen and len(frozen) == len(weights)),
            frozen=declared.frozen | frozen,
            stored=stored,
            own=not stored,
        )


def is_own(weight: Weight, sources: tuple[Parameter, ...], fresh: list[Parameter]) -> bool:
    """Whether a layer that makes its own weights would have the same as the source."""
    if len(sources) != 1 or not fresh:
        return False
    return fresh[0].count == weight.count and fresh[0].role == weight.role


def behind(
    weight: Weight, sources: tuple[Parameter, ...], fresh: list[Parameter]
) -> tuple[Weight, ...]:
    """The tensors behind a weight that nobody has counted yet."""
    alone = len(sources) == 1
    return tuple(
        Weight(weight.name if alone else each.name, each.shape, each.role, each.trainable)
        for each in fresh
    )


def same_tensors(record: Record, shapes: tuple[Shape, ...]) -> Any:
    """What two records have in common that work with the same tensors; None: own or several.

    A layer of another kind or size, or one that holds a part of a tensor, shares no step's
    weights: it only finds them counted.
    """
    held = held_by(record.owner) if record.held is None else record.held
    if not held:
        return None
    found: list[Any] = [record.layer.kind]
    for weight in record.layer.weights(*shapes):
        static = held.get(weight.name)
        if static is None or len(static.sources) != 1 or static.sources[0].count != weight.count:
            return None
        found.append((weight.name, weight.shape, id(static.sources[0])))
    return tuple(found) if len(found) > 1 else None
