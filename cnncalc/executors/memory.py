"""What a run will take, worked out before it, against what there is."""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import NamedTuple

from cnncalc.errors import CnnCalcError
from cnncalc.executors.devices import free_memory
from cnncalc.executors.kernels import WORKSPACE_BYTES
from cnncalc.report import BYTES, Report, Row

__all__ = ["Need", "check_room", "need"]


class Need(NamedTuple):
    """Bytes of a forward pass: weights and buffers, activations alive at once, scratch memory."""

    weights: int
    activations: int
    workspace: int

    @property
    def total(self) -> int:
        return self.weights + self.activations + self.workspace


def need(report: Report) -> Need:
    """The most that a forward pass of the bundled executor takes at once.

    An upper bound: it counts a copy where the executor may get by without one.
    """
    element = BYTES[report.dtype] if report.dtype.startswith("float") else BYTES["float32"]
    own = [row for row in report.layers if row.shares is None]
    return Need(
        element * sum(weight.count for row in own for weight in row.weights),
        element * report.batch * _most_alive(report),
        WORKSPACE_BYTES + (_widened(own) if element < BYTES["float32"] else 0),
    )


def _widened(rows: list[Row]) -> int:
    """Bytes of the largest kernel in float32: half floats are widened to multiply.

    Linear layers do that a few rows at a time, within the workspace.
    """
    counts = [weight.count for row in rows for weight in row.weights if row.kind != "linear"]
    return BYTES["float32"] * max(counts, default=0)


def _most_alive(report: Report) -> int:
    """Elements of one sample alive at once, with one spare copy for the step at work."""
    readers = Counter(number for row in report.rows for number in row.inputs)
    readers.update(report.outputs)
    readers[0] += 1
    alive = most = 0
    for row in report.rows:
        size = prod(row.output_shape)
        alive += size
        most = max(most, alive + max(size, *map(prod, row.input_shapes), 0))
        readers.subtract(row.inputs)
        for number in {*row.inputs, row.index}:
            if readers[number] == 0:
                alive -= prod(report.rows[number].output_shape)
                readers[number] = -1  # freed
    return most


def check_room(report: Report, device: str = "cpu", free: int | None = None) -> Need:
    """What a run takes; CnnCalcError where the device doesn't have it.

    `free` is what an executor knows of a device of its own; None: asked of the machine.
    """
    needed = need(report)
    free = free_memory(device) if free is None else free
    if free is not None and needed.total > free:
        where = "memory" if device == "cpu" else "memory on the GPU"
        raise CnnCalcError(
            f"this run would take {_size(needed.total)} (weights {_size(needed.weights)}, "
            f"activations {_size(needed.activations)}, workspace {_size(needed.workspace)}) "
            f"but only {_size(free)} of {where} is free",
            code="memory",
            help="a smaller batch (-b), a smaller input (-i) or --dtype float16",
        )
    return needed


def _size(count: int) -> str:
    """Bytes as people read them: 527.8 MiB."""
    if count < 1024:
        return f"{count} B"
    power = min((count.bit_length() - 1) // 10, 5)
    return f"{count / 1024**power:,.1f} {'KMGTP'[power - 1]}iB"
