"""Steps that were made once, made again on other tensors, as a model inside of another has them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from cnncalc.network import Declared
from cnncalc.notations.source.layer_steps import emit
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value
from cnncalc.tracing.trace import Record

__all__ = ["between", "once_more"]


def between(
    inputs: Callable[[int], Sequence[int]],
    starts: Collection[int],
    ends: Iterable[int],
    stray: Callable[[int], Refusal],
) -> list[int]:
    """The numbers of the records from some to others, both among them, in order.

    Args:
        inputs: those that a record reads.
        starts: where to stop on the way back.
        ends: where to begin it.
        stray: what is said of a record that reads none and is no start.
    """
    found: set[int] = set()
    waiting = [*ends]
    while waiting:
        number = waiting.pop()
        if number in found:
            continue
        found.add(number)
        if number not in starts:
            read = inputs(number)
            if not read:
                raise stray(number)
            waiting += read
    return sorted(found)


def once_more(
    machine: Machine, record: Record, declared: Declared, places: Mapping[int, Value], name: str
) -> Value:
    """The step of a record again, with its weights, on what stands in the place of its inputs."""
    return emit(
        machine,
        declared,
        [places[each] for each in record.inputs],
        op=record.layer.kind,
        owner=record.owner,
        part=record.part,
        name=name,
        held=record.held,
    )
