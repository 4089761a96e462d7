"""Blocks: what repeats in a network as classes or functions that are written once.

A block is a run of lines that one use of a definition, function or module made (or one turn of
a repeat), with one value in and one value out. Blocks of the same lines, but for their numbers,
are one; the numbers that differ are its parameters. Inner blocks are taken together before
outer ones. Blocks that follow upon one another become one line that is repeated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

from cnncalc.frameworks.calls import CALL
from cnncalc.notations.program.call_numbers import Signatures, once, repeated
from cnncalc.notations.program.lines import Line, Program
from cnncalc.notations.program.naming import local, plural, renamed, snake
from cnncalc.notations.program.places import Path, is_turn, path_of, word
from cnncalc.notations.program.templates import likeness, template
from cnncalc.notations.reserved import Language

__all__ = ["Block", "Dialect", "in_blocks"]

LEAST = 2  # lines that are worth a block
END = -1  # what reads an output of the network


class Dialect(NamedTuple):
    """How a framework's source speaks of blocks.

    Attributes:
        signatures: the parameters of the framework's classes.
        title: the name of a block, from the word of its definition.
        language: the names that it keeps.
        taken: further names that no block may have.
    """

    signatures: Signatures
    title: Callable[[str], str]
    language: Language
    taken: Collection[str]


class Block(NamedTuple):
    """A class or function to write.

    Attributes:
        parameters: with their defaults (None: it must be given).
        lines: what it does; value 0 is what comes in.
    """

    name: str
    parameters: Mapping[str, int | None]
    lines: dict[int, Line]


class _Run(NamedTuple):
    """One use of a block: its values, what it reads, its word, its place, and its own lines."""

    values: tuple[int, ...]
    entry: int
    word: str
    path: Path
    lines: dict[int, Line]


def in_blocks(program: Program, dialect: Dialect) -> tuple[Program, list[Block]]:
    """The program with its blocks as lines of their own, and those blocks in order of need."""
    folding = _Folding(program, dialect)
    depth = max(map(len, folding.paths.values()), default=1)
    for level in range(depth, 1, -1):
        folding.collapse(list(folding.uses(level)))
        folding.collapse(list(folding.repeats(level - 1)))
    if depth == 1:
        folding.collapse(list(folding.repeats(1)))
    whole = program._replace(lines=folding.lines)
    if folding.blocks:
        whole = renamed(whole, folding.paths, dialect.language.modules | set(folding.made))
    return whole, folding.blocks


class _Folding:
    """The state: the lines that are left, where each comes from, and the blocks so far."""

    def __init__(self, program: Program, dialect: Dialect) -> None:
        self.program = program
        self.dialect = dialect
        self.lines = dict(program.lines)
        self.paths = _paths(program)
        self.taken = {*dialect.language.values, *dialect.taken}
        self.blocks: list[Block] = []
        self.readers: dict[int, set[int]] = {}
        self.holders: Counter[str] = Counter()
        self.made: dict[str, Mapping[str, int | None]] = {}  # parameters of the blocks

    def signatures(self, name: str) -> Mapping[str, int | None]:
        return self.made[name] if name in self.made else self.dialect.signatures(name)

    def index(self) -> None:
        """Note who reads each value, and how many lines have each module."""
        self.readers = {each: {END} for each in self.program.outputs}
        self.holders = Counter(line.name for line in self.lines.values())
        for number, line in self.lines.items():
            for each in line.inputs:
                self.readers.setdefault(each, set()).add(number)

    def uses(self, level: int) -> Iterator[_Run]:
        """Runs of lines that one use of a definition made, inside `level - 1` uses."""
        self.index()
        run: list[int] = []
        for number in self.lines:
            path = self.paths[number]
            use = path[: level - 1] if len(path) >= level else ()
            first = self.paths[run[0]] if run else ()
            if run and (use != first[: level - 1] or (path == first and not self.program.modular)):
                yield from self.run(run, first[: level - 1])
                run = []
            if use:
                run.append(number)
        if run:
            yield from self.run(run, self.paths[run[0]][: level - 1])

    def repeats(self, level: int) -> Iterator[_Run]:
        """Runs of lines that stand one after another, written in the same places.

        Once such a run was found, a single turn that was written there is one as well.
        """
        self.index()
        numbers = list(self.lines)
        paths = [self.paths[number] for number in numbers]
        following = _following(paths)
        turns: set[Path] = set()
        alone: list[int] = []
        at = 0
        while at < len(paths):
            length, start = _turn(paths, at, following[at] - at, level), at
            while length and paths[at : at + length] == paths[start : start + length]:
                at += length
            use = paths[start][:-1]
            beside = [path[: level - 1] for path in (*paths[:start][-1:], *paths[at : at + 1])]
            if at > start and (level == 1 or use in beside):  # else they are uses of a definition
                turns.add(_written(paths[start : start + length]))
                for place in range(start, at, length):
                    yield from self.run(numbers[place : place + length], paths[start], "block")
            alone += range(start, max(at, start + 1)) if at == start else ()
            at = max(at, start + 1)
        yield from self.single(turns, numbers, paths, set(alone))

    def single(
        self, turns: set[Path], numbers: list[int], paths: list[Path], alone: set[int]
    ) -> Iterator[_Run]:
        """The runs that were written where others are turns of a repeat."""
        begun: dict[Path, list[int]] = {}
        for at, path in enumerate(paths):
            begun.setdefault(_written([path]), []).append(at)
        for turn in turns:
            for at in begun[turn[:1]]:
                places = range(at, at + len(turn))
                run = paths[at : at + len(turn)]
                if _written(run) == turn and alone.issuperset(places) and _is_one(run):
                    alone.difference_update(places)
                    yield from self.run([numbers[place] for place in places], run[0], "block")

    def run(self, numbers: list[int], path: Path, named: str = "") -> Iterator[_Run]:
        """The run of these values, if it is a block: one value in, one out, nothing shared."""
        if len(numbers) == len(self.lines):
            return
        entries = self.entries(numbers)
        if len(entries) > 1 and not named:  # what joins several values to begin with stays outside
            numbers = numbers[1:]
            entries = self.entries(numbers)
        lines = {number: self.lines[number] for number in numbers}
        outside = any(self.readers.get(each, set()) - lines.keys() for each in numbers[:-1])
        held = Counter(line.name for line in lines.values() if line.name)
        shared = any(count < self.holders[name] for name, count in held.items())
        if len(lines) < LEAST or len(entries) != 1 or outside or shared:
            return
        entry = entries.pop()
        reserved = self.dialect.language.modules
        own = local(self.program, lines, entry, path, self.paths, reserved)
        title = named or word(self.program, lines[numbers[0]], path)
        yield _Run(tuple(numbers), entry, title, path, own)

    def entries(self, numbers: list[int]) -> set[int]:
        """The values from outside that lines read."""
        return {each for number in numbers for each in self.lines[number].inputs} - {*numbers}

    def collapse(self, runs: list[_Run]) -> None:
        """Put a line in the place of each run, and keep the block that it calls."""
        alike: dict[object, list[_Run]] = {}
        for run in runs:
            alike.setdefault((run.word, likeness(run.lines, self.signatures)), []).append(run)
        for group in alike.values():
            common = template([run.lines for run in group], self.signatures)
            name = self.unique(self.dialect.title(group[0].word))
            self.made[name] = common.parameters
            lines = plural(common.lines, self.dialect.language.modules)
            self.blocks.append(Block(name, common.parameters, lines))
            for run, arguments in zip(group, common.calls, strict=True):
                self.replace(run, f"{name}({arguments})")
        if runs:
            self.merge()

    def replace(self, run: _Run, call: str) -> None:
        """One line for a run, in the place of its last one."""
        *inner, last = run.values
        self.paths[last] = run.path
        self.lines[last] = self.lines[last]._replace(
            inputs=(run.entry,), kind=snake(run.word), call=repeated(call, 1), form=CALL,
            name=f"{snake(run.word)}.{last}", again=False, frozen=False,
        )  # fmt: skip
        for number in inner:
            del self.lines[number], self.paths[number]

    def merge(self) -> None:
        """Calls of one block, one after another in one place, become one that is repeated."""
        self.index()
        before = None
        for number, line in list(self.lines.items()):
            call, times = once(line.call or "")
            earlier = self.lines[before] if before is not None else None
            if (
                times and earlier is not None and before is not None
                and line.inputs == (before,) and self.readers[before] == {number}
                and once(earlier.call or "")[0] == call
                and is_turn(self.paths[before], self.paths[number])
            ):  # fmt: skip
                count = int(times) + int(once(earlier.call or "")[1])
                self.lines[number] = line._replace(
                    inputs=earlier.inputs, call=repeated(call, count)
                )
                del self.lines[before], self.paths[before]
            before = number

    def unique(self, name: str) -> str:
        stem, count = name, 1
        while name in self.taken:
            count += 1
            apart = "" if not stem[-1].isdigit() else "V" if stem[0].isupper() else "_"
            name = f"{stem}{apart}{count}"
        self.taken.add(name)
        return name


def _paths(program: Program) -> dict[int, Path]:
    """Where each line comes from; those of one step are told apart by their number."""
    paths: dict[int, Path] = {}
    step, piece = -1, 0
    for number, line in program.lines.items():
        piece = piece + 1 if line.step == step else 0
        step, path = line.step, path_of(program, line)
        paths[number] = path if program.modular or not path else (*path[:-1], (*path[-1], piece))
    return paths


def _following(paths: list[Path]) -> list[int]:
    """For each line the next one of the same place; itself where there is none."""
    found = list(range(len(paths)))
    last: dict[Path, int] = {}
    for at in reversed(range(len(paths))):
        found[at] = last.get(paths[at], at)
        last[paths[at]] = at
    return found


def _turn(paths: list[Path], at: int, length: int, level: int) -> int:
    """How many lines one turn of a repeat has that starts here; 0: none does."""
    if length < LEAST:
        return 0
    turn = paths[at : at + length]
    inside = all(len(p) == level and p[:-1] == turn[0][:-1] for p in turn)
    return length if inside and turn == paths[at + length : at + 2 * length] else 0


def _written(paths: list[Path]) -> Path:
    """Where lines are written, whatever led there."""
    return tuple(path[-1] if path else None for path in paths)


def _is_one(paths: list[Path]) -> bool:
    return len({path[:-1] for path in paths}) == 1
