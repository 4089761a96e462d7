"""Blocks: the definitions and repeats of a spec as classes that are written once.

A block is a run of lines that one use of a definition made (or one turn of a repeat), with
one value in and one value out. Blocks of the same lines, but for their numbers, are one class;
the numbers that differ are its parameters. Inner blocks are taken together before outer ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from cnncalc.notations.program.lines import Line, Program
from cnncalc.notations.program.numbers import Slot, filled, slots

__all__ = ["Block", "gather"]

LEAST = 2  # lines that are worth a class

Path = tuple[tuple[int, int], ...]
Names = Callable[[str], tuple[str, ...]]


class Block(NamedTuple):
    """A class to write.

    Attributes:
        name: the class's.
        parameters: the names of its constructor's parameters.
        lines: what it does; value 0 is what comes in.
    """

    name: str
    parameters: tuple[str, ...]
    lines: dict[int, Line]


class _Run(NamedTuple):
    """One use of a block: its values, what it reads, its class's name, its lines, its place."""

    values: tuple[int, ...]
    entry: int
    name: str
    lines: dict[int, Line]
    path: Path


def gather(program: Program, names: Names, taken: set[str]) -> tuple[Program, list[Block]]:
    """The program with its blocks as lines of their own, and those blocks in order of need.

    Args:
        program: every layer as lines.
        names: the parameters' names of a class of the framework.
        taken: names that no class may have.
    """
    gathering = _Gathering(program, names, taken)
    depth = max(map(len, gathering.paths.values()), default=1)
    for level in range(depth, 1, -1):
        gathering.collapse(list(gathering.uses(level)))
        gathering.collapse(list(gathering.repeats(level - 1)))
    if depth == 1:
        gathering.collapse(list(gathering.repeats(1)))
    return program._replace(lines=gathering.lines), gathering.blocks


class _Gathering:
    def __init__(self, program: Program, names: Names, taken: set[str]) -> None:
        self.program = program
        self.lines = dict(program.lines)
        self.paths = {number: _path(program, line) for number, line in self.lines.items()}
        self.names = names
        self.taken = taken
        self.blocks: list[Block] = []
        self.made: dict[str, tuple[str, ...]] = {}  # parameters of the blocks' classes
        self.counts: dict[str, int] = {}

    def uses(self, level: int) -> Iterator[_Run]:
        """Runs of lines that one use of a definition made, inside `level - 1` uses."""
        run: list[int] = []
        for number in self.lines:
            path = self.paths[number]
            use = path[: level - 1] if len(path) >= level else ()
            first = self.paths[run[0]] if run else ()
            if run and (use != first[: level - 1] or path == first):
                yield from self.run(run, first[: level - 1])
                run = []
            if use:
                run.append(number)
        if run:
            yield from self.run(run, self.paths[run[0]][: level - 1])

    def repeats(self, level: int) -> Iterator[_Run]:
        """Runs of lines that stand one after another, written in the same places."""
        numbers = list(self.lines)
        paths = [self.paths[number] for number in numbers]
        at = 0
        while at < len(paths):
            length = _turn(paths, at, level)
            start = at
            while length and paths[at : at + length] == paths[start : start + length]:
                at += length
            use = paths[start][:-1]
            beside = [path[: level - 1] for path in (*paths[:start][-1:], *paths[at : at + 1])]
            if level == 1 or use in beside:  # else they are uses of one definition
                for place in range(start, at, length or 1):
                    yield from self.run(numbers[place : place + length], paths[start])
            at = max(at, start + 1)

    def run(self, numbers: list[int], path: Path) -> Iterator[_Run]:
        """The run of these values, if it is a block: one value in, one out, nothing shared."""
        if len(numbers) < LEAST:
            return
        lines = {number: self.lines[number] for number in numbers}
        entries = {each for line in lines.values() for each in line.inputs} - set(numbers)
        inner = set(numbers[:-1])
        read = {
            each for number, line in self.lines.items() if number not in lines
            for each in line.inputs
        }  # fmt: skip
        if len(entries) != 1 or inner & (read | set(self.program.outputs)):
            return
        if any(line.again or self.is_shared(line) for line in lines.values()):
            return
        title = self.title(numbers[0], len(path)) if path != self.paths[numbers[0]] else "Block"
        yield _Run(tuple(numbers), entries.pop(), title, lines, path)

    def is_shared(self, line: Line) -> bool:
        return any(line.name and other.again and other.name == line.name for other in
                   self.lines.values())  # fmt: skip

    def title(self, number: int, depth: int) -> str:
        """What the definition is called, as a class."""
        spans = self.program.steps[self.lines[number].step].spans
        text = spans[-depth].text
        word = re.match(r"(?:\w+@)?(?:\w+\*)?([A-Za-z_][\w-]*)", text)
        if not word:
            return "Block"
        parts = re.split(r"[_\W]+", word[1])
        return "".join(part[:1].upper() + part[1:] for part in parts) or "Block"

    def collapse(self, runs: list[_Run]) -> None:
        """Put a line in the place of each run, and keep the class that it calls."""
        alike: dict[object, list[tuple[_Run, dict[int, Line], list[Slot]]]] = {}
        for run in runs:
            lines = _local(run)
            found = [slot for line in lines.values() for slot in slots(line.call, self.parameters)]
            shape = [
                (line.inputs, line.form, line.name, line.frozen, filled(line.call, None))
                for line in lines.values()
            ]
            alike.setdefault((run.name, repr(shape)), []).append((run, lines, found))
        for group in alike.values():
            self.write(group)

    def parameters(self, name: str) -> tuple[str, ...]:
        return self.made.get(name) or self.names(name)

    def write(self, group: list[tuple[_Run, dict[int, Line], list[Slot]]]) -> None:
        """One class for runs that differ in numbers alone."""
        columns = list(zip(*([slot.value for slot in found] for _, _, found in group), strict=True))
        varying = list(dict.fromkeys(column for column in columns if len(set(column)) > 1))
        wanted = [[s.name for s, c in zip(group[0][2], columns, strict=True) if c == column]
                  for column in varying]  # fmt: skip
        parameters = _parameters(wanted)
        words = dict(zip(varying, parameters, strict=True))
        written = iter([words.get(column) for column in columns])
        lines = {
            number: line._replace(call=filled(line.call, written)) if line.call else line
            for number, line in group[0][1].items()
        }
        name = self.unique(group[0][0].name)
        self.made[name] = parameters
        self.blocks.append(Block(name, parameters, lines))
        for place, (run, _, _) in enumerate(group):
            values = ", ".join(str(column[place]) for column in varying)
            self.replace(run, f"{name}({values})", name)

    def replace(self, run: _Run, call: str, name: str) -> None:
        *inner, last = run.values
        self.counts[name] = self.counts.get(name, 0) + 1
        word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
        held = _numbered(word, self.counts[name])
        while any(each.name == held for each in self.program.lines.values()):
            held += "_"
        line = self.lines[last]
        form = "{self}({0})"
        self.paths[last] = run.path
        self.lines[last] = line._replace(
            inputs=(run.entry,), kind=word, call=call, form=form, name=held, frozen=False
        )
        for number in inner:
            del self.lines[number], self.paths[number]

    def unique(self, name: str) -> str:
        stem, count = name, 1
        while name in self.taken:
            count += 1
            name = f"{stem}{'V' if stem[-1].isdigit() else ''}{count}"
        self.taken.add(name)
        return name


