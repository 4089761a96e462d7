"""What inference and training of a network take, moment by moment, as PyTorch runs it.

Where `memory` gives a bound for one run of an executor, this is what is alive: weights, what is
still to be read, what is kept for the way back, and what flows on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from cnncalc.errors import CnnCalcError
from cnncalc.executors.memory import VIEWS, kept, owners_of
from cnncalc.findings import Findings
from cnncalc.moments import Memory, Moment
from cnncalc.rows import BYTES, Row

__all__ = ["OPTIMIZERS", "check_optimizer", "inference", "training"]

# By optimizer: copies of the trained weights that it keeps, and those that it works in.
OPTIMIZERS = {"sgd": (0, 0), "momentum": (1, 0), "adam": (2, 1), "adamw": (2, 1)}
# What hands on the input itself where a network isn't trained.
PASSING = VIEWS | {"dropout", "noise"}
# What works in a copy of what it gives, as oneDNN does on the CPU; on a GPU it is a workspace.
COPYING = frozenset({"conv", "dwconv", "pwconv", "sepconv", "convt"})
# Whose gradient is that of what they gave, or parts of it.
SHARING = VIEWS | {"add", "cat"}


def check_optimizer(name: str) -> None:
    """CnnCalcError for an optimizer that there is not."""
    if name not in OPTIMIZERS:
        raise CnnCalcError(
            f"there is no optimizer `{name}` here",
            code="optimizer",
            help=f"one of {', '.join(OPTIMIZERS)}",
        )


def inference(report: Findings) -> Memory:
    """What a pass without gradients takes: outputs are freed once nobody reads them any more."""
    report.check_numbers()
    element, sizes = BYTES[report.dtype], _sizes(report)
    owners = owners_of(report, PASSING)
    last = _last_readers(report, owners)
    alive, rows = sizes[0], [element * sizes[0]]
    for row in report.layers:
        alive += sizes[row.index] if owners[row.index] == row.index else 0
        rows.append(element * (alive + _copied(row)))
        for each in {owners[number] for number in (*row.inputs, row.index)}:
            alive -= sizes[each] if last[each] == row.index else 0
    moments = [Moment(0, 0, each) for each in rows]
    return Memory(None, *_weights(report), 0, moments, rows)


def training(report: Findings, optimizer: str) -> Memory:
    """What a step of training takes, gradients made anew at each of them.

    Args:
        report: the network; what isn't trained has no gradient, and nothing is kept for it.
        optimizer: a name of `OPTIMIZERS`.

    Raises:
        CnnCalcError: there is no such optimizer, sizes have names, or numbers are no floats.
    """
    check_optimizer(optimizer)
    report.check_numbers()
    if "float" not in report.dtype:
        raise CnnCalcError(
            f"a network of {report.dtype} can't be trained", code="dtype", help="--dtype float16"
        )
    element = BYTES[report.dtype]
    states, working = (element * each * report.total.trainable for each in OPTIMIZERS[optimizer])
    step = _Step(report, element)
    moments = [*step.forward(), *step.backward()]
    moments.append(Moment(element * report.total.trainable, working, element * step.held))
    rows = [0, *(element * each for each in step.added)]
    return Memory(optimizer, *_weights(report), states, moments, rows)


def _weights(report: Findings) -> tuple[int, int]:
    """Bytes of the parameters and of the buffers."""
    return report.total.param_bytes, BYTES[report.dtype] * report.total.buffers


def _sizes(report: Findings) -> list[int]:
    return [prod(row.output_shape) for row in report.rows]


def _last_readers(report: Findings, owners: list[int]) -> list[int]:
    """For each row that owns its memory the last one that reads it; those that stay have none."""
    last = list(range(len(owners)))
    for row in report.layers:
        for number in row.inputs:
            last[owners[number]] = row.index
    for number in (0, *report.outputs):  # whoever made the input, or asked for the output
        last[owners[number]] = len(owners)
    return last


class _Step:
    """One step of training, in elements of one sample.

    Attributes:
        held: the input and what comes out, which are there all the time.
        added: what each row keeps for the way back that none before it keeps.
    """

    def __init__(self, report: Findings, element: int) -> None:
        self.report = report
        self.element = element
        self.sizes = _sizes(report)
        self.owners = owners_of(report)
        self.last = _last_readers(report, self.owners)
        self.trained = self._trained()
        self.saved, self.own = self._kept()
        self.freed_at: dict[int, int] = {}  # the row whose way back is the last to need it
        self.added = []
        for row in report.layers:
            new = [each for each in self.saved[row.index] if each not in self.freed_at]
            self.freed_at |= dict.fromkeys(new, row.index)
            self.added.append(self.own[row.index] + sum(self.sizes[each] for each in new))
        ends = {self.owners[number] for number in (0, *report.outputs)}
        self.held = sum(self.sizes[number] for number in ends)

    def _trained(self) -> list[bool]:
        """Whether a gradient flows back to each row."""
        trained = [False]
        for row in self.report.layers:
            trained.append(
                bool(row.trainable) or _learns(row) or any(map(trained.__getitem__, row.inputs))
            )
        return trained

    def _kept(self) -> tuple[list[set[int]], list[int]]:
        """For each row the outputs that it keeps, and the elements of its own."""
        saved: list[set[int]] = [set()]
        own = [0]
        for row, (outputs, extra) in zip(
            self.report.layers, kept(self.report, self.element), strict=True
        ):
            if row.kind in ("dropout", "noise"):  # which values it let through
                outputs, extra = set(), self.sizes[row.index]
            flows = self.trained[row.index]
            saved.append(outputs if flows else set())
            own.append(extra if flows else 0)
        return saved, own

    def forward(self) -> Iterator[Moment]:
        """What is there while each row works."""
        alive = self.sizes[0]
        for row in self.report.layers:
            number = row.index
            alive += self.own[number]
            alive += self.sizes[number] if self.owners[number] == number else 0
            yield Moment(0, 0, self.element * (alive + _copied(row)))
            for each in {self.owners[n] for n in (*row.inputs, number)}:
                if self.last[each] == number and each not in self.freed_at:
                    alive -= self.sizes[each]

    def backward(self) -> Iterator[Moment]:
        """The same on the way back, with the gradients that flow."""
        flow = _Flow(self.sizes)
        held = {self.owners[number] for number in (0, *self.report.outputs)}
        alive = sum(self.own) + sum(self.sizes[each] for each in held | set(self.freed_at))
        for number in self.report.outputs:
            flow.arrive(self.owners[number], flow.made(self.sizes[number]))
        weights, seen = 0, set[int]()
        for row in reversed(self.report.layers):
            if not self.trained[row.index]:
                continue
            source = row.index if row.shares is None else row.shares
            if source not in seen:
                seen.add(source)
                weights += self.report.rows[source].trainable
            self._pass_on(row, flow)
            yield Moment(self.element * weights, 0, self.element * (alive + flow.alive))
            flow.settle(self.owners[row.index] if self.owners[row.index] == row.index else None)
            alive -= self.own[row.index]
            gone = [n for n in self.saved[row.index] if self.freed_at[n] == row.index]
            alive -= sum(self.sizes[each] for each in gone if each not in held)

    def _pass_on(self, row: Row, flow: _Flow) -> None:
        """Give each input of a row its gradient."""
        own = self.owners[row.index]
        if own != row.index:
            return  # a view's is that of what it shows
        given = flow.of.get(own)
        for number in row.inputs:
            if self.trained[number]:
                shared = given if row.kind in SHARING and given is not None else None
                size = self.sizes[number]
                flow.arrive(self.owners[number], flow.made(size) if shared is None else shared)


class _Flow:
    """The gradients on their way back: which memory each row's is in, and who shares it."""

    def __init__(self, sizes: list[int]) -> None:
        self.sizes = sizes
        self.of: dict[int, int] = {}  # by row, the block
        self.blocks: dict[int, list[int]] = {}  # its elements, and how many rows hold it
        self.alive = 0
        self.spare: list[int] = []

    def made(self, size: int) -> int:
        """A new block of so many elements, which nobody holds yet."""
        number = len(self.blocks)
        self.blocks[number] = [size, 0]
        self.alive += size
        return number

    def arrive(self, row: int, block: int) -> None:
        """A gradient of a row: its first, or one that is added to it."""
        before = self.of.get(row)
        self.blocks[block][1] += 1
        if before is None:
            self.of[row] = block
            return
        if self.blocks[before][1] > 1:  # others read it: the sum is new
            self.of[row] = self.made(self.sizes[row])
            self.blocks[self.of[row]][1] = 1
            self.spare.append(before)
        self.spare.append(block)

    def settle(self, row: int | None) -> None:
        """Let go of what was added up, and of the gradient of a row that has passed it on."""
        blocks = [*self.spare, *([self.of.pop(row)] if row in self.of else [])]
        self.spare.clear()
        for each in blocks:
            self.blocks[each][1] -= 1
            if self.blocks[each][1] == 0:
                self.alive -= self.blocks[each][0]


def _copied(row: Row) -> int:
    """Elements that a row works in beside what it gives."""
    return prod(row.output_shape) if row.kind in COPYING else 0


def _learns(row: Row) -> bool:
    """Whether it uses weights of an earlier row again."""
    return row.shares is not None and any(each.trainable for each in row.weights)
