"""Activations alive during a run: freed after their last reader, written over where that's safe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cnncalc.executors.base import Array
from cnncalc.network import Step

__all__ = ["Storage"]


class Storage:
    """The values of steps that are still to be read.

    Several values may be views of one block of memory (a flatten of its input): a block is
    alive as long as any of them is.

    Attributes:
        values: what each step gave; None: not yet, nothing, or freed.
        most_bytes: the most that was alive at once so far.
    """

    def __init__(self, steps: Sequence[Step], outputs: Sequence[int]) -> None:
        self.values: list[Array] = [None] * len(steps)
        self.most_bytes = 0
        self._outputs = tuple(outputs)
        self._readers = Counter(number for step in steps for number in step.inputs)
        self._readers.update(outputs)
        self._readers[0] += 1  # whoever made the input keeps it
        self._blocks: dict[int, tuple[Array, list[int]]] = {}  # a block and the steps that hold it

    def keep(self, number: int, value: Array) -> None:
        """Store what a step gave."""
        self.values[number] = value
        block = _block(value)
        self._blocks.setdefault(id(block), (block, []))[1].append(number)
        # TensorFlow's arrays don't say what they take.
        alive = sum(getattr(held, "nbytes", 0) for held, _ in self._blocks.values())
        self.most_bytes = max(self.most_bytes, alive)

    def spares(self, step: Step) -> list[int]:
        """The inputs of a step that may be written over: nothing else holds their memory."""
        return [
            number
            for number in step.inputs
            if self._readers[number] == 1
            and len(self._blocks[id(_block(self.values[number]))][1]) == 1
        ]

    def release(self, number: int, step: Step) -> None:
        """Count the reads of a step just computed, and free what nobody reads any more."""
        self._readers.subtract(step.inputs)
        for each in {*step.inputs, number}:
            if self._readers[each] <= 0 and self.values[each] is not None:
                key = id(_block(self.values[each]))
                self._blocks[key][1].remove(each)
                if not self._blocks[key][1]:
                    del self._blocks[key]
                self.values[each] = None

    def clear(self) -> None:
        """Let go of everything."""
        self.values = [None] * len(self.values)
        self._blocks.clear()

    def results(self) -> dict[int, Array]:
        """What the network ended in, by step."""
        return {number: self.values[number] for number in self._outputs}


def _block(value: Array) -> Array:
    """The array that owns the memory which a view shows."""
    while getattr(value, "base", None) is not None:
        value = value.base
    return value