def _path(program: Program, line: Line) -> Path:
    """Where a line was written: the uses that led there from the outermost on, itself last."""
    spans = program.steps[line.step].spans
    return tuple((span.start, span.end) for span in reversed(spans))


def _turn(paths: list[Path], at: int, level: int) -> int:
    """How many lines one turn of a repeat has that starts here; 0: none does."""
    length = next((n for n in range(at + 1, len(paths)) if paths[n] == paths[at]), at) - at
    turn = paths[at : at + length]
    inside = all(len(p) == level and p[:-1] == turn[0][:-1] for p in turn)
    again = turn == paths[at + length : at + 2 * length]
    return length if length >= LEAST and inside and again else 0


def _numbered(stem: str, count: int) -> str:
    return f"{stem}{'_' if stem[-1].isdigit() else ''}{count}"


def _local(run: _Run) -> dict[int, Line]:
    """The run's lines with values from 1 on, value 0 coming in, and names of its own."""
    values = {run.entry: 0} | {number: at for at, number in enumerate(run.values, 1)}
    counts: dict[str, int] = {}
    lines = {}
    for number, line in run.lines.items():
        counts[line.kind] = counts.get(line.kind, 0) + 1
        name = _numbered(line.kind, counts[line.kind]) if line.name else ""
        inputs = tuple(values[each] for each in line.inputs)
        lines[values[number]] = line._replace(inputs=inputs, name=name)
    return lines


def _parameters(wanted: list[list[str]]) -> tuple[str, ...]:
    """A name for each parameter: what its first place is called, or both ends' `channels`."""
    names: list[str] = []
    for places in wanted:
        both = {"in_channels", "out_channels"} <= set(places)
        stem = name = "channels" if both else places[0]
        count = 1
        while name in names:
            count += 1
            name = f"{stem}{count}"
        names.append(name)
    return tuple(names)
